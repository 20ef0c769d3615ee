// SPDX-License-Identifier: MIT
// Recorder: one instance of csrc/recorder.c, which stores the blocks and events of one recorded module in a separate
// memory. The layout of that memory is in csrc/recorder_internal.h.
import { decodeEmbedded } from '../core/embedded.ts';
import { alphabet, size, text } from './recorder-binary.gen.ts';
import { LogReader, type EventReader } from './recorder-log.ts';
import { EventKind } from './recording.ts';

/** The events that get a call stack. */
export type StackMode =
  /** One stack for each call of the module from JavaScript, which all events of the call share. */
  | 'entry'
  /** One stack for each event. */
  | 'all'
  /** A stack for this share of the events, such as 1/16. */
  | number
  /** No stacks. */
  | false;

/** The functions that the recorder calls. They are imported without wrappers, so that no frame lies between. */
export interface RecorderHost {
  /** Returns the number of the current call stack, in the call `entry` of the module. */
  readonly capture: (entry: number) => number;
  /**
   * Called for a free of an address that is not a live block. `record` is the address of its record; 0 if there was
   * never a block.
   */
  readonly report: (address: number, record: number) => void;
  /** Called before an event that needs the time: calls {@link Recorder.setTime}. */
  readonly clock: () => void;
  /** Does the work of a function in guard mode. */
  readonly guard: (role: number, a: number, b: number, c: number, d: number) => number;
}

/** A block of the recorded module. */
export interface BlockRecord {
  readonly address: number;
  readonly size: number;
  /** The number of events before its allocation. */
  readonly sequence: number;
  readonly site: number;
  /** The number of the call stack of its free, plus 1; 0 if it is live. */
  readonly freed: number;
}

interface RecorderExports {
  readonly memory: WebAssembly.Memory;
  readonly event: (kind: number, address: bigint, size: bigint, previous: bigint, entry: number) => void;
  readonly resized: (address: bigint, size: bigint) => void;
  readonly guarded: (...args: number[]) => number;
  note(kind: number, address: number, size: number, site: number): void;
  forget(address: number, site: number): void;
  find(address: number): number;
  restart(): void;
  state(): number;
  chunk(index: number): number;
}

/** Offsets of the fields of `lm_recorder`. */
const Field = {
  liveBytes: 0, peakBytes: 8, liveBlocks: 16, allocations: 24, frees: 32, unseenFrees: 40, lost: 48, dropped: 56,
  sequence: 64, table: 72, capacity: 80, logging: 88, logged: 92, maxEvents: 96, stacks: 100, threshold: 104,
  random: 108, isSizeFirst: 120, time: 124,
} as const; // prettier-ignore

const RECORD_BYTES = 32;
/** The size of a chunk's header, which has the number of its bytes. */
const CHUNK_HEADER = 4;

/** The original functions of WebAssembly, which are replaced during an inspection. */
export type Engine = Pick<typeof WebAssembly, 'Module' | 'Instance'>;

let compiled: WebAssembly.Module | undefined;

export class Recorder {
  /** The functions for the table of a recorded module. */
  readonly exports: RecorderExports;
  readonly #state: number;
  #data: DataView;

  constructor(host: RecorderHost, { Module, Instance }: Engine, stacks: StackMode, maxEvents: number) {
    compiled ??= new Module(decodeEmbedded(alphabet, size, text));
    const { capture, report, clock, guard } = host;
    const env = { capture, report, clock, guard };
    this.exports = new Instance(compiled, { env }).exports as unknown as RecorderExports; // recorder.c
    this.#state = this.exports.state();
    this.#data = new DataView(this.exports.memory.buffer);
    const mode = stacks === false ? 0 : stacks === 'entry' ? 1 : stacks === 'all' ? 2 : 3;
    this.#set(Field.stacks, mode);
    this.#set(Field.threshold, typeof stacks === 'number' ? Math.min(2 ** 32 - 1, stacks * 2 ** 32) : 0);
    this.#set(Field.random, 1);
    this.#set(Field.maxEvents, maxEvents);
    this.#set(Field.logging, 1);
  }

