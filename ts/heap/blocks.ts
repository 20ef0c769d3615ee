// SPDX-License-Identifier: MIT
// Blocks of a memory that has an allocator: lent, kept in a book, given back once.
//
//   L1  A block is in the ledger from the moment it is lent until it is given back; an error in between
//       (a wrong initial value) gives it back.
//   L2  A block is given back once. What is not the start of a live block never reaches the allocator, except
//       an address that this manager has never seen: that is one the module made.
import {
  ArgumentRangeError,
  ArgumentTypeError,
  DoubleFreeError,
  FreedError,
  NotOwnedError,
  WrongHeapError,
} from '../errors.ts';
import { toAlign, toCount, type Address } from '../memory/address.ts';
import { attemptAll } from '../memory/attempt.ts';
import { Block } from '../memory/block.ts';
import { copyBytes } from '../memory/bytes.ts';
import type { LinearMemory, MemorySource } from '../memory/memory.ts';
import { Ref } from '../scalar/ref.ts';
import {
  assertFunction,
  MALLOC_ALIGN,
  MOST32,
  take,
  taken,
  type Allocator,
  type Pointer,
} from './allocator.ts';
import { ballast, unwatch, watch } from './collect.ts';
import { Ledger, type HeapStatistics } from './ledger.ts';
import { readManagerOptions, type WasmHeapManagerOptions } from './options.ts';
import { HeapMemory, NOT_NULL } from './memory.ts';

/** A memory with an allocator, and the book of what was lent of it. The untyped half of a WasmHeapManager. */
export class BlockHeap extends HeapMemory {
  /** As it was given: called again whenever the last buffer turns out to be detached or too short. */
  readonly heapGetter: MemorySource;
  /** As they were given. A block taken from them directly is not in the manager's book. */
  readonly allocate: (bytes: number) => Pointer;
  readonly deallocate: (address: number) => unknown;
  readonly addressBits: 32 | 64;
  /** Whether dropped owning refs give their blocks back when they are collected; the library's own. */
  readonly collects: boolean;
  readonly #allocator: Allocator;
  readonly #ledger: Ledger;
  readonly #pressure: number;
  /** Whether every block that is lent is set to 0 first. */
  protected readonly clears: boolean;
  /** The block of everything whose owner is not known here: borrowed memory, assumed to live. */
  protected readonly borrowed: Block = new Block(this, 0, 0);

  /**
   * Makes a manager of the heap whose buffer `getHeap` returns.
   * @param getHeap a function that returns the buffer: called again whenever the last one turns out to be
   *   detached or too short; a `WebAssembly.Memory` will do instead
   * @param allocate returns the address of that many bytes, 0 when there are none; as wasm returns it
   * @param deallocate frees what `allocate` returned
   * @throws {ArgumentTypeError} when one of them, or an option, is not what it should be
   * @throws {ModuleError} when `getHeap` gives no usable buffer
   */
  constructor(
    getHeap: MemorySource,
    allocate: (bytes: number) => Pointer,
    deallocate: (address: number) => unknown,
    options: WasmHeapManagerOptions = {},
  ) {
    const chosen = readManagerOptions(options);
    super(getHeap, chosen.pollingMode, chosen.nullCheck);
    assertFunction(allocate, 'allocate');
    assertFunction(deallocate, 'deallocate');
    this.heapGetter = getHeap;
    this.allocate = allocate;
    this.deallocate = deallocate;
    this.addressBits = chosen.addressBits;
    const limit = chosen.addressBits === 64 ? Number.MAX_SAFE_INTEGER : MOST32;
    this.#allocator = { ...chosen, malloc: allocate, free: deallocate, limit };
    this.#ledger = new Ledger(chosen.trackAllocations);
    this.clears = chosen.clearAllocatedRegions;
    this.collects = chosen.enableGarbageCollection;
    this.#pressure = this.collects ? chosen.gcPressure : 0;
  }

