// SPDX-License-Identifier: MIT
// sliceFromHandle: slices from the handles of slices, made in the same thread or another.
import {
  ArgumentRangeError,
  ArgumentTypeError,
  OutOfBoundsError,
  StaleEpochError,
  WrongHeapError,
} from '../errors.ts';
import type { Heap } from '../heap/heap.ts';
import { ownOptions } from '../heap/options.ts';
import { toCount } from '../memory/address.ts';
import { Allocation, type EpochCheck } from '../memory/allocation.ts';
import type { Ref } from '../scalar/ref.ts';
import { allTypes } from '../scalar/scalar-types.ts';
import type { Scalar } from '../scalar/scalar.ts';
import { ArenaStruct } from './arena-struct.ts';
import { assertEpoch } from './epochs.ts';
import { assertHeap, registryOf, type RegisteredArena } from './registry.ts';
import type { WasmSliceHandle } from './slice-handle.ts';
import { findSliceHeader } from './slice-header.ts';
import type { SliceArena } from './slice-liveness.ts';
import { WasmSlice } from './slice.ts';
import { pointerSizeOf } from './arena-layout.ts';

/** Returns the fields of a handle, each read once, and its type. */
function readHandle(handle: WasmSliceHandle): WasmSliceHandle & { type: Scalar } {
  const { kind, dtype, ptr, length, epoch, heap, arena, frame } = ownOptions(handle, 'a slice handle');
  const type = allTypes.find(({ name }) => name === dtype);
  if (!type) throw new ArgumentTypeError('a handle whose dtype is the name of an element type', dtype);
  if (!['heap', 'frame', 'arena'].includes(kind))
    throw new ArgumentTypeError("a handle of the kind 'heap', 'frame' or 'arena'", kind);
  for (const value of [ptr, length, epoch, heap, arena, frame])
    toCount(value, 'a whole number in the handle');
  if (epoch === 0) throw new ArgumentRangeError('an epoch of at least 1 in the handle', epoch);
  return { kind, dtype, ptr, length, epoch, heap, arena, frame, type };
}

/**
 * Returns the slice of a handle, in the same thread or in one whose heap has the same identity. It borrows: the slice that
 * was allocated must be freed. The handle of a heap slice needs a heap with `trackAllocations`.
 * @throws {WrongHeapError} if it is of another heap
 * @throws {StaleEpochError} {@link FreedError} if the slice was freed, or its arena reset or destroyed
 * @throws {OutOfBoundsError} {@link MisalignedError} if its range is not allocated
 * @throws {ArgumentTypeError} {@link ArgumentRangeError} if the handle is invalid
 */
export function sliceFromHandle(heap: Heap, handle: WasmSliceHandle): WasmSlice {
  assertHeap(heap);
  const { kind, ptr, length, epoch, heap: id, type, ...where } = readHandle(handle);
  if (!registryOf(heap).epochs.has(id)) throw new WrongHeapError(ptr);
  const bytes = toCount(length * type.size, 'a size in bytes');
  heap.locate(ptr, bytes, type.Elements.BYTES_PER_ELEMENT);
  const { allocation, owner } =
    kind === 'heap' ? inHeap(heap, ptr, bytes, epoch) : inArena(heap, where, ptr, bytes, epoch);
  return new WasmSlice(heap, type, ptr, length, allocation, kind, owner, false, epoch);
}

interface Found {
  readonly allocation: Allocation;
  /** The ref or arena that must live as long as the slice. */
  readonly owner?: Ref | SliceArena | undefined;
}

function inHeap(heap: Heap, ptr: number, bytes: number, epoch: number): Found {
  const allocation = heap.allocationAt(ptr);
  if (allocation !== heap.untracked) {
    const registry = registryOf(heap);
    const current = registry.knownEpochOf(allocation);
    if (current !== epoch) throw new StaleEpochError(epoch, current);
    if (ptr < registry.startOf(allocation) || ptr + bytes > allocation.address + allocation.byteLength)
      throw new OutOfBoundsError(ptr, bytes, heap.byteLength);
    return { allocation, owner: allocation.currentOwner as Ref | undefined }; // registerOwner takes no other
  }
  return { allocation: remoteAllocation(heap, ptr, findSliceHeader(heap, ptr, bytes, epoch)) };
}

function inArena(
  heap: Heap,
  { arena: at, frame }: Pick<WasmSliceHandle, 'arena' | 'frame'>,
  ptr: number,
  bytes: number,
  epoch: number,
): Found {
  const arena = registryOf(heap).find(at);
  if (arena) {
    const current = arena.epoch(); // throws if it was destroyed
    if (current !== epoch) throw new StaleEpochError(epoch, current);
    const allocation = arena.suballocationAt(ptr, bytes, frame);
    return { allocation, owner: arena as RegisteredArena & SliceArena }; // every arena is both
  }
  const pointerSize = pointerSizeOf(heap, at);
  if (pointerSize === 0) throw new StaleEpochError(epoch, 0);
  const struct = new ArenaStruct(heap, at, pointerSize);
  const check = assertEpoch(heap, struct.checkOf(epoch));
  struct.chunkOf(ptr, bytes);
  return { allocation: remoteAllocation(heap, ptr, check) };
}

/** Returns a token for an allocation of another thread, which ends with its epoch in memory. */
function remoteAllocation(heap: Heap, ptr: number, epoch: EpochCheck): Allocation {
  const allocation = new Allocation(heap, ptr, 0);
  allocation.epoch = epoch;
  return allocation;
}
