// SPDX-License-Identifier: MIT
// AllocationTable: the live allocations of a heap by address, the addresses that were freed lately, and statistics.
//
//   K1  An open-addressing hash table over typed arrays: an allocation without a token makes no object. An address keeps
//       its slot after the free, as a tombstone that detects a double free, until a rebuild forgets it.
//   K2  A rebuild moves slots. A slot is valid until the next `register` or `reserve`, so none is kept over a call of the
//       allocator.
import { Allocation } from '../memory/allocation.ts';
import type { LinearMemory } from '../memory/linear-memory.ts';
import type { HeapStatistics, RawBlock, RemovedEntry } from './allocation-entry.ts';
import { StartBitmap } from './start-bitmap.ts';

/** The minimum number of freed addresses that are remembered. The oldest are forgotten first. */
const REMEMBERED = 65536;
const MIN_CAPACITY = 64;
/** States of a slot; 0 is empty. */
const FREED = 1;
/** Given to the module. */
const RELEASED = 2;
/** Live states: LIVE plus the binary logarithm of the alignment. */
const LIVE = 3;
/** In `sizes`: the size is in `largeSizes`. */
const LARGE = 2 ** 32 - 1;
/** The multiplier of Fibonacci hashing (Knuth, TAOCP volume 3, 6.4). */
const GOLDEN = 0x9e3779b1;

/** The allocations of one heap. */
export class AllocationTable {
  #capacity = MIN_CAPACITY;
  #shift: number = 32 - Math.log2(MIN_CAPACITY);
  /** Addresses; 0 is an empty slot, as no block starts there. Float64Array once an address is above 4 GiB. */
  #keys: Uint32Array | Float64Array = new Uint32Array(MIN_CAPACITY);
  #sizes = new Uint32Array(MIN_CAPACITY);
  #states = new Uint8Array(MIN_CAPACITY);
  /** The number of the allocation, or of the free. */
  #sequences = new Float64Array(MIN_CAPACITY);
  #tokens: (Allocation | undefined)[] | undefined;
  // Made when first needed: the size of a Map costs as much as a lookup.
  #largeSizes: Map<number, number> | undefined;
  #rawBlocks: Map<number, RawBlock> | undefined;
  readonly #starts = new StartBitmap();
  /** Slots that are not empty, and those of them that are freed. */
  #used = 0;
  #tombstones = 0;
  /** The slot that was used last: most blocks are temporaries, at the address that was freed last. */
  #last = 0;
  #longest = 0;
  #liveBytes = 0;
  #peakBytes = 0;
  #allocations = 0;
  #frees = 0;

