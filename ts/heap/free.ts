// SPDX-License-Identifier: MIT
// Frees blocks. The entry is removed before the allocator is called, so that an allocator that calls back cannot free the
// block again, and restored if the allocator throws.
import { ArgumentTypeError, DoubleFreeError, isInstance, NotOwnedError, WrongHeapError } from '../errors.ts';
import type { Address } from '../memory/address.ts';
import type { Allocation, AllocationExtras } from '../memory/allocation.ts';
import { attemptAll } from '../memory/attempt.ts';
import { LinearMemory } from '../memory/linear-memory.ts';
import { assertStack } from '../memory/stack.ts';
import { assertOwner, Ref } from '../scalar/ref.ts';
import type { RemovedEntry } from './allocation-entry.ts';
import { MALLOC_ALIGN, repair } from './allocator.ts';
import { unwatchOwner } from './garbage-collection.ts';
import type { HeapState } from './state.ts';

/** Frees a block by its address or by the ref that owns it. Throws as `heap.free`. */
export function freeTarget(heap: HeapState, target: Address | Ref): void {
  assertStack();
  if (heap.allocator.repairs) repair(heap.allocator);
  // A live block lies in the memory, so its address needs no check.
  const slot = typeof target === 'number' ? heap.table.find(target) : -1;
  if (slot >= 0) freeSlot(heap, slot);
  else if (isInstance(target, Ref)) freeRef(heap, target['@ref'] ?? target);
  else freeAddress(heap, target);
}
function freeRef(heap: HeapState, ref: Ref): void {
  const { allocation } = ref; // read once: docs/performance.md, "Refs and freed allocations"
  if (allocation.memory !== (heap as LinearMemory) || allocation.owner !== ref) assertOwned(heap, ref);
  freeAllocation(heap, allocation);
}
function freeAddress(heap: HeapState, address: Address): void {
  const at = LinearMemory.prototype.locate.call(heap, address, 1); // not the heap's override, which may refuse NULL
  if (at === 0) return;
  const slot = heap.table.find(at);
  if (slot >= 0) freeSlot(heap, slot);
  else freeUnknown(heap, at);
}

/** Frees the allocations in `slots`. Throws as `heap.freeAll`. */
export function freeAll(heap: HeapState, slots: readonly number[]): void {
  assertStack();
  const { table } = heap;
  const addresses = slots.map((slot) => table.addressAt(slot));
  attemptAll(
    addresses.map((address) => () => {
      const slot = table.find(address); // freeing another one may have freed it
      if (slot >= 0) freeSlot(heap, slot);
    }),
  );
}

/** Frees the live allocation in a slot of the table. */
export function freeSlot(heap: HeapState, slot: number): void {
  const { table, allocator } = heap;
  const token = table.tokenAt(slot);
  if (token) {
    endAllocation(heap, slot, token, freeBlock);
    return;
  }
  const address = table.addressAt(slot);
  const bytes = table.sizeAt(slot);
  const align = table.alignAt(slot);
  const raw = table.rawBlockAt(slot);
  const sequence = table.remove(slot);
  try {
    if (raw) allocator.free(raw.base, raw.size, raw.align);
    else allocator.free(address, bytes || 1, align);
  } catch (error) {
    const step = { heap, error, address, bytes, align, sequence, token, raw, rollback: undefined };
    allocator.repairs = { undo: undoFree, step, next: allocator.repairs };
    repair(allocator);
    throw error;
  }
}

/** Frees an allocation by its token. @throws {DoubleFreeError} if it was freed */
export function freeToken(heap: HeapState, token: Allocation): void {
  assertStack();
  if (!token.isLive) throw new DoubleFreeError(token.address);
  freeAllocation(heap, token);
}
/** As {@link freeToken}, for a live allocation. The caller has tested the stack. */
export function freeAllocation(heap: HeapState, token: Allocation): void {
  endAllocation(heap, slotOf(heap, token), token, freeBlock);
}

/** As {@link freeAllocation}, for a block whose contents, and so its dependents, were moved to another block. */
export function freeMoved(heap: HeapState, token: Allocation): void {
  endAllocation(heap, slotOf(heap, token), token, token.extras?.dependents?.moved ? freeEmptied : freeBlock);
}

/** Returns the slot of a live allocation; -1 if it has none. */
export function slotOf({ table }: HeapState, token: Allocation): number {
  const slot = table.find(token.address);
  return slot >= 0 && table.tokenAt(slot) === token ? slot : -1;
}

/** The step that releases the block of an allocation, such as the allocator's free. */
export type ReleaseStep<R> = (heap: HeapState, base: number, size: number, align: number) => R;
const freeBlock: ReleaseStep<unknown> = ({ allocator }, base, size, align) =>
  allocator.free(base, size, align);
/** The same, for a block whose dependents were moved to another block. */
const freeEmptied: ReleaseStep<unknown> = (...block) => freeBlock(...block);

