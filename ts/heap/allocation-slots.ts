// SPDX-License-Identifier: MIT
// AllocationSlots: the hash table of an AllocationTable, from addresses to slots.
//
//   K1  An open-addressing hash table in one typed array, so that a lookup reads one place in memory and an allocation
//       without a token makes no object. An address keeps its slot after the free, as a tombstone that detects a double
//       free, until a rebuild forgets it.
//   K2  A rebuild moves slots. A slot is valid until the next `register` or `reserve`, so none is kept over a call of the
//       allocator.
//   K3  Methods change the state after their last call of another function: any call throws if the stack is full.
import type { Allocation } from '../memory/allocation.ts';

/** The minimum number of freed addresses that are remembered. The oldest are forgotten first. */
const REMEMBERED = 65536;
const MIN_CAPACITY = 64;
/** The multiplier of Fibonacci hashing (Knuth, TAOCP volume 3, 6.4). */
const GOLDEN = 0x9e3779b1;
/** Addresses from here on do not fit in a record. */
const WIDE = 2 ** 32;

// The constants of this file are used in this file alone: V8 looks up an import at each access (docs/performance.md).
// A record has three words: the address (0 is an empty slot, as no block starts there), the size with the state, and the
// sequence number of the allocation or of the free.
const WORDS = 3;
const SIZE = 1;
const SEQUENCE = 2;
const STATE_BITS = 5;
const STATE_MASK = 31;
/** In a record: the size is too large for it. */
const LARGE = 0x7ffffff;

/** States of a slot; 0 is empty. */
const FREED = 1;
/** Handed over to the module. */
const RELEASED = 2;
/** Live states: LIVE plus the binary logarithm of the alignment. */
const LIVE = 3;

/** Slots by address, and the words in them. */
export class AllocationSlots {
  /** A power of two, or 1.5 times one: 4 or 3 quarters of 2 ** (32 - shift). */
  private capacity = MIN_CAPACITY;
  private quarters = 4;
  private shift = 26;
  private records = new Uint32Array(MIN_CAPACITY * WORDS);
  /** The addresses, once one is above 4 GiB: the records then have the lower bits. */
  private wide: Float64Array | undefined = undefined;
  private tokens: (Allocation | undefined)[] | undefined = undefined;
  /** Slots that are not empty, and those of them that are freed. */
  protected used = 0;
  private tombstones = 0;
  /** The slot that was used last: most blocks are temporaries, at the address that was freed last. */
  protected last = 0;
  /** The slot that was freed last; -1 if its bit may be cleared since (S3 of start-bitmap.ts). */
  protected freed = -1;
  /** The sizes that do not fit in a record, by address. */
  private largeSizes: Map<number, number> | undefined = undefined;
  /** The size of the longest block; at least 1, since a block of 0 bytes contains its address. */
  protected longest = 1;
  protected liveBytes = 0;
  protected peakBytes = 0;
  protected frees = 0;
  /** The sequence number of the last allocation. */
  protected order = 0;

  /** Reserves a slot for one more allocation. */
  reserve(): void {
    const { used } = this;
    if (used * 4 >= this.capacity * 3 || 2 * this.tombstones > 2 * REMEMBERED + used) this.rebuild();
  }

  /** Returns the slot of `address`, or the complement of the empty slot where it belongs. Any number is safe. */
  protected lookUp(address: number): number {
    const { records, capacity } = this;
    let slot = ((Math.imul(address, GOLDEN) >>> this.shift) * this.quarters) >>> 2;
    if (this.wide) return this.lookUpWide(address, slot, this.wide);
    for (;;) {
      const key = records[slot * WORDS];
      if (key === address) return slot;
      if (key === 0) return ~slot;
      if (++slot === capacity) slot = 0;
    }
  }
  private lookUpWide(address: number, slot: number, wide: Float64Array): number {
    let at = slot;
    while (wide[at] !== address) {
      if (wide[at] === 0) return ~at;
      if (++at === wide.length) at = 0;
    }
    return at;
  }

  /** Returns the slot of `address`, a new one if it has none. There is a free slot: {@link reserve}. */
  protected insert(address: number): number {
    const wide = address < WIDE ? this.wide : (this.wide ??= this.widen());
    let slot = this.lookUp(address);
    if (slot < 0) {
      slot = ~slot;
      if (wide) wide[slot] = address;
      this.records[slot * WORDS] = address; // the lower bits
      this.used++;
    }
    return (this.last = slot);
  }
  private widen(): Float64Array {
    return Float64Array.from({ length: this.capacity }, (_, slot) => this.addressAt(slot));
  }

  /** The address of a slot. */
  addressAt(slot: number): number {
    return (this.wide ? this.wide[slot] : this.records[slot * WORDS]) as number; // slots are in range
  }
  /** True for a live allocation. */
  protected isLive(slot: number): boolean {
    return ((this.records[slot * WORDS + SIZE] as number) & STATE_MASK) >= LIVE;
  }
  /** The size asked for, in bytes. */
  sizeAt(slot: number): number {
    const size = (this.records[slot * WORDS + SIZE] as number) >>> STATE_BITS;
    return size < LARGE ? size : this.largeSizeAt(slot);
  }
  private largeSizeAt(slot: number): number {
    return this.largeSizes?.get(this.addressAt(slot)) as number; // set with the record
  }
  /** The alignment asked for, in bytes. */
  alignAt(slot: number): number {
    return 1 << (((this.records[slot * WORDS + SIZE] as number) & STATE_MASK) - LIVE);
  }