  /** Reserves a slot for one more allocation. After it, {@link register} allocates nothing. */
  reserve(): void {
    const live = this.#allocations - this.#frees;
    if (this.#used * 4 >= this.#capacity * 3 || this.#tombstones > 2 * REMEMBERED + live) this.#rebuild();
  }

  /**
   * Registers an allocation, with its token if it has one. Returns the token of a live allocation at the same address,
   * which the module freed without telling the heap (a stale allocation).
   * @param raw the arguments for the allocator's free, if they differ from the request
   */
  register(
    address: number,
    bytes: number,
    align: number,
    token?: Allocation,
    raw?: RawBlock,
  ): Allocation | undefined {
    let stale: Allocation | undefined;
    // Most blocks are allocated where the last one was freed. A separate method does the rest, so that this one is inlined.
    const isReused = this.#keys[this.#last] === address && this.#states[this.#last] === FREED;
    if (!isReused || raw || bytes >= LARGE) stale = this.#prepare(address, bytes, raw);
    this.#open(this.#last, address, bytes, align, ++this.#allocations);
    if (token) this.#setToken(this.#last, token);
    return stale;
  }

  /** Makes the slot of `address` the last one, and removes a stale allocation there. Returns its token. */
  #prepare(address: number, bytes: number, raw: RawBlock | undefined): Allocation | undefined {
    this.reserve();
    if (address > LARGE && this.#keys instanceof Uint32Array) this.#keys = Float64Array.from(this.#keys);
    const slot = this.#insert(address);
    let stale: Allocation | undefined;
    if ((this.#states[slot] as number) >= LIVE) {
      stale = this.#tokens?.[slot]; // the slot is in range
      this.remove(slot);
    }
    if (raw) (this.#rawBlocks ??= new Map()).set(address, raw);
    if (bytes >= LARGE) (this.#largeSizes ??= new Map()).set(address, bytes);
    return stale;
  }

  /** Removes a live allocation. Returns its sequence number, for {@link restore}. */
  remove(slot: number): number {
    const sequence = this.#sequences[slot] as number; // the slot is in range
    this.#liveBytes -= this.sizeAt(slot);
    this.#sequences[slot] = ++this.#frees;
    this.#states[slot] = FREED;
    this.#tombstones++;
    if (this.#tokens) this.#tokens[slot] = undefined;
    this.#rawBlocks?.delete(this.#keys[slot] as number); // as above
    return sequence;
  }

  /** Removes a live allocation that the module owns from now on. A free by the module is not a double free. */
  release(slot: number): void {
    this.remove(slot);
    this.#states[slot] = RELEASED;
  }

  /** Undoes {@link remove}, unless the address was allocated again since. */
  restore(entry: RemovedEntry): void {
    this.reserve();
    const { address, bytes, align, sequence, token, raw } = entry;
    const slot = this.#insert(address);
    if ((this.#states[slot] as number) >= LIVE) return;
    this.#frees--;
    this.#prepare(address, bytes, raw);
    this.#open(slot, address, bytes, align, sequence);
    if (token) this.#setToken(slot, token);
  }

  #open(slot: number, address: number, bytes: number, align: number, sequence: number): void {
    if (this.#states[slot] !== 0) this.#tombstones--; // it was freed or released
    this.#states[slot] = LIVE + 31 - Math.clz32(align);
    this.#sequences[slot] = sequence;
    this.#sizes[slot] = bytes < LARGE ? bytes : LARGE;
    if (bytes > this.#longest) this.#longest = bytes;
    this.#liveBytes += bytes;
    if (this.#liveBytes > this.#peakBytes) this.#peakBytes = this.#liveBytes;
    this.#starts.mark(address);
  }

  /** Returns the slot of the live allocation that starts at `address`, or -1. Any number is safe. */
  find(address: number): number {
    const slot = this.#keys[this.#last] === address ? this.#last : this.#lookUp(address);
    if (slot < 0 || (this.#states[slot] as number) < LIVE) return -1;
    return (this.#last = slot);
  }

  /** Returns the slot of `address`, or the complement of the empty slot where it belongs. */
  #lookUp(address: number): number {
    const keys = this.#keys;
    const mask = this.#capacity - 1;
    let slot = Math.imul(address, GOLDEN) >>> this.#shift;
    for (;;) {
      const key = keys[slot];
      if (key === address) return slot;
      if (key === 0) return ~slot;
      slot = (slot + 1) & mask;
    }
  }

  #insert(address: number): number {
    let slot = this.#keys[this.#last] === address ? this.#last : this.#lookUp(address);
    if (slot < 0) {
      slot = ~slot;
      this.#keys[slot] = address;
      this.#used++;
    }
    return (this.#last = slot);
  }

  /** Copies the live allocations and the newest tombstones into arrays with at least half of the slots empty. */
  #rebuild(): void {
    const [keys, sizes, states, sequences, tokens] = [this.#keys, this.#sizes, this.#states, this.#sequences, this.#tokens]; // prettier-ignore
    const oldest = this.#frees - REMEMBERED;
    const isKept = (slot: number): boolean =>
      (states[slot] as number) >= LIVE || (states[slot] !== 0 && (sequences[slot] as number) > oldest);
    let kept = 0;
    for (let slot = 0; slot < keys.length; slot++) if (isKept(slot)) kept++;
    const capacity = Math.max(MIN_CAPACITY, 2 ** Math.ceil(Math.log2(2 * kept + 2)));
    const fresh = {
      keys: keys instanceof Uint32Array ? new Uint32Array(capacity) : new Float64Array(capacity),
      sizes: new Uint32Array(capacity),
      states: new Uint8Array(capacity),
      sequences: new Float64Array(capacity),
    };
    // All arrays are allocated: nothing below can fail.
    [this.#keys, this.#sizes, this.#states, this.#sequences] = [fresh.keys, fresh.sizes, fresh.states, fresh.sequences]; // prettier-ignore
    this.#tokens = undefined;
    this.#capacity = capacity;
    this.#shift = 32 - Math.log2(capacity);
    this.#used = this.#tombstones = this.#last = 0;
    for (let old = 0; old < keys.length; old++) {
      if (!isKept(old)) continue;
      const slot = this.#insert(keys[old] as number);
      this.#sizes[slot] = sizes[old] as number;
      const state = (this.#states[slot] = states[old] as number);
      this.#sequences[slot] = sequences[old] as number;
      if (state < LIVE) this.#tombstones++;
      const token = tokens?.[old];
      if (token) this.#setToken(slot, token);
    }
  }

  #setToken(slot: number, token: Allocation): void {
    (this.#tokens ??= new Array<Allocation | undefined>(this.#capacity))[slot] = token;
  }

  /** The address of a slot. */
  addressAt(slot: number): number {
    return this.#keys[slot] as number; // the slot is in range
  }
  /** The size asked for, in bytes. */
  sizeAt(slot: number): number {
    const size = this.#sizes[slot] as number; // the slot is in range
    return size < LARGE ? size : (this.#largeSizes?.get(this.addressAt(slot)) as number); // set together
  }
  /** The token, if the allocation has one. */
  tokenAt(slot: number): Allocation | undefined {
    return this.#tokens?.[slot];
  }
  /** The token. If the allocation has none, creates one in `memory`. */
  requireToken(slot: number, memory: LinearMemory): Allocation {
    let token = this.tokenAt(slot);
    if (!token)
      this.#setToken(slot, (token = new Allocation(memory, this.addressAt(slot), this.sizeAt(slot))));
    return token;
  }
  /** The arguments for the allocator's free, if they differ from the request. */
  rawBlockAt(slot: number): RawBlock | undefined {
    return this.#rawBlocks?.get(this.addressAt(slot));
  }
  /** The alignment asked for, in bytes. */
  alignAt(slot: number): number {
    return 1 << ((this.#states[slot] as number) - LIVE); // the slot is in range
  }

  /**
   * Returns the slot of the live allocation that starts at or below `address` and has a byte at or above `from`, or -1.
   * If `from` is `address`, that is the allocation that contains it. Cost: O(size of the longest allocation / 256).
   */
  findContaining(address: number, from: number = address): number {
    const min = from - this.#longest;
    let granule = this.#starts.lastBefore(address, min);
    for (; granule >= 0; granule = this.#starts.lastBefore(granule - 1, min)) {
      let hasStart = false;
      for (let at = granule + 7; at >= granule; at--) {
        const slot = this.find(at);
        if (slot >= 0 && at <= address) return at >= from || at + this.sizeAt(slot) > from ? slot : -1;
        hasStart ||= slot >= 0;
      }
      if (!hasStart) this.#starts.clear(granule);
    }
    return -1;
  }

  /** True if `address` was freed and not allocated again since. */
  wasFreed(address: number): boolean {
    const slot = this.#lookUp(address);
    return slot >= 0 && this.#states[slot] === FREED;
  }

  /** The slots of the live allocations, oldest first. */
  slots(): number[] {
    const found: number[] = [];
    for (let slot = 0; slot < this.#capacity; slot++)
      if ((this.#states[slot] as number) >= LIVE) found.push(slot);
    return found.sort((a, b) => (this.#sequences[a] as number) - (this.#sequences[b] as number));
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
