// Recordings of linmem's own heaps.
import { describe, expect, test } from 'vitest';
import { ArgumentTypeError, createHeapSync, i32, type Heap } from '../../../ts/index.ts';
import { EventKind, recordHeap, trackCallSites, type HeapRecording } from '../../../ts/debug/index.ts';
import { Replay, encodeRecording, decodeRecording } from '../../../ts/inspect/index.ts';
import { fakeHeap } from '../../support/heap.ts';
import { prng, SEED } from '../../support/prng.ts';

/** The events, with the names of their kinds and types. */
function eventsOf({ length, kinds, addresses, sizes, previous, types, typeNames }: HeapRecording) {
  const names = Object.keys(EventKind);
  return Array.from({ length }, (_, i) => ({
    kind: names[kinds[i] as number],
    address: addresses[i] as number,
    size: sizes[i] as number,
    previous: previous[i] as number,
    type: typeNames[types[i] as number],
  }));
}
/** The live blocks at the end of a recording, as a replay finds them: address and size. */
function liveIn(recording: HeapRecording): [number, number][] {
  const replay = new Replay(recording);
  expect(replay.unmatched).toEqual({ frees: 0, overlaps: 0 });
  const blocks = [...replay.liveAt(recording.length - 1)];
  return blocks
    .map((block): [number, number] => [recording.addresses[block] ?? 0, recording.sizes[block] ?? 0])
    .sort(([a], [b]) => a - b);
}
const liveOf = (heap: Heap): [number, number][] =>
  heap
    .allocations()
    .map(({ address, byteLength }): [number, number] => [address, byteLength])
    .sort(([a], [b]) => a - b);

/** Allocates, resizes and frees at random. */
function work(heap: Heap, steps: number): void {
  const below = prng(SEED);
  const live: number[] = [];
  for (let i = 0; i < steps; i++) {
    const at = below(live.length + 1);
    if (at === live.length || (below(2) > 0 && live.length < 200)) live.push(heap.alloc(below(300)));
    else if (below(2) > 0) live[at] = heap.realloc(live[at] as number, below(600));
    else heap.free(live.splice(at, 1)[0] as number);
  }
}

describe('a recording', () => {
  test('has every event, with addresses, sizes and types', () => {
    const { heap, module } = fakeHeap({ callSites: 'all' });
    const ref = heap.allocInt32(1);
    const array = heap.allocInt32Array([1, 2]).resize(5);
    const raw = heap.alloc(8);
    const mark = heap.mark('here');
    ref.free();
    heap.release(raw);
    const grown = heap.alloc(100_000);
    const recording = heap.record('mine');
    const empty = { address: 0, size: 0, previous: 0, type: '' };
    expect(eventsOf(recording)).toEqual([
      { ...empty, kind: 'grow', size: 65536 },
      { ...empty, kind: 'alloc', address: ref.address, size: 4, type: 'i32' },
      { ...empty, kind: 'alloc', address: expect.any(Number), size: 8, type: 'i32[]' },
      {
        ...empty,
        kind: 'realloc',
        address: array.address,
        size: 20,
        previous: expect.any(Number),
        type: 'i32[]',
      },
      { ...empty, kind: 'alloc', address: raw, size: 8 },
      { ...empty, kind: 'mark' },
      { ...empty, kind: 'free', address: ref.address, size: 4 },
      { ...empty, kind: 'free', address: raw, size: 8 },
      { ...empty, kind: 'grow', size: module.memory.buffer.byteLength },
      { ...empty, kind: 'alloc', address: grown, size: 100_000 },
    ]);
    expect(recording).toMatchObject({
      name: 'mine',
      length: 10,
      marks: [{ name: 'here', event: 5 }],
      reports: [],
    });
    expect(recording.marks[0]).toBe(mark);
    expect(recording.stacks[0]).toEqual([]);
    expect([...recording.sites].filter((site) => site >= recording.stacks.length)).toEqual([]);
    expect(Math.abs(recording.started - Date.now())).toBeLessThan(60_000);
    const times = [...recording.times];
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(times.every((time) => time >= 0)).toBe(true);
  });
  test.each([
    ["linmem's own heap", () => createHeapSync({ callSites: 1 / 16 })], // each stack takes time
    ['another heap', () => fakeHeap({ callSites: 1 / 16 }).heap],
  ])(`of %s has the live blocks of the heap at its end, through a file too (SEED=${SEED})`, (_, make) => {
    const heap = make();
    work(heap, 3000);
    const recording = heap.record();
    expect(recording.length).toBeGreaterThan(3000);
    expect(liveIn(recording)).toEqual(liveOf(heap));
    const decoded = decodeRecording(encodeRecording(recording));
    expect(liveIn(decoded)).toEqual(liveOf(heap));
    expect(decoded.stacks).toEqual(recording.stacks);
  });
  test('is a copy', () => {
    const heap = createHeapSync({ callSites: 'all' });
    heap.alloc(8);
    const { length, sizes } = heap.record();
    heap.alloc(16);
    expect([length, sizes.length, heap.record().length]).toEqual([2, 2, 3]);
  });
  test(`begins again with the live blocks when it is full, and says so (SEED=${SEED})`, () => {
    const heap = createHeapSync();
    const kept = i32.alloc(heap, 1);
    trackCallSites(heap, 1 / 16, { maxEvents: 2000 });
    const mark = heap.mark();
    work(heap, 5000);
    const recording = heap.record();
    expect(recording.length).toBeLessThan(2002);
    expect(recording.marks.map(({ name }) => name)).toEqual(['earlier events were dropped']);
    expect(eventsOf(recording)[1]).toMatchObject({ kind: 'grow', size: expect.any(Number) });
    expect(liveIn(recording)).toEqual(liveOf(heap));
    expect(eventsOf(recording).find(({ address }) => address === kept.address)?.type).toBe('i32');
    // Leaks do not depend on the log.
    const leaked = heap.leaks({ since: mark }).reduce((sum, { count }) => sum + count, 0);
    expect(leaked).toBe(heap.statistics.liveBlocks - 1);
  });
  test.each([[-1], [1.5], ['many'], [NaN]])('of maxEvents %j is refused', (maxEvents) =>
    expect(() => trackCallSites(createHeapSync(), 'all', { maxEvents: maxEvents as never })).toThrow(
      /maxEvents/,
    ),
  );
  test('needs call sites', () => expect(() => recordHeap(createHeapSync())).toThrow(ArgumentTypeError));
});
