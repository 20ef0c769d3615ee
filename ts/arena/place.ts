// SPDX-License-Identifier: MIT
// An arena's struct in memory, and what can be done with it from here: what C's arena.c does, with no call.
import { ArgumentRangeError, ArgumentTypeError, OutOfBoundsError } from '../errors.ts';
import type { WasmHeapManager } from './manager.ts';
import { toAlign, toCount } from '../memory/address.ts';
import type { Block, Epoch } from '../memory/block.ts';
import { isShared } from '../memory/memory.ts';
import { epochAt, readEpoch, stepEpoch, writeEpoch } from './epochs.ts';
import {
  ARENA_MAGIC,
  arenaLayout,
  CHUNK_WORDS,
  isArena,
  readWord,
  wordOf,
  writeWord,
  type ArenaLayout,
  type Word,
} from './struct.ts';

/** As it is at import: a page that replaces it later changes nothing here. */
const { compareExchange } = Atomics;

/** The struct of one arena. Its memory must be live and current: `heap.refresh()` comes first. */
export class ArenaPlace {
  readonly heap: WasmHeapManager;
  readonly address: number;
  /** Where its fields lie. */
  readonly at: ArenaLayout;
  readonly word: Word;
  /** Whether threads may bump it at the same time. */
  readonly shared: boolean;

  constructor(heap: WasmHeapManager, address: number, word: Word) {
    this.heap = heap;
    this.address = address;
    this.word = word;
    this.at = arenaLayout(word, address);
    this.shared = isShared(heap);
  }

  /** The place of an arena that is there already. @throws {ArgumentTypeError} when there is none */
  static find(heap: WasmHeapManager, address: number): ArenaPlace {
    const word = wordOf(heap, address);
    if (word !== 0) return new ArenaPlace(heap, address, word);
    throw new ArgumentTypeError('the address of an arena (lm_arena) that was not destroyed', address);
  }

  /** Writes the struct of an empty arena over [base, end). */
  open(base: number, end: number, epoch: number): this {
    const { heap, address, at } = this;
    heap.fill(address, at.size);
    this.write(this.at.base, base);
    this.write(this.at.top, base);
    this.write(this.at.end, this.within(end));
    writeEpoch(heap, address, epoch);
    heap.data.setUint32(at.magic, ARENA_MAGIC ^ address, true);
    return this;
  }

  /** Returns the word at `at`. */
  read(at: number): number {
    return readWord(this.heap, at, this.word);
  }
  /** Writes the word at `at`. */
  write(at: number, value: number): void {
    writeWord(this.heap, at, this.word, value);
  }

  /** The epoch now. */
  get epoch(): number {
    return readEpoch(this.heap, this.address);
  }
  /** The epoch `epoch` of it, as blocks keep it. */
  epochOf(epoch: number): Epoch {
    return epochAt(this.address, epoch, this.at.magic, ARENA_MAGIC ^ this.address);
  }
  /** Chunks taken. */
  get chunks(): number {
    return this.heap.data.getUint32(this.at.chunks, true);
  }
  /** Bytes lent, their paddings included. */
  get used(): number {
    return this.read(this.at.below) + this.read(this.at.top) - this.read(this.at.base);
  }
  /** Whether there still is an arena, not a destroyed one, nor other bytes. */
  get isOpen(): boolean {
    return isArena(this.heap, this.address, this.word);
  }
  /** The ends of the block below all chunks: of the arena as it was made. */
  first(): { base: number; end: number } {
    let [base, end, below] = [this.read(this.at.base), this.read(this.at.end), this.read(this.at.chunk)];
    for (let number = this.chunks; number > 0; number--) {
      const head = this.heap.locate(below, CHUNK_WORDS * this.word, this.word);
      [below = 0, base = 0, , end = 0] = this.words(head);
    }
    return { base, end };
  }
  /** The words at the head of a chunk: the chunk below it, and base, top and end as they were. */
  private words(head: number): number[] {
    return [0, 1, 2, 3].map((i) => readWord(this.heap, head + i * this.word, this.word));
  }
  /** Ends it for all who know it, as its block is freed. What is returned mends that, in the next epoch. */
  close(): () => void {
    const { at, address, heap } = this;
    const [base, top, end] = [this.read(at.base), this.read(at.top), this.read(at.end)];
    this.step();
    this.setRange(0, 0, 0);
    heap.data.setUint32(at.magic, 0, true);
    return () => {
      this.setRange(base, top, end);
      heap.data.setUint32(at.magic, ARENA_MAGIC ^ address, true);
    };
  }
  /** Begins the next epoch. */
  step(): number {
    return stepEpoch(this.heap, this.address);
  }

