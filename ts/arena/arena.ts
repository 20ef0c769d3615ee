// SPDX-License-Identifier: MIT
// WasmHeapArena: a bump allocator in a block of a heap. Its struct is C's `lm_arena` (csrc/include/linmem/arena.h), in the
// block itself, so that C code and other threads see the same arena.
//
//   A1  The struct in memory is the only record of allocations; this class stores the addresses of its fields.
//   A2  All checkpoints belong to one epoch. If memory has another, C or another thread has reset the arena: all
//       checkpoints then end, and the first one of the new epoch begins.
import { FreedError, NotOwnedError } from '../errors.ts';
import { unwatchOwner, watchOwner } from '../heap/garbage-collection.ts';
import type { Heap } from '../heap/heap.ts';
import { ownOptions } from '../heap/options.ts';
import { isAlign, toAlign, toCount } from '../memory/address.ts';
import type { Allocation, Owner } from '../memory/allocation.ts';
import { attemptAll } from '../memory/attempt.ts';
import { installToString, toPrimitivePointer } from '../scalar/print.ts';
import type { ArenaPlacement, ArenaSetup, AttachOptions } from './arena-options.ts';
import { printArena, summaryOf } from './arena-print.ts';
import type { ArenaStruct } from './arena-struct.ts';
import { ArenaMark, Checkpoints, type Checkpoint } from './checkpoints.ts';
import { place } from './arena-placement.ts';
import { bumpOrGrow, foreignChunksError, type Chunks } from './chunks.ts';
import { readEpoch } from './epochs.ts';
import { Region, type Suballocation } from './region.ts';
import { registryOf } from './registry.ts';

/**
 * A bump allocator in a block of the heap: `alloc` moves one address up, `reset()` frees everything at once. Allocations
 * are not cleared. When it is collected as garbage its block is freed: slices, refs and views keep it alive, bare
 * addresses do not.
 */
export class WasmHeapArena extends Region {
  readonly heap: Heap;
  /** @internal B2 of memory/allocation.ts. */
  views: Owner['views'];
  /** The first byte. */
  readonly basePtr: number;
  /** The size in bytes, before it grows. */
  readonly capBytes: number;
  /** `frame` for the heap's frame arena. */
  readonly kind: 'frame' | 'arena';
  private readonly struct: ArenaStruct; // V8 reads a plain property faster than a #name
  /** @internal */
  readonly allocation: Allocation;
  /** @internal The address of the field `top`; 0 with 64-bit addresses or threads, which take the general path. */
  readonly topAt: number;
  /** @internal Its blocks; undefined if other code made the arena. */
  readonly chunks: Chunks | undefined;
  private readonly attached: AttachOptions;
  /** @internal */
  readonly checkpoints: Checkpoints;

  /** @internal Use {@link createHeapArena} or {@link attachArena}. */
  constructor(heap: Heap, placement: ArenaPlacement, setup: ArenaSetup) {
    super();
    const {
      grow = false,
      attached = ownOptions({}),
      kind = 'arena',
      collected = kind === 'arena',
    } = ownOptions(setup);
    this.heap = heap;
    this.kind = kind;
    this.attached = attached;
    const { struct, allocation, chunks } = place(heap, placement, grow);
    this.struct = struct;
    this.allocation = allocation;
    this.chunks = chunks;
    const { address, fields, pointerSize, shared } = this.struct;
    // The heap holds the frame arena and the scope arena: watched, they would keep the heap alive through the registry.
    if (collected && this.chunks) watchOwner(this, this.chunks, this.allocation);
    else this.allocation.owner = this;
    this.views = this.allocation.memory.views;
    const { base, end } = this.struct.firstRange();
    this.basePtr = base;
    this.capBytes = end - base;
    this.topAt = pointerSize === 4 && !shared ? fields.top : 0;
    this.checkpoints = new Checkpoints(this, this.struct, shared || this.chunks === undefined);
    registryOf(heap).add(address, this, this.chunks !== undefined);
  }