  /** What is lent now and what was, through this manager. @throws {ArgumentTypeError} without trackAllocations */
  get statistics(): HeapStatistics {
    return this.#book().statistics();
  }
  /** Bytes lent now. @throws {ArgumentTypeError} without trackAllocations */
  get totalAllocatedByteCount(): number {
    return this.statistics.liveBytes;
  }
  /** The refs that own what is lent now, oldest first. @throws {ArgumentTypeError} without trackAllocations */
  get allocatedHeapRefs(): Ref[] {
    const owners = this.#book().owners();
    return owners.filter((owner) => owner instanceof Ref); // arenas are no refs
  }

  /**
   * Returns the address of a block of `bytes` bytes, which the caller owns until {@link free}.
   * 0 bytes give a block of its own too. Cleared, unless the option `clearAllocatedRegions` is false.
   * @param align a power of two up to 65,536; 8 unless given
   * @throws {OutOfMemoryError} when there is none; nothing has changed then
   * @throws {ArgumentTypeError} {@link ArgumentRangeError} when the size or the alignment is no such number
   */
  alloc(bytes: number, align: number = MALLOC_ALIGN): number {
    return this.lend(toCount(bytes, 'a size in bytes'), toAlign(align)).address;
  }

  /**
   * Makes the block at `address` `bytes` bytes long, in place where the allocator can, and returns its address.
   * The bytes up to the smaller length stay. Refs to the old block are freed ones from then on. O(n).
   * @throws {OutOfMemoryError} when there is no room; the old block is untouched and still lent
   * @throws {DoubleFreeError} {@link NotOwnedError} when it is not a live block of this manager
   */
  realloc(address: Address, bytes: number): number {
    const size = toCount(bytes, 'a size in bytes');
    return this.resizeBlock(this.#blockAt(this.locate(address, 0)), size).address;
  }

  /**
   * Gives a block back, by its address or by the ref that owns it. 0 (NULL) does nothing, as in C.
   * An address that this manager never lent is passed to the allocator: the module may have made it.
   * @throws {DoubleFreeError} when it was freed and not lent since; see {@link adopt}
   * @throws {NotOwnedError} when it is inside a block, or the ref borrows
   * @throws {WrongHeapError} when the ref belongs to another heap
   * @throws {OutOfBoundsError} {@link ArgumentTypeError} when it is no address in this memory
   */
  free(target: Address | Ref): void {
    if (target instanceof Ref) {
      this.assertOwned(target);
      this.giveBack(target.block);
      return;
    }
    const at = this.locateOrNull(target, 1);
    if (at === 0) return;
    const block = this.#ledger.find(at);
    if (block) this.giveBack(block);
    else this.#freeUnknown(at);
  }

  /**
   * Takes over a block that the module itself allocated and now leaves to the caller, so that its free is
   * checked like any other. Returns its address.
   * @throws {NotOwnedError} when it overlaps a block that this manager lent
   */
  adopt(address: Address, bytes: number): number {
    const at = this.locate(address, toCount(bytes, 'a size in bytes'));
    if (at === 0 || this.#ledger.around(at + Math.max(bytes, 1) - 1, at))
      throw new NotOwnedError(at, at === 0 ? 'it is NULL' : 'it lies in a block of this heap');
    return this.#ledger.lend(new Block(this, at, bytes)).address;
  }

  /**
   * Frees everything that was lent through this manager and is still lent. Goes on after an error.
   * @throws {AggregateError} with every error, after all blocks were tried
   */
  freeAll(): void {
    const free = (block: Block) => () => {
      if (block.live) this.giveBack(block); // or freeing another freed it
    };
    attemptAll(this.#book().blocks().map(free));
  }

  /** Enters `ref` as the owner of its block; the library's own: refs do so themselves when they are made. */
  own(ref: Ref): void {
    const { block } = ref;
    block.owner = this.collects ? watch(ref, this, block) : ref;
    if (this.#pressure > 0) ref.source = ballast(Math.floor(block.byteLength * this.#pressure));
  }

  /** Takes back the block of a ref that was collected; the library's own. Never throws. */
  reclaim(block: Block): void {
    try {
      if (block.live) this.giveBack(block);
    } catch {
      // Nobody is there to be told: the ref is gone. The block stays in the book as lent.
    }
  }

  /** Takes a block from the allocator and enters it in the book. */
  protected lend(bytes: number, align: number): Block {
    return this.#enter(take(this, this.#allocator, bytes, align, this.clears));
  }

  /** Moves a live block to one of `size` bytes; it ends. Errors as {@link realloc}. */
  protected resizeBlock(old: Block, size: number): Block {
    const { realloc, limit } = this.#allocator;
    if (realloc && old.base === old.address && size <= limit) {
      const at = this.ending(old, () => taken(this, realloc(old.base, size || 1), size || 1));
      return this.#enter(new Block(this, at, size));
    }
    const block = this.lend(size, MALLOC_ALIGN);
    this.orGiveBack(block, () => {
      if (!old.live) throw new FreedError(old.address); // by an allocator that called back
      copyBytes(this, block.address, old.address, Math.min(old.byteLength, size));
      this.giveBack(old);
    });
    return block;
  }

  /**
   * The place of `size` bytes that somebody else owns.
   * @throws {ArgumentTypeError} when it is NULL
   * @throws {FreedError} when it was freed and the allocator knows that nobody took it since
   */
  protected borrow(address: Address, size: number): number {
    const at = this.locate(address, size);
    if (at === 0) throw new ArgumentTypeError(NOT_NULL, address);
    if (this.#ledger.wasFreed(at) && this.#allocator.isFreed?.(at)) throw new FreedError(at);
    return at;
  }

  /** The live block at `at`. @throws when there is none */
  #blockAt(at: number): Block {
    const block = this.#ledger.find(at);
    if (block) return block;
    this.#refuseFree(at);
    throw new NotOwnedError(at, 'this heap did not lend it; see adopt()');
  }

  /** The block that `at` is in, or the one that stands for all whose owner is not known. */
  protected blockOf(at: number): Block {
    return this.#ledger.find(at) ?? this.#ledger.around(at) ?? this.borrowed;
  }

  #refuseFree(at: number): void {
    if (this.#ledger.wasFreed(at))
      throw new DoubleFreeError(at, '; if the module allocated it again since, adopt() it first');
    const around = this.#ledger.around(at);
    if (around) throw new NotOwnedError(at, `it is inside the block at address ${around.address}`);
  }

  #freeUnknown(at: number): void {
    if (!this.#allocator.checksFrees) this.#refuseFree(at);
    try {
      this.#allocator.free(at);
    } catch (error) {
      // The allocator knows that it is no block; the book may know that it was one.
      if (error instanceof NotOwnedError) this.#refuseFree(at);
      throw error;
    }
  }

  /** @throws {WrongHeapError} {@link NotOwnedError} {@link DoubleFreeError} when `ref` owns no live block here */
  protected assertOwned(ref: Ref): void {
    if ((ref.heap as LinearMemory) !== this) throw new WrongHeapError(ref.address);
    if (!ref.owned)
      throw new NotOwnedError(ref.address, 'the ref borrows it (made by wrap); its owner frees it');
    if (!ref.block.live) throw new DoubleFreeError(ref.address);
  }

  protected giveBack(block: Block): void {
    this.ending(block, () => this.#allocator.free(block.base));
  }

  /** Runs what ends `block`, and strikes it out; when that throws it lives on. */
  protected ending<R>(block: Block, act: () => R): R {
    block.end(); // first, so that an allocator that calls back cannot free it again
    try {
      const result = act();
      this.#strike(block);
      return result;
    } catch (error) {
      // An allocator that knows says that somebody else freed it: then it stays ended.
      if (this.#allocator.checksFrees && error instanceof DoubleFreeError) this.#strike(block);
      else block.revive(this);
      throw error;
    }
  }

  /** Enters a loan. Where the book has one at its address already, the module freed that behind its back. */
  #enter(block: Block): Block {
    const ghost = this.#ledger.find(block.address);
    if (ghost) this.#strike(ghost);
    return this.#ledger.lend(block);
  }

  #strike(block: Block): void {
    block.end();
    this.#ledger.end(block);
    if (this.collects) unwatch(block);
  }

  #book(): Ledger {
    if (this.#ledger.tracks) return this.#ledger;
    throw new ArgumentTypeError('a heap with the option trackAllocations', false);
  }

  /** Does something with a fresh block; when that throws, gives the block back first. */
  protected orGiveBack<R>(block: Block, act: () => R): R {
    try {
      return act();
    } catch (error) {
      this.giveBack(block);
      throw error;
    }
  }
}
