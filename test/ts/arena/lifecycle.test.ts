// The behaviour that programs written for WasmGPU rely on: each line of its lifecycle tests; and its defects.
import { afterEach, describe, expect, test } from 'vitest';
import {
  ArgumentRangeError,
  ArgumentTypeError,
  createDriver,
  createHeapSync,
  DoubleFreeError,
  FreedError,
  NotOwnedError,
  OutOfMemoryError,
  StaleEpochError,
} from '../../../ts/index.ts';
import { errorOf, make, expectNothingLeaked } from '../../support/arena.ts';

afterEach(expectNothingLeaked);
const MIB = 1024 * 1024;

describe('a program that was written for WasmGPU', () => {
  test('can make empty slices, whose view is empty', () => {
    const driver = createDriver(make('own').heap);
    const slice = driver.heap.allocF32(0);
    expect([slice.length, slice.byteLength, slice.view().length, slice.isAlive()]).toEqual([0, 0, 0, true]);
    slice.free();
  });
  test('cannot allocate lengths that overflow, and nothing is allocated', () => {
    const { heap } = make('own');
    const driver = createDriver(heap);
    heap.frameArena.init(256);
    for (const length of [2 ** 30, 2 ** 30 + 1, 2 ** 32, 2 ** 40])
      for (const alloc of [driver.heap.allocF32, driver.frame.allocF32, driver.heap.allocU32, driver.frame.allocF64])
        expect(() => alloc(length)).toThrow(OutOfMemoryError);
    expect([heap.statistics.liveBlocks, heap.frameArena.usedBytes()]).toEqual([1, 0]);
    heap.frameArena.destroy();
  }); // prettier-ignore
  test('has live blocks that do not overlap', () => {
    const driver = createDriver(make('own').heap);
    const slices = Array.from({ length: 200 }, (_, i) => driver.heap.allocU32(1 + (i % 17)));
    const ranges = slices.map(({ ptr, byteLength }) => [ptr, ptr + byteLength] as const).sort(([a], [b]) => a - b);
    for (const [i, [start]] of ranges.entries()) expect(start).toBeGreaterThanOrEqual(ranges[i - 1]?.[1] ?? 0);
    for (const slice of slices) slice.free();
  }); // prettier-ignore
  test('keeps its data when the memory grows, and its slices find it', () => {
    const { heap } = make('own');
    const driver = createDriver(heap);
    const slice = driver.heap.allocF64(4).write([1, 2, 3, 4]);
    const [buffer, view] = [driver.buffer(), slice.view()];
    driver.heap.allocU8(4 * MIB).free();
    expect(driver.buffer()).not.toBe(buffer);
    expect(slice.view() === view).toBe(false);
    expect([...slice.view()]).toEqual([1, 2, 3, 4]);
    slice.free();
  });
  test('does not grow the memory in 64 cycles of the same allocations', () => {
    const { heap } = make('own');
    const driver = createDriver(heap);
    let bytes = 0;
    for (let cycle = 0; cycle < 64; cycle++) {
      const slices = [driver.heap.allocF32(50_000), driver.heap.allocU8(12_345), driver.heap.allocF64(999)];
      for (const slice of slices) slice.free();
      if (cycle === 0) bytes = heap.byteLength;
      expect(heap.byteLength).toBe(bytes);
    }
  });
  test('does not grow the memory with 64 arenas of 256 KiB, each destroyed', () => {
    const { heap } = make('own');
    let bytes = 0;
    for (let cycle = 0; cycle < 64; cycle++) {
      const arena = heap.createHeapArena(256 * 1024);
      arena.allocF32(1000).write([1, 2, 3]);
      arena.destroy();
      if (cycle === 0) bytes = heap.byteLength;
      expect(heap.byteLength).toBe(bytes);
    }
  });
  test('cannot use a freed slice; dispose may be repeated, a free may not', () => {
    const driver = createDriver(make('own').heap);
    const slice = driver.heap.allocF32(4);
    slice.free();
    for (const use of [() => slice.view(), () => slice.at(0), () => slice.buffer(), () => slice.handle()])
      expect(use).toThrow(/freed/);
    expect(() => slice.free()).toThrow(DoubleFreeError);
    slice.dispose();
    slice.dispose();
  });
  test('keeps a slice whose free the allocator refused, and can free it later', () => {
    const { heap, module } = make('wrapped');
    if (!module) return expect.fail();
    const slice = createDriver(heap).heap.allocF32(4).write([1]);
    const { free } = module;
    module.free = () => {
      throw new Error('not now');
    };
    expect(() => slice.free()).toThrow('not now');
    module.free = free;
    expect([slice.isAlive(), slice.at(0), heap.sliceFromHandle(slice.handle()).at(0)]).toEqual([true, 1, 1]);
    slice.free();
  });
  test('can destroy an arena repeatedly, and cannot use it after that', () => {
    const { heap } = make('own');
    const arena = heap.createHeapArena(1024);
    const slice = arena.allocU32(4);
    arena.reset();
    expect(() => slice.view()).toThrow(/epoch/);
    const young = arena.allocU32(4);
    arena.destroy();
    arena.destroy();
    expect(() => young.view()).toThrow(/arena .* freed/);
    expect(() => arena.alloc(4)).toThrow(/arena .* freed/);
    expect(() => arena.usedBytes()).toThrow(FreedError);
  });
  test('cannot free a single slice of an arena', () => {
    const arena = make('own').heap.createHeapArena(64);
    expect(errorOf(() => arena.allocU8(1).free()).message).toMatch(/arena.*reset/);
    expect(() => arena.allocU8(1).free()).toThrow(NotOwnedError);
    arena.destroy();
  });
});

