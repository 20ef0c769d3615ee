// Iteration: every element is read when it is reached, whatever happened to the memory in between.
import { afterEach, describe, expect, test } from 'vitest';
import { array, createHeapSync, createWasmHeapManager, FreedError, i32, LinearMemory, scalarTypes, StaleEpochError, struct, u8, type Scalar } from '../../../ts/index.ts'; // prettier-ignore

const all = scalarTypes as unknown as readonly Scalar[];
const value = (type: Scalar, n: number): never =>
  (type.kind === 'bigint' ? BigInt(n) : type.kind === 'boolean' ? n % 2 === 1 : n) as never;
const KINDS = ['array ref', 'heap slice', 'arena slice', 'published arena slice'] as const;

// One heap for all tests: a page of Chromium has space for about 120 memories.
const heap = createHeapSync();
const plain = new LinearMemory(new WebAssembly.Memory({ initial: 1 }));
afterEach(() => heap.freeAll());

/** Elements with the values 1 to `count`. */
function make(type: Scalar, kind: (typeof KINDS)[number], count = 5) {
  const arena = heap.createHeapArena(4096);
  const values = Array.from({ length: count }, (_, i) => value(type, i + 1));
  const elements =
    kind === 'array ref' ? type.allocArray(heap, values)
    : kind === 'heap slice' ? heap.allocSlice(type, count).write(values)
    : arena.allocSlice(type, count).write(values); // prettier-ignore
  if (kind === 'published arena slice' && 'handle' in elements) elements.handle();
  return { heap, arena, elements, values };
}

describe.each(all)('a loop over $name', (type) => {
  describe.each(KINDS)('as %s', (kind) => {
    test('gives the values, in the JavaScript type of the elements', () => {
      const { elements, values } = make(type, kind);
      expect([...elements]).toEqual(values);
      for (const each of elements) expect(typeof each).toBe(type.kind);
      expect([...elements.subarray(1, 3)]).toEqual(values.slice(1, 3));
      expect([...elements.subarray(2, 2)]).toEqual([]);
    });
    test('sees what the body writes ahead', () => {
      const { elements } = make(type, kind);
      const seen = [];
      let i = 0;
      for (const each of elements) {
        seen.push(each);
        if (++i < elements.length) elements.set(i, value(type, i * 2 + 1));
      }
      expect(seen).toEqual([1, 3, 5, 7, 9].map((n) => value(type, n)));
    });
    test('sees a growth in its body, and what is written after that', () => {
      const { heap, elements, values } = make(type, kind);
      const seen = [];
      let i = 0;
      for (const each of elements) {
        seen.push(each);
        if (i === 1) heap.memory.grow(1);
        if (++i < elements.length && i > 3) elements.set(i, value(type, 7));
      }
      expect(seen).toEqual([...values.slice(0, 4), value(type, 7)]);
    });
    test('sees a growth that the heap has noticed already', () => {
      const { heap, elements, values } = make(type, kind);
      const seen = [];
      for (const each of elements) {
        seen.push(each);
        heap.memory.grow(1);
        heap.refresh();
      }
      expect(seen).toEqual(values);
    });
    test('throws at the element after a free in its body, and at once after one before it', () => {
      const { heap, arena, elements } = make(type, kind);
      let count = 0;
      const end = () => (kind.includes('arena') ? arena.destroy() : heap.free(elements.address));
      expect(() => {
        for (const each of elements) {
          expect(each).toBe(value(type, 1));
          count++;
          end();
          heap.alloc(4096); // may take its place
        }
      }).toThrow(FreedError);
      expect(count).toBe(1);
      expect(() => [...elements]).toThrow(FreedError);
    });
    test('throws after a reset of its arena, or a bulk free, in its body', () => {
      const { heap, arena, elements } = make(type, kind);
      const isArena = kind.includes('arena');
      expect(() => {
        for (const _ of elements) isArena ? arena.reset() : heap.freeAll();
      }).toThrow(isArena ? StaleEpochError : FreedError);
    });
  });
  test('at an address that is not a multiple of the size gives the same values', () => {
    const { heap, elements, values } = make(type, 'array ref');
    const at = heap.alloc(type.size * 8) + 1;
    heap.copy(at, elements.address, elements.byteLength);
    expect([...type.wrapArray(heap, at, 5)]).toEqual(values);
  });
  test('in a memory that is not a heap gives the same values', () => {
    const elements = type.wrapArray(plain, 64, 3);
    elements.set([value(type, 1), value(type, 2), value(type, 3)]);
    expect([...elements]).toEqual([1, 2, 3].map((n) => value(type, n)));
  });
});

