import { afterEach, describe, expect, test } from 'vitest';
import {
  ArgumentRangeError,
  ArgumentTypeError,
  DoubleFreeError,
  FreedError,
  NotOwnedError,
  scalarTypes,
  type Scalar,
  type ScalarValue,
  type WasmHeapManager,
  type WasmSlice,
} from '../../../ts/index.ts';
import { errorOf, heapOf, kinds, make, expectNothingLeaked } from '../../support/arena.ts';

afterEach(expectNothingLeaked);
const all = scalarTypes as readonly unknown[] as readonly Scalar[]; // each type is a Scalar with its own type of value
const methodName = (type: Scalar): string => `alloc${type.name.charAt(0).toUpperCase()}${type.name.slice(1)}`;
const valueFor = (type: Scalar, i: number): ScalarValue =>
  type.kind === 'bigint' ? BigInt(i) : type.kind === 'boolean' ? i % 2 === 1 : i;
const valuesOf = (type: Scalar, ...all: number[]): ScalarValue[] => all.map((i) => valueFor(type, i));
type Methods = Record<string, (length: number, align?: number) => WasmSlice>;

/** A slice of five elements from every source, and the function that invalidates it. */
const SOURCES: Record<string, (heap: WasmHeapManager, type: Scalar) => [WasmSlice, () => void]> = {
  heap: (heap, type) => {
    const slice = heap.allocSlice(type, 5);
    return [slice, () => slice.free()];
  },
  arena: (heap, type) => {
    const arena = heap.createHeapArena(400);
    return [(arena as unknown as Methods)[methodName(type)]?.(5) as WasmSlice, () => arena.destroy()];
  },
  frame: (heap, type) => {
    heap.frameArena.init(400);
    const { arena } = heap.frameArena;
    return [arena.allocSlice(type, 5), () => heap.frameArena.destroy()];
  },
  scope: (heap, type) => {
    const scope = heap.scope();
    return [scope.allocSlice(type, 5), () => scope.end()];
  },
  handle: (heap, type) => {
    const slice = heap.allocSlice(type, 5);
    return [heap.sliceFromHandle(slice.handle()), () => slice.free()];
  },
};

describe.each(Object.keys(SOURCES))('a slice from the source %s', (source) => {
  describe.each(all)('of $name', (type) => {
    const withSlice = (
      kind: 'wrapped' | 'shared',
      act: (slice: WasmSlice, heap: WasmHeapManager) => void,
    ) => {
      const heap = heapOf(kind);
      const [slice, end] = SOURCES[source]?.(heap, type) ?? expect.fail();
      slice.write(valuesOf(type, 1, 2, 3, 4, 5));
      act(slice, heap);
      end();
      expect(slice.isAlive()).toBe(false);
      for (const use of [() => slice.at(0), () => slice.set(0, valueFor(type, 1)), () => slice.view(), () => slice.write([])])
        expect(['FREED', 'STALE_EPOCH']).toContain(errorOf(use).code); // prettier-ignore
    };
    test('has its properties, and is aligned for its view', () =>
      withSlice('wrapped', (slice, heap) => {
        expect([slice.dtype, slice.length, slice.byteLength, slice.type]).toEqual([
          type.name,
          5,
          5 * type.size,
          type,
        ]);
        expect(slice.kind).toBe(source === 'frame' ? 'frame' : /arena|scope/.test(source) ? 'arena' : 'heap');
        expect([slice.ptr % 16, slice.isAlive(), slice.buffer() === heap.buffer]).toEqual([0, true, true]);
        expect(slice.epoch).toBeGreaterThanOrEqual(1);
      }));
    test('is read, written and iterated, with each index checked', () => {
      for (const kind of ['wrapped', 'shared'] as const)
        withSlice(kind, (slice) => {
          expect([...slice]).toEqual(valuesOf(type, 1, 2, 3, 4, 5));
          expect(slice.set(1, valueFor(type, 8)).set(-1, valueFor(type, 9))).toBe(slice);
          expect([slice.at(0), slice.at(1), slice.at(-1), slice.at(-5), slice.at(-0)]).toEqual(valuesOf(type, 1, 8, 9, 1, 1));
          for (const index of [5, -6, 0.5, NaN, Infinity, 2 ** 32, -(2 ** 32)]) {
            expect(() => slice.at(index)).toThrow(ArgumentRangeError);
            expect(() => slice.set(index, valueFor(type, 7))).toThrow(ArgumentRangeError);
          }
          for (const index of ['0', null, undefined, {}, 0n, [0]]) {
            expect(() => slice.at(index as never)).toThrow(ArgumentTypeError);
            if (!Array.isArray(index)) expect(() => slice.set(index as never, valueFor(type, 7))).toThrow(ArgumentTypeError);
          }
          for (const value of ['1', null, undefined, {}, Symbol.iterator, type.kind === 'bigint' ? 1 : 1n])
            expect(() => slice.set(0, value as never)).toThrow(ArgumentTypeError);
          expect([...slice]).toEqual(valuesOf(type, 1, 8, 3, 4, 9));
        }); // prettier-ignore
    });
    test('returns the same view until the memory grows, and then a new one', () =>
      withSlice('wrapped', (slice, heap) => {
        const view = slice.view();
        expect([view.byteOffset, view.byteLength, view.constructor]).toEqual([slice.ptr, 5 * type.size, type.Elements]);
        slice.set(0, valueFor(type, 7));
        expect(slice.view()).toBe(view);
        const { buffer } = view;
        (heap.heapGetter as () => ArrayBuffer)();
        heap.free(heap.alloc(100_000));
        const renewed = slice.view();
        expect([renewed.buffer === buffer, renewed.buffer === heap.buffer, slice.view() === renewed]).toEqual([false, true, true]);
        expect([...slice]).toEqual(valuesOf(type, 7, 2, 3, 4, 5));
        expect(slice.set(4, valueFor(type, 1)).at(4)).toEqual(valueFor(type, 1));
      })); // prettier-ignore
  });
});

