// SPDX-License-Identifier: MIT
// Blocks as users have them: lent, resized, taken over, given back by address or by ref, listed.
import { ArgumentTypeError, DoubleFreeError, FreedError, NotOwnedError, WrongHeapError } from '../errors.ts';
import { toAlign, toCount, type Address } from '../memory/address.ts';
import { attemptAll } from '../memory/attempt.ts';
import { Block } from '../memory/block.ts';
import { copyBytes } from '../memory/bytes.ts';
import type { LinearMemory } from '../memory/memory.ts';
import { Ref } from '../scalar/ref.ts';
import { MALLOC_ALIGN, taken } from './allocator.ts';
import { ballast, watch } from './collect.ts';
import { record, type HeapStatistics, type Loan } from './ledger.ts';
import { LoanHeap, type Ending } from './loans.ts';
import { NOT_NULL } from './memory.ts';

/** A memory with an allocator, and the book of what was lent of it. The untyped half of a WasmHeapManager. */
export class BlockHeap extends LoanHeap {
  /** What is lent now and what was, through this manager. @throws {ArgumentTypeError} without trackAllocations */
  get statistics(): HeapStatistics {
    return this.book.statistics();
  }
  /** Bytes lent now. @throws {ArgumentTypeError} without trackAllocations */
  get totalAllocatedByteCount(): number {
    return this.statistics.liveBytes;
  }
  /** The refs that own what is lent now, oldest first. @throws {ArgumentTypeError} without trackAllocations */
  get allocatedHeapRefs(): Ref[] {
    const owners = this.book.loans().map(({ block }) => block?.holder);
    return owners.filter((owner) => owner instanceof Ref); // arenas are no refs, and some were collected
  }

  /**
   * Returns the address of a block of `bytes` bytes, which the caller owns until {@link free}.
   * 0 bytes give a block of its own too. Cleared, unless the option `clearAllocatedRegions` is false.
   * @param align a power of two up to 65,536; 8 unless given
   * @throws {OutOfMemoryError} when there is none; nothing has changed then
   * @throws {ArgumentTypeError} {@link ArgumentRangeError} when the size or the alignment is no such number
   */
  alloc(bytes: number, align: number = MALLOC_ALIGN): number {
    return this.lendAt(toCount(bytes, 'a size in bytes'), toAlign(align));
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
    let at = target as number; // what is another type is not in the book
    let loan = this.ledger.find(at); // what is in the book lies in the memory: it need not be looked for there
    if (!loan) {
      if (target instanceof Ref) {
        this.assertOwned(target);
        this.giveBack(target.block);
        return;
      }
      at = this.locateOrNull(target, 1);
      if (at === 0) return;
      loan = this.ledger.find(at);
    }
    if (loan) this.giveBackLoan(loan);
    else this.#freeUnknown(at);
  }

  /**
   * Takes over a block that the module itself allocated and now leaves to the caller, so that its free is
   * checked like any other. Returns its address.
   * @throws {NotOwnedError} when it overlaps a block that this manager lent
   */
  adopt(address: Address, bytes: number): number {
    const at = this.locate(address, toCount(bytes, 'a size in bytes'));
    if (at === 0 || this.ledger.around(at + Math.max(bytes, 1) - 1, at))
      throw new NotOwnedError(at, at === 0 ? 'it is NULL' : 'it is inside a block');
    this.enter(at, bytes, at);
    return at;
  }

  /**
   * Frees everything that was lent through this manager and is still lent. Goes on after an error.
   * @throws {AggregateError} with every error, after all blocks were tried
   */
  freeAll(): void {
    const free = (loan: Loan) => () => {
      if (loan.turn > 0) this.giveBackLoan(loan); // or freeing another freed it
    };
    attemptAll(this.book.loans().map(free));
  }

  /** Enters `ref` as the owner of its block; the library's own: refs do so themselves when they are made. */
  own(ref: Ref): void {
    const { block } = ref;
    if (this.collects) block.weak = watch(ref, this, block);
    else block.owner = ref;
    if (this.pressure > 0) ref.source = ballast(Math.floor(block.byteLength * this.pressure));
  }

  /** Takes back the block of a ref that was collected; the library's own. Never throws. */
  reclaim(block: Block): void {
    try {
      if (block.live) this.giveBack(block);
    } catch {
      // Nobody is there to be told: the ref is gone. The block stays in the book as lent.
    }
  }

  /** Moves a live block to one of `size` bytes; it ends. Errors as {@link realloc}. */
  protected resizeBlock(old: Block, size: number): Block {
    const { realloc, limit } = this.allocator;
    const loan = this.loanOf(old);
    if (realloc && size <= limit && (!loan || loan.base === old.address)) {
      const at = this.end(loan, old, resizeBase, size || 1);
      const block = new Block(this, at, size);
      this.enter(at, size, at, block);
      return block;
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
   * The place of `size` bytes that somebody else owns; the library's own.
   * @throws {ArgumentTypeError} when it is NULL
   * @throws {FreedError} when it was freed and the allocator knows that nobody took it since
   */
  borrow(address: Address, size: number): number {
    const at = this.locate(address, size);
    if (at === 0) throw new ArgumentTypeError(NOT_NULL, address);
    if (this.ledger.wasFreed(at) && this.allocator.isFreed?.(at)) throw new FreedError(at);
    return at;
  }

  /** The live block at `at`. @throws when there is none */
  #blockAt(at: number): Block {
    const loan = this.ledger.find(at);
    if (loan) return record(loan, this);
    this.refuseFree(at);
    throw new NotOwnedError(at, 'this heap did not lend it; see adopt()');
  }

  #freeUnknown(at: number): void {
    if (!this.allocator.checksFrees) this.refuseFree(at);
    try {
      this.allocator.free(at);
    } catch (error) {
      // The allocator knows that it is no block; the book may know that it was one.
      if (error instanceof NotOwnedError) this.refuseFree(at);
      throw error;
    }
  }

  /** @throws {WrongHeapError} {@link NotOwnedError} {@link DoubleFreeError} when `ref` owns no live block here */
  protected assertOwned(ref: Ref): void {
    if ((ref.heap as LinearMemory) !== this) throw new WrongHeapError(ref.address);
    if (!ref.owned) throw new NotOwnedError(ref.address, 'the ref borrows it, made by wrap');
    if (!ref.block.live) throw new DoubleFreeError(ref.address);
  }
}

const resizeBase: Ending<number> = ({ realloc }, base, size, memory) =>
  taken(memory, realloc?.(base, size), size);
