// SPDX-License-Identifier: MIT
// Arenas: a block of the heap that is lent out by moving one address up, and taken back whole. The struct is C's
// (csrc/include/linmem/arena.h) and lies in the block itself, so that C code and other threads see the same arena.
//
//   A1  Only the struct in memory says what is lent; nothing of it is kept here but where its fields lie.
//   A2  The frames are of one epoch. Where memory says another, C or another thread has reset
//       the arena: then the frames end, and begin anew.
import {
  ArgumentTypeError,
  FreedError,
  NotOwnedError,
  OutOfMemoryError,
  StaleEpochError,
} from '../errors.ts';
import { MALLOC_ALIGN } from '../heap/allocator.ts';
import { unwatch, watch } from '../heap/collect.ts';
import { refClassesOf } from '../heap/methods.ts';
import { isAlign, toAlign, toCount, type Address } from '../memory/address.ts';
import { attemptAll } from '../memory/attempt.ts';
import { Block, type Owner } from '../memory/block.ts';
import type { ScalarRef } from '../scalar/ref.ts';
import type { Scalar, ScalarValue } from '../scalar/scalar.ts';
import { Chunks } from './chunks.ts';
import type { ArenaOptions, AttachOptions } from './create.ts';
import { ArenaMark, Frames } from './frames.ts';
import type { WasmHeapManager } from './manager.ts';
import { ArenaPlace, openPlace } from './place.ts';
import { Region, type Cut } from './region.ts';

