// SPDX-License-Identifier: MIT
// What the allocation table gives out: statistics, and entries.
import type { Allocation } from '../memory/allocation.ts';

/** What was allocated and freed through a heap, in blocks and in bytes asked for. */
export interface HeapStatistics {
  /** Blocks that are live. */
  readonly liveBlocks: number;
  /** Bytes that are live. */
  readonly liveBytes: number;
  /** The largest number of bytes that were live at once. */
  readonly peakBytes: number;
  /** Blocks ever allocated. */
  readonly allocations: number;
  /** Blocks ever freed. */
  readonly frees: number;
}

/** A live allocation, for lists. */
export interface AllocationEntry {
  readonly address: number;
  /** The size asked for, in bytes. */
  readonly byteLength: number;
}

/** What the allocator must get back, if it is not the address, the size and the alignment that were asked for. */
export interface RawBlock {
  readonly base: number;
  readonly size: number;
  readonly align: number;
}

/** What {@link AllocationTable.restore} needs to know of an allocation that was removed. */
export interface RemovedEntry {
  readonly address: number;
  readonly bytes: number;
  readonly align: number;
  readonly sequence: number;
  readonly token: Allocation | undefined;
  readonly raw: RawBlock | undefined;
}

/** Returns the live allocations of a table, oldest first, without those of the library itself. */
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