  /** Returns the slot of the live allocation that starts at `address`, or -1. Any number is safe. */
  find(address: number): number {
    const { last, records } = this;
    const slot = records[last * WORDS] === address && !this.wide ? last : this.lookUp(address);
    if (slot < 0 || ((records[slot * WORDS + SIZE] as number) & STATE_MASK) < LIVE) return -1;
    return (this.last = slot);
  }
  /** True if `address` was freed and not allocated again since. */
  wasFreed(address: number): boolean {
    const slot = this.lookUp(address);
    return slot >= 0 && ((this.records[slot * WORDS + SIZE] as number) & STATE_MASK) === FREED;
  }

  /** True if a block of `bytes` bytes at `address` takes the place of the block that was freed last. */
  protected isReuse(address: number, bytes: number): boolean {
    const { freed, records } = this;
    return freed >= 0 && records[freed * WORDS] === address && bytes <= (records[freed * WORDS + SIZE] as number) >>> STATE_BITS; // prettier-ignore
  }

  /** Makes a slot live. */
  protected open(slot: number, bytes: number, align: number, sequence: number, token?: Allocation): void {
    const { records } = this;
    const at = slot * WORDS;
    const word = bytes < LARGE ? bytes : this.noteLargeSize(slot, bytes);
    if (token) this.setToken(slot, token);
    if (records[at + SIZE] !== 0) this.tombstones--; // it was freed or released
    records[at + SIZE] = (word << STATE_BITS) | (LIVE + 31 - Math.clz32(align));
    records[at + SEQUENCE] = sequence; // modulo 2^32
    if (bytes > this.longest) this.longest = bytes;
    this.liveBytes += bytes;
    if (this.liveBytes > this.peakBytes) this.peakBytes = this.liveBytes;
  }

  private noteLargeSize(slot: number, bytes: number): number {
    (this.largeSizes ??= new Map()).set(this.addressAt(slot), bytes);
    return LARGE;
  }

  /** Makes a live slot a tombstone. Returns the sequence number of the allocation. */
  protected close(slot: number): number {
    const { records, tokens } = this;
    const at = slot * WORDS;
    const bytes = this.sizeAt(slot);
    const sequence = records[at + SEQUENCE] as number;
    records[at + SIZE] = ((records[at + SIZE] as number) & ~STATE_MASK) | FREED;
    records[at + SEQUENCE] = ++this.frees; // modulo 2^32
    if (tokens) tokens[slot] = undefined;
    this.freed = bytes >= LARGE || this.wide ? -1 : slot;
    this.tombstones++;
    this.liveBytes -= bytes;
    return sequence;
  }

  /** Notes that the block of a tombstone was handed over to the module, and not freed. */
  protected noteRelease(slot: number): void {
    this.records[slot * WORDS + SIZE] = RELEASED;
    this.freed = -1;
  }

  /** The token, if the allocation has one. */
  tokenAt(slot: number): Allocation | undefined {
    return this.tokens?.[slot];
  }
  protected setToken(slot: number, token: Allocation): void {
    (this.tokens ??= new Array<Allocation | undefined>(this.capacity))[slot] = token;
  }

  /** The slots of the live allocations, oldest first. */
  slots(): number[] {
    const found: number[] = [];
    for (let slot = 0; slot < this.capacity; slot++) if (this.isLive(slot)) found.push(slot);
    // The numbers wrap, so the order is that of their distance from the newest one.
    const age = (slot: number): number =>
      (this.order - (this.records[slot * WORDS + SEQUENCE] as number)) >>> 0;
    return found.sort((a, b) => age(b) - age(a));
  }

  /** Copies the live allocations and the newest tombstones into arrays with two fifths of the slots empty. */
  private rebuild(): void {
    const { records, wide, tokens, frees, used, tombstones } = this;
    const min = 1.75 * (used - tombstones + Math.min(tombstones, REMEMBERED));
    let [capacity, quarters, shift] = [MIN_CAPACITY, 4, 26];
    while (capacity < min) {
      if (quarters === 4) shift--;
      quarters = 7 - quarters;
      capacity = 2 ** (30 - shift) * quarters;
    }
    const fresh = new Uint32Array(capacity * WORDS);
    const freshWide = wide && new Float64Array(capacity);
    const freshTokens = tokens && new Array<Allocation | undefined>(capacity);
    let [kept, freed] = [0, 0];
    for (let old = 0; old < this.capacity; old++) {
      const at = old * WORDS;
      const word = records[at + SIZE] as number; // in range, as all below
      const isLive = (word & STATE_MASK) >= LIVE;
      if (!isLive && (word === 0 || (frees - (records[at + SEQUENCE] as number)) >>> 0 >= REMEMBERED))
        continue;
      const address = (wide ? wide[old] : records[at]) as number;
      let slot = ((Math.imul(address, GOLDEN) >>> shift) * quarters) >>> 2;
      while (fresh[slot * WORDS + SIZE] !== 0) if (++slot === capacity) slot = 0;
      for (let word = 0; word < WORDS; word++) fresh[slot * WORDS + word] = records[at + word] as number;
      if (freshWide) freshWide[slot] = address;
      if (freshTokens) freshTokens[slot] = tokens?.[old];
      kept++;
      if (!isLive) freed++;
    }
    this.records = fresh;
    this.wide = freshWide;
    this.tokens = freshTokens;
    this.capacity = capacity;
    this.quarters = quarters;
    this.shift = shift;
    this.used = kept;
    this.tombstones = freed;
    this.last = 0;
    this.freed = -1;
  }
}
