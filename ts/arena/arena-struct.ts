// SPDX-License-Identifier: MIT
// ArenaStruct: the `lm_arena` struct of one arena in memory, with the operations of arena.c in TypeScript.
import { ArgumentRangeError, ArgumentTypeError, OutOfBoundsError } from '../errors.ts';
import type { Heap } from '../heap/heap.ts';
import { toAlign, toCount } from '../memory/address.ts';
import type { Allocation, Dependents, EpochCheck } from '../memory/allocation.ts';
import { isShared } from '../memory/buffers.ts';
import { fillBytes } from '../memory/bytes.ts';
import { engine } from '../scalar/atomic.ts';
import { advanceEpoch, epochCheck, readEpoch, writeEpoch } from './epochs.ts';
import { registryOf } from './registry.ts';
import {
  ARENA_MAGIC,
  arenaLayout,
  CHUNK_HEADER_POINTERS,
  isArena,
  pointerSizeOf,
  readPointer,
  writePointer,
  type ArenaLayout,
  type PointerSize,
} from './arena-layout.ts';

/** The struct of one arena. The memory's view must be current: callers call `heap.refresh()` first. */
export class ArenaStruct {
  readonly heap: Heap;
  readonly address: number;
  /** The addresses of the fields. */
  readonly fields: ArenaLayout;
  readonly pointerSize: PointerSize;
  /** True if several threads may allocate from it at the same time. */
  readonly shared: boolean;

  constructor(heap: Heap, address: number, pointerSize: PointerSize) {
    this.heap = heap;
    this.address = address;
    this.pointerSize = pointerSize;
    this.fields = arenaLayout(pointerSize, address);
    this.shared = isShared(heap);
  }

  /** Returns the struct of an existing arena. @throws {ArgumentTypeError} if there is no arena */
  static find(heap: Heap, address: number): ArenaStruct {
    const pointerSize = pointerSizeOf(heap, address);
    if (pointerSize !== 0) return new ArenaStruct(heap, address, pointerSize);
    throw new ArgumentTypeError('the address of an arena (lm_arena) that was not destroyed', address);
  }

  /** Writes the struct of an empty arena over [base, end). */
  initialize(base: number, end: number, epoch: number): this {
    const { heap, address, fields } = this;
    fillBytes(heap, address, fields.size);
    this.write(fields.base, base);
    this.write(fields.top, base);
    this.write(fields.end, this.representableEnd(end));
    writeEpoch(heap, address, epoch);
    heap.data.setUint32(fields.magic, ARENA_MAGIC ^ address, true);
    return this;
  }

  /** Returns the pointer at `at`. */
  read(at: number): number {
    return readPointer(this.heap, at, this.pointerSize);
  }
  /** Returns the values of fields. */
  private valuesOf(...names: readonly ('base' | 'top' | 'end' | 'chunk')[]): number[] {
    return names.map((name) => this.read(this.fields[name]));
  }
  /** Writes the pointer at `at`. */
  write(at: number, value: number): void {
    writePointer(this.heap, at, this.pointerSize, value);
  }

  /** The current epoch. */
  get epoch(): number {
    return readEpoch(this.heap, this.address);
  }
  /** Returns the check of an epoch of this arena. */
  checkOf(epoch: number): EpochCheck {
    return epochCheck(this.address, epoch, this.fields.magic, ARENA_MAGIC ^ this.address);
  }
  /** The number of chunks. */
  get chunks(): number {
    return this.heap.data.getUint32(this.fields.chunks, true);
  }
  /** Bytes allocated, padding included. */
  get used(): number {
    return this.read(this.fields.below) + this.read(this.fields.top) - this.read(this.fields.base);
  }
  /** True if the arena was not destroyed, nor overwritten. */
  get isOpen(): boolean {
    return isArena(this.heap, this.address, this.pointerSize);
  }
  /** Returns the range of the arena's first block. */
  firstRange(): { base: number; end: number } {
    let [base = 0, end = 0, below = 0] = this.valuesOf('base', 'end', 'chunk');
    for (let number = this.chunks; number > 0; number--) {
      const header = this.heap.locate(below, CHUNK_HEADER_POINTERS * this.pointerSize, this.pointerSize);
      [below = 0, base = 0, , end = 0] = this.pointersAt(header);
    }
    return { base, end };
  }
  /** Returns the header of a chunk: the chunk below it, and base, top and end as they were. */
  private pointersAt(header: number): number[] {
    return [0, 1, 2, 3].map((i) => this.read(header + i * this.pointerSize));
  }
  /** Invalidates the arena for all code, as its block is freed. Returns a function that undoes this, in a new epoch. */
  close(): () => void {
    const { fields, address, heap } = this;
    const [base = 0, top = 0, end = 0] = this.valuesOf('base', 'top', 'end');
    this.advanceEpoch();
    this.setRange(0, 0, 0);
    heap.data.setUint32(fields.magic, 0, true);
    return () => {
      this.setRange(base, top, end);
      heap.data.setUint32(fields.magic, ARENA_MAGIC ^ address, true);
    };
  }
  /** Begins the next epoch. */
  advanceEpoch(): number {
    return advanceEpoch(this.heap, this.address);
  }