  /**
   * The address of its C struct `lm_arena`, for C code and other threads, which may allocate from it and reset it. Reading
   * it publishes the arena: from then on its slices compare the epoch in memory at each use.
   */
  get address(): number {
    return this.checkpoints.publish();
  }
  /** @internal Undoes the publication of an arena in unshared memory, when nothing is allocated in it. */
  unpublish(): void {
    if (this.checkpoints.published && this.current()) this.checkpoints.published = false;
  }
  /**
   * Returns {@link address} if the arena is passed to a wasm function, and `toString()` for a string.
   * @throws {FreedError} if it was destroyed
   */
  [Symbol.toPrimitive](hint: string): number | bigint | string {
    if (hint === 'string') return this.toString();
    return this.current() && toPrimitivePointer(this.heap, this.address);
  }
  /** Returns a summary for JSON. */
  toJSON(): object {
    return summaryOf(this);
  }
  /** Returns the epoch. Each reset adds 1; a new arena starts above all others. @throws {FreedError} if destroyed */
  epoch(): number {
    return this.current().epoch;
  }
  /** Returns the bytes allocated, with padding. @throws {FreedError} if destroyed */
  usedBytes(): number {
    return this.current().used;
  }
  /** True if it was destroyed, or its block freed. */
  get destroyed(): boolean {
    return !this.allocation.isLive;
  }

  /**
   * Returns the address of `bytes` bytes, valid until the next reset. Not cleared. A size of 0 returns an address and
   * allocates nothing.
   * @param align a power of two up to 65,536. Default: 16
   * @throws {OutOfMemoryError} if they do not fit and the arena does not grow; nothing has changed then
   * @throws {FreedError} if it was destroyed
   * @throws {ArgumentTypeError} {@link ArgumentRangeError} if the size or the alignment is invalid
   */
  alloc(bytes: number, align = 16): number {
    const topAt = this.topAt;
    const mask = align === 16 ? 15 : align === 8 ? 7 : isAlign(align) ? align - 1 : -1;
    // Not isUint32: see docs/performance.md, "Inlining".
    if (typeof bytes === 'number' && bytes >>> 0 === bytes && mask >= 0 && topAt > 0) {
      const { data, bytes: seen } = this.views; // without bytes if the arena was destroyed or the memory grew
      if (topAt + 8 > seen.length) return this.allocSlow(bytes, align);
      // In 32-bit integers: ranges that wrap or end above 2 GiB leave too few bytes and take the general path.
      const at = (data.getInt32(topAt, true) + mask) & ~mask;
      if (bytes <= ((data.getInt32(topAt + 4, true) - at) | 0) && at !== 0) {
        data.setInt32(topAt, at + bytes, true);
        return at >>> 0;
      }
    }
    return this.allocSlow(bytes, align);
  }

  private allocSlow(bytes: number, align: number): number {
    const size = toCount(bytes, 'a size in bytes');
    toAlign(align);
    return bumpOrGrow(this.current(), this.chunks, this.attached, size, align);
  }

  /** @internal */
  suballocate<R>(bytes: number, align: number, make: (part: Suballocation) => R): R {
    const struct = this.current();
    const top = struct.read(struct.fields.top);
    const { chunks } = struct;
    const address = this.alloc(bytes, align);
    try {
      return make({ address, allocation: this.checkpoints.newest, owned: false, arena: this });
    } catch (error) {
      const drops = this.chunks?.drop(struct, chunks) ?? [];
      // If a chunk was allocated for it, it lies at the beginning of the chunk.
      struct.setTop(address + bytes, struct.chunks === chunks ? top : struct.read(struct.fields.base));
      attemptAll(drops);
      throw error;
    }
  }

  /** Returns a mark for {@link rewind}. @throws {FreedError} if it was destroyed */
  mark(): ArenaMark {
    return new ArenaMark(this, this.epoch(), this.pushCheckpoint());
  }
  /**
   * Frees what was allocated since `mark`, which stays valid. Later marks become invalid.
   * @throws {FreedError} if the arena was rewound to before the mark, or destroyed
   * @throws {StaleEpochError} if the arena was reset since
   * @throws {ArgumentTypeError} if it is not a mark of this arena
   */
  rewind(mark: ArenaMark): void {
    this.checkpoints.assertMark(mark, this.epoch());
    try {
      this.popCheckpoint(mark.checkpoint);
    } finally {
      mark.checkpoint = this.pushCheckpoint(); // also if a chunk could not be freed
    }
  }

