// SPDX-License-Identifier: MIT
// Arenas: a block of the heap that is lent out by moving one address up, and taken back whole. The struct is C's
// (csrc/include/linmem/arena.h) and lies in the block itself, so that C code and other threads see the same arena.
//
//   A1  Only the struct in memory says what is lent; nothing of it is kept here but where its fields lie.
//   A2  The frames are of one epoch. Where memory says another, C or another thread has reset the arena: then the
//       frames end, and begin anew.
import { FreedError, NotOwnedError, OutOfMemoryError } from '../errors.ts';
import { MALLOC_ALIGN } from '../heap/allocator.ts';
import { unwatch, watch } from '../heap/collect.ts';
import { refClassesOf } from '../heap/methods.ts';
import { isAlign, toAlign, toCount, type Address } from '../memory/address.ts';
import { attemptAll } from '../memory/attempt.ts';
import { Block, type Owner } from '../memory/block.ts';
import type { ScalarRef } from '../scalar/ref.ts';
import type { Scalar, ScalarValue } from '../scalar/scalar.ts';
import { Chunks, theirChunks } from './chunks.ts';
import type { ArenaOptions, AttachOptions } from './create.ts';
import { readEpoch } from './epochs.ts';
import { ArenaMark, Frames, type Frame } from './frames.ts';
import type { WasmHeapManager } from './manager.ts';
import { ArenaPlace, openPlace } from './place.ts';
import { refuses, Region, type Cut } from './region.ts';

/** Where a new arena is to lie, or one that is there. */
type Where = { readonly capBytes: number; readonly align: number } | { readonly attach: Address };

/**
 * A block of the heap that is lent out by moving one address up, and taken back whole by `reset()`. Not cleared.
 * When it is collected as garbage its memory goes back to the heap: slices, refs and views of it keep it alive, bare
 * addresses do not.
 */
export class WasmHeapArena extends Region implements Owner {
  readonly heap: WasmHeapManager;
  /** B2 of block.ts; the library's own. */
  cell: Owner['cell'];
  /** Its first byte. */
  readonly basePtr: number;
  /** Bytes it has, before it grows. */
  readonly capBytes: number;
  /** What slices of it say: `arena`, or `frame` for the heap's frame arena. */
  readonly kind: 'frame' | 'arena';
  private readonly place: ArenaPlace; // a plain property: V8 reads it faster than a #name
  private readonly block: Block;
  /** Where its top lies, its end behind it; 0 where one addition is not enough: 64-bit addresses, or threads. */
  private readonly topAt: number;
  /** What it owns; undefined when it is somebody else's. */
  private readonly chunks: Chunks | undefined;
  private readonly options: AttachOptions;
  private readonly frames: Frames;

  /** The library's own: use {@link createHeapArena} or {@link attachArena}. */
  constructor(
    heap: WasmHeapManager,
    where: Where,
    { grow = false }: ArenaOptions = {},
    options: AttachOptions = {},
    kind: 'frame' | 'arena' = 'arena',
    collected: boolean = kind === 'arena',
  ) {
    super();
    this.heap = heap;
    this.kind = kind;
    this.options = options;
    if ('attach' in where) {
      this.place = ArenaPlace.find(heap, heap.locate(where.attach, 8));
      this.block = new Block(heap, this.place.address, this.place.at.size);
    } else {
      ({ place: this.place, block: this.block } = openPlace(heap, where.capBytes, where.align, grow));
      this.chunks = new Chunks(heap, this.block, grow);
    }
    const { address, at, word, shared } = this.place;
    // Not watched is what its heap holds: then the registry would hold the heap, and that the arena, for ever.
    const weak = collected && this.chunks && watch(this, this.chunks, this.block);
    Object.assign(this.block, weak ? { weak } : { owner: this });
    this.cell = this.block.memory.cell;
    const { base, end } = this.place.first();
    this.basePtr = base;
    this.capBytes = end - base;
    this.topAt = word === 4 && !shared ? at.top : 0;
    this.frames = new Frames(this, this.place, shared || this.chunks === undefined);
    heap.arenas.open(address, this, this.chunks && this.block);
  }