  get liveBytes(): number {
    return this.#double(Field.liveBytes);
  }
  get peakBytes(): number {
    return this.#double(Field.peakBytes);
  }
  get liveBlocks(): number {
    return this.#double(Field.liveBlocks);
  }
  get allocations(): number {
    return this.#double(Field.allocations);
  }
  /** The number of frees, valid or not. */
  get frees(): number {
    return this.#double(Field.frees);
  }
  /** The number of blocks that were allocated at the address of a live block, whose free was not recorded. */
  get unseenFrees(): number {
    return this.#double(Field.unseenFrees);
  }
  /** The number of blocks and events for which there was no memory. */
  get lost(): number {
    return this.#double(Field.lost) + this.#double(Field.dropped);
  }
  /** The number of events. */
  get sequence(): number {
    return Number(this.#view().getBigUint64(this.#state + Field.sequence, true));
  }
  /** The number of events in the log. */
  get logged(): number {
    return this.#view().getUint32(this.#state + Field.logged, true);
  }

  /** Returns the size of two parameters, of which the other is the alignment, as recorder.c decides it. */
  sizeOfAligned(first: number, second: number): number {
    const isPower = (value: number): boolean => value === 0 || Number.isInteger(Math.log2(value));
    if (!isPower(first)) this.#set(Field.isSizeFirst, 1);
    if (!isPower(second)) this.#set(Field.isSizeFirst, 0);
    return this.#view().getUint32(this.#state + Field.isSizeFirst, true) ? first : second;
  }

  /** Sets the time of the next events, in milliseconds since the start. */
  setTime(milliseconds: number): void {
    this.#set(Field.time, Math.min(2 ** 29 - 1, milliseconds * 8));
  }

  /** Clears the log, and writes an allocation for each live block to it, oldest first. */
  restartLog(): void {
    this.exports.restart();
    this.#set(Field.logging, 1);
    const blocks: BlockRecord[] = [];
    this.forEachLive(0, (block) => blocks.push(block));
    blocks.sort((a, b) => a.sequence - b.sequence);
    for (const { address, size, site } of blocks) this.exports.note(EventKind.alloc, address, size, site);
  }

  /** Stops adding events to the log. */
  stopLog(): void {
    this.#set(Field.logging, 0);
  }

  /** Returns the record of the block at an address, or of the last one that was there. */
  find(address: number): BlockRecord | undefined {
    return this.recordAt(this.exports.find(address) >>> 0);
  }

  /** Returns the record at an address in the recorder's memory; undefined for 0. */
  recordAt(at: number): BlockRecord | undefined {
    if (at === 0) return undefined;
    const data = this.#view();
    return {
      address: Number(data.getBigUint64(at, true)),
      size: Number(data.getBigUint64(at + 8, true)),
      sequence: Number(data.getBigUint64(at + 16, true)),
      site: data.getUint32(at + 24, true),
      freed: data.getUint32(at + 28, true),
    };
  }

  /** Calls `visit` for each live block that was allocated at event `since` or later. O(blocks). */
  forEachLive(since: number, visit: (block: BlockRecord) => void): void {
    const data = this.#view();
    const table = data.getUint32(this.#state + Field.table, true);
    const end = table + data.getUint32(this.#state + Field.capacity, true) * RECORD_BYTES;
    for (let at = table; at < end; at += RECORD_BYTES) {
      if (data.getUint32(at + 28, true) !== 0 || data.getBigUint64(at, true) === 0n) continue;
      const block = this.recordAt(at);
      if (block && block.sequence >= since) visit(block);
    }
  }

  /** Calls `visit` for the events of the log, in order. */
  forEachEvent(visit: EventReader): void {
    const reader = new LogReader(visit);
    for (let index = 0; ; index++) {
      const chunk = this.exports.chunk(index) >>> 0;
      const used = chunk === 0 ? 0 : this.#view().getUint32(chunk, true);
      if (used === 0) return;
      reader.read(new Uint8Array(this.#view().buffer, chunk + CHUNK_HEADER, used));
    }
  }

  #view(): DataView {
    const { buffer } = this.exports.memory;
    if (this.#data.buffer !== buffer) this.#data = new DataView(buffer);
    return this.#data;
  }

  #double(field: number): number {
    return this.#view().getFloat64(this.#state + field, true);
  }

  #set(field: number, value: number): void {
    this.#view().setUint32(this.#state + field, value, true);
  }
}
