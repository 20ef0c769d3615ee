// Array refs and slices: one set of methods, sources that lie, indices.
import { describe, expect, test } from 'vitest';
import { ArgumentRangeError, ArgumentTypeError, createHeapSync, FreedError, scalarTypes, type Scalar, type ScalarArrayRef, type WasmSlice } from '../../../ts/index.ts'; // prettier-ignore

const heap = createHeapSync({ initialBytes: 2 ** 20 }); // so that no view is detached
const all = scalarTypes as unknown as readonly Scalar[];
type Both = ScalarArrayRef | WasmSlice;
/** The same elements as an array ref, a heap slice and an arena slice. */
function make(type: Scalar, count: number): [string, Both][] {
  const arena = heap.createHeapArena(4096);
  return [
    ['array ref', type.allocArray(heap, count)],
    ['heap slice', heap.allocSlice(type, count) as WasmSlice],
    ['arena slice', arena.allocSlice(type, count).write([]) as WasmSlice],
  ];
}
const value = (type: Scalar, n: number): never =>
  (type.kind === 'bigint' ? BigInt(n) : type.kind === 'boolean' ? n % 2 === 1 : n) as never;

describe.each(all)('elements of $name', (type) => {
  const values = (...numbers: number[]) => numbers.map((n) => value(type, n));
  test('have the same methods as an array ref and as a slice', () => {
    for (const [what, elements] of make(type, 4)) {
      expect([elements.address, elements.ptr], what).toEqual([elements.ptr, elements.address]);
      expect(elements.set(values(1, 2, 3, 4) as never).toArray(), what).toEqual(values(1, 2, 3, 4));
      expect(elements.set(0, value(type, 7)).setAt(-1, value(type, 9)).toArray()).toEqual(values(7, 2, 3, 9));
      expect(elements.fill(value(type, 5), 1, 3).toArray()).toEqual(values(7, 5, 5, 9));
      expect(elements.subarray(1, -1).toArray()).toEqual(values(5, 5));
      expect(elements.copyFrom(new Set(values(1, 2).concat(value(type, 2))) as never, 2).at(2)).toBe(value(type, 1));
      const target: unknown[] = [];
      elements.copyTo(target as never, 1);
      expect(target.slice(1)).toEqual(elements.toArray());
      const other = type.allocArray(heap, 5);
      elements.copyTo(other, 1);
      expect(other.toArray().slice(1)).toEqual(elements.toArray());
      expect([...elements]).toEqual(elements.toArray());
      const copy = elements.copy() as unknown as Uint8Array;
      expect([copy.buffer === heap.buffer, copy.byteLength]).toEqual([false, elements.byteLength]);
      expect(elements.typedArray().buffer === heap.buffer).toBe(true);
    }
    heap.freeAll();
  }); // prettier-ignore
  test('are accepted as values wherever arrays are', () => {
    for (const [, source] of make(type, 3)) {
      source.set(values(1, 0, 1) as never);
      for (const [, target] of make(type, 3)) {
        expect(target.set(source as never).toArray()).toEqual(values(1, 0, 1));
        if ('write' in target) target.write(source as never);
      }
      expect(type.allocArray(heap, source as never).toArray()).toEqual(values(1, 0, 1));
    }
    heap.freeAll();
  });
});

describe.each(all)('typed arrays of elements of $name', (type) => {
  const values = [1, 3, 2].map((n) => (type.name === 'f16' ? n / 2 : value(type, n)));
  const perElement = type.size / type.Elements.BYTES_PER_ELEMENT;
  test('are accepted as values: a copy, a view, parts of both, a copy of the copy', () => {
    for (const [what, elements] of make(type, 3)) {
      elements.set(values as never);
      const copy = elements.copy() as unknown as Uint8Array;
      const sources = [copy, elements.typedArray(), copy.slice(), structuredClone(copy)] as never[];
      for (const source of sources) {
        expect(type.allocArray(heap, source).toArray(), what).toEqual(values);
        for (const [, target] of make(type, 3)) {
          expect(target.set(source).toArray()).toEqual(values);
          expect(target.copyFrom(copy.subarray(perElement, 2 * perElement) as never).at(0)).toBe(values[1]);
          if ('write' in target)
            expect(target.write(source, 1).toArray().slice(0, 2)).toEqual(values.slice(1));
        }
        expect(elements.copyFrom(source).toArray()).toEqual(values); // it may overlap the elements
      }
    }
    heap.freeAll();
  });
  test('receive elements as a view of them shows them', () => {
    for (const [what, elements] of make(type, 3)) {
      const target = new (type.Elements as Uint8ArrayConstructor)(5 * perElement);
      elements.set(values as never).copyTo(target as never, perElement);
      const [first, last] = [target.subarray(0, perElement), target.subarray(4 * perElement)];
      expect(
        [...first, ...last].every((each) => Number(each) === 0),
        what,
      ).toBe(true);
      expect(target.subarray(perElement, 4 * perElement)).toEqual(elements.copy());
      expect(() => elements.copyTo(target as never, 2 * perElement + 1)).toThrow(ArgumentRangeError);
    }
    heap.freeAll();
  });
  test.runIf(perElement > 1)('are refused if they end inside an element', () => {
    const [, elements] = make(type, 3)[0] as [string, Both];
    elements.set(values as never);
    const source = (elements.copy() as unknown as Uint8Array).subarray(1) as never;
    expect(() => elements.set(source)).toThrow(ArgumentRangeError);
    expect(() => type.allocArray(heap, source)).toThrow(ArgumentRangeError);
    expect(elements.toArray()).toEqual(values);
    heap.freeAll();
  });
});