/** The arena as other code sees it, through another heap. */
const attachElsewhere = ({ memory }: { memory: WebAssembly.Memory }, { address }: { address: number }) =>
  createWasmHeapManager(memory, () => 0, () => undefined).attachArena(address); // prettier-ignore
test('an epoch that other code has advanced is seen at the next element', () => {
  const { arena, elements, heap } = make(i32 as unknown as Scalar, 'published arena slice');
  const other = attachElsewhere(heap, arena);
  let count = 0;
  expect(() => {
    for (const _ of elements) if (++count === 2) other.reset();
  }).toThrow(StaleEpochError);
  expect(count).toBe(2);
});
test('an arena that is published in the body of the loop, and reset by other code, is seen too', () => {
  const { arena, elements, heap } = make(i32 as unknown as Scalar, 'arena slice');
  let count = 0;
  expect(() => {
    for (const _ of elements)
      if (++count === 2) {
        (elements as unknown as { handle(): unknown }).handle();
        attachElsewhere(heap, arena).reset();
      }
  }).toThrow(StaleEpochError);
  expect(count).toBe(2);
});
test('a buffer that a source replaces without detaching the old one is seen if the heap polls', () => {
  let buffer = new ArrayBuffer(4096);
  const heap = createWasmHeapManager(() => buffer, () => 64, () => undefined, { pollingMode: 'always' }); // prettier-ignore
  const array = heap.wrapInt32Array(64, 4);
  array.set([1, 2, 3, 4]);
  const seen = [];
  for (const each of array) {
    seen.push(each);
    if (each === 2) buffer = new ArrayBuffer(8192);
  }
  expect(seen).toEqual([1, 2, 0, 0]);
});
test('a step gives a separate result; after the end each gives { done: true, value: undefined }', () => {
  const { heap } = make(i32 as unknown as Scalar, 'array ref');
  const iterator = heap.allocInt32Array([5, 6])[Symbol.iterator]();
  const [first, second, third, fourth] = [1, 2, 3, 4].map(() => iterator.next());
  expect([first, second]).toStrictEqual([{ done: false, value: 5 }, { done: false, value: 6 }]);
  expect([third, fourth]).toStrictEqual([{ done: true, value: undefined }, { done: true, value: undefined }]);
  expect(iterator[Symbol.iterator]()).toBe(iterator);
}); // prettier-ignore
test('a resize in the body ends the loop with FreedError: the ref is another one from then on', () => {
  const { heap } = make(i32 as unknown as Scalar, 'array ref');
  const ref = heap.allocInt32Array(4);
  expect(() => {
    for (const _ of ref) ref.resize(4000);
  }).toThrow(FreedError);
});
test('a loop over structs or arrays of structs checks each element too', () => {
  const Point = struct('Point', { x: i32, bytes: array(u8, 2) });
  const points = Point.allocArray(heap, 3);
  points.at(2).x = 7;
  expect([...points].map(({ x }) => x)).toEqual([0, 0, 7]);
  let count = 0;
  expect(() => {
    for (const point of points) {
      count += 1 + point.x;
      points.free();
    }
  }).toThrow(FreedError);
  expect(count).toBe(1);
});
