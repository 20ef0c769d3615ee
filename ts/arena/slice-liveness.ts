// SPDX-License-Identifier: MIT
// The liveness check of slices, and its errors.
import { FreedError, StaleEpochError, type LinmemError } from '../errors.ts';
import type { Heap } from '../heap/heap.ts';
import type { Allocation } from '../memory/allocation.ts';
import { Ref } from '../scalar/ref.ts';
import { currentEpoch } from './epochs.ts';

/** The arena operations that a slice needs. */
export interface SliceArena {
  readonly kind: 'frame' | 'arena';
  readonly basePtr: number;
  /** The address of its struct. */
  readonly address: number;
  readonly destroyed: boolean;
  /** The current epoch. */
  epoch(): number;
  /** Returns the number of the checkpoint with this token. */
  checkpointOf(token: Allocation): number;
}

/** True if the allocation is live and, if it has an epoch in memory, that is still `createdIn`. */
export function isAlive(heap: Heap, allocation: Allocation, createdIn: number): boolean {
  const { epoch } = allocation;
  return allocation.isLive && (!epoch || currentEpoch(heap, epoch) === createdIn);
}

/** A slice that is not alive. */
interface StaleSlice {
  readonly heap: Heap;
  readonly ptr: number;
  readonly allocation: Allocation;
  readonly owner: Ref | SliceArena | undefined;
}

/** Returns the error for a slice that is not alive. */
export function staleError({ heap, owner, ptr, allocation }: StaleSlice, createdIn: number): LinmemError {
  const arena = owner instanceof Ref ? undefined : owner;
  if (arena?.destroyed) return new FreedError(arena.basePtr, 'arena');
  const { epoch } = allocation;
  const current = arena ? arena.epoch() : epoch ? currentEpoch(heap, epoch) : 0;
  if (createdIn !== 0 && current !== 0 && current !== createdIn)
    return new StaleEpochError(createdIn, current);
  return allocation.freedError(ptr, 'slice');
}
