// SPDX-License-Identifier: MIT
// Sums of bytes and blocks by call stack: live, allocated, leaked, temporary, or the difference of two events.
import { ArgumentTypeError } from '../errors.ts';
import { assertEvent, NEVER, type Replay } from './replay.ts';

/** The bytes and blocks of each stack, with the indices of `HeapRecording.stacks`. */
export interface SiteTotals {
  readonly bytes: Float64Array;
  readonly blocks: Float64Array;
  /** The sums of all stacks. */
  readonly totalBytes: number;
  readonly totalBlocks: number;
}

/** The blocks of a range of events that are counted: see {@link bySite}. */
export type Metric = 'live' | 'allocated' | 'leaked' | 'temporary';

/** A block that lives for fewer events than this is temporary. */
const TEMPORARY_EVENTS = 64;
const METRICS: readonly unknown[] = ['live', 'allocated', 'leaked', 'temporary'];

/** Sums blocks. */
class Adder implements SiteTotals {
  readonly bytes: Float64Array;
  readonly blocks: Float64Array;
  totalBytes = 0;
  totalBlocks = 0;
  readonly #replay: Replay;

  constructor(replay: Replay) {
    this.#replay = replay;
    const stacks = Math.max(replay.recording.stacks.length, 1);
    this.bytes = new Float64Array(stacks);
    this.blocks = new Float64Array(stacks);
  }
  add(block: number, sign = 1): void {
    const { sites, sizes } = this.#replay.recording;
    const site = sites[block] as number;
    const size = sign * (sizes[block] as number);
    this.bytes[site] = (this.bytes[site] as number) + size;
    this.blocks[site] = (this.blocks[site] as number) + sign;
    this.totalBytes += size;
    this.totalBlocks += sign;
  }
}

/** True if the event allocated a block. */
const isBlock = (replay: Replay, event: number): boolean => replay.ends[event] !== 0;

/** Returns the sums of the blocks that are live after event `event`. */
export function liveBySite(replay: Replay, event: number): SiteTotals {
  assertEvent(replay, event);
  const sums = new Adder(replay);
  for (const block of replay.liveAt(event)) sums.add(block);
  return sums;
}

/**
 * Returns the sums for the events after `from` up to `to`: of the blocks that are `live` at `to`, `allocated` in the
 * range, `leaked` (allocated in the range and live at `to`), or `temporary` (allocated in the range, and freed within
 * 64 events). `from` is -1 for the start. There are none if `to` is not after `from`.
 * @throws {ArgumentTypeError} {@link ArgumentRangeError} if there is no such metric or event
 */
export function bySite(replay: Replay, metric: Metric, from: number, to: number): SiteTotals {
  if (!METRICS.includes(metric)) throw new ArgumentTypeError(`a metric: ${METRICS.join(', ')}`, metric);
  assertEvent(replay, from);
  assertEvent(replay, to);
  if (metric === 'live') return liveBySite(replay, to);
  const sums = new Adder(replay);
  for (let i = from + 1; i <= to; i++) {
    if (!isBlock(replay, i)) continue;
    const end = replay.ends[i] as number;
    if (metric === 'leaked' ? end > to : metric === 'allocated' || end - i < TEMPORARY_EVENTS) sums.add(i);
  }
  return sums;
}

/** The difference of one stack between two events. */
export interface SiteChange {
  readonly site: number;
  /** The bytes after minus the bytes before, and the same for blocks. */
  readonly bytes: number;
  readonly blocks: number;
  /** The number of blocks that are live after and not before. */
  readonly newBlocks: number;
  /** The number of blocks that are live before and not after. */
  readonly goneBlocks: number;
}

/** Returns the stacks whose live blocks differ between two events, sorted by growth, largest first. */
export function diffSites(replay: Replay, before: number, after: number): SiteChange[] {
  assertEvent(replay, before);
  assertEvent(replay, after);
  const fresh = new Adder(replay);
  for (const block of replay.liveAt(after)) if (block > before) fresh.add(block);
  const gone = new Adder(replay);
  for (const block of replay.liveAt(before)) if ((replay.ends[block] as number) <= after) gone.add(block);
  const changes: SiteChange[] = [];
  for (let site = 0; site < fresh.bytes.length; site++) {
    const newBlocks = fresh.blocks[site] as number;
    const goneBlocks = gone.blocks[site] as number;
    if (newBlocks === 0 && goneBlocks === 0) continue;
    const bytes = (fresh.bytes[site] as number) - (gone.bytes[site] as number);
    changes.push({ site, bytes, blocks: newBlocks - goneBlocks, newBlocks, goneBlocks });
  }
  return changes.sort((a, b) => b.bytes - a.bytes || b.blocks - a.blocks || a.site - b.site);
}

/** The blocks of one stack that were never freed. */
export interface SiteLeak {
  readonly site: number;
  readonly bytes: number;
  readonly blocks: number;
  /** The event that allocated the first block. */
  readonly first: number;
}

/**
 * Returns the sums of blocks that were allocated after event `since` and are live at the end, by stack, most bytes
 * first.
 */
export function leaksOf(replay: Replay, since = -1): SiteLeak[] {
  assertEvent(replay, since);
  const leaks = new Map<number, { site: number; bytes: number; blocks: number; first: number }>();
  const { sites, sizes } = replay.recording;
  for (let i = since + 1; i < replay.length; i++) {
    if (replay.ends[i] !== NEVER) continue;
    const site = sites[i] as number;
    const leak = leaks.get(site) ?? { site, bytes: 0, blocks: 0, first: i };
    leaks.set(site, leak);
    leak.bytes += sizes[i] as number;
    leak.blocks++;
  }
  return [...leaks.values()].sort((a, b) => b.bytes - a.bytes || a.site - b.site);
}