  /**
   * Where its C struct `lm_arena` lies, for C code and other threads, which may lend from it and reset it. Once this
   * was asked for, slices look for that in memory before each use.
   */
  get address(): number {
    return this.frames.expose();
  }
  /** The epoch: each reset adds 1, and a new arena begins above all of its heap. @throws {FreedError} when destroyed */
  epoch(): number {
    return this.current().epoch;
  }
  /** Bytes lent, their paddings included. @throws {FreedError} when destroyed */
  usedBytes(): number {
    return this.current().used;
  }
  /** Whether it was destroyed, or its block freed. */
  get destroyed(): boolean {
    return !this.block.live;
  }

  /**
   * Returns the address of `bytes` bytes, lent until the next reset. They are not cleared. 0 bytes give an address
   * and lend nothing.
   * @param align a power of two up to 65,536; 16 unless given
   * @throws {OutOfMemoryError} when they do not fit, and it does not grow; nothing is lent then
   * @throws {FreedError} when it was destroyed
   * @throws {ArgumentTypeError} {@link ArgumentRangeError} when the size or the alignment is no such number
   */
  alloc(bytes: number, align = 16): number {
    const topAt = this.topAt;
    try {
      // Not `& -align` below: that takes JavaScriptCore 40 ns.
      const mask = align === 16 ? 15 : align === 8 ? 7 : isAlign(align) ? align - 1 : -1;
      if (bytes >>> 0 === bytes && mask >= 0 && topAt > 0) {
        const { data, bytes: seen } = this.cell; // of a destroyed one there is none, as of one that grew
        if (topAt + 8 > seen.length) return this.allocSlow(bytes, align);
        // In 32-bit integers: whatever wraps, or has no end within 2 GiB, leaves too little room and ends below.
        const at = (data.getInt32(topAt, true) + mask) & ~mask;
        if (bytes <= ((data.getInt32(topAt + 4, true) - at) | 0) && at !== 0) {
          data.setInt32(topAt, at + bytes, true);
          return at >>> 0;
        }
      }
    } catch {
      // A bigint came.
    }
    return this.allocSlow(bytes, align);
  }

  private allocSlow(bytes: number, align: number): number {
    const size = toCount(bytes, 'a size in bytes');
    toAlign(align);
    const place = this.current();
    do {
      const at = place.bump(size, align);
      if (at !== undefined) return at;
    } while (this.chunks?.grow(place, size, align));
    const { alloc } = this.options;
    const at = alloc && size < 2 ** 32 ? alloc(this.place.address, size, align) : 0;
    if (Number(at) === 0) throw new OutOfMemoryError(size, align);
    return this.heap.locate(at, size);
  }

  /** As for every region; a way of the library's own, without a call back, as this is what scopes do most. */
  override allocScalar<T extends ScalarValue, A extends ArrayBufferView>(
    row: Scalar<T, A>,
    value?: T,
  ): ScalarRef<T, A> {
    const { size, kind } = row;
    if (typeof value !== kind || this.frames.exposed || refuses(row)) return super.allocScalar(row, value);
    const address = this.alloc(size, size < MALLOC_ALIGN ? size : MALLOC_ALIGN);
    row.set(this.heap.data, address, value as T); // its kind was just looked at, and the view is current
    return new (refClassesOf(row).Alias)(this.heap, address, this.frames.newest, false);
  }

  cut<R>(bytes: number, align: number, make: (cut: Cut) => R): R {
    const place = this.current();
    const top = place.read(place.at.top);
    const before = place.chunks;
    const address = this.alloc(bytes, align);
    try {
      return make({ address, block: this.frames.newest, owned: false, arena: this });
    } catch (error) {
      const drop = this.chunks?.drop(place, before) ?? [];
      // What the maker took a chunk for lies at its beginning.
      place.setTop(address + bytes, place.chunks === before ? top : place.read(place.at.base));
      attemptAll(drop);
      throw error;
    }
  }

