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
