// SPDX-License-Identifier: MIT
// Allocates and resizes blocks, and registers them.
import { FreedError, ModuleError, NotOwnedError, OutOfMemoryError } from '../errors.ts';
import { toCount, type Address } from '../memory/address.ts';
import { Allocation } from '../memory/allocation.ts';
import { copyBytes, fillBytes } from '../memory/bytes.ts';
import { assertStack } from '../memory/stack.ts';
import type { Overlap, RawBlock } from './allocation-entry.ts';
import { allocateRaw, MALLOC_ALIGN, repair, takeRawBlock, validatePointer } from './allocator.ts';
import { endAllocation, freeAllocation, freeMoved, slotOf } from './free.ts';
import { unwatchOwner } from './garbage-collection.ts';
import type { HeapState } from './state.ts';

/** Allocates and registers a block without a token. Returns its address. */
export function allocateBlock(heap: HeapState, bytes: number, align: number): number {
  heap.table.reserve(); // so that registering the block allocates little
  const address = allocateRaw(heap, bytes, align);
  register(heap, address, bytes, align, takeRawBlock(), false);
  return address;
}

/** As {@link allocateBlock}, with a token. Returns the token. */
export function allocateToken(heap: HeapState, bytes: number, align: number): Allocation {
  heap.table.reserve(); // as above
  const address = allocateRaw(heap, bytes, align);
  return register(heap, address, bytes, align, takeRawBlock(), true) as Allocation; // it was asked for
}

/** Registers a block that was just allocated. Returns its token, if asked for. Frees the block if that fails. */
function register(
  heap: HeapState,
  address: number,
  bytes: number,
  align: number,
  raw: RawBlock | undefined,
  hasToken: boolean,
): Allocation | undefined {
  const { table, allocator } = heap;
  try {
    const token = hasToken ? new Allocation(heap, address, bytes) : undefined;
    if (!heap.tracks && !raw) return token;
    const overlap = table.register(address, bytes, align, token, raw);
    if (overlap) endOverlapped(heap, overlap, address, bytes);
    return token;
  } catch (error) {
    const step = { heap, address, bytes, align, raw };
    allocator.repairs = { undo: undoRegister, step, next: allocator.repairs };
    repair(allocator);
    throw error;
  }
}

/** Frees a block that could not be registered. */
function undoRegister({ heap, address, bytes, align, raw }: RegisterStep): void {
  const slot = heap.table.find(address);
  if (slot >= 0) heap.table.remove(slot);
  heap.allocator.free(raw?.base ?? address, raw?.size ?? (bytes || 1), raw?.align ?? align);
}
interface RegisterStep {
  readonly heap: HeapState;
  readonly address: number;
  readonly bytes: number;
  readonly align: number;
  readonly raw: RawBlock | undefined;
}

/**
 * Invalidates live allocations that a new block overlaps. One that starts at the same address was freed by the module.
 * @throws {ModuleError} if another one overlaps
 */
function endOverlapped(heap: HeapState, { tokens, inside }: Overlap, address: number, bytes: number): void {
  for (const token of tokens) {
    token.markFreed();
    token.extras?.dependents?.released?.();
    if (heap.collects) unwatchOwner(token);
  }
  if (inside === undefined) return;
  throw new ModuleError(
    `the allocator returned ${bytes} bytes at address ${address}, over the live block at address ${inside}, which is invalid now: ` +
      'the heap of the module is damaged, or the module freed a block without heap.release()',
  );
}

/** Registers a block that the module allocated. Returns its token. Throws as `heap.adopt`. */
export function adoptBlock(heap: HeapState, address: Address, bytes: number): Allocation {
  const at = heap.locate(address, toCount(bytes, 'a size in bytes'));
  if (at === 0) throw new NotOwnedError(at, 'it is NULL');
  if (heap.table.findContaining(at + Math.max(bytes, 1) - 1, at) >= 0)
    throw new NotOwnedError(at, 'it overlaps a live block');
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

/**
 * Moves a live allocation to a block of `size` bytes and invalidates it. Returns the new one. Throws as `heap.realloc`.
 */
export function resizeAllocation(heap: HeapState, old: Allocation, size: number): Allocation {
  const next = moveAllocation(heap, old, size);
  old.extras?.dependents?.moved?.(next);
  return next;
}

function moveAllocation(heap: HeapState, old: Allocation, size: number): Allocation {
  const { allocator, table } = heap;
  const slot = slotOf(heap, old);
  const isAligned = slot >= 0 && (table.rawBlockAt(slot)?.base ?? old.address) !== old.address;
  if (allocator.realloc && size <= allocator.maxBytes && !isAligned) {
    assertStack();
    const at = endAllocation(heap, slot, old, ({ allocator: { realloc } }, base) => {
      const address = validatePointer(heap, realloc?.(base, size || 1), size || 1);
      if (address === 0) throw new OutOfMemoryError(size);
      return address;
    });
    return register(heap, at, size, MALLOC_ALIGN, undefined, true) as Allocation; // it was asked for
  }
  return allocateFor(heap, size, MALLOC_ALIGN, false, (allocation) => {
    if (!old.isLive) throw new FreedError(old.address); // freed by an allocator that called back
    copyBytes(heap, allocation.address, old.address, Math.min(old.byteLength, size));
    freeMoved(heap, old);
    return allocation;
  });
}