describe.each(kinds)('a heap slice in a heap of the kind %s', (kind) => {
  test('is freed once; then it is stale through every alias, also when its block is reused', () => {
    const { heap } = make(kind);
    const slice = heap.allocSlice(all[6] as Scalar, 4);
    const handle = structuredClone(slice.handle());
    const alias = heap.sliceFromHandle(handle);
    alias.set(0, 9);
    expect(slice.at(0)).toBe(9);
    expect(() => alias.free()).toThrow(NotOwnedError);
    alias.dispose();
    expect(slice.isAlive()).toBe(true);
    slice.free();
    const young = heap.allocSlice(all[6] as Scalar, 4);
    expect(young.ptr).toBe(slice.ptr);
    expect([slice.isAlive(), alias.isAlive(), young.isAlive()]).toEqual([false, false, true]);
    for (const use of [() => slice.at(0), () => alias.at(0), () => alias.view(), () => alias.handle()])
      expect(use).toThrow(FreedError);
    expect(() => heap.sliceFromHandle(handle)).toThrow(expect.objectContaining({ code: 'STALE_EPOCH' }));
    expect(() => slice.free()).toThrow(DoubleFreeError);
    slice.dispose();
    expect(young.at(0)).toBe(0);
    young.dispose();
    young.dispose();
  });
  test('of 0 elements has a distinct address, an empty view, and no element', () => {
    const { heap } = make(kind);
    const slices = [heap.allocSlice(all[0] as Scalar, 0), heap.allocSlice(all[0] as Scalar, 0)];
    const [a, b] = slices as [WasmSlice, WasmSlice];
    expect([a.ptr === b.ptr, a.ptr === 0, a.byteLength, [...a], a.view().byteLength]).toEqual([false, false, 0, [], 0]);
    expect(() => a.at(0)).toThrow(ArgumentRangeError);
    expect(a.write([]).write(null)).toBe(a);
    expect(() => a.write([1])).toThrow(ArgumentRangeError);
    expect(() => a.write({ length: 2 ** 32 } as never, 1)).toThrow(/at most 0 values, got 4294967295/);
    for (const slice of slices) slice.free();
  }); // prettier-ignore
  test('is aligned to every requested power of two', () => {
    const { heap } = make(kind);
    for (let align = 1; align <= 65536; align *= 2) {
      const slice = heap.allocSlice(all[11] as Scalar, 3, align);
      expect(slice.ptr % Math.max(align, 8)).toBe(0);
      slice.write([1, 2, 3]).free();
    }
  });
});

test('heap slices are cleared unless the option is off; arenas are not cleared', () => {
  for (const clearAllocatedRegions of [true, false]) {
    const heap = heapOf('wrapped', { clearAllocatedRegions });
    heap.fill(1024, 4096, 0xee);
    const slice = heap.allocSlice(all[1] as Scalar, 4);
    expect([...slice]).toEqual(new Array(4).fill(clearAllocatedRegions ? 0 : 0xee));
    const arena = heap.createHeapArena(64);
    expect(arena.allocU8(1).at(0)).toBe(clearAllocatedRegions ? 0 : 0xee);
    arena.allocU8(8).write([1, 2]);
    arena.reset();
    expect(arena.allocU8(1).at(0)).toBe(clearAllocatedRegions ? 0 : 0xee);
    expect([...arena.allocUint8Array(16)]).toEqual(new Array(16).fill(0));
    for (const text of [arena.allocNullTerminatedUtf8String(8), arena.allocFixedUtf8String(8)])
      expect([...text.allocatedBytesView].every((byte) => byte === 0)).toBe(true);
    slice.free();
    arena.destroy();
  }
});

test('a slice of an arena, of a scope or of a handle cannot be freed alone, and stays alive', () => {
  for (const source of ['arena', 'frame', 'scope', 'handle']) {
    const [slice, end] = SOURCES[source]?.(heapOf(), all[1] as Scalar) ?? expect.fail();
    expect(() => slice.free()).toThrow(NotOwnedError);
    slice.dispose();
    expect(slice.isAlive()).toBe(true);
    end();
  }
});

test('a slice stays readable while others grow the memory, iterators included', () => {
  const { heap } = make('wrapped');
  const slice = heap.createHeapArena(64).allocU16(3).write([1, 2, 3]);
  const seen: number[] = [];
  for (const value of slice) {
    seen.push(value);
    heap.free(heap.alloc(heap.byteLength));
  }
  expect(seen).toEqual([1, 2, 3]);
  const broken = slice[Symbol.iterator]();
  broken.next();
  heap.freeAll();
  expect(() => broken.next()).toThrow(FreedError);
});
