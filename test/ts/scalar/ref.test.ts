import { afterEach, describe, expect, test } from 'vitest';
import {
  ArgumentRangeError,
  ArgumentTypeError,
  DoubleFreeError,
  FreedError,
  NotOwnedError,
  OutOfBoundsError,
  scalarTypes,
  WrongHeapError,
  type Scalar,
  type ScalarValue,
} from '../../../ts/index.ts';
import { fakeHeap } from '../../support/heap.ts';

const all = scalarTypes as unknown as readonly Scalar<ScalarValue>[];
const sample = (type: Scalar<ScalarValue>): ScalarValue =>
  type.kind === 'bigint' ? 5n : type.kind === 'boolean' ? true : 5;
const { heap, module } = fakeHeap();

afterEach(() => {
  expect([...module.live.keys()], 'blocks still live').toEqual([]);
  expect(module.badFrees, 'wrong frees that reached the allocator').toEqual([]);
});

describe.each(all)('a ref to $name', (type) => {
  test('has its initial value, accepts another, and frees its block once', () => {
    const ref = type.alloc(heap, sample(type));
    expect(ref.value).toBe(sample(type));
    expect(type.read(heap, ref.address)).toBe(sample(type));
    expect(ref.write(sample(type)).read()).toBe(sample(type));
    expect(ref.byteLength).toBe(type.size);
    expect([ref.owned, ref.isFreed, ref.isNotFreed]).toEqual([true, false, true]);
    ref.clear();
    expect(ref.allocatedBytesView.every((byte) => byte === 0)).toBe(true);
    ref.free();
    expect([ref.isFreed, ref.isNotFreed]).toEqual([true, false]);
    expect(() => ref.free()).toThrow(DoubleFreeError);
  });
  test('is zero without an initial value', () => {
    const ref = type.alloc(heap);
    expect(ref.allocatedBytesView.every((byte) => byte === 0)).toBe(true);
    ref.dispose();
  });
  test('refuses any use after its block was freed, through every ref of the block', () => {
    const ref = type.alloc(heap, sample(type));
    const alias = type.wrap(heap, ref.address);
    ref.free();
    for (const dead of [ref, alias]) {
      expect(() => dead.value).toThrow(FreedError);
      expect(() => dead.read()).toThrow(expect.objectContaining({ code: 'FREED', address: ref.address }));
      expect(() => {
        dead.value = sample(type);
      }).toThrow(FreedError);
      expect(() => dead.clear()).toThrow(FreedError);
      expect(() => dead.allocatedBytesView).toThrow(FreedError);
    }
  });
  test('frees the block if the initial value is refused', () => {
    expect(() => type.alloc(heap, 'x' as never)).toThrow(ArgumentTypeError);
    expect(heap.statistics.liveBlocks).toBe(0);
  });
  test('wrapped at an address reads and writes there but cannot be freed', () => {
    const ref = type.wrap(heap, 512);
    ref.value = sample(type);
    expect(type.read(heap, 512)).toBe(sample(type));
    expect(() => ref.free()).toThrow(NotOwnedError);
    expect(() => heap.free(ref)).toThrow(expect.objectContaining({ code: 'NOT_OWNED', address: 512 }));
    ref.dispose();
    expect(ref.isNotFreed).toBe(true);
  });
});

describe('dispose', () => {
  test('frees once, however often it is called, and after free too', () => {
    const ref = heap.allocInt32(1);
    ref.dispose();
    ref.dispose();
    expect(() => ref.value).toThrow(FreedError);
    const other = heap.allocInt32(1);
    other.free();
    other.dispose();
  });
  test('Symbol.dispose is the same, if the engine has the symbol', () => {
    if (!Symbol.dispose) return;
    const ref = heap.allocInt32(1);
    ref[Symbol.dispose]();
    ref[Symbol.dispose]();
    expect(ref.isFreed).toBe(true);
  });
});

test('a ref of another heap is refused and stays allocated', () => {
  const other = fakeHeap();
  const ref = other.heap.allocInt32(3);
  expect(() => heap.free(ref)).toThrow(WrongHeapError);
  expect(ref.value).toBe(3);
  ref.free();
  expect(other.module.live.size).toBe(0);
});

