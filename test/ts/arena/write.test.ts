import { afterEach, describe, expect, test } from 'vitest';
import {
  ArgumentRangeError,
  ArgumentTypeError,
  FreedError,
  scalarTypes,
  StaleEpochError,
  type Scalar,
  type WasmHeapManager,
  type WasmSlice,
} from '../../../ts/index.ts';
import { heapOf, expectNothingLeaked } from '../../support/arena.ts';

afterEach(expectNothingLeaked);
const all = scalarTypes as readonly unknown[] as readonly Scalar[]; // each type is a Scalar with its own type of value

/** Runs `act` on a slice of 1, 2, 3, 4 in a heap, in an arena, and in shared memory. */
function onSlices(act: (slice: WasmSlice<Float64Array, number>, heap: WasmHeapManager) => void): void {
  for (const kind of ['wrapped', 'shared', 'own'] as const) {
    const heap = heapOf(kind);
    const arena = heap.createHeapArena(64);
    for (const slice of [heap.createHeapArena(64).allocF64(4), arena.allocF64(4)])
      act(slice.write([1, 2, 3, 4]), heap);
    heap.freeAll();
  }
}
const list = (slice: Iterable<unknown>): unknown[] => [...slice];

describe('write copies', () => {
  test('from arrays, array-likes and typed arrays of the same kind and of others', () =>
    onSlices((slice) => {
      for (const source of [
        [9, 8, 7, 6],
        Float64Array.of(9, 8, 7, 6),
        Uint8Array.of(9, 8, 7, 6),
        Float32Array.of(9, 8, 7, 6),
        Int16Array.of(9, 8, 7, 6),
        { length: 4, 0: 9, 1: 8, 2: 7, 3: 6 },
        Uint8ClampedArray.of(9, 8, 7, 6),
        new Proxy([9, 8, 7, 6], {}),
      ])
        // prettier-ignore
        expect(list(slice.write([0, 0, 0, 0]).write(source))).toEqual([9, 8, 7, 6]);
    }));
  test('from its own view, whole or shifted, without destroying what it reads', () =>
    onSlices((slice) => {
      expect(list(slice.write(slice.view()))).toEqual([1, 2, 3, 4]);
      expect(list(slice.write(slice.view(), 1))).toEqual([2, 3, 4, 0]);
      expect(list(slice.write([1, 2, 3, 4]).write(slice.view().subarray(1), 0, false))).toEqual([2, 3, 4, 4]);
      expect(list(slice.write([1, 2, 3, 4]).write(slice.view(), 2, false))).toEqual([3, 4, 3, 4]);
    }));
  test('into a slice that its source overlaps, forwards and backwards', () => {
    const heap = heapOf();
    const arena = heap.createHeapArena(64);
    const whole = arena.allocU8(8).write([1, 2, 3, 4, 5, 6, 7, 8]);
    const { ptr } = whole;
    const parts = [ptr, ptr + 2].map((at) => heap.sliceFromHandle({ ...whole.handle(), ptr: at, length: 6 }));
    parts[1]?.write(parts[0]?.view() as never);
    expect(list(whole)).toEqual([1, 2, 1, 2, 3, 4, 5, 6]);
    parts[0]?.write(parts[1]?.view() as never);
    expect(list(whole)).toEqual([1, 2, 3, 4, 5, 6, 5, 6]);
    arena.destroy();
  });
  test('nothing from null and undefined, and clears or keeps the elements', () =>
    onSlices((slice) => {
      expect(list(slice.write(null, 0, false))).toEqual([1, 2, 3, 4]);
      expect(list(slice.write(undefined, 0, false))).toEqual([1, 2, 3, 4]);
      expect(list(slice.write(null))).toEqual([0, 0, 0, 0]);
      expect(list(slice.write([5]).write(undefined))).toEqual([0, 0, 0, 0]);
    }));
  test('a shorter source, and clears or keeps the other elements', () =>
    onSlices((slice) => {
      expect(list(slice.write([9], 0, false))).toEqual([9, 2, 3, 4]);
      expect(list(slice.write([8, 7]))).toEqual([8, 7, 0, 0]);
      expect(list(slice.write([]))).toEqual([0, 0, 0, 0]);
      expect(list(slice.write([1, 2, 3], 2))).toEqual([3, 0, 0, 0]);
      expect(list(slice.write([1, 2, 3], 3))).toEqual([0, 0, 0, 0]);
    }));
  test('a longer source only with the option to truncate', () =>
    onSlices((slice) => {
      for (const source of [[9, 9, 9, 9, 9], new Float64Array(5), new Uint8Array(6), { length: 2 ** 33 }])
        expect(() => slice.write(source as never)).toThrow(ArgumentRangeError);
      expect(() => slice.write([9, 9, 9, 9, 9, 9], 1)).toThrow(ArgumentRangeError);
      expect(list(slice)).toEqual([1, 2, 3, 4]);
      expect(list(slice.write([5, 6, 7, 8, 9, 10], 1, true, true))).toEqual([6, 7, 8, 9]);
      expect(list(slice.write(Uint8Array.of(1, 2, 3, 4, 5), 0, true, true))).toEqual([1, 2, 3, 4]);
      expect(list(slice.write({ length: 2 ** 33, 0: 5, 1: 5, 2: 5, 3: 5 }, 0, true, true))).toEqual([5, 5, 5, 5]);
      expect(list(slice.write([1, 2], 1, false, true))).toEqual([2, 5, 5, 5]);
    })); // prettier-ignore
  test('into the beginning of a slice and nothing else', () => {
    const heap = heapOf();
    const arena = heap.createHeapArena(64, 1);
    heap.fill(arena.basePtr, 64, 0xee);
    arena.alloc(16, 1);
    const slice = arena.allocU8(5, 1);
    slice.write([1, 2]);
    expect([...heap.readBytes(slice.ptr - 1, 7)]).toEqual([0xee, 1, 2, 0, 0, 0, 0xee]);
    arena.destroy();
  });
});