  /** Allocates `size` bytes and their padding. Returns the address, or undefined if they do not fit. */
  bump(size: number, align: number): number | undefined {
    for (;;) {
      const top = this.read(this.fields.top);
      const at = Math.ceil(top / align) * align;
      if (at + size > this.read(this.fields.end)) return undefined;
      if (this.setTop(top, at + size)) return at;
    }
  }
  /** Sets the top; in shared memory only if it is still `from`. Returns true if it did. */
  setTop(from: number, to: number): boolean {
    const at = this.fields.top;
    if (!this.shared) this.write(at, to);
    else if (this.pointerSize === 4) {
      const cell = this.heap.view(Int32Array, at, 1);
      return engine.compareExchange(cell, 0, from | 0, to | 0) === (from | 0);
    } else {
      const cell = this.heap.view(BigInt64Array, at, 1);
      return engine.compareExchange(cell, 0, BigInt(from), BigInt(to)) === BigInt(from);
    }
    return true;
  }

  /** Returns an end that a pointer can hold: 2^32 becomes 2^32 - 1, as in C. */
  private representableEnd(end: number): number {
    return this.pointerSize === 4 ? Math.min(end, 2 ** 32 - 1) : end;
  }
  /** Continues in the chunk [at, at + size), whose header keeps the range that the arena had before. */
  pushChunk(at: number, size: number): void {
    const { pointerSize } = this;
    const header = this.valuesOf('chunk', 'base', 'top', 'end');
    for (const [i, value] of header.entries()) this.write(at + i * pointerSize, value);
    this.write(this.fields.below, this.used);
    this.#setChunk(at, this.chunks + 1);
    const base = at + CHUNK_HEADER_POINTERS * pointerSize;
    this.setRange(base, base, this.representableEnd(at + size));
  }
  /** Returns to the range before the newest chunk. */
  popChunk(): void {
    const [below = 0, base = 0, top = 0, end = 0] = this.pointersAt(this.read(this.fields.chunk));
    this.#setChunk(below, this.chunks - 1);
    this.setRange(base, top, end);
    this.write(this.fields.below, this.read(this.fields.below) - (top - base));
  }
  #setChunk(at: number, count: number): void {
    this.write(this.fields.chunk, at);
    this.heap.data.setUint32(this.fields.chunks, count, true);
  }
  /** Sets the range that it allocates from. */
  setRange(base: number, top: number, end: number): void {
    this.write(this.fields.base, base);
    this.write(this.fields.top, top);
    this.write(this.fields.end, end);
  }

  /**
   * Returns the number of the chunk that [at, at + size) was allocated from, 0 for the arena's own block.
   * @throws {OutOfBoundsError} if not all of it is allocated
   */
  chunkOf(at: number, size: number): number {
    let [base = 0, top = 0, below = 0] = this.valuesOf('base', 'top', 'chunk');
    for (let number = this.chunks; number >= 0; number--) {
      if (at >= base && at + size <= top) return number;
      if (number === 0) break;
      const header = this.heap.locate(below, CHUNK_HEADER_POINTERS * this.pointerSize, this.pointerSize);
      [below = 0, base = 0, top = 0] = this.pointersAt(header);
    }
    throw new OutOfBoundsError(at, size, this.heap.byteLength);
  }
}

/** Allocates a block for an arena of `capBytes` bytes and writes its struct. Throws as `createHeapArena`. */
export function allocateArena(
  heap: Heap,
  capBytes: number,
  align: number,
  grow: boolean,
): { struct: ArenaStruct; allocation: Allocation } {
  const capacity = toCount(capBytes, 'a capacity in bytes');
  if (capacity === 0) throw new ArgumentRangeError('a capacity of at least 1 byte', capacity);
  if (grow && isShared(heap)) throw new ArgumentTypeError('unshared memory for an arena that grows', grow);
  const unit = Math.max(toAlign(align), 8);
  const pointerSize = heap.addressBits === 64 ? 8 : 4;
  const header = Math.ceil(arenaLayout(pointerSize).size / unit) * unit;
  return heap.allocateUncleared(toCount(header + capacity, 'a size in bytes'), unit, (allocation) => {
    const base = allocation.address + header;
    const struct = new ArenaStruct(heap, allocation.address, pointerSize);
    const epoch = registryOf(heap).epochs.next();
    return { struct: struct.initialize(base, base + capacity, epoch), allocation };
  });
}

/** Invalidates the arena at `address` when its block is freed. Does not keep the arena alive. */
export function arenaDependents(heap: Heap, address: number): Dependents {
  return {
    invalidate() {
      const registry = registryOf(heap);
      const pointerSize = pointerSizeOf(heap, heap.locate(address, 8));
      if (pointerSize === 0) return undefined; // it was overwritten
      const struct = new ArenaStruct(heap, address, pointerSize);
      const reopen = struct.close();
      registry.epochs.recordReached(struct.epoch);
      const rollback = registry.find(address)?.invalidateAll();
      registry.delete(address);
      return () => {
        reopen();
        rollback?.();
      };
    },
    released() {
      // Still registered if the struct was overwritten, as by a block that the allocator returned over the arena.
      registryOf(heap).find(address)?.invalidateAll();
      registryOf(heap).delete(address);
    },
  };
}