  /** @internal The views of the memory; undefined if `checkpoint` is not the newest, or the general path is needed. */
  viewsFor(checkpoint: Checkpoint | undefined): Owner['views'] | undefined {
    const { topAt, views, checkpoints } = this;
    const isFast = topAt > 0 && topAt + 8 <= views.bytes.length && !checkpoints.published;
    return isFast && checkpoints.last === checkpoint ? views : undefined;
  }
  /** @internal As {@link pushCheckpoint}; undefined if that needs the general path. */
  tryPush(): Checkpoint | undefined {
    const { topAt, checkpoints, chunks } = this;
    const views = this.viewsFor(checkpoints.last);
    return views && checkpoints.pushAt(views.data.getUint32(topAt, true), (chunks as Chunks).count); // F3: its own
  }
  /** @internal As {@link popCheckpoint}; false, and nothing has changed, if that needs the general path. */
  tryPop(checkpoint: Checkpoint): boolean {
    const views = this.viewsFor(checkpoint);
    if (!views || checkpoint.chunks !== this.chunks?.count) return false;
    this.checkpoints.endNewest();
    views.data.setUint32(this.topAt, checkpoint.top, true);
    return true;
  }
  /** @internal */
  pushCheckpoint(): Checkpoint {
    return this.tryPush() ?? (this.current() && this.checkpoints.push());
  }
  /** @internal Ends a checkpoint and frees what was allocated since it began. */
  popCheckpoint(checkpoint: Checkpoint): void {
    if (this.tryPop(checkpoint)) return;
    const struct = this.current();
    if (!this.checkpoints.has(checkpoint)) return;
    const { top, chunks } = checkpoint;
    if (!this.chunks && struct.chunks !== chunks) throw foreignChunksError(this.struct.address);
    this.checkpoints.endFrom(checkpoint);
    const drops = this.chunks?.drop(struct, chunks) ?? [];
    struct.write(struct.fields.top, top);
    attemptAll(drops);
  }

  /**
   * Frees everything, returns chunks to the heap and begins a new epoch. Every slice and ref becomes invalid.
   * @throws {FreedError} if it was destroyed
   * @throws {NotOwnedError} if other code made it and it has chunks
   */
  reset(): void {
    const struct = this.current();
    const drops = this.chunks?.drop(struct, 0) ?? [];
    if (struct.chunks > 0) {
      const { reset } = this.attached;
      if (!reset) throw foreignChunksError(this.struct.address);
      reset(this.struct.address);
    } else {
      struct.write(struct.fields.top, struct.read(struct.fields.base));
      struct.advanceEpoch();
    }
    this.beginEpoch();
    attemptAll(drops);
  }

  /**
   * As {@link reset}, and frees its block. A second call does nothing.
   * @throws {NotOwnedError} if other code made it
   * @throws any error of the heap's free; the arena is then empty and usable
   */
  destroy(): void {
    if (this.destroyed) return;
    if (!this.chunks)
      throw new NotOwnedError(this.struct.address, 'the module that created this arena must destroy it');
    this.reset();
    this.heap.freeAllocation(this.allocation); // which invalidates the arena
    unwatchOwner(this.allocation);
  }
  /** As {@link destroy}; does nothing for an attached arena. */
  override dispose(): void {
    if (this.chunks) this.destroy();
  }

  /** @internal */
  suballocationAt(at: number, size: number, number: number): Allocation {
    return this.current() && this.checkpoints.tokenAt(at, size, number);
  }
  /** @internal */
  checkpointOf(token: Allocation): number {
    return this.checkpoints.numberOf(token);
  }

  /** Returns the struct, with the memory current and the checkpoints of its epoch. */
  private current(): ArenaStruct {
    const { memory } = this.allocation; // it may have grown, or be that of a freed allocation
    const { address, fields } = this.struct;
    if (address + fields.size <= memory.bytes.length && readEpoch(memory, address) === this.checkpoints.epoch)
      return this.struct;
    if (!this.destroyed) {
      this.heap.locate(address, fields.size);
      if (this.struct.epoch !== this.checkpoints.epoch) {
        if (this.chunks || this.struct.isOpen) this.beginEpoch();
        else this.allocation.markFreed(); // other code destroyed it
      }
    }
    if (this.destroyed) throw new FreedError(this.basePtr, 'arena');
    return this.struct;
  }
  /** @internal */
  invalidateAll(): () => void {
    this.checkpoints.endAll();
    return () => {
      registryOf(this.heap).add(this.struct.address, this, true);
      this.beginEpoch();
    };
  }
  private beginEpoch(): void {
    this.checkpoints.begin(); // A2
    this.chunks?.forget(this.struct.chunks);
  }
}

installToString(WasmHeapArena.prototype, printArena);
