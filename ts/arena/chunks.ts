// SPDX-License-Identifier: MIT
// Chunks: the blocks of an arena that this heap created. Does not refer to the arena, so that it can free the blocks
// after the arena was collected as garbage.
import { NotOwnedError, OutOfMemoryError } from '../errors.ts';
import type { Heap } from '../heap/heap.ts';
import type { Allocation, Reclaimer } from '../memory/allocation.ts';
import type { AttachOptions } from './arena-options.ts';
import type { ArenaStruct } from './arena-struct.ts';
import { CHUNK_HEADER_POINTERS } from './arena-layout.ts';

/** The error for an operation that would free chunks that other code allocated. */
export const foreignChunksError = (address: number): NotOwnedError =>
  new NotOwnedError(address, 'the module that created this arena must free its chunks');

/** The blocks of one arena. */
export class Chunks implements Reclaimer {
  readonly #heap: Heap;
  /** The arena's own block, then its chunks. */
  private readonly allocations: Allocation[];
  /** Chunks that the arena dropped and whose free failed. They are freed with the next ones. */
  #unfreed: Allocation[] = [];
  readonly #grows: boolean;

  constructor(heap: Heap, allocation: Allocation, grows: boolean) {
    this.#heap = heap;
    this.allocations = [allocation];
    this.#grows = grows;
  }

  /**
   * Allocates a chunk that is large enough for the request, twice as large as the last one if possible. Returns false if
   * the arena does not grow.
   */
  grow(struct: ArenaStruct, size: number, align: number): boolean {
    if (!this.#grows) return false;
    const { fields, pointerSize } = struct;
    const need = CHUNK_HEADER_POINTERS * pointerSize + align + size;
    const twice = 2 * (struct.read(fields.end) - struct.read(fields.base));
    let chunk: Allocation;
    try {
      chunk = this.#allocate(Math.max(need, twice));
    } catch (error) {
      if (need >= twice || !(error instanceof OutOfMemoryError)) throw error;
      chunk = this.#allocate(need);
    }
    this.allocations.push(chunk);
    struct.pushChunk(chunk.address, chunk.byteLength);
    return true;
  }
  #allocate(bytes: number): Allocation {
    return this.#heap.allocateUncleared(bytes, 8, (allocation) => allocation);
  }

  /** The number of chunks. */
  get count(): number {
    return this.allocations.length - 1;
  }
  /** Removes the chunks after the first `keep` from the arena. Returns functions that free one block each. */
  drop(struct: ArenaStruct, keep: number): (() => void)[] {
    const dropped = this.allocations.splice(1 + keep);
    for (let i = 0; i < dropped.length; i++) struct.popChunk();
    const blocks = [...dropped.reverse(), ...this.#unfreed];
    this.#unfreed = [];
    return blocks.map((allocation) => () => this.#free(allocation));
  }
  #free(allocation: Allocation): void {
    if (!allocation.isLive) return; // freed by freeAll, or by an allocator that called back
    try {
      this.#heap.freeAllocation(allocation);
    } catch (error) {
      if (allocation.isLive) this.#unfreed.push(allocation);
      throw error;
    }
  }
  /** Frees chunks that a reset in C code dropped, those after the first `keep`; the code that allocated them frees them. */
  forget(keep: number): void {
    for (const allocation of this.allocations.splice(1 + keep)) this.#heap.reclaim(allocation);
  }
  /** Frees everything, after the arena was collected. */
  reclaim(): void {
    for (const allocation of [...this.allocations, ...this.#unfreed]) this.#heap.reclaim(allocation);
  }
}

/** Allocates from an arena, in a new chunk or through the module that owns it if it is full. */
export function bumpOrGrow(
  struct: ArenaStruct,
  chunks: Chunks | undefined,
  { alloc }: AttachOptions,
  size: number,
  align: number,
): number {
  do {
    const at = struct.bump(size, align);
    if (at !== undefined) return at;
  } while (chunks?.grow(struct, size, align));
  const at = alloc && size < 2 ** 32 ? alloc(struct.address, size, align) : 0;
  if (Number(at) === 0) throw new OutOfMemoryError(size, align);
  return struct.heap.locate(at, size);
}
