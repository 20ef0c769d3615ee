// SPDX-License-Identifier: MIT
// Loans: blocks of a memory, taken from its allocator, entered in a book, given back once.
//
//   L1  A block is in the ledger from the moment it is lent until it is given back; an error in between
//       (a wrong initial value) gives it back.
//   L2  A block is given back once. What is not the start of a live block never reaches the allocator, except
//       an address that this manager has never seen: that is one the module made.
//   L3  A loan has a record, its Block, where somebody must see its end. All others are entries in the ledger, and
//       no object is made for them.
import { ArgumentTypeError, DoubleFreeError, NotOwnedError } from '../errors.ts';
import { Block } from '../memory/block.ts';
import type { MemorySource } from '../memory/memory.ts';
import { aligned, assertFunction, take, type Allocator, type Pointer } from './allocator.ts';
import { unwatch } from './collect.ts';
import { Ledger, record, type Loan } from './ledger.ts';
import { HeapMemory } from './memory.ts';
import { readManagerOptions, type WasmHeapManagerOptions } from './options.ts';

/** A memory with an allocator, and the book of what was lent of it. */
export class LoanHeap extends HeapMemory {
  /** As it was given: called again whenever the last buffer turns out to be detached or too short. */
  readonly heapGetter: MemorySource;
  /** As they were given. A block taken from them directly is not in the manager's book. */
  readonly allocate: (bytes: number) => Pointer;
  readonly deallocate: (address: number) => unknown;
  readonly addressBits: 32 | 64;
  /** Whether dropped owning refs give their blocks back when they are collected; the library's own. */
  readonly collects: boolean;
  /** Whether every block that is lent is set to 0 first. */
  protected readonly clears: boolean;
  /** How much of its block's size a ref weighs as garbage. */
  protected readonly pressure: number;
  protected readonly allocator: Allocator;
  protected readonly ledger: Ledger = new Ledger();
  /** Whether every loan is entered; else only those are that could not be given back without it. */
  readonly #tracks: boolean;
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
    this.clears = chosen.clearAllocatedRegions;
    this.collects = chosen.enableGarbageCollection;
    this.pressure = this.collects ? chosen.gcPressure : 0;
    this.#tracks = chosen.trackAllocations;
    const limit = 2 ** Math.min(chosen.addressBits, 53) - 1; // a larger size would wrap where it becomes an i32
    this.allocator = { ...chosen, malloc: allocate, free: deallocate, limit };
  }

  /** The book, with every loan in it. @throws {ArgumentTypeError} without trackAllocations */
  protected get book(): Ledger {
    if (this.#tracks) return this.ledger;
    throw new ArgumentTypeError('a heap with the option trackAllocations', false);
  }

  /** Takes a block from the allocator and enters it in the book. Returns its address. */
  protected lendAt(bytes: number, align: number): number {
    const base = take(this, this.allocator, bytes, align, this.clears);
    const at = aligned(base, align);
    this.enter(at, bytes, base);
    return at;
  }
  /** The same, for whoever must see its end: returns its record. */
  protected lend(bytes: number, align: number): Block {
    const base = take(this, this.allocator, bytes, align, this.clears);
    const block = new Block(this, aligned(base, align), bytes);
    this.enter(block.address, bytes, base, block);
    return block;
  }

  /** Enters a loan. Where the book has one at its address already, the module freed that behind its back. */
  protected enter(at: number, bytes: number, base: number, block?: Block): void {
    if (!this.#tracks && base === at) return;
    const ghost = this.ledger.lend(at, bytes, base, block);
    if (!ghost) return;
    ghost.end();
    if (this.collects) unwatch(ghost);
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

  /** Gives back a live block. */
  protected giveBack(block: Block): void {
    this.end(this.loanOf(block), block, freeBase);
  }
  /** Gives back a live loan. */
  protected giveBackLoan(loan: Loan): void {
    if (loan.block) {
      this.end(loan, loan.block, freeBase);
      return;
    }
    const turn = this.ledger.end(loan); // first, so that an allocator that calls back cannot free it again
    try {
      this.allocator.free(loan.base);
    } catch (error) {
      this.#isGone(error, loan, turn);
      throw error;
    }
  }
  /** The entry of a live block; undefined when it has none. */
  protected loanOf(block: Block): Loan | undefined {
    const loan = this.ledger.find(block.address);
    return loan?.block === block ? loan : undefined;
  }

  /** Ends a live block, which may have an entry, by what `act` does. */
  protected end<R>(loan: Loan | undefined, block: Block, act: Ending<R>, size = 0): R {
    const mend = this.ends(block);
    const turn = loan ? this.ledger.end(loan) : 0; // first, as above
    block.end();
    let gone = true;
    try {
      return act(this.allocator, loan ? loan.base : block.address, size, this);
    } catch (error) {
      gone = this.#isGone(error, loan, turn, block);
      mend?.();
      throw error;
    } finally {
      if (gone && this.collects) unwatch(block);
    }
  }

  /** What failed to end lives on, unless the allocator knows that somebody else freed it: then returns true. */
  #isGone(error: unknown, loan: Loan | undefined, turn: number, block?: Block): boolean {
    if (this.allocator.checksFrees && error instanceof DoubleFreeError) return true;
    block?.revive(this);
    if (loan) this.ledger.revive(loan, turn, block);
    return false;
  }

  /** What ends with `block` ends here; returns what mends that, should the free fail. The arena room has such. */
  protected ends(_block: Block): (() => void) | undefined {
    return undefined;
  }

  /** @throws {DoubleFreeError} {@link NotOwnedError} when the book knows of `at` that no block starts there */
  protected refuseFree(at: number): void {
    if (this.ledger.wasFreed(at)) throw new DoubleFreeError(at, '; adopt() what the module allocated since');
    const around = this.ledger.around(at);
    if (around) throw new NotOwnedError(at, `it is inside the block at address ${around.address}`);
  }

  /** The live block that `at` is in, or the one that stands for all whose owner is not known. */
  protected blockOf(at: number): Block {
    const loan = this.loanAround(at);
    return loan ? record(loan, this) : this.borrowed;
  }
  /** The live loan that `at` is in. */
  protected loanAround(at: number): Loan | undefined {
    return this.ledger.find(at) ?? this.ledger.around(at); // most are at the start of theirs
  }
}

/** How a loan ends: what the allocator does with its base. */
export type Ending<R> = (allocator: Allocator, base: number, size: number, memory: LoanHeap) => R;
const freeBase: Ending<unknown> = (allocator, base) => allocator.free(base);
