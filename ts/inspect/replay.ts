// SPDX-License-Identifier: MIT
// The state of the heap after any event of a recording. One pass finds the event that frees each block. After that, no
// address is looked up: a block is live after event e if its first event is at or before e, and its last one after e.
import { EventKind, type HeapRecording } from '../debug/recording.ts';
import { assertHas } from '../errors.ts';
import { toCount } from '../memory/address.ts';
import { AddressTable } from './address-table.ts';
import { assertEvents, assertRecording } from './shapes.ts';

/** The number of events between two checkpoints. */
export const CHECKPOINT_EVENTS = 16384;
/** The end of a block that is never freed. */
export const NEVER = 0xffffffff;

/** Counts of events that match no block. */
export interface Unmatched {
  /**
   * Frees and reallocs of addresses where no block is known: double frees, or blocks that are older than the recording.
   */
  readonly frees: number;
  /** Blocks at the address of a live block, whose free was not recorded. The old block ends there. */
  readonly overlaps: number;
}

/**
 * A recording from which the heap after any event can be read. A block is identified by the index of the event that
 * allocated it, at which the columns have its address, size, site and type.
 *
 * The constructor needs one pass, about a quarter of a second for a million events. `liveAt` reads the blocks of the
 * last checkpoint and up to 16,384 events. All methods throw {@link ArgumentTypeError} and {@link ArgumentRangeError} for
 * arguments that are no such number.
 */
export class Replay {
  readonly recording: HeapRecording;
  /** For each event that allocates a block: the event that frees it, or `NEVER`. For all others: 0. */
  readonly ends: Uint32Array;
  /** The live bytes after each event. */
  readonly liveBytes: Float64Array;
  /** The number of live blocks after each event. */
  readonly liveBlocks: Uint32Array;
  /** The size of the memory after each event in bytes; 0 before the first event that has it. */
  readonly memoryBytes: Float64Array;
  readonly unmatched: Unmatched;
  /** The first event with the maximum of live bytes; 0 in an empty recording. */
  readonly peak: number;
  /** @internal The blocks that are live after event `i * CHECKPOINT_EVENTS - 1`, oldest first. */
  readonly checkpoints: readonly Uint32Array[];

  /**
   * @throws {ArgumentTypeError} if `recording` is not a recording
   * @throws {ArgumentRangeError} if it has a number that no heap has, or columns shorter than `length`
   */
  constructor(recording: HeapRecording) {
    assertRecording(recording);
    const { length } = recording;
    assertEvents(recording, 0, length);
    this.recording = recording;
    this.ends = new Uint32Array(length);
    this.liveBytes = new Float64Array(length);
    this.liveBlocks = new Uint32Array(length);
    this.memoryBytes = new Float64Array(length);
    const pass = new Pairing(recording, this.ends);
    let peak = 0;
    for (let i = 0; i < length; i++) {
      pass.take(i);
      const bytes = (this.liveBytes[i] = pass.bytes);
      if (bytes > (this.liveBytes[peak] as number)) peak = i;
      this.liveBlocks[i] = pass.live.size;
      this.memoryBytes[i] = pass.memory;
    }
    this.peak = peak;
    this.unmatched = { frees: pass.frees, overlaps: pass.overlaps };
    this.checkpoints = checkpointsOf(this.ends);
  }

  /** The number of events. */
  get length(): number {
    return this.recording.length;
  }

  /**
   * Returns the blocks that are live after event `event`, as the indices of their allocation events, oldest first. -1
   * is the time before the first event.
   *
   * @throws {ArgumentRangeError} if there is no such event
   * @throws {ArgumentTypeError} if it is not a number
   */
  liveAt(event: number): Uint32Array {
    assertEvent(this, event);
    const checkpoint = Math.floor((event + 1) / CHECKPOINT_EVENTS);
    const live = this.checkpoints[checkpoint] as Uint32Array;
    return advance(this.ends, live, checkpoint * CHECKPOINT_EVENTS, event + 1);
  }

  /** True if the block that event `block` allocated is live after event `event`. */
  isLive(block: number, event: number): boolean {
    toCount(block, 'the event of a block', 0, this.length);
    assertEvent(this, event);
    return block <= event && (this.ends[block] as number) > event;
  }