describe('an index', () => {
  test('on an array ref or a slice throws, read or written', () => {
    for (const [what, elements] of make(all[5] as Scalar, 3)) {
      const indexed = elements as unknown as number[];
      expect(() => indexed[0], what).toThrow(ArgumentTypeError);
      expect(() => (indexed[0] = 9), what).toThrow(/setAt\(index, value\)/);
      expect(() => (indexed[255] = 9), what).toThrow(ArgumentTypeError);
      expect(Array.from(elements)).toEqual([0, 0, 0]);
    }
    heap.freeAll();
  });
  test('that is a bigint or an object is refused by a typed error, and its code does not run', () => {
    const array = heap.allocInt32Array(3);
    let ran = 0;
    const hooked = { valueOf: () => (ran++, 0) };
    for (const index of [1n, hooked, '1', null]) {
      expect(() => array.at(index as never)).toThrow(ArgumentTypeError);
      expect(() => array.setAt(index as never, 1)).toThrow(ArgumentTypeError);
    }
    expect(ran).toBe(0);
    array.free();
  });
});

describe('a source that lies about its length writes nothing outside', () => {
  class Lying extends Int32Array {
    override get length(): number {
      return 1000;
    }
  }
  const own = Object.defineProperty(new Int32Array([1, 2]), 'length', { value: 1000 });
  const grows = (): ArrayLike<number> => {
    let length = 1;
    return { get length() { return length++; }, 0: 1, 1: 2, 2: 3 }; // prettier-ignore
  };
  test.each([
    ['a subclass', () => new Lying([1, 2])],
    ['an own property', () => own],
    ['a length that grows', grows],
  ])('%s', (_what, source) => {
    for (const [, elements] of make(all[5] as Scalar, 4)) {
      const after = heap.allocInt32Array([7, 7, 7, 7]);
      elements.set(source() as never);
      elements.copyFrom(source() as never, 1);
      if ('write' in elements) elements.write(source() as never, 0, false);
      expect(heap.allocInt32Array(source() as never).length).toBeLessThanOrEqual(2);
      expect(after.toArray()).toEqual([7, 7, 7, 7]);
      expect(heap.holds()).toBe(true);
    }
    heap.freeAll();
  });
  test.runIf('resize' in ArrayBuffer.prototype)('a view outside its resizable buffer is refused, not empty', () => {
    const buffer = new ArrayBuffer(16, { maxByteLength: 16 } as never);
    const view = new Int32Array(buffer, 8, 2);
    (buffer as unknown as { resize(bytes: number): void }).resize(4);
    for (const [, elements] of make(all[5] as Scalar, 4)) {
      expect(() => elements.set(view as never)).toThrow(ArgumentTypeError);
      expect(() => heap.writeBytes(elements.address, view)).toThrow(ArgumentTypeError);
    }
    heap.freeAll();
  }); // prettier-ignore
  test('a source that frees the elements writes nothing into what took their place', () => {
    const array = heap.allocInt32Array(4);
    let young: ScalarArrayRef<number> | undefined;
    const source = { length: 2, get 0() { array.free(); young = heap.allocInt32Array([5, 6, 7, 8]); return 1; }, 1: 2 }; // prettier-ignore
    expect(() => array.set(source)).toThrow(FreedError);
    expect(young?.toArray()).toEqual([5, 6, 7, 8]);
    young?.free();
  });
});

test('copyTo refuses a DataView and a typed array of another kind of values, before anything is written', () => {
  const [numbers, bigints] = [heap.allocInt32Array([1, 2]), heap.allocBigInt64Array([1n, 2n])];
  const target = new BigInt64Array(2);
  expect(() => numbers.copyTo(new DataView(new ArrayBuffer(8)) as never)).toThrow(ArgumentTypeError);
  expect(() => numbers.copyTo(target as never)).toThrow(ArgumentTypeError);
  expect(() => bigints.copyTo(new Int32Array(2) as never)).toThrow(ArgumentTypeError);
  expect(() => bigints.copyTo(new BigInt64Array(1))).toThrow(ArgumentRangeError);
  expect([...target]).toEqual([0n, 0n]);
  for (const ref of [numbers, bigints]) ref.free();
});
