// SPDX-License-Identifier: MIT
// Recorder: one instance of csrc/recorder.c, which keeps the blocks and the events of one recorded module in a memory of
// its own. The layout of that memory is csrc/recorder_internal.h.
import { decodeEmbedded } from '../core/embedded.ts';
import { alphabet, size, text } from './recorder-binary.gen.ts';
import { LogReader, type EventReader } from './recorder-log.ts';
import { EventKind } from './recording.ts';

/** Which events get a call stack. */
export type StackMode =
  /** One for each call of the module from JavaScript, which all its events share. */
  | 'entry'
  /** One for each event. */
  | 'all'
  /** One for this part of the events: 1/16. */
  | number
  /** None. */
  | false;

/** The functions that the recorder calls, not wrapped: no other frame is on the stack between it and them. */
export interface RecorderHost {
  /** Returns the number of the current call stack, in the call `entry` of the module. */
  readonly capture: (entry: number) => number;
  /** A block was freed that is not live. `record` is the address of its record; 0 if there was never a block. */
  readonly report: (address: number, record: number) => void;
  /** Asks for {@link Recorder.setTime}. */
  readonly clock: () => void;
  /** Does the work of a function in guard mode. */
  readonly guard: (role: number, a: number, b: number, c: number, d: number) => number;
}

/** A block of the recorded module. */
export interface BlockRecord {
  readonly address: number;
  readonly size: number;
  /** How many events there were before it was allocated. */
  readonly sequence: number;
  readonly site: number;
  /** The call stack of its free plus 1; 0 if it is live. */
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
/** The number of its bytes, before the events of a chunk. */
const CHUNK_HEADER = 4;

/** The functions of WebAssembly, which are replaced meanwhile. */
export type Engine = Pick<typeof WebAssembly, 'Module' | 'Instance'>;

let compiled: WebAssembly.Module | undefined;

export class Recorder {
  /** The functions that fill the table of a recorded module. */
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
  /** How often a block was freed, or what was none. */
  get frees(): number {
    return this.#double(Field.frees);
  }
  /** Blocks that were allocated where another one was still live: its free was not seen. */
  get unseenFrees(): number {
    return this.#double(Field.unseenFrees);
  }
  /** Blocks and events for which there was no memory. */
  get lost(): number {
    return this.#double(Field.lost) + this.#double(Field.dropped);
  }
  /** Events until now. */
  get sequence(): number {
    return Number(this.#view().getBigUint64(this.#state + Field.sequence, true));
  }
  /** Events in the log. */
  get logged(): number {
    return this.#view().getUint32(this.#state + Field.logged, true);
  }

  /** Returns the size of two parameters, of which the other is an alignment, as recorder.c does. */
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

  /** Empties the log, and writes an allocation for each live block to it, in the order of their allocation. */
  restartLog(): void {
    this.exports.restart();
    this.#set(Field.logging, 1);
    const blocks: BlockRecord[] = [];
    this.forEachLive(0, (block) => blocks.push(block));
    blocks.sort((a, b) => a.sequence - b.sequence);
    for (const { address, size, site } of blocks) this.exports.note(EventKind.alloc, address, size, site);
  }

  /** Keeps no events in the log from now on. */
  stopLog(): void {
    this.#set(Field.logging, 0);
  }

  /** Returns the record of an address: of its block, or of the last one that was there. */
  find(address: number): BlockRecord | undefined {
    return this.recordAt(this.exports.find(address) >>> 0);
  }

  /** Returns the record at a place in the recorder's memory; undefined for 0. */
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
