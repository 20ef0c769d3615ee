// SPDX-License-Identifier: MIT
// The data that the allocation table returns: statistics and entries.
import type { Allocation } from '../memory/allocation.ts';

/** Blocks and bytes allocated and freed through a heap. Bytes are those asked for. */
export interface HeapStatistics {
  /** Live blocks. */
  readonly liveBlocks: number;
  /** Bytes of the live blocks. */
  readonly liveBytes: number;
  /** The largest `liveBytes` so far, with blocks that linmem allocated for scopes. */
  readonly peakBytes: number;
  /** Blocks allocated so far. */
  readonly allocations: number;
  /** Blocks freed so far. */
  readonly frees: number;
}

/** A live allocation, in the lists that heaps return. */
export interface AllocationEntry {
  /** The address of the block. */
  readonly address: number;
  /** The size asked for, in bytes. */
  readonly byteLength: number;
}

/** The arguments for the allocator's free, if they are not the address, size and alignment that were asked for. */
export interface RawBlock {
  readonly base: number;
  readonly size: number;
  readonly align: number;
}

/** A removed allocation, for {@link AllocationTable.restore}. */
export interface RemovedEntry {
  readonly address: number;
  readonly bytes: number;
  readonly align: number;
  readonly sequence: number;
  readonly token: Allocation | undefined;
  readonly raw: RawBlock | undefined;
}

/** Adds a block that linmem allocated for internal use to those of `heap`. */
export function addInternal(heap: { internal: readonly Allocation[] }, allocation: Allocation): void {
  heap.internal = [...heap.internal.filter(({ isLive }) => isLive), allocation];
}

/** Live allocations that a new block overlaps, and invalidates. */
export interface Overlap {
  readonly tokens: readonly Allocation[];
  /** The address of an overlapped allocation that starts elsewhere than the new block: the module's heap is damaged. */
  readonly inside: number | undefined;
}

/** Returns the live allocations of a table, oldest first, without those for internal use. */
export function entriesOf(table: AllocationList, internal: readonly Allocation[]): AllocationEntry[] {
  const slots = table.slots().filter((slot) => !internal.some((token) => token === table.tokenAt(slot)));
  return slots.map((slot) => ({ address: table.addressAt(slot), byteLength: table.sizeAt(slot) }));
}
interface AllocationList {
  slots(): number[];
  tokenAt(slot: number): Allocation | undefined;
  addressAt(slot: number): number;
  sizeAt(slot: number): number;
}

/** Returns statistics without the blocks in `internal` that are live. */
export function statisticsWithout(all: HeapStatistics, internal: readonly Allocation[]): HeapStatistics {
  const live = internal.filter((allocation) => allocation.isLive);
  const bytes = live.reduce((sum, { byteLength }) => sum + byteLength, 0);
  return {
    ...all,
    liveBlocks: all.liveBlocks - live.length,
    liveBytes: all.liveBytes - bytes,
    allocations: all.allocations - live.length,
  };
}