describe.each(all)('write into a slice of $name', (type) => {
  test("accepts the view of a slice of its type as that slice's values", () => {
    const arena = heapOf().createHeapArena(1024);
    const value = type.kind === 'bigint' ? 5n : type.kind === 'boolean' ? true : 5;
    const from = arena.allocSlice(type, 3).write([value, value, value]);
    const to = arena.allocSlice(type, 3).write([]);
    expect(list(to.write(from.view() as never))).toEqual([value, value, value]);
    expect(list(from.write(from.view() as never))).toEqual([value, value, value]);
    expect(list(to.write(from.view() as never, 2))).toEqual([value, ...list(arena.allocSlice(type, 2).write([]))]);
    arena.destroy();
  }); // prettier-ignore
  test('refuses values of another type, and changes nothing', () => {
    const arena = heapOf().createHeapArena(1024);
    const value = type.kind === 'bigint' ? 5n : type.kind === 'boolean' ? true : 5;
    const slice = arena.allocSlice(type, 3).write([value, value, value]);
    const wrong = type.kind === 'bigint' ? 5 : 5n;
    for (const bad of [wrong, '5', null, undefined, {}, { valueOf: () => value }, Symbol.iterator])
      expect(() => slice.write([value, value, bad as never])).toThrow(ArgumentTypeError);
    expect(list(slice)).toEqual([value, value, value]);
    arena.destroy();
  });
});

describe('write refuses, and changes nothing,', () => {
  const bad: [string, unknown, number?][] = [
    ['a DataView', new DataView(new ArrayBuffer(32))],
    ['a DataView and an offset', new DataView(new ArrayBuffer(32)), 1],
    ['a buffer', new ArrayBuffer(32)],
    ['a string', 'abcd'],
    ['a string and an offset', 'abcd', 4],
    ['a function and an offset', (a: unknown, b: unknown) => [a, b], 2],
    ['a number', 5],
    ['a number and an offset', 5, 0],
    ['an object without a length', {}],
    ['an object without a length, and an offset', {}, 1],
    ['a length that is no number', { length: '2' }],
    ['bigints', BigInt64Array.of(1n)],
    ['a hole', Object.assign([1], { 2: 3 })],
    ['a value that is no number', [1, '2']],
    ['an offset that is no number', [1, 2], '1' as never],
    ['an iterable of strings', new Set(['1', '2'])],
  ];
  test.each(bad)('%s', (_what, source, offset) =>
    onSlices((slice) => {
      for (const truncate of [false, true])
        expect(() => slice.write(source as never, offset, true, truncate)).toThrow(ArgumentTypeError);
      expect(list(slice)).toEqual([1, 2, 3, 4]);
    }),
  );
  test.each([-1, NaN, 0.5, 3, Infinity, 2 ** 53])('an offset of %s', (offset) =>
    onSlices((slice) => {
      expect(() => slice.write([9, 9], offset)).toThrow(ArgumentRangeError);
      expect(() => slice.write(Float64Array.of(9, 9), offset, true, true)).toThrow(ArgumentRangeError);
      expect(list(slice)).toEqual([1, 2, 3, 4]);
    }),
  );
  test.each([NaN, -1, 0.5, 2 ** 53, Infinity])('a length of %s', (length) =>
    onSlices((slice) => {
      for (const truncate of [false, true])
        expect(() => slice.write({ length, 0: 9 }, 0, true, truncate)).toThrow(ArgumentRangeError);
      expect(list(slice)).toEqual([1, 2, 3, 4]);
    }),
  );
});

describe('a source with side effects', () => {
  const acting = (act: () => unknown, ...values: number[]): { length: number; [i: number]: number } =>
    Object.defineProperty({ ...values, length: values.length }, 0, { get: () => (act(), values[0]) });
  test('that grows the memory is written', () =>
    onSlices((slice, heap) => {
      slice.write(acting(() => heap.alloc(heap.byteLength > 500_000 ? 8 : 70_000), 7, 8));
      expect(list(slice)).toEqual([7, 8, 0, 0]);
    }));
  test('that frees, resets, rewinds or destroys writes nothing', () => {
    const heap = heapOf();
    const arena = heap.createHeapArena(64);
    const ends: [(slice: Pick<WasmSlice, 'free'>) => void, unknown][] = [
      [() => arena.reset(), StaleEpochError],
      [() => arena.rewind(mark), FreedError],
      [() => arena.destroy(), FreedError],
      [(slice) => slice.free(), FreedError],
    ];
    let mark = arena.mark();
    for (const [end, error] of ends) {
      mark = arena.destroyed ? mark : arena.mark();
      const slice = arena.destroyed ? heap.allocSlice(all[11] as Scalar, 4) : arena.allocF64(4);
      const { ptr } = slice.write([1, 2, 3, 4]);
      expect(() => slice.write(acting(() => end(slice), 9, 9))).toThrow(error as never);
      expect([...heap.readBytes(ptr + 7, 1)]).toEqual([0x3f]); // the 1 that was there
    }
  });
  test('that changes its length is written with its first length', () =>
    onSlices((slice) => {
      const source: number[] = [9, 8];
      Object.defineProperty(source, 0, { get: () => (source.push(7), 9) });
      slice.write(source);
      expect(list(slice)).toEqual([9, 8, 0, 0]);
      const less = acting(() => delete less[1], 5, 6);
      expect(() => slice.write(less)).toThrow(ArgumentTypeError);
      expect(list(slice)).toEqual([9, 8, 0, 0]);
    }));
});