/** Where a new arena is to lie, and whether it is the heap's own, which ends with the heap; or one that is there. */
type Where =
  | { readonly capBytes: number; readonly align: number; readonly ofHeap?: true }
  | { readonly attach: Address };

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
  // Plain properties, as V8 reads them faster than #names.
  private readonly place: ArenaPlace;
  private readonly block: Block;
  /** Where its top lies, its end behind it; 0 where one addition is not enough: 64-bit addresses, or threads. */
  private readonly topAt: number;
  /** What it owns; undefined when it is somebody else's. */
  private readonly chunks: Chunks | undefined;
  private readonly options: AttachOptions;
  private readonly frames: Frames;

  /** Use {@link createHeapArena} or {@link attachArena}. */
  constructor(
    heap: WasmHeapManager,
    where: Where,
    { grow = false }: ArenaOptions = {},
    options: AttachOptions = {},
    kind: 'frame' | 'arena' = 'arena',
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
      this.chunks = new Chunks(heap, this.place.address, this.block, grow);
      // What is watched keeps the heap: an arena that the heap keeps would keep both for ever. The heap knows the
      // block, so the block knows others weakly.
      this.block.owner = where.ofHeap ? this : (watch(this, this.chunks, this.block) ?? this);
    }
    this.cell = this.block.memory.cell;
    const { at, word, shared } = this.place;
    this.basePtr = this.place.read(at.base);
    this.capBytes = this.place.read(at.end) - this.basePtr;
    this.topAt = word === 4 && !shared ? at.top : 0;
    this.frames = new Frames(this.place, shared || this.chunks === undefined);
    heap.arenas.open(this.place.address, this);
  }

  /**
   * Where its C struct `lm_arena` lies, for C code and other threads, which may lend from it and reset it. Once this
   * was asked for, slices look for that in memory before each use.
   */
  get address(): number {
    return this.frames.expose();
  }
  /** The epoch now: the first arena of a heap begins with 1, and each reset adds 1. @throws {FreedError} when destroyed */
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
    if (bytes >>> 0 === bytes && (align === 16 || isAlign(align)) && topAt > 0) {
      try {
        const { data } = this.cell; // a destroyed one has no byte to read
        // In 32-bit integers: whatever wraps, or has no end within 2 GiB, leaves too little room and ends below.
        const mask = align === 16 ? 15 : align - 1; // and never `-align`: that takes JavaScriptCore 40 ns
        const at = (data.getInt32(topAt, true) + mask) & ~mask;
        if (bytes <= ((data.getInt32(topAt + 4, true) - at) | 0)) {
          data.setInt32(topAt, at + bytes, true);
          return at >>> 0;
        }
      } catch {
        // The memory grew, or there is none any more.
      }
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
    const at = alloc && size < 2 ** 32 ? this.heap.locate(alloc(place.address, size, align), size) : 0;
    if (at === 0) throw new OutOfMemoryError(size, align);
    return at;
  }

  /** As for every region; here without a call back, as this is what scopes do most. */
  override allocScalar<T extends ScalarValue, A extends ArrayBufferView>(
    row: Scalar<T, A>,
    value?: T,
  ): ScalarRef<T, A> {
    const { size, kind } = row;
    const { topAt } = this;
    if (typeof value !== kind || topAt === 0 || this.frames.exposed) return super.allocScalar(row, value);
    let [top, address] = [0, 0];
    try {
      top = this.block.memory.data.getUint32(topAt, true);
      address = this.alloc(size, size < MALLOC_ALIGN ? size : MALLOC_ALIGN);
      row.set(this.heap.data, address, value as T); // its kind was just looked at
    } catch {
      // The memory grew or ended, it is full, or the row refuses the value: then it does so again.
      const pad = address - top;
      if (address > 0) this.place.setTop(address + size, pad >= 0 && pad < MALLOC_ALIGN ? top : address);
      return super.allocScalar(row, value);
    }
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
      place.setTop(address + bytes, top);
      attemptAll(drop);
      throw error;
    }
  }

  /** Notes where the arena stands, for {@link rewind}. */
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
    if (!(mark instanceof ArenaMark) || mark.arena !== this)
      throw new ArgumentTypeError('a mark of this arena', mark);
    const now = this.epoch();
    if (mark.epoch !== now) throw new StaleEpochError(mark.epoch, now);
    if (!this.frames.has(mark.frame)) throw new FreedError(mark.frame.address, 'mark');
    try {
      this.leave(mark.frame);
    } finally {
      mark.frame = this.enter(); // also when a chunk could not be given back
    }
  }

  /** Begins a frame; the library's own. */
  enter(): Block {
    this.current();
    return this.frames.push();
  }
  /** Takes back what was lent since `frame` began, and ends it; the library's own. */
  leave(frame: Block): void {
    const place = this.current();
    const { address: top } = frame;
    const chunks = this.frames.endFrom(frame);
    if (chunks === undefined) return;
    const drop = place.chunks > chunks ? this.chunks?.drop(place, chunks) : undefined;
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
      if (!reset) throw new NotOwnedError(place.address, 'only its maker can free the chunks of this arena');
      reset(place.address);
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
    const { heap, block, place } = this;
    const { address } = place;
    if (!this.chunks) throw new NotOwnedError(address, 'its maker destroys this arena');
    this.reset();
    const end = place.read(place.at.end);
    heap.arenas.close(address, true);
    place.setRange(0, 0, 0);
    try {
      heap.takeBack(block);
    } catch (error) {
      place.setRange(this.basePtr, this.basePtr, end);
      heap.arenas.open(address, this);
      throw error;
    }
    unwatch(block);
    this.frames.endAll();
  }
  /** As {@link destroy}, for an arena that was made here. */
  override dispose(): void {
    if (this.chunks) this.destroy();
  }

  /** The loan that [at, at + size) belongs to. @throws {OutOfBoundsError} when it is not lent; the library's own */
  loanOf(at: number, size: number): Block {
    return this.frames.around(this.current().chunkOf(at, size), at);
  }

  /** The struct, once the memory is current and the frames are of its epoch. */
  private current(): ArenaPlace {
    try {
      const { data } = this.block.memory;
      const at = this.place.address;
      if (data.getUint32(at, true) + data.getUint32(at + 4, true) * 2 ** 32 === this.frames.born)
        return this.place;
    } catch {
      // The memory grew, or there is none any more.
    }
    if (this.destroyed) throw new FreedError(this.basePtr, 'arena');
    this.heap.refresh();
    const { epoch } = this.place;
    if (epoch !== this.frames.born) this.begin();
    return this.place;
  }
  private begin(): void {
    this.frames.begin(); // A2
    this.chunks?.forget(this.place.chunks);
  }
}