  /** Returns the last event at or before `ms` milliseconds since the start; -1 if there is none. */
  eventAt(ms: number): number {
    if (typeof ms !== 'number' || Number.isNaN(ms)) toCount(ms, 'a time in milliseconds');
    const { times } = this.recording;
    let low = 0;
    let high = this.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((times[middle] as number) <= ms) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  /** Returns all blocks, live or freed, that contained a byte of the range: the history of an address. O(events). */
  historyOf(address: number, size = 1): number[] {
    toCount(address, 'an address');
    toCount(size, 'a size in bytes');
    const { addresses, sizes } = this.recording;
    const found: number[] = [];
    for (let i = 0; i < this.length; i++) {
      if (this.ends[i] === 0) continue;
      const start = addresses[i] as number;
      if (start < address + size && address < start + Math.max(sizes[i] as number, 1)) found.push(i);
    }
    return found;
  }
}

/** Returns the live blocks at each checkpoint. */
function checkpointsOf(ends: Uint32Array): Uint32Array[] {
  const checkpoints: Uint32Array[] = [new Uint32Array(0)];
  for (let event = CHECKPOINT_EVENTS; event <= ends.length; event += CHECKPOINT_EVENTS)
    checkpoints.push(advance(ends, checkpoints.at(-1) as Uint32Array, event - CHECKPOINT_EVENTS, event));
  return checkpoints;
}

/**
 * Returns the blocks that are live after event `to - 1`: those of `live`, which are live before event `from`, and newer
 * ones.
 */
function advance(ends: Uint32Array, live: Uint32Array, from: number, to: number): Uint32Array {
  const found = new Uint32Array(live.length + to - from);
  let count = 0;
  for (let i = 0; i < live.length; i++) {
    const block = live[i] as number;
    if ((ends[block] as number) >= to) found[count++] = block;
  }
  for (let i = from; i < to; i++) if ((ends[i] as number) >= to) found[count++] = i;
  return found.slice(0, count);
}

/**
 * @throws {ArgumentTypeError} if `replay` is not a Replay, or `event` not a number
 * @throws {ArgumentRangeError} if it has no such event
 */
export function assertEvent(replay: Replay, event: number): void {
  assertHas(replay, 'liveAt', 'a Replay');
  toCount(event, 'an event', -1, replay.length);
}

/** Returns the last event. @throws {ArgumentTypeError} if `replay` is not a Replay */
export function lastOf(replay: Replay): number {
  assertEvent(replay, -1);
  return replay.length - 1;
}

/** The live blocks by address, during the pass over the events. */
class Pairing {
  readonly live: AddressTable = new AddressTable();
  bytes = 0;
  memory = 0;
  frees = 0;
  overlaps = 0;
  readonly #recording: HeapRecording;
  readonly #ends: Uint32Array;

  constructor(recording: HeapRecording, ends: Uint32Array) {
    this.#recording = recording;
    this.#ends = ends;
  }

  take(i: number): void {
    const { kinds, addresses, sizes, previous } = this.#recording;
    const kind = kinds[i];
    const address = addresses[i] as number;
    if (kind === EventKind.alloc) this.#begin(i, address);
    else if (kind === EventKind.free) this.#end(i, address);
    else if (kind === EventKind.grow) this.memory = sizes[i] as number;
    else if (kind === EventKind.realloc) {
      // A failed realloc leaves the old block unchanged; a realloc to 0 bytes frees it.
      if (address === 0 && sizes[i] !== 0) return;
      this.#end(i, previous[i] as number);
      this.#begin(i, address);
    }
  }

  #begin(i: number, address: number): void {
    if (address === 0) return;
    if (this.live.get(address) >= 0) {
      this.overlaps++;
      this.#end(i, address);
    }
    this.live.set(address, i);
    this.#ends[i] = NEVER;
    this.bytes += this.#recording.sizes[i] as number;
  }

  #end(i: number, address: number): void {
    if (address === 0) return;
    const block = this.live.remove(address);
    if (block < 0) {
      this.frees++;
      return;
    }
    this.#ends[block] = i;
    this.bytes -= this.#recording.sizes[block] as number;
  }
}