describe('this defect of WasmGPU is absent:', () => {
  test('a slice that is written from its own view keeps the values, shifted or not', () => {
    const slice = make('own').heap.createHeapArena(64).allocF32(4).write([1, 2, 3, 4]);
    expect([...slice.write(slice.view())]).toEqual([1, 2, 3, 4]);
    expect([...slice.write(slice.view(), 1)]).toEqual([2, 3, 4, 0]);
    slice.heap.freeAll();
  });
  test('allocations are aligned as requested, and no bytes are leaked', () => {
    const { heap } = make('wrapped');
    const driver = createDriver(heap);
    for (let i = 0; i < 8; i++) {
      const arena = heap.createHeapArena(100, 64);
      const slice = driver.heap.allocU8(16, 64);
      expect([arena.basePtr % 64, slice.ptr % 64]).toEqual([0, 0]);
      if (i % 2) slice.free();
      else arena.destroy();
    }
    expect(heap.statistics.liveBlocks).toBe(8);
    heap.freeAll();
  });
  test('the frame arena can change its capacity, which begins an epoch', () => {
    const { frameArena: frame } = make('own').heap;
    frame.init(256);
    const slice = frame.arena.allocU8(1);
    frame.init(16 * MIB);
    expect([frame.capBytes(), slice.isAlive()]).toEqual([16 * MIB, false]);
    frame.destroy();
  });
  test('a handle after a reset or a free gives no view of old data', () => {
    const { heap } = make('own');
    const driver = createDriver(heap);
    const arena = heap.createHeapArena(64);
    const [handle, own] = [arena.allocU8(2).write([1, 2]).handle(), driver.heap.allocU8(2)];
    const stale = own.handle();
    arena.reset();
    own.free();
    for (const each of [handle, stale]) expect(() => driver.viewFromHandle(each)).toThrow(StaleEpochError);
    arena.destroy();
  });
  test('the checked accessors of a slice do not write into the next allocation, as a kept view does', () => {
    const arena = make('own').heap.createHeapArena(64);
    const slice = arena.allocU8(4);
    const view = slice.view();
    arena.reset();
    const next = arena.allocU8(4).write([1, 1, 1, 1]);
    expect(() => slice.set(0, 99)).toThrow(StaleEpochError);
    expect(() => slice.write([99])).toThrow(StaleEpochError);
    expect([...next]).toEqual([1, 1, 1, 1]);
    view[0] = 99; // the engine's own object: nothing can check it
    expect(next.at(0)).toBe(99);
    arena.destroy();
  });
  test('no number is changed silently', () => {
    const { heap } = make('own');
    const driver = createDriver(heap);
    for (const length of [1.9, NaN, -1])
      expect(() => driver.heap.allocU8(length)).toThrow(ArgumentRangeError);
    for (const bytes of [2 ** 32 + 8, 2 ** 32 + 16]) {
      expect(() => driver.heap.allocU8(bytes)).toThrow(OutOfMemoryError);
      expect(() => heap.createHeapArena(bytes)).toThrow(OutOfMemoryError);
    }
    const slice = driver.heap.allocU8(4).write([1, 2, 3, 4]);
    expect(() => slice.write([9], -1)).toThrow(ArgumentRangeError);
    expect(() => slice.write([1, 2, 3, 4, 5, 6])).toThrow(ArgumentRangeError);
    expect(() => slice.write(new DataView(new ArrayBuffer(4)) as never)).toThrow(ArgumentTypeError);
    expect([...slice]).toEqual([1, 2, 3, 4]);
    slice.free();
  });
  test('errors are distinct: a destroyed arena is not a stale epoch, a wrong alignment is not a full arena', () => {
    const { heap } = make('own');
    const arena = heap.createHeapArena(64);
    const slice = arena.allocU8(1);
    expect([errorOf(() => arena.alloc(100)).code, errorOf(() => arena.alloc(1, 3)).code]).toEqual(['OUT_OF_MEMORY', 'INVALID_RANGE']);
    arena.destroy();
    expect(errorOf(() => slice.view()).code).toBe('FREED');
  }); // prettier-ignore
  test('there can be many heaps, each with its own arenas', () => {
    const heaps = [createHeapSync(), createHeapSync()];
    const slices = heaps.map((heap) => heap.createHeapArena(64).allocU8(1).write([1]));
    heaps[0]?.freeAll();
    expect(slices.map((slice) => slice.isAlive())).toEqual([false, true]);
    heaps[1]?.freeAll();
  });
});
