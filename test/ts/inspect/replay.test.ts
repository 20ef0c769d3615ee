// The heap at any event, compared with a plain replay that keeps a map of live blocks.
import { describe, expect, test } from 'vitest';
import { EventKind, type HeapRecording } from '../../../ts/debug/recording.ts';
import { ArgumentRangeError } from '../../../ts/errors.ts';
import { byAddress, fragmentationAt, sizeHistogram } from '../../../ts/inspect/layout.ts';
import { CHECKPOINT_EVENTS, NEVER, Replay } from '../../../ts/inspect/replay.ts';
import { bySite, diffSites, leaksOf, liveBySite } from '../../../ts/inspect/sites.ts';
import { thin } from '../../../ts/inspect/timeline.ts';
import { callTree, type TreeNode } from '../../../ts/inspect/tree.ts';
import { prng, SEED } from '../../support/prng.ts';
import { makeRecording, recordingOf } from '../../support/recording.ts';

/** The live blocks after each event of `events`, by address: the event that began them. */
function* plainReplay(recording: HeapRecording): Generator<Map<number, number>> {
  const live = new Map<number, number>();
  for (let i = 0; i < recording.length; i++) {
    const address = recording.addresses[i] as number;
    if (recording.kinds[i] === EventKind.alloc) live.set(address, i);
    if (recording.kinds[i] === EventKind.free) live.delete(address);
    if (recording.kinds[i] === EventKind.realloc) {
      live.delete(recording.previous[i] as number);
      live.set(address, i);
    }
    yield live;
  }
}
const sorted = (numbers: Iterable<number>): number[] => [...numbers].sort((a, b) => a - b);
const sum = (numbers: Iterable<number>): number => [...numbers].reduce((a, b) => a + b, 0);

describe(`a recording of 60,000 events (SEED=${SEED})`, () => {
  const recording = makeRecording({ seed: SEED, events: 60_000, live: 2000, stacks: 60 });
  const replay = new Replay(recording);
  const random = prng(SEED);
  const wanted = new Set([0, 1, 59_999, ...[1, 2, 3].flatMap((n) => [n * CHECKPOINT_EVENTS - 1, n * CHECKPOINT_EVENTS, n * CHECKPOINT_EVENTS + 1]), ...Array.from({ length: 60 }, () => random(60_000))]); // prettier-ignore

  test('has the blocks, bytes and counts of the plain replay at each event that is asked for', () => {
    let event = 0;
    for (const live of plainReplay(recording)) {
      const bytes = (): number => sum([...live.values()].map((block) => recording.sizes[block] as number));
      if (wanted.has(event)) {
        expect(sorted(replay.liveAt(event)), `event ${event}`).toEqual(sorted(live.values()));
        expect(replay.liveBytes[event]).toBe(bytes());
        expect(replay.liveBlocks[event]).toBe(live.size);
        const site = liveBySite(replay, event);
        expect([site.totalBytes, sum(site.bytes)]).toEqual([bytes(), bytes()]);
        expect(sum(sizeHistogram(replay, event).map((each) => each.bytes))).toBe(bytes());
        expect(fragmentationAt(replay, event)).toMatchObject({ liveBytes: bytes(), blocks: live.size });
      }
      event++;
    }
    expect(replay.liveAt(-1)).toEqual(new Uint32Array(0));
    expect(replay.unmatched).toEqual({ frees: 0, overlaps: 0 });
  });
  test('the peak is the event with the most live bytes', () =>
    expect(replay.liveBytes[replay.peak]).toBe(replay.liveBytes.reduce((a, b) => Math.max(a, b))));
  test('allocated minus freed is live; leaked and temporary are parts of allocated', () => {
    const [from, to] = [20_000, 45_000];
    const allocated = bySite(replay, 'allocated', from, to);
    const leaked = bySite(replay, 'leaked', from, to);
    const freedOfThem = sum(Array.from({ length: to - from }, (_, i) => from + 1 + i).filter((i) => replay.ends[i] !== 0 && (replay.ends[i] as number) <= to).map((i) => recording.sizes[i] as number)); // prettier-ignore
    expect(allocated.totalBytes - freedOfThem).toBe(leaked.totalBytes);
    expect(leaked.totalBlocks).toBeGreaterThan(0);
    const temporary = bySite(replay, 'temporary', from, to);
    expect(temporary.totalBlocks).toBeGreaterThan(0);
    expect(temporary.totalBlocks + leaked.totalBlocks).toBeLessThan(allocated.totalBlocks);
  });
  test('a diff has the difference of the live bytes, and no stack twice', () => {
    const [before, after] = [20_000, 45_000];
    const changes = diffSites(replay, before, after);
    const [a, b] = [liveBySite(replay, before), liveBySite(replay, after)];
    for (const { site, bytes, blocks } of changes)
      expect([bytes, blocks]).toEqual([(b.bytes[site] as number) - (a.bytes[site] as number), (b.blocks[site] as number) - (a.blocks[site] as number)]); // prettier-ignore
    expect(sum(changes.map(({ bytes }) => bytes))).toBe(b.totalBytes - a.totalBytes);
    expect(new Set(changes.map(({ site }) => site)).size).toBe(changes.length);
    expect(diffSites(replay, after, after)).toEqual([]);
  });
  test('the leaks are the blocks that never end', () => {
    const leaks = leaksOf(replay);
    expect(sum(leaks.map(({ blocks }) => blocks))).toBe(replay.ends.filter((end) => end === NEVER).length);
    expect(sum(leaks.map(({ bytes }) => bytes))).toBe(replay.liveBytes[59_999]);
    const since = recording.marks[1]?.event as number;
    for (const { first } of leaksOf(replay, since)) expect(first).toBeGreaterThan(since);
  });
  test('the call tree has the totals at its root, and each node those of its children and its own', () => {
    const totals = liveBySite(replay, 59_999);
    const root = callTree(recording.stacks, totals);
    expect([root.bytes, root.blocks]).toEqual([totals.totalBytes, totals.totalBlocks]);
    const check = (node: TreeNode): void => {
      expect(node.bytes).toBe(node.selfBytes + sum(node.children.map(({ bytes }) => bytes)));
      expect(node.children.map(({ bytes }) => bytes)).toEqual(node.children.map(({ bytes }) => bytes).sort((a, b) => b - a)); // prettier-ignore
      node.children.forEach(check);
    };
    check(root);
    expect(root.children.map(({ frame }) => frame?.name)).toEqual(['main']);
  });
  test('byAddress sorts, also above 2^32', () => {
    const live = replay.liveAt(59_999);
    const addresses = [...byAddress(replay, live)].map((block) => recording.addresses[block] as number);
    expect(addresses).toEqual(sorted(addresses));
    expect(addresses.length).toBe(live.length);
    const high = new Replay(recordingOf(['alloc', 2 ** 52 + 64, 8], ['alloc', 2 ** 52, 8], ['alloc', 16, 8]));
    expect([...byAddress(high, high.liveAt(2))]).toEqual([2, 1, 0]);
  });
  test('a thinned curve keeps the lowest and the highest value', () => {
    const curve = thin(replay.liveBytes, 0, 59_999, 100);
    expect(curve.events.length).toBe(100);
    expect(sorted(curve.events)).toEqual([...curve.events]);
    expect(curve.values.reduce((a, b) => Math.max(a, b))).toBe(replay.liveBytes[replay.peak]);
    expect(thin(replay.liveBytes, 5, 9, 100).events).toEqual(Uint32Array.of(5, 6, 7, 8, 9));
  });
  test('eventAt is the last event at or before a time', () => {
    for (const event of [0, 100, 59_999]) {
      const found = replay.eventAt(recording.times[event] as number);
      expect(found).toBeGreaterThanOrEqual(event);
      expect(recording.times[found]).toBe(recording.times[event]);
      expect((recording.times[found + 1] as number) > (recording.times[event] as number) || found === 59_999).toBe(true); // prettier-ignore
    }
    expect(replay.eventAt(-1)).toBe(-1);
  });
});