test('refs work after the memory grew', () => {
  const ref = heap.allocInt32(7);
  module.memory.grow(1);
  expect(ref.value).toBe(7);
  ref.value = 8;
  expect(new DataView(module.memory.buffer).getInt32(ref.address, true)).toBe(8);
  ref.free();
});

test.each([0, 65536 * 16, NaN, -8, 2 ** 53])('a ref to address %s is refused', (address) => {
  expect(() => heap.wrapInt32(address)).toThrow();
  expect(() => heap.wrapInt32Array(address, 1)).toThrow();
});

describe.each(all)('an array of $name', (type) => {
  const three = [sample(type), sample(type), sample(type)];
  test('has its values, checks its indices, and frees once', () => {
    const array = type.allocArray(heap, three);
    expect([...array]).toEqual(three);
    expect(array.toArray()).toEqual(three);
    expect([array.length, array.elementCount, array.byteLength, array.bytesPerElement]).toEqual([
      3,
      3,
      3 * type.size,
      type.size,
    ]);
    expect(array.at(-1)).toEqual(sample(type));
    expect(array.readAt(0)).toEqual(sample(type));
    for (const index of [3, -4, NaN, 0.5, 2 ** 32, 2 ** 53]) {
      expect(() => array.at(index)).toThrow(ArgumentRangeError);
      expect(() => array.setAt(index, sample(type))).toThrow(expect.objectContaining({ value: index }));
    }
    for (const index of ['0', null, undefined, 0n]) expect(() => array.at(index as never)).toThrow(TypeError);
    expect(array.view.byteLength).toBe(array.byteLength);
    array.free();
    expect(() => array.at(0)).toThrow(FreedError);
    expect(() => array.view).toThrow(FreedError);
    expect(() => array.set(three)).toThrow(FreedError);
    expect(() => array.free()).toThrow(DoubleFreeError);
  });
  test('set writes all values or none', () => {
    const array = type.allocArray(heap, 4);
    const zeros = array.toArray();
    expect(() => array.set([sample(type), 'x' as never])).toThrow(ArgumentTypeError);
    expect(() => array.set(three, 2)).toThrow(ArgumentRangeError);
    expect(() => array.set(three, -1)).toThrow(ArgumentRangeError);
    expect(array.toArray()).toEqual(zeros);
    expect(array.set(three, 1).toArray()).toEqual([zeros[0], ...three]);
    array.free();
  });
});

