// SPDX-License-Identifier: MIT
// AllocationTable: the live allocations of a heap by address, the addresses that were freed lately, and statistics.
import { Allocation } from '../memory/allocation.ts';
import type { LinearMemory } from '../memory/linear-memory.ts';
import type { HeapStatistics, Overlap, RawBlock, RemovedEntry } from './allocation-entry.ts';
import { AllocationSlots } from './allocation-slots.ts';
import { StartBitmap } from './start-bitmap.ts';

/** The allocations of one heap. */
export class AllocationTable extends AllocationSlots {
  /** Made when first needed: the size of a Map costs as much as a lookup. */
  #rawBlocks: Map<number, RawBlock> | undefined;
  readonly #starts = new StartBitmap();
  /** True once a block started at an address that is not a multiple of 8: several can start in the same 8 bytes. */
  #hasOddStarts = false;

  /**
   * Registers an allocation, with its token if it has one. Returns the live allocations that it overlaps, and
   * invalidates.
   * @param raw the arguments for the allocator's free, if they differ from the request
   */
  register(
    address: number,
    bytes: number,
    align: number,
    token?: Allocation,
    raw?: RawBlock,
  ): Overlap | undefined {
    let overlap: Overlap | undefined;
    // Most blocks are allocated where the last one was freed.
    if (!raw && this.isReuse(address, bytes)) this.last = this.freed;
    else overlap = this.#prepare(address, bytes, raw);
    this.freed = -1;
    this.open(this.last, bytes, align, this.order + 1, token);
    this.order++;
    return overlap;
  }

  /** Makes the slot of `address` the last one, and removes live allocations that a block there overlaps. */
  #prepare(address: number, bytes: number, raw: RawBlock | undefined): Overlap | undefined {
    this.reserve();
    const slot = this.insert(address);
    if (raw) (this.#rawBlocks ??= new Map()).set(address, raw);
    else this.#rawBlocks?.delete(address);
    if (address % 8 !== 0) this.#hasOddStarts = true;
    const end = address + Math.max(bytes, 1) - 1;
    const isLive = this.isLive(slot);
    // S3: nothing that begins below the block reaches it if its own bit is set.
    if (!isLive && !this.#hasOddStarts && this.#starts.isAlone(address, end)) return undefined;
    let overlap = isLive ? this.#removeOverlapped(slot, undefined) : undefined;
    for (;;) {
      const other = this.findContaining(end, address);
      if (other < 0) break;
      overlap = this.#removeOverlapped(other, overlap ?? { tokens: [], inside: undefined });
    }
    this.#starts.mark(address);
    this.last = slot;
    return overlap;
  }

  /** Removes a live allocation that the module gave out again; with `overlap`, one that does not begin at the address. */
  #removeOverlapped(slot: number, overlap: Overlap | undefined): Overlap {
    const token = this.tokenAt(slot);
    const tokens = [...(overlap?.tokens ?? []), ...(token ? [token] : [])];
    const inside = overlap && this.addressAt(slot);
    this.remove(slot);
    return { tokens, inside };
  }

  /** Removes a live allocation. Returns its sequence number, for {@link restore}. */
  remove(slot: number): number {
    this.#rawBlocks?.delete(this.addressAt(slot));
    return this.close(slot);
  }
  /** Removes a live allocation that the module owns from now on. A free by the module is not a double free. */
  release(slot: number): void {
    this.remove(slot);
    this.noteRelease(slot);
  }

  /** Undoes {@link remove}, unless the address was allocated again since. */
  restore(entry: RemovedEntry): void {
    const { address, bytes, align, sequence, token, raw } = entry;
    this.reserve();
    const slot = this.insert(address);
    if (this.isLive(slot)) return;
    this.freed = -1;
    if (raw) this.#rawBlocks?.set(address, raw);
    this.#starts.mark(address);
    this.open(slot, bytes, align, sequence, token);
    this.frees--;
  }

  /** The token. If the allocation has none, creates one in `memory`. */
  requireToken(slot: number, memory: LinearMemory): Allocation {
    let token = this.tokenAt(slot);
    if (!token) {
      token = new Allocation(memory, this.addressAt(slot), this.sizeAt(slot));
      this.setToken(slot, token);
    }
    return token;
  }
  /** The arguments for the allocator's free, if they differ from the request. */
  rawBlockAt(slot: number): RawBlock | undefined {
    return this.#rawBlocks?.get(this.addressAt(slot));
  }
  /**
   * Returns the slot of the live allocation that starts at or below `address` and has a byte at or above `from`, or -1.
   * If `from` is `address`, that is the allocation that contains it. Cost: O(size of the longest allocation / 256).
   */
  findContaining(address: number, from: number = address): number {
    const min = from - this.longest - (this.#hasOddStarts ? 7 : 0); // a granule begins up to 7 bytes below a start
    let granule = this.#starts.lastBefore(address, min);
    for (; granule >= 0; granule = this.#starts.lastBefore(granule - 1, min)) {
      let hasStart = false;
      for (let at = this.#hasOddStarts ? granule + 7 : granule; at >= granule; at--) {
        const slot = this.find(at);
        if (slot >= 0 && at <= address) return at >= from || at + this.sizeAt(slot) > from ? slot : -1;
        hasStart ||= slot >= 0;
      }
      if (hasStart) continue;
      this.#starts.clear(granule);
      this.freed = -1; // the cleared bit may be that of `freed`
    }
    return -1;
  }

  statistics(): HeapStatistics {
    return {
      liveBlocks: this.order - this.frees,
      liveBytes: this.liveBytes,
      peakBytes: this.peakBytes,
      allocations: this.order,
      frees: this.frees,
    };
  }
}