const invalidateDependents = ({ dependents }: AllocationExtras): (() => void) | undefined =>
  dependents?.invalidate();
const noteReleased = ({ dependents }: AllocationExtras): void => dependents?.released?.();

/** Marks the token of a live allocation as freed. Returns a function that undoes this. */
function endToken(token: Allocation): (() => void) | undefined {
  const rollback = token.extras && invalidateDependents(token.extras);
  try {
    token.markFreed();
  } catch {
    rollback?.();
    // It could not be marked as freed, and would read freed memory.
    throw new ArgumentTypeError('a ref that is not frozen by Object.freeze', token.currentOwner);
  }
  return rollback;
}

/** Releases a live allocation by `end`; removes its entry if `slot` is not -1, and invalidates its dependents and token. */
export function endAllocation<R>(heap: HeapState, slot: number, token: Allocation, end: ReleaseStep<R>): R {
  const { table, allocator } = heap;
  const rollback = endToken(token);
  const { address, byteLength: bytes } = token;
  const align = slot < 0 ? MALLOC_ALIGN : table.alignAt(slot);
  const raw = slot < 0 ? undefined : table.rawBlockAt(slot);
  const sequence = slot < 0 ? -1 : table.remove(slot);
  let result: R;
  try {
    result = raw ? end(heap, raw.base, raw.size, raw.align) : end(heap, address, bytes || 1, align);
  } catch (error) {
    const step = { heap, error, address, bytes, align, sequence, token, raw, rollback };
    allocator.repairs = { undo: undoFree, step, next: allocator.repairs };
    repair(allocator);
    throw error;
  }
  if (heap.collects) unwatchOwner(token);
  if (token.extras && end === (freeBlock as unknown)) noteReleased(token.extras);
  return result;
}

/** Restores an allocation whose free threw `error`, unless the module had freed it without telling the heap. */
function undoFree(step: FreeStep): void {
  const { heap, error, token, rollback } = step;
  if (heap.allocator.checksFrees && error instanceof DoubleFreeError) {
    if (token) unwatchOwner(token);
    return;
  }
  token?.restore(heap);
  if (step.sequence >= 0) heap.table.restore(step);
  rollback?.();
}
interface FreeStep extends RemovedEntry {
  readonly heap: HeapState;
  readonly error: unknown;
  readonly rollback: (() => void) | undefined;
}

/** @throws {DoubleFreeError} {@link NotOwnedError} if the table knows that no live block starts at `at` */
export function refuseFree(heap: HeapState, at: number): void {
  if (heap.table.wasFreed(at)) throw new DoubleFreeError(at, '; adopt() what the module allocated since');
  refuseInside(heap, at);
}

/** @throws {NotOwnedError} if `at` lies inside a live block */
function refuseInside({ table }: HeapState, at: number): void {
  const slot = table.findContaining(at);
  if (slot >= 0) throw new NotOwnedError(at, `it is inside the block at address ${table.addressAt(slot)}`);
}

/** Frees an address that is not live in the table: the module may have allocated a block there. */
function freeUnknown(heap: HeapState, at: number): void {
  const { allocator } = heap;
  if (allocator.strictFrees) refuseFree(heap, at);
  else if (!allocator.checksFrees) refuseInside(heap, at);
  try {
    allocator.free(at, 0, MALLOC_ALIGN);
  } catch (error) {
    // The allocator knows no such block; the table may know that there was one.
    if (error instanceof NotOwnedError) refuseFree(heap, at);
    throw error;
  }
}

/** Hands a live block over to the module. Throws as `heap.release`. Returns its address. */
export function releaseTarget(heap: HeapState, given: Address | Ref): number {
  assertStack();
  const { table } = heap;
  const ref = isInstance(given, Ref) ? (given['@ref'] ?? given) : undefined;
  if (ref) assertOwned(heap, ref);
  const at = ref ? ref.allocation.address : heap.locate(given as Address, 0); // or refuses it
  const slot = table.find(at);
  if (slot < 0 && !ref) {
    refuseFree(heap, at);
    throw new NotOwnedError(at, 'this heap did not allocate it');
  }
  if (slot >= 0 && (table.rawBlockAt(slot)?.base ?? at) !== at)
    throw new NotOwnedError(at, 'its block begins below it, so the module could not free it');
  const token = ref ? ref.allocation : table.tokenAt(slot);
  if (token) endToken(token);
  if (slot >= 0) table.release(slot);
  if (token && heap.collects) unwatchOwner(token);
  token?.extras?.dependents?.handedOver?.();
  return at;
}

/** @throws {WrongHeapError} {@link NotOwnedError} {@link DoubleFreeError} if `ref` owns no live block of the heap */
export function assertOwned(heap: HeapState, ref: Ref): void {
  // A Proxy of a heap has its views.
  if ((ref.heap as LinearMemory).views !== heap.views) throw new WrongHeapError(ref.address);
  assertOwner(ref);
  if (!ref.allocation.isLive) throw new DoubleFreeError(ref.address);
}