describe('arrays', () => {
  test('of a wrong length or source are refused, and nothing stays allocated', () => {
    for (const wrong of [NaN, -1, 1.5, 2 ** 53])
      expect(() => heap.allocInt32Array(wrong)).toThrow(ArgumentRangeError);
    expect(() => heap.allocInt32Array(2 ** 30)).toThrow(
      expect.objectContaining({ code: 'OUT_OF_MEMORY', size: 2 ** 32 }),
    );
    expect(() => heap.allocInt32Array(2 ** 51)).toThrow();
    for (const wrong of ['abc', null, {}, true, 5n, { length: -1 }, { length: NaN }])
      expect(() => heap.allocInt32Array(wrong as never)).toThrow();
  });
  test('accept typed arrays of their own and of another type, also ones over the same memory', () => {
    const first = heap.allocInt32Array(new Int32Array([1, -2, 3]));
    const second = heap.allocFloat64Array(first.view);
    const third = heap.allocInt32Array(first.view);
    expect(second.toArray()).toEqual([1, -2, 3]);
    expect(third.toArray()).toEqual([1, -2, 3]);
    expect(first.set(first.view.subarray(0, 2), 1).toArray()).toEqual([1, 1, -2]);
    for (const array of [first, second, third]) array.free();
  });
  test('accept half-precision numbers, and their bits in a Uint16Array, as their view has them', () => {
    for (const values of [
      [1, 2],
      new Float32Array([1, 2]),
      new Int16Array([1, 2]),
      new Uint16Array([0x3c00, 0x4000]),
    ]) {
      const array = heap.allocFloat16Array(values);
      expect(array.toArray()).toEqual([1, 2]);
      array.free();
    }
  });
  test('whose source fails half way write nothing and allocate nothing', () => {
    const source = { length: 3, 0: 1, get 1(): number { throw new Error('half way'); }, 2: 3 }; // prettier-ignore
    expect(() => heap.allocInt32Array(source)).toThrow('half way');
    const array = heap.allocInt32Array([7, 8, 9]);
    expect(() => array.set(source)).toThrow('half way');
    expect(array.toArray()).toEqual([7, 8, 9]);
    array.free();
  });
  test('whose source grows the memory while it is read are written completely', () => {
    const array = heap.allocInt32Array(3);
    const source = { length: 3, 0: 1, get 1(): number { module.memory.grow(1); return 2; }, 2: 3 }; // prettier-ignore
    expect(array.set(source).toArray()).toEqual([1, 2, 3]);
    array.free();
  });
  test('of no elements are distinct blocks', () => {
    const [a, b] = [heap.allocInt32Array(0), heap.allocInt32Array([])];
    expect(a.address).not.toBe(b.address);
    expect([a.length, b.view.length]).toEqual([0, 0]);
    expect(() => a.at(0)).toThrow(ArgumentRangeError);
    a.free();
    b.free();
  });
  test('that are wrapped must lie in the memory completely', () => {
    expect(() => heap.wrapInt32Array(65536 * 15, 2 ** 20)).toThrow(OutOfBoundsError);
    expect(heap.wrapInt32Array(1024, 4).length).toBe(4);
  });
});