  /** Bumps past the padding and the request. Returns the address, or undefined when they do not fit. */
  bump(size: number, align: number): number | undefined {
    for (;;) {
      const top = this.read(this.at.top);
      const at = Math.ceil(top / align) * align;
      if (at + size > this.read(this.at.end)) return undefined;
      if (this.setTop(top, at + size)) return at;
    }
  }
  /** Sets the top, in shared memory only if it is still `from`. Returns whether it did. */
  setTop(from: number, to: number): boolean {
    const at = this.at.top;
    if (!this.shared) this.write(at, to);
    else if (this.word === 4) {
      const cell = this.heap.view(Int32Array, at, 1);
      return compareExchange(cell, 0, from | 0, to | 0) === (from | 0);
    } else {
      const cell = this.heap.view(BigInt64Array, at, 1);
      return compareExchange(cell, 0, BigInt(from), BigInt(to)) === BigInt(from);
    }
    return true;
  }

  /** An end as a word can hold it: of what ends at 2^32 the last byte is left out, as C does. */
  private within(end: number): number {
    return this.word === 4 ? Math.min(end, 2 ** 32 - 1) : end;
  }
  /** Goes on in the chunk [at, at + size): the words at its head keep what the arena had before. */
  push(at: number, size: number): void {
    const { heap, word } = this;
    const head = [
      this.read(this.at.chunk),
      this.read(this.at.base),
      this.read(this.at.top),
      this.read(this.at.end),
    ];
    for (const [i, value] of head.entries()) writeWord(heap, at + i * word, word, value);
    this.write(this.at.below, this.used);
    this.#setChunk(at, this.chunks + 1);
    this.setRange(at + CHUNK_WORDS * word, at + CHUNK_WORDS * word, this.within(at + size));
  }
  /** Goes back to what it had before the newest chunk. */
  pop(): void {
    const [below = 0, base = 0, top = 0, end = 0] = this.words(this.read(this.at.chunk));
    this.#setChunk(below, this.chunks - 1);
    this.setRange(base, top, end);
    this.write(this.at.below, this.read(this.at.below) - (top - base));
  }
  #setChunk(at: number, count: number): void {
    this.write(this.at.chunk, at);
    this.heap.data.setUint32(this.at.chunks, count, true);
  }
  /** Sets the three ends of what it bumps through. */
  setRange(base: number, top: number, end: number): void {
    this.write(this.at.base, base);
    this.write(this.at.top, top);
    this.write(this.at.end, end);
  }

  /**
   * Returns the number of the chunk that [at, at + size) was lent from, 0 for the arena's own block.
   * @throws {OutOfBoundsError} when not all of it is lent
   */
  chunkOf(at: number, size: number): number {
    let [base, top, below] = [this.read(this.at.base), this.read(this.at.top), this.read(this.at.chunk)];
    for (let number = this.chunks; number >= 0; number--) {
      if (at >= base && at + size <= top) return number;
      if (number === 0) break;
      const head = this.heap.locate(below, CHUNK_WORDS * this.word, this.word);
      [below = 0, base = 0, top = 0] = this.words(head);
    }
    throw new OutOfBoundsError(at, size, this.heap.byteLength);
  }
}

/** Takes a block for an arena of `capBytes` bytes and writes its struct. Errors as `createHeapArena`. */
export function openPlace(
  heap: WasmHeapManager,
  capBytes: number,
  align: number,
  grow: boolean,
): { place: ArenaPlace; block: Block } {
  const cap = toCount(capBytes, 'a capacity in bytes');
  if (cap === 0) throw new ArgumentRangeError('a capacity of at least 1 byte', cap);
  if (grow && isShared(heap)) throw new ArgumentTypeError('unshared memory for an arena that grows', grow);
  const unit = Math.max(toAlign(align), 8);
  const word = heap.addressBits === 64 ? 8 : 4;
  const head = Math.ceil(arenaLayout(word).size / unit) * unit;
  return heap.lendAsIs(toCount(head + cap, 'a size in bytes'), unit, (block) => {
    const base = block.address + head;
    const place = new ArenaPlace(heap, block.address, word);
    return { place: place.open(base, base + cap, heap.arenas.epochs.next()), block };
  });
}