describe('events that fit no block', () => {
  const liveOf = (replay: Replay): number[] => [...replay.liveAt(replay.length - 1)];
  test('a free of no block, a block over a live one, and a realloc of no block are counted', () => {
    const replay = new Replay(
      recordingOf(['free', 8, 0], ['alloc', 8, 4], ['alloc', 8, 6], ['realloc', 16, 9, 32]),
    );
    expect(replay.unmatched).toEqual({ frees: 2, overlaps: 1 });
    expect(liveOf(replay)).toEqual([2, 3]);
    expect(replay.liveBytes[3]).toBe(15);
  });
  test('a realloc that failed changes nothing; one to no bytes frees; one of null allocates', () => {
    const replay = new Replay(recordingOf(['alloc', 8, 4], ['realloc', 0, 99, 8], ['alloc', 16, 5], ['realloc', 0, 0, 16], ['realloc', 24, 7, 0])); // prettier-ignore
    expect(liveOf(replay)).toEqual([0, 4]);
    expect(replay.unmatched).toEqual({ frees: 0, overlaps: 0 });
  });
  test('a free of null and an allocation that failed are nothing', () => {
    const replay = new Replay(recordingOf(['free', 0, 0], ['alloc', 0, 50]));
    expect([liveOf(replay), replay.liveBytes[1], replay.unmatched.frees]).toEqual([[], 0, 0]);
  });
  test('a realloc in place keeps the address and resizes', () => {
    const replay = new Replay(recordingOf(['alloc', 8, 4], ['realloc', 8, 40, 8], ['free', 8, 0]));
    expect([...replay.liveBytes]).toEqual([4, 40, 0]);
    expect(replay.historyOf(8)).toEqual([0, 1]);
    expect(replay.historyOf(47)).toEqual([1]);
  });
  test('no events, and an event that is not there', () => {
    const replay = new Replay(recordingOf());
    expect(replay.liveAt(-1).length).toBe(0);
    expect(() => replay.liveAt(0)).toThrow(ArgumentRangeError);
    expect(() => replay.liveAt(-2)).toThrow(ArgumentRangeError);
    expect([leaksOf(replay), sizeHistogram(replay, -1), fragmentationAt(replay, -1).external]).toEqual([
      [],
      [],
      0,
    ]);
  });
  test('fragmentation: gaps between blocks', () => {
    const replay = new Replay(recordingOf(['alloc', 100, 10], ['alloc', 140, 10], ['alloc', 180, 20]));
    expect(fragmentationAt(replay, 2)).toEqual({ start: 100, end: 200, blocks: 3, liveBytes: 40, gapBytes: 60, gaps: 2, largestGap: 30, external: 0.5 }); // prettier-ignore
    expect(sizeHistogram(replay, 2)).toEqual([{ from: 9, to: 16, blocks: 2, bytes: 20 }, { from: 17, to: 32, blocks: 1, bytes: 20 }]); // prettier-ignore
  });
});