describe('subarrays, copies and lengths of arrays', () => {
  test('a subarray shares the elements, does not own them, and becomes invalid with its block', () => {
    const array = heap.allocInt32Array([1, 2, 3, 4, 5]);
    const part = array.subarray(1, -1);
    expect(part.toArray()).toEqual([2, 3, 4]);
    part.setAt(0, 20);
    expect(array.at(1)).toBe(20);
    expect(part.subarray(2).toArray()).toEqual([4]);
    expect([array.subarray(5).length, array.subarray(3, 1).length, array.subarray().length]).toEqual([
      0, 0, 5,
    ]);
    for (const [start, end] of [[6], [0, 6], [-6], [NaN], [0.5]] as [number, number?][])
      expect(() => array.subarray(start, end)).toThrow(ArgumentRangeError);
    expect(() => part.free()).toThrow(NotOwnedError);
    array.free();
    expect(() => part.at(0)).toThrow(FreedError);
    expect(() => part.subarray(0)).toThrow(FreedError);
  });
  test.each(all)('$name: fill, copyTo and copyFrom move elements, overlapping ones too', (type) => {
    const of = (n: number): ScalarValue =>
      type.kind === 'bigint' ? BigInt(n) : type.kind === 'boolean' ? n % 2 === 1 : n;
    const values = [1, 2, 3, 4, 5, 6].map(of);
    const array = type.allocArray(heap, values);
    array.copyFrom(array.subarray(0, 4), 1);
    expect(array.toArray()).toEqual([1, 1, 2, 3, 4, 6].map(of));
    array.subarray(1).copyTo(array, 0);
    expect(array.toArray()).toEqual([1, 2, 3, 4, 6, 6].map(of));
    const plain: ScalarValue[] = [];
    array.copyTo(plain);
    expect(plain).toEqual(array.toArray());
    array.fill(of(1), 1, -1);
    expect(array.toArray()).toEqual([1, 1, 1, 1, 1, 6].map(of));
    expect(() => array.copyTo(array, 1)).toThrow(ArgumentRangeError);
    expect(() => array.fill('x' as never)).toThrow(ArgumentTypeError);
    expect(array.fill(of(3)).toArray()).toEqual([3, 3, 3, 3, 3, 3].map(of));
    array.free();
  });
  test.each(all)('$name: fill writes from its start to its end and no further', (type) => {
    const of = (n: number): ScalarValue =>
      type.kind === 'bigint' ? BigInt(n) : type.kind === 'boolean' ? n === 1 : n;
    for (let length = 0; length <= 19; length++) {
      const array = type.allocArray(heap, length + 2).fill(of(1));
      array.fill(of(0), 1, length + 1);
      expect(array.toArray()).toEqual([of(1), ...Array.from({ length }, () => of(0)), of(1)]);
      array.free();
    }
  });
  test.each(all)('$name: copyFrom and copyTo between elements that are not aligned', (type) => {
    const block = heap.alloc(type.size * 3 + 1);
    const odd = type.wrapArray(heap, block + 1, 3).fill(sample(type));
    const even = type.allocArray(heap, 3);
    expect(even.copyFrom(odd).toArray()).toEqual(odd.toArray());
    expect(odd.set(type.allocArray(heap, 3).toArray()).copyFrom(even).toArray()).toEqual(even.toArray());
    expect(even.copyTo(odd).at(-1)).toEqual(sample(type));
    heap.freeAll();
  });
  test('copyTo a typed array that is too short writes nothing', () => {
    const array = heap.allocInt32Array([1, 2, 3]);
    const short = new Int32Array(3);
    expect(() => array.copyTo(short, 1)).toThrow(ArgumentRangeError);
    expect([...short]).toEqual([0, 0, 0]);
    array.copyTo(short);
    expect([...short]).toEqual([1, 2, 3]);
    array.free();
  });
  test.each(all)(
    '$name: resize keeps the elements, clears new ones, and invalidates the old refs',
    (type) => {
      const array = type.allocArray(heap, [sample(type), sample(type)]);
      const part = array.subarray(0, 1);
      const longer = array.resize(40);
      expect(longer.toArray().slice(0, 2)).toEqual([sample(type), sample(type)]);
      expect(longer.subarray(2).allocatedBytesView.every((byte) => byte === 0)).toBe(true);
      for (const old of [array, part]) expect(() => old.at(0)).toThrow(FreedError);
      expect(() => array.free()).toThrow(DoubleFreeError);
      const shorter = longer.resize(1);
      expect(shorter.toArray()).toEqual([sample(type)]);
      expect(() => shorter.resize(2 ** 32)).toThrow(expect.objectContaining({ code: 'OUT_OF_MEMORY' }));
      expect(() => shorter.resize(-1)).toThrow(ArgumentRangeError);
      expect(shorter.toArray()).toEqual([sample(type)]);
      expect(() => shorter.subarray(0).resize(2)).toThrow(NotOwnedError);
      shorter.free();
      expect(() => shorter.resize(1)).toThrow(DoubleFreeError);
    },
  );
  test('atomic access to elements is checked like any other', () => {
    const array = heap.allocInt32Array(2);
    expect(array.writeAtomicAt(1, 5).readAtomicAt(-1)).toBe(5);
    expect(() => array.readAtomicAt(2)).toThrow(ArgumentRangeError);
    const one = heap.allocFloat64(1.5);
    expect(one.writeAtomic(2.5).readAtomic()).toBe(2.5);
    array.free();
    one.free();
    expect(() => array.readAtomicAt(0)).toThrow(FreedError);
    expect(() => one.readAtomic()).toThrow(FreedError);
  });
  test('freeElements frees the targets of the pointers, continues after errors and reports them all', () => {
    const pointers = heap.allocPointer32Array([heap.alloc(8), 0, heap.alloc(8)]);
    pointers.free({ freeElements: true });
    const twice = heap.alloc(8);
    const wrong = heap.allocPointer32Array([twice, twice, heap.alloc(8), 0xdeadbeef]);
    let errors: unknown[] = [];
    try {
      wrong.free({ freeElements: true });
    } catch (error) {
      errors = (error as AggregateError).errors;
    }
    expect(errors.map((error) => (error as { code: string }).code)).toEqual(['DOUBLE_FREE', 'OUT_OF_BOUNDS']);
    expect(wrong.isFreed).toBe(true);
    const numbers = heap.allocInt32Array(1);
    expect(() => numbers.free({ freeElements: true })).toThrow(ArgumentTypeError);
    numbers.free();
  });
});
