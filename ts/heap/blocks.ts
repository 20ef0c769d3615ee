// SPDX-License-Identifier: MIT
// Allocates and resizes blocks, and registers them.
import { FreedError, NotOwnedError, OutOfMemoryError } from '../errors.ts';
import { toCount, type Address } from '../memory/address.ts';
import { Allocation } from '../memory/allocation.ts';
import { copyBytes, fillBytes } from '../memory/bytes.ts';
import type { RawBlock } from './allocation-entry.ts';
import { allocateRaw, MALLOC_ALIGN, takeRawBlock, validatePointer } from './allocator.ts';
import { endAllocation, freeAllocation, slotOf } from './free.ts';
import { unwatchOwner } from './garbage-collection.ts';
import type { HeapState } from './state.ts';

/** Allocates and registers a block without a token. Returns its address. */
export function allocateBlock(heap: HeapState, bytes: number, align: number): number {
  heap.table.reserve(); // so that registering the block cannot fail
  const address = allocateRaw(heap, heap.allocator, bytes, align, heap.clears);
  register(heap, address, bytes, align, undefined, takeRawBlock());
  return address;
}

/** As {@link allocateBlock}, with a token. Returns the token. */
export function allocateToken(heap: HeapState, bytes: number, align: number): Allocation {
  heap.table.reserve(); // as above
  const address = allocateRaw(heap, heap.allocator, bytes, align, heap.clears);
  const raw = takeRawBlock();
  const token = new Allocation(heap, address, bytes);
  register(heap, address, bytes, align, token, raw);
  return token;
}

/** Registers an allocation. A live allocation at the same address is stale: the module freed it. */
export function register(
  heap: HeapState,
  address: number,
  bytes: number,
  align: number,
  token?: Allocation,
  raw?: RawBlock,
): void {
  if (!heap.tracks && !raw) return;
  const stale = heap.table.register(address, bytes, align, token, raw);
  if (!stale) return;
  stale.markFreed();
  stale.dependents?.released?.();
  if (heap.collects) unwatchOwner(stale);
}

/** Registers a block that the module allocated. Returns its token. Throws as `heap.adopt`. */
export function adoptBlock(heap: HeapState, address: Address, bytes: number): Allocation {
  const at = heap.locate(address, toCount(bytes, 'a size in bytes'));
  if (at === 0) throw new NotOwnedError(at, 'it is NULL');
  if (heap.table.findContaining(at + Math.max(bytes, 1) - 1, at) >= 0)
    throw new NotOwnedError(at, 'it is inside a block');
  const token = new Allocation(heap, at, bytes);
  heap.table.register(at, bytes, MALLOC_ALIGN, token);
  return token;
}

/** Allocates a block, calls `make` with it and returns its result; frees the block if it throws. */
export function allocateFor<R>(
  heap: HeapState,
  bytes: number,
  align: number,
  isCleared: boolean,
  make: (allocation: Allocation) => R,
): R {
  const allocation = allocateToken(heap, bytes, align);
  try {
    if (isCleared && !heap.clears) fillBytes(heap, allocation.address, bytes);
    return make(allocation);
  } catch (error) {
    freeAllocation(heap, allocation);
    throw error;
  }
}

/** Moves a live allocation to a block of `size` bytes and ends it. Returns the new one. Throws as `heap.realloc`. */
export function resizeAllocation(heap: HeapState, old: Allocation, size: number): Allocation {
  const { allocator, table } = heap;
  const slot = slotOf(heap, old);
  const isAligned = slot >= 0 && (table.rawBlockAt(slot)?.base ?? old.address) !== old.address;
  if (allocator.realloc && size <= allocator.maxBytes && !isAligned) {
    const at = endAllocation(heap, slot, old, ({ allocator: { realloc } }, base) => {
      const address = validatePointer(heap, realloc?.(base, size || 1), size || 1);
      if (address === 0) throw new OutOfMemoryError(size);
      return address;
    });
    const token = new Allocation(heap, at, size);
    register(heap, at, size, MALLOC_ALIGN, token);
    return token;
  }
  return allocateFor(heap, size, MALLOC_ALIGN, false, (allocation) => {
    if (!old.isLive) throw new FreedError(old.address); // freed by an allocator that called back
    copyBytes(heap, allocation.address, old.address, Math.min(old.byteLength, size));
    freeAllocation(heap, old);
    return allocation;
  });
}
