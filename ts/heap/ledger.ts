// SPDX-License-Identifier: MIT
// Who holds what: the loans of a manager by their addresses, the addresses that it got back, and the sums.
//
//   K1  An address that was lent has an entry, made once: it tells of the loan while that lives, then that it was
//       freed, and of the next loan. So to lend and to free make no object and take nothing from a Map.
import { Block } from '../memory/block.ts';
import type { LinearMemory } from '../memory/memory.ts';
import { Starts } from './starts.ts';

/** What a manager has lent and got back, in blocks and in bytes asked for. */
export interface HeapStatistics {
  /** Blocks lent now. */
  readonly liveBlocks: number;
  /** Bytes lent now. */
  readonly liveBytes: number;
  /** The most bytes ever lent at once. */
  readonly peakBytes: number;
  /** Blocks ever lent. */
  readonly allocations: number;
  /** Blocks ever given back. */
  readonly frees: number;
}

/** How many freed addresses are remembered at least. The oldest are forgotten first. */
const REMEMBERED = 65536;

/** K1. */
export interface Loan {
  readonly address: number;
  /** Bytes that were asked for. */
  bytes: number;
  /** What the allocator must get back; below the address when the allocator could not align. */
  base: number;
  /** The how manieth loan it is; of a freed one the how manieth free, negative. */
  turn: number;
  /** The record of a loan whose end somebody must see. */
  block: Block | undefined;
}

const loanAt = (address: number): Loan => ({ address, bytes: 0, base: 0, turn: 0, block: undefined });
/** No block starts at 0. */
const NONE = /* @__PURE__ */ loanAt(0);

/** The book of one manager. */
export class Ledger {
  readonly #loans = new Map<number, Loan>();
  /** The one that was looked at last: most blocks are temporaries, lent where the last one was freed. */
  #last = NONE;
  readonly #starts = new Starts();
  #longest = 0;
  #liveBytes = 0;
  #peakBytes = 0;
  #allocations = 0;
  #frees = 0;

  /**
   * Enters a loan, with its record if it has one. Returns the record of the loan that the book has there, if any:
   * somebody freed that behind the manager's back.
   */
  lend(address: number, bytes: number, base: number, block?: Block): Block | undefined {
    let loan = this.#entry(address);
    if (!loan) {
      this.#forget();
      loan = loanAt(address);
      this.#loans.set(address, loan);
    }
    const ghost = loan.block;
    if (loan.turn > 0) this.end(loan);
    loan.bytes = bytes;
    loan.base = base;
    if (bytes > this.#longest) this.#longest = bytes;
    this.#open(loan, ++this.#allocations, block);
    return ghost;
  }

  /** Strikes a loan out. Returns what {@link revive} needs to know. */
  end(loan: Loan): number {
    const { turn } = loan;
    loan.turn = -++this.#frees;
    loan.block = undefined;
    this.#liveBytes -= loan.bytes;
    return turn;
  }

  /** Takes the end of a loan back, unless its address was lent since. */
  revive(loan: Loan, turn: number, block: Block | undefined): void {
    if (loan.turn > 0) return;
    this.#frees--;
    this.#loans.set(loan.address, loan); // it may be forgotten
    this.#open(loan, turn, block);
  }

  #open(loan: Loan, turn: number, block: Block | undefined): void {
    loan.turn = turn;
    loan.block = block;
    this.#starts.mark(loan.address);
    this.#liveBytes += loan.bytes;
    if (this.#liveBytes > this.#peakBytes) this.#peakBytes = this.#liveBytes;
  }

  /** Makes room, without the oldest of what was freed. */
  #forget(): void {
    const loans = this.#loans;
    if (loans.size < 2 * (this.#allocations - this.#frees + REMEMBERED)) return;
    for (const { address, turn } of loans.values())
      if (turn < 0 && turn >= REMEMBERED - this.#frees) loans.delete(address);
    this.#last = NONE;
  }

  /** The live loan that starts at `address`. */
  find(address: number): Loan | undefined {
    const loan = this.#entry(address);
    return loan && loan.turn > 0 ? loan : undefined;
  }

  #entry(address: number): Loan | undefined {
    if (this.#last.address === address) return this.#last;
    const loan = this.#loans.get(address);
    if (loan) this.#last = loan;
    return loan;
  }

  /**
   * The live loan that begins at or below `address` and has a byte at or above `from`: with `from` the same, the one
   * that `address` is in. Cost: O(longest loan / 256).
   */
  around(address: number, from: number = address): Loan | undefined {
    const least = from - this.#longest;
    let granule = this.#starts.before(address, least);
    for (; granule >= 0; granule = this.#starts.before(granule - 1, least)) {
      let begins = false;
      for (let at = granule + 7; at >= granule; at--) {
        const loan = this.find(at);
        if (loan && at <= address) return at >= from || at + loan.bytes > from ? loan : undefined;
        begins ||= loan !== undefined;
      }
      if (!begins) this.#starts.clear(granule);
    }
    return undefined;
  }

  /** Whether `address` was given back and not lent since. */
  wasFreed(address: number): boolean {
    return (this.#entry(address)?.turn ?? 0) < 0;
  }

  /** The live loans, oldest first. */
  loans(): Loan[] {
    return [...this.#loans.values()].filter(({ turn }) => turn > 0).sort((a, b) => a.turn - b.turn);
  }

  statistics(): HeapStatistics {
    return {
      liveBlocks: this.#allocations - this.#frees,
      liveBytes: this.#liveBytes,
      peakBytes: this.#peakBytes,
      allocations: this.#allocations,
      frees: this.#frees,
    };
  }
}

/** The record of a loan, made now if it has none: a block of `memory`. */
export function record(loan: Loan, memory: LinearMemory): Block {
  return (loan.block ??= new Block(memory, loan.address, loan.bytes));
}
