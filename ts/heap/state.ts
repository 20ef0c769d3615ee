// SPDX-License-Identifier: MIT
// The state of a heap that the parts of its implementation share.
import type { Address } from '../memory/address.ts';
import type { Allocation } from '../memory/allocation.ts';
import type { ArrayRefHeap } from '../scalar/array.ts';
import type { BlockMemory } from './allocator.ts';
import type { AllocationTable } from './allocations.ts';

/** The members of {@link Heap} that free.ts, blocks.ts and typed-refs.ts use. */
export interface HeapState extends BlockMemory, ArrayRefHeap {
  readonly table: AllocationTable;
  /** True if every allocation is registered; else only those that could not be freed without an entry. */
  readonly tracks: boolean;
  /** The token of memory whose owner is unknown. */
  readonly untracked: Allocation;
  locateBorrowed(address: Address, size: number): number;
  allocationAt(address: number): Allocation;
}
