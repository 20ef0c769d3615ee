// Snapshots of heaps: blocks, allocations, arenas, slices.
import { describe, expect, test } from 'vitest';
import {
  ArgumentTypeError,
  createCoreAllocatorSync,
  createHeapSync,
  f32,
  i32,
  ModuleError,
  struct,
} from '../../../ts/index.ts';
import { BlockStates, snapshotHeap, type HeapSnapshot } from '../../../ts/debug/index.ts';
import { fakeHeap } from '../../support/heap.ts';
import { prng, SEED } from '../../support/prng.ts';

/** Addresses of the blocks in a state. */
const blocksIn = ({ blocks: { addresses, states } }: HeapSnapshot, state: number): number[] =>
  [...addresses].filter((_, i) => states[i] === state);
/** The walk uses a block of the heap for a moment. */
const withoutPeak = (stats: object | undefined) => ({ ...stats, peakLiveBytes: 0 });
const own = ({ allocations }: HeapSnapshot) => allocations.filter(({ isInternal }) => !isInternal);

describe("of linmem's own heap", () => {
  test(`has every block by address, used and free, after random operations (SEED=${SEED})`, () => {
    const heap = createHeapSync();
    const below = prng(SEED);
    const live: number[] = [];
    for (let i = 0; i < 500; i++) {
      if (below(3) > 0) live.push(heap.alloc(1 + below(3000)));
      else if (live.length > 0) heap.free(live.splice(below(live.length), 1)[0] as number);
    }
    const snapshot = snapshotHeap(heap, 'mine');
    const { blocks, allocations, memoryBytes, stats } = snapshot;
    expect(snapshot).toMatchObject({ name: 'mine', isComplete: true, arenas: [], slices: [], stacks: [[]] });
    expect(withoutPeak(stats)).toEqual(withoutPeak(heap.stats()));
    expect(memoryBytes).toBe(heap.byteLength);
    expect(blocksIn(snapshot, BlockStates.live).filter((at) => live.includes(at))).toHaveLength(live.length);
    expect(allocations.map(({ address }) => address).sort()).toEqual([...live].sort());
    expect(blocksIn(snapshot, BlockStates.free).length).toBeGreaterThan(0);
    for (let i = 1; i < blocks.addresses.length; i++) {
      const end = (blocks.addresses[i - 1] ?? 0) + (blocks.sizes[i - 1] ?? 0);
      expect(end).toBeLessThanOrEqual(blocks.addresses[i] ?? 0);
    }
  });
  test('has the types of allocations, and their places with call sites', () => {
    const heap = createHeapSync({ callSites: 'all' });
    heap.alloc(7);
    heap.allocInt32(1);
    struct('point_t', { x: i32 }).alloc(heap);
    heap.createHeapArena(64);
    heap.scope((scope) => scope.allocInt32(1));
    const snapshot = snapshotHeap(heap);
    const { allocations, stacks } = snapshot;
    expect(own(snapshot).map(({ bytes, type }) => [bytes, type])).toEqual([
      [7, ''],
      [4, 'i32'],
      [4, 'point_t'],
      [expect.any(Number), 'arena'],
    ]);
    expect(allocations).toHaveLength(5); // with the arena of scopes
    for (const { site } of own(snapshot)) expect(stacks[site]?.[0]?.file).toMatch(/snapshot\.test\.ts/);
  });
  test('does not change the heap', () => {
    const heap = createHeapSync({ callSites: 'all' });
    heap.createHeapArena(64);
    const before = [withoutPeak(heap.stats()), heap.statistics, heap.record().length];
    snapshotHeap(heap);
    expect([withoutPeak(heap.stats()), heap.statistics, heap.record().length]).toEqual(before);
  });
  test('is refused if the heap is damaged', () => {
    const heap = createHeapSync();
    heap.alloc(64);
    heap.fill(heap.handle, 256, 0xff);
    expect(() => snapshotHeap(heap)).toThrow(ModuleError);
  });
});

