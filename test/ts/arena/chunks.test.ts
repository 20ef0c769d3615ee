import { afterEach, describe, expect, test } from 'vitest';
import { ArgumentTypeError, FreedError, OutOfMemoryError } from '../../../ts/index.ts';
import {
  errorOf,
  heapOf,
  kinds,
  liveBlockCount,
  make,
  expectNothingLeaked,
  unshared,
} from '../../support/arena.ts';

afterEach(expectNothingLeaked);
const GROW = { grow: true } as const;

describe.each(unshared)('an arena that grows, in a heap of the kind %s', (kind) => {
  test('allocates further chunks, larger each time, and keeps its contents', () => {
    const { heap } = make(kind);
    const arena = heap.createHeapArena(64, 16, GROW);
    const slices = Array.from({ length: 100 }, (_, i) => arena.allocU32(5).write([i, i, i, i, i]));
    expect(heap.statistics.liveBlocks).toBeGreaterThan(2);
    expect(heap.statistics.liveBlocks).toBeLessThan(10);
    expect([arena.capBytes, arena.epoch()]).toEqual([64, 1]);
    expect(arena.usedBytes()).toBeGreaterThanOrEqual(100 * 20);
    const ranges = slices.map(({ ptr, byteLength }) => [ptr, ptr + byteLength] as const).sort(([a], [b]) => a - b);
    for (const [i, [at]] of ranges.entries()) expect(at).toBeGreaterThanOrEqual(ranges[i - 1]?.[1] ?? 0);
    for (const [i, slice] of slices.entries()) expect([...slice]).toEqual([i, i, i, i, i]);
    for (const slice of slices) expect(heap.sliceFromHandle(slice.handle()).at(0)).toBe(slice.at(0));
    arena.destroy();
    expect(slices.every((slice) => !slice.isAlive())).toBe(true);
  }); // prettier-ignore
  test('allocates more than a chunk has, at any alignment', () => {
    const { heap } = make(kind);
    const arena = heap.createHeapArena(64, 16, GROW);
    for (const [bytes, align] of [[10_000, 16], [1, 65536], [100_000, 4096], [3, 1]] as const) {
      const at = arena.alloc(bytes, align);
      expect(at % align).toBe(0);
      heap.fill(at, bytes, 0xff);
      arena.alloc(1, 1);
    }
    arena.destroy();
  }); // prettier-ignore
  test('frees its chunks on reset, and allocates from its first block again', () => {
    const { heap } = make(kind);
    const arena = heap.createHeapArena(64, 16, GROW);
    const old = arena.allocU8(64);
    const far = arena.allocU8(5000);
    arena.reset();
    expect([heap.statistics.liveBlocks, arena.usedBytes(), arena.epoch()]).toEqual([1, 0, 2]);
    expect([old.isAlive(), far.isAlive(), arena.alloc(64, 1)]).toEqual([false, false, arena.basePtr]);
    arena.destroy();
  });
  test('frees on rewind the chunks that were allocated since the mark', () => {
    const { heap } = make(kind);
    const arena = heap.createHeapArena(64, 16, GROW);
    const first = arena.allocU8(40).write([1]);
    const outer = arena.mark();
    const second = arena.allocU8(1000).write([2]);
    const inner = arena.mark();
    const [blocks, used] = [heap.statistics.liveBlocks, arena.usedBytes()];
    for (let round = 0; round < 3; round++) {
      const third = arena.allocU8(100_000);
      expect(heap.statistics.liveBlocks).toBe(blocks + 1);
      arena.rewind(inner);
      expect([heap.statistics.liveBlocks, arena.usedBytes(), third.isAlive()]).toEqual([blocks, used, false]);
      expect([first.at(0), second.at(0)]).toEqual([1, 2]);
    }
    arena.rewind(outer);
    expect([heap.statistics.liveBlocks, arena.usedBytes(), second.isAlive()]).toEqual([1, 40, false]);
    expect([first.at(0), arena.alloc(24, 1)]).toEqual([1, arena.basePtr + 40]);
    arena.destroy();
  });
  test('that cannot grow any more throws OUT_OF_MEMORY and is unchanged', () => {
    const { heap } = make(kind);
    const arena = heap.createHeapArena(64, 16, GROW);
    arena.allocU8(100);
    const [blocks, used] = [heap.statistics.liveBlocks, arena.usedBytes()];
    for (const bytes of [2 ** 31, 2 ** 32 - 64, 2 ** 32, 2 ** 40])
      expect(() => arena.alloc(bytes)).toThrow(OutOfMemoryError);
    expect(['OUT_OF_MEMORY', 'INVALID_RANGE']).toContain(errorOf(() => arena.alloc(2 ** 53 - 1)).code);
    expect([heap.statistics.liveBlocks, arena.usedBytes()]).toEqual([blocks, used]);
    arena.alloc(1000);
    arena.destroy();
  });
  test('frees the chunk of an allocation whose value is refused', () => {
    const { heap } = make(kind);
    const arena = heap.createHeapArena(8, 8, GROW);
    arena.alloc(7, 1);
    for (const act of [
      () => arena.allocInt32('1' as never),
      () => arena.allocPointer53(-1),
      () => arena.allocPointer32(0.5),
      () => arena.allocPointer64(-1n),
      () => arena.allocNullTerminatedUtf8String('a\0'.repeat(100)),
    ]) {
      expect(act).toThrow();
      expect([heap.statistics.liveBlocks, arena.usedBytes()]).toEqual([1, 7]);
    }
    arena.destroy();
  });
});

test('an arena in shared memory does not grow', () => {
  expect(() => heapOf('shared').createHeapArena(64, 16, GROW)).toThrow(ArgumentTypeError);
});

test('a chunk is as small as necessary if a larger one cannot be allocated', () => {
  const { heap } = make('plain'); // 40 pages
  const arena = heap.createHeapArena(1_000_000, 16, GROW);
  arena.alloc(1_000_000, 1);
  arena.alloc(1_000_000, 1);
  expect(() => arena.alloc(1_000_000, 1)).toThrow(OutOfMemoryError);
  arena.destroy();
});

test.each(kinds)('no chunk is lost if the allocator refuses a free, in a heap of the kind %s', (kind) => {
  const { heap, module } = make(kind);
  if (!module || kind === 'shared') return;
  const arena = heap.createHeapArena(64, 16, GROW);
  const slice = arena.allocU8(10);
  arena.allocU8(1000);
  arena.allocU8(10_000);
  const { free } = module;
  module.free = () => {
    throw new Error('not now');
  };
  expect(() => arena.reset()).toThrow(AggregateError);
  module.free = free;
  expect([slice.isAlive(), arena.usedBytes()]).toEqual([false, 0]);
  arena.allocU8(64);
  expect(liveBlockCount(heap)).toBe(3);
  arena.destroy();
  heap.freeAll(); // the two chunks that were refused
}); // prettier-ignore

test('destroying an arena that had grown frees all its chunks and invalidates its marks', () => {
  const { heap } = make('own');
  const arena = heap.createHeapArena(64, 16, GROW);
  const mark = arena.mark();
  arena.alloc(1000);
  arena.destroy();
  expect(heap.statistics.liveBlocks).toBe(0);
  expect(() => arena.rewind(mark)).toThrow(FreedError);
});
