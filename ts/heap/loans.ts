// SPDX-License-Identifier: MIT
// Loans: blocks of a memory, taken from its allocator, entered in a book, given back once.
//
//   L1  A block is in the ledger from the moment it is lent until it is given back; an error in between
//       (a wrong initial value) gives it back.
//   L2  A block is given back once. What is not the start of a live block never reaches the allocator, except
//       an address that this manager has never seen: that is one the module made.
//   L3  A loan has a record, its Block, where somebody must see its end, or the allocator gets another address
//       back. All others are entries in the ledger, and no object is made for them.
import { ArgumentTypeError, DoubleFreeError, NotOwnedError } from '../errors.ts';
import { Block } from '../memory/block.ts';
import type { MemorySource } from '../memory/memory.ts';
import { aligned, assertFunction, MOST32, take, type Allocator, type Pointer } from './allocator.ts';
import { unwatch } from './collect.ts';
import { Ledger } from './ledger.ts';
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
    // All by name, so that engines see the same shape in every heap, whatever its options.
    this.allocator = {
      malloc: allocate,
      free: deallocate,
      calloc: chosen.calloc,
      realloc: chosen.realloc,
      alignedAlloc: chosen.alignedAlloc,
      checksFrees: chosen.checksFrees,
      isFreed: chosen.isFreed,
      limit: chosen.addressBits === 64 ? Number.MAX_SAFE_INTEGER : MOST32,
    };
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
    if (at === base) this.enter(at, bytes);
    else this.enter(at, bytes, new Block(this, at, bytes, base));
    return at;
  }
  /** The same, for whoever must see its end: returns its record. */
  protected lend(bytes: number, align: number): Block {
    const base = take(this, this.allocator, bytes, align, this.clears);
    const at = aligned(base, align);
    return this.enter(at, bytes, new Block(this, at, bytes, base));
  }

  /** Enters a loan. Where the book has one at its address already, the module freed that behind its back. */
  protected enter<B extends Block | undefined = undefined>(at: number, bytes: number, record?: B): B {
    if (this.#tracks || (record && record.base !== at)) {
      const ghost = this.ledger.lend(at, bytes, record);
      if (ghost) {
        ghost.end();
        if (this.collects) unwatch(ghost);
      }
    }
    return record as B; // undefined when it was not given
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

  /** Gives back what starts at `at`: in the book in `place` or, when that is -1, not in it. */
  protected giveBackAt(at: number, place: number): void {
    const record = place < 0 ? undefined : this.ledger.recordOf(place);
    if (record) {
      this.giveBack(record);
      return;
    }
    // A loan ends first, so that an allocator that calls back cannot free it again.
    const turn = place < 0 ? 0 : this.ledger.end(place);
    if (turn === 0 && !this.allocator.checksFrees) this.refuseFree(at);
    try {
      this.allocator.free(at);
    } catch (error) {
      if (turn > 0) this.#revive(error, at, turn);
      // The allocator knows that it is no block; the book may know that it was one.
      else if (error instanceof NotOwnedError) this.refuseFree(at);
      throw error;
    }
  }

  /** Gives back a live block. */
  protected giveBack(block: Block): void {
    this.ending(block, () => this.allocator.free(block.base));
  }

  /** Runs what ends a live block; when that throws it lives on. */
  protected ending<R>(block: Block, act: () => R): R {
    const mend = this.ends(block);
    const turn = this.ledger.endOf(block);
    block.end();
    try {
      const result = act();
      if (this.collects) unwatch(block);
      return result;
    } catch (error) {
      this.#revive(error, block.address, turn, block);
      mend?.();
      throw error;
    }
  }

  /** What ends with `block` ends here; returns what mends that, should the free fail. The arena room has such. */
  protected ends(_block: Block): (() => void) | undefined {
    return undefined;
  }

  /** Takes the end of a loan back, unless the allocator knows that somebody else freed it, and says so. */
  #revive(error: unknown, at: number, turn: number, block?: Block): void {
    const gone = this.allocator.checksFrees && error instanceof DoubleFreeError;
    if (gone) {
      if (block && this.collects) unwatch(block);
      return;
    }
    block?.revive(this);
    this.ledger.revive(at, turn, block);
  }

  /** @throws {DoubleFreeError} {@link NotOwnedError} when the book knows of `at` that it is no block */
  protected refuseFree(at: number): void {
    if (this.ledger.wasFreed(at))
      throw new DoubleFreeError(at, '; if the module allocated it again since, adopt() it first');
    const around = this.ledger.around(at);
    if (around) throw new NotOwnedError(at, `it is inside the block at address ${around}`);
  }

  /** The live block that `at` is in, or the one that stands for all whose owner is not known. */
  protected blockOf(at: number): Block {
    const place = this.placeOf(at);
    return place < 0 ? this.borrowed : this.recordIn(place);
  }
  /** Where in the book the live block is that `at` is in; -1 when its owner is not known. */
  protected placeOf(at: number): number {
    const place = this.ledger.find(at);
    return place < 0 ? this.ledger.find(this.ledger.around(at)) : place;
  }
  /** The record of the loan in `place`, made now if it has none. */
  protected recordIn(place: number): Block {
    const { ledger } = this;
    const found = ledger.recordOf(place);
    return found ?? ledger.record(place, new Block(this, ledger.startOf(place), ledger.bytesOf(place)));
  }
}
