// SPDX-License-Identifier: MIT
// Who holds what: the loans of a manager by their addresses, the addresses that it got back, and the sums.
//
//   K1  A table with open addressing, in typed arrays: to enter a loan makes no object. An entry is live or freed;
//       the freed ones are what is remembered, and the place where the next loan of their address is entered.
//   K2  Entries leave when the table is made anew, and then only freed ones: so every search that follows the
//       places from the one that an address hashes to, up to an empty one, finds it.
import type { Block } from '../memory/block.ts';
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

/** The book of one manager. */
export class Ledger {
  /** Entries by place. An address is never 0: that is an empty place. */
  #addresses = new Float64Array(0);
  #sizes = new Float64Array(0);
  /** Of a loan the how manieth it was; of a freed address the how manieth free, negative. */
  #turns = new Float64Array(0);
  /** The records of those loans that have one. */
  #blocks: (Block | undefined)[] = [];
  #used = 0;
  /** 32 less the bits of a place. */
  #shift = 32;
  readonly #starts = new Starts();
  #longest = 0;
  #liveBytes = 0;
  #peakBytes = 0;
  #allocations = 0;
  #frees = 0;

  constructor() {
    this.#renew();
  }

  /**
   * Enters a loan, with its record if it has one. Returns the record of the loan that the book has there, if any:
   * somebody freed that behind the manager's back.
   */
  lend(address: number, bytes: number, block?: Block): Block | undefined {
    let place = this.#place(address);
    let ghost: Block | undefined;
    if (this.#addresses[place] === 0) {
      if (++this.#used * 8 > this.#addresses.length * 5) {
        this.#renew();
        place = this.#place(address);
        this.#used++;
      }
      this.#addresses[place] = address;
    } else if ((this.#turns[place] as number) > 0) {
      ghost = this.#blocks[place];
      this.end(place);
    }
    this.#open(place, bytes, ++this.#allocations, block);
    return ghost;
  }

  /** Strikes the loan in `place` out. Returns what {@link revive} needs to know. */
  end(place: number): number {
    const turn = this.#turns[place] as number;
    this.#turns[place] = -++this.#frees;
    this.#blocks[place] = undefined;
    this.#liveBytes -= this.#sizes[place] as number;
    return turn;
  }

  /** The same for the loan that `block` is the record of; 0 when it is not in the book. */
  endOf(block: Block): number {
    const place = this.find(block.address);
    return place >= 0 && this.#blocks[place] === block ? this.end(place) : 0;
  }

  /** Takes the end of a loan back, unless its address was lent since. */
  revive(address: number, turn: number, block?: Block): void {
    const place = this.#place(address);
    if (turn === 0 || (this.#turns[place] as number) >= 0) return;
    this.#frees--;
    this.#open(place, this.#sizes[place] as number, turn, block);
  }

  #open(place: number, bytes: number, turn: number, block: Block | undefined): void {
    this.#sizes[place] = bytes;
    this.#turns[place] = turn;
    this.#blocks[place] = block;
    this.#starts.mark(this.#addresses[place] as number);
    if (bytes > this.#longest) this.#longest = bytes;
    this.#liveBytes += bytes;
    if (this.#liveBytes > this.#peakBytes) this.#peakBytes = this.#liveBytes;
  }

  /** The place of the loan that starts at `address`, valid until the next loan; or -1. */
  find(address: number): number {
    const place = this.#place(address);
    return (this.#turns[place] as number) > 0 ? place : -1;
  }
  /** The address of the loan in `place`. */
  startOf(place: number): number {
    return this.#addresses[place] as number;
  }
  /** Bytes of the loan in `place`. */
  bytesOf(place: number): number {
    return this.#sizes[place] as number;
  }
  /** The record of the loan in `place`, if it has one. */
  recordOf(place: number): Block | undefined {
    return this.#blocks[place];
  }
  /** Gives the loan in `place` its record. */
  record<B extends Block>(place: number, block: B): B {
    this.#blocks[place] = block;
    return block;
  }

  /**
   * Where the live loan starts that begins at or below `address` and has a byte at or above `from`: with `from` the
   * same, the one that `address` is in. 0 when there is none. Cost: O(longest loan / 256).
   */
  around(address: number, from: number = address): number {
    const least = from - this.#longest;
    let granule = this.#starts.before(address, least);
    for (; granule >= 0; granule = this.#starts.before(granule - 1, least)) {
      let begins = false;
      for (let at = granule + 7; at >= granule; at--) {
        const place = this.find(at);
        if (place < 0) continue;
        if (at <= address) return at >= from || at + this.bytesOf(place) > from ? at : 0;
        begins = true;
      }
      if (!begins) this.#starts.clear(granule);
    }
    return 0;
  }

  /** Whether `address` was given back and not lent since. */
  wasFreed(address: number): boolean {
    return (this.#turns[this.#place(address)] as number) < 0;
  }

  /** Where the live loans start, oldest first. */
  loans(): number[] {
    const live: [number, number][] = [];
    for (const [place, turn] of this.#turns.entries())
      if (turn > 0) live.push([turn, this.#addresses[place] as number]);
    return live.sort(([a], [b]) => a - b).map(([, address]) => address);
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

  /** The place of `address`, or the empty one that is its own. */
  #place(address: number): number {
    const last = this.#addresses.length - 1;
    for (let place = Math.imul(address, 0x9e3779b1) >>> this.#shift; ; place = (place + 1) & last) {
      const found = this.#addresses[place];
      if (found === address || found === 0) return place;
    }
  }

  /** K2: makes the table anew, with room, and without the oldest of what was freed. */
  #renew(): void {
    const [addresses, sizes, turns, blocks] = [this.#addresses, this.#sizes, this.#turns, this.#blocks];
    const oldest = REMEMBERED - this.#frees;
    const kept = [...turns.keys()].filter((old) => {
      const turn = turns[old] as number;
      return turn > 0 || (turn < 0 && turn < oldest);
    });
    this.#used = kept.length;
    let places = 32;
    while (places * 2 < kept.length * 5) places *= 2;
    this.#shift = Math.clz32(places - 1);
    this.#addresses = new Float64Array(places);
    this.#sizes = new Float64Array(places);
    this.#turns = new Float64Array(places);
    this.#blocks = new Array<Block | undefined>(places).fill(undefined);
    for (const old of kept) {
      const address = addresses[old] as number;
      const place = this.#place(address);
      this.#addresses[place] = address;
      this.#sizes[place] = sizes[old] as number;
      this.#turns[place] = turns[old] as number;
      this.#blocks[place] = blocks[old];
    }
  }
}