  /** Notes where the arena stands, for {@link rewind}. @throws {FreedError} when it was destroyed */
  mark(): ArenaMark {
    return new ArenaMark(this, this.epoch(), this.enter());
  }
  /**
   * Takes back what was lent since `mark`, which stays valid. Marks made after it end.
   * @throws {FreedError} when the mark was rewound past, or the arena destroyed
   * @throws {StaleEpochError} when the arena was reset since
   * @throws {ArgumentTypeError} when it is no mark of this arena
   */
  rewind(mark: ArenaMark): void {
    this.frames.assertMark(mark, this.epoch());
    try {
      this.leave(mark.frame);
    } finally {
      mark.frame = this.enter(); // also when a chunk could not be given back
    }
  }

  /** Begins a frame; the library's own. */
  enter(): Frame {
    const { topAt, frames, chunks, cell } = this;
    // The memory may have grown, or be none any more.
    if (topAt > 0 && topAt + 8 <= cell.bytes.length && chunks && !frames.exposed)
      return frames.pushAt(cell.data.getUint32(topAt, true), chunks.count);
    return this.current() && frames.push();
  }
  /** Takes back what was lent since `frame` began, and ends it; the library's own. */
  leave(frame: Frame): void {
    const { topAt, frames, chunks: own, cell } = this;
    if (topAt > 0 && topAt + 8 <= cell.bytes.length && !frames.exposed && frames.popAt(frame, own?.count)) {
      cell.data.setUint32(topAt, frame.top, true);
      return;
    }
    const place = this.current();
    if (!frames.has(frame)) return;
    const { top, chunks } = frame;
    if (!own && place.chunks !== chunks) throw theirChunks(this.place.address);
    frames.endFrom(frame);
    const drop = place.chunks > chunks ? own?.drop(place, chunks) : undefined;
    place.write(place.at.top, top);
    if (drop) attemptAll(drop);
  }

  /**
   * Takes everything back, gives chunks back to the heap and begins an epoch. Every slice and ref of it ends.
   * @throws {FreedError} when it was destroyed
   * @throws {NotOwnedError} when it is somebody else's and has chunks
   */
  reset(): void {
    const place = this.current();
    const drop = this.chunks?.drop(place, 0) ?? [];
    if (place.chunks > 0) {
      const { reset } = this.options;
      if (!reset) throw theirChunks(this.place.address);
      reset(this.place.address);
    } else {
      place.write(place.at.top, place.read(place.at.base));
      place.step();
    }
    this.begin();
    attemptAll(drop);
  }

  /**
   * As {@link reset}, and gives its block back to the heap. Done twice it is done once.
   * @throws {NotOwnedError} when it is somebody else's
   * @throws whatever the heap's free throws; the arena is empty then, and alive
   */
  destroy(): void {
    if (this.destroyed) return;
    if (!this.chunks) throw new NotOwnedError(this.place.address, 'its maker destroys this arena');
    this.reset();
    this.heap.takeBack(this.block); // which ends all of it
    unwatch(this.block);
  }
  /** As {@link destroy}, for an arena that was made here. */
  override dispose(): void {
    if (this.chunks) this.destroy();
  }

  /** The loan, of frame `number` or any for 0, that [at, at + size) belongs to; the library's own. */
  loanOf(at: number, size: number, number: number): Block {
    this.current();
    return this.frames.around(at, size, number);
  }
  /** The number of the frame that a loan is of; the library's own. */
  frameOf(loan: Block): number {
    return this.frames.numberOf(loan);
  }

  /** The struct, once the memory is current and the frames are of its epoch. */
  private current(): ArenaPlace {
    const { memory } = this.block; // it may have grown, or be none any more
    const { address: at, at: struct } = this.place;
    if (at + struct.size <= memory.bytes.length && readEpoch(memory, at) === this.frames.born)
      return this.place;
    if (!this.destroyed) {
      this.heap.locate(at, struct.size);
      if (this.place.epoch !== this.frames.born) {
        if (this.chunks || this.place.isOpen) this.begin();
        else this.block.end(); // its maker destroyed it
      }
    }
    if (this.destroyed) throw new FreedError(this.basePtr, 'arena');
    return this.place;
  }
  /** Ends what was cut from it, as its block is freed; what is returned mends that. The library's own. */
  ending(): () => void {
    this.frames.endAll();
    return () => {
      this.heap.arenas.open(this.place.address, this, this.block);
      this.begin();
    };
  }
  private begin(): void {
    this.frames.begin(); // A2
    this.chunks?.forget(this.place.chunks);
  }
}