describe('of another heap', () => {
  test('has the allocations of its table as blocks', () => {
    const { heap } = fakeHeap();
    const [a, b] = [heap.alloc(8), heap.alloc(24)];
    const snapshot = snapshotHeap(heap);
    expect(snapshot).toMatchObject({ isComplete: false, stats: undefined });
    expect([...snapshot.blocks.addresses]).toEqual([a, b]);
    expect([...snapshot.blocks.sizes]).toEqual([8, 24]);
    expect([...snapshot.blocks.states]).toEqual([1, 1]);
  });
  test('of a bare heap likewise', () => {
    const heap = createCoreAllocatorSync().toHeap();
    i32.alloc(heap, 1);
    expect(snapshotHeap(heap)).toMatchObject({ isComplete: false, allocations: [{ bytes: 4, type: 'i32' }] });
  });
  test('without a table is refused', () =>
    expect(() => snapshotHeap(fakeHeap({ trackAllocations: false }).heap)).toThrow(ArgumentTypeError));
});

describe('of arenas', () => {
  test('has blocks, bytes, epoch and checkpoints of each', () => {
    const heap = createHeapSync();
    const arena = heap.createHeapArena(100, 16, { grow: true });
    const first = arena.alloc(40);
    const mark = arena.mark();
    arena.alloc(1000);
    heap.frameArena.init(200);
    heap.createHeapArena(10).destroy();
    const { arenas, allocations } = snapshotHeap(heap);
    expect(arenas).toHaveLength(2);
    const [own, frame] = arenas;
    expect(own).toMatchObject({
      kind: 'arena',
      address: arena.basePtr,
      bytes: arena.capBytes,
      usedBytes: arena.usedBytes(),
      epoch: arena.epoch(),
    });
    expect(own?.blocks).toHaveLength(2);
    for (const block of own?.blocks ?? []) expect(allocations.map(({ address }) => address)).toContain(block);
    expect(own?.checkpoints.map(({ top }) => top)).toEqual([arena.basePtr, first + 40]);
    expect(frame).toMatchObject({ kind: 'frame', usedBytes: 0 });
    arena.rewind(mark);
    expect(snapshotHeap(heap).arenas[0]?.blocks).toHaveLength(1);
  });
  test('has slices, stale or not, with their places', () => {
    const heap = createHeapSync({ callSites: 'all' });
    const arena = heap.createHeapArena(1000);
    const a = arena.allocF32(3);
    const mark = arena.mark();
    const b = arena.allocSlice(i32, 5);
    const other = heap.createHeapArena(1000);
    const c = other.allocF32(1);
    const slices = () =>
      snapshotHeap(heap).slices.map(({ address, bytes, type, isStale }) => [address, bytes, type, isStale]);
    const [pa, pb, pc] = [a.ptr, b.ptr, c.ptr];
    expect(slices()).toEqual([
      [pa, 12, 'f32', false],
      [pb, 20, 'i32', false],
      [pc, 4, 'f32', false],
    ]);
    arena.rewind(mark);
    expect(slices().map(([, , , isStale]) => isStale)).toEqual([false, true, false]);
    arena.reset();
    other.destroy();
    expect(slices().map(([, , , isStale]) => isStale)).toEqual([true, true, true]);
    const { slices: found, stacks } = snapshotHeap(heap);
    for (const { site } of found) expect(stacks[site]?.[0]?.file).toMatch(/snapshot\.test\.ts/);
    expect([a, b, c].map((slice) => slice.isAlive())).toEqual([false, false, false]); // they were not collected
  });
  test('has the slices of a scope', () => {
    const heap = createHeapSync({ callSites: 'all' });
    let kept: unknown;
    heap.scope((scope) => {
      kept = scope.allocSlice(f32, 2);
      expect(snapshotHeap(heap).slices).toMatchObject([{ bytes: 8, isStale: false }]);
    });
    expect(snapshotHeap(heap).slices).toMatchObject([{ bytes: 8, isStale: true }]);
    expect(kept).toBeDefined();
  });
  test('knows no slices without call sites', () => {
    const heap = createHeapSync();
    const slice = heap.createHeapArena(100).allocF32(1);
    expect([snapshotHeap(heap).slices, slice.length]).toEqual([[], 1]);
  });
});

test('is plain data', () => {
  const heap = createHeapSync({ callSites: 'all' });
  heap.createHeapArena(100).allocF32(1);
  const snapshot = snapshotHeap(heap);
  expect(structuredClone(snapshot)).toEqual(snapshot);
  const { blocks: _, ...rest } = snapshot;
  expect(JSON.parse(JSON.stringify(rest))).toEqual(rest);
});
