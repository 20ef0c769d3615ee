// SPDX-License-Identifier: MIT
// Handles: slices as plain objects, and slices made of them again, here or in another thread.
import {
  ArgumentRangeError,
  ArgumentTypeError,
  OutOfBoundsError,
  StaleEpochError,
  WrongHeapError,
} from '../errors.ts';
import type { WasmHeapManager } from './manager.ts';
import type { Ref } from '../scalar/ref.ts';
import { toCount } from '../memory/address.ts';
import { Block, type Epoch } from '../memory/block.ts';
import type { Scalar } from '../scalar/scalar.ts';
import { rows } from '../scalar/table.ts';
import { assertEpoch } from './epochs.ts';
import { ArenaPlace } from './place.ts';
import { findSeal } from './seal.ts';
import { wordOf } from './struct.ts';
import { WasmSlice, type SliceArena, type WasmSliceKind } from './slice.ts';

/** A slice as a plain object: it can be cloned, stored and posted to another thread. */
export interface WasmSliceHandle {
  /** Where it was lent. */
  readonly kind: WasmSliceKind;
  /** The short name of its element type. */
  readonly dtype: string;
  /** Its first byte. */
  readonly ptr: number;
  /** Elements. */
  readonly length: number;
  /** The epoch it was lent in. */
  readonly epoch: number;
  /** The id of its heap; see {@link HeapIdentity}. */
  readonly heap: number;
  /** Where its arena's struct lies; 0 for a heap slice. */
  readonly arena: number;
  /** The number of the frame it was lent in, between two marks of its arena; 0 for a heap slice. */
  readonly frame: number;
}

/** The fields of a handle, each read once. */
function readHandle(handle: WasmSliceHandle): WasmSliceHandle & { row: Scalar } {
  if (typeof handle !== 'object' || handle === null) throw new ArgumentTypeError('a slice handle', handle);
  const { kind, dtype, ptr, length, epoch, heap, arena, frame } = handle;
  const row = (rows as readonly unknown[] as readonly Scalar[]).find(({ name }) => name === dtype); // each is a Scalar
  if (!row) throw new ArgumentTypeError('a handle whose dtype is the name of an element type', dtype);
  if (kind !== 'heap' && kind !== 'frame' && kind !== 'arena')
    throw new ArgumentTypeError("a handle of the kind 'heap', 'frame' or 'arena'", kind);
  for (const value of [ptr, length, epoch, heap, arena, frame])
    toCount(value, 'a whole number in the handle');
  if (epoch === 0) throw new ArgumentRangeError('an epoch of at least 1 in the handle', epoch);
  return { kind, dtype, ptr, length, epoch, heap, arena, frame, row };
}

/**
 * Returns the slice that `handle` stands for, in this thread or another one whose manager has the heap's identity.
 * It borrows: whoever made the slice frees it. A heap slice's handle needs the book of a heap with trackAllocations.
 * @throws {WrongHeapError} when it is of another heap
 * @throws {StaleEpochError} {@link FreedError} when what it stands for was freed, reset or destroyed
 * @throws {OutOfBoundsError} {@link MisalignedError} when its range is not what was lent
 * @throws {ArgumentTypeError} {@link ArgumentRangeError} when it is no handle
 */
export function sliceFromHandle(heap: WasmHeapManager, handle: WasmSliceHandle): WasmSlice {
  const { kind, ptr, length, epoch, heap: id, row, ...where } = readHandle(handle);
  if (!heap.arenas.epochs.has(id)) throw new WrongHeapError(ptr);
  const bytes = toCount(length * row.size, 'a size in bytes');
  heap.locate(ptr, bytes, row.Elements.BYTES_PER_ELEMENT);
  const { block, owner } =
    kind === 'heap' ? ofHeap(heap, ptr, bytes, epoch) : ofArena(heap, where, ptr, bytes, epoch);
  return new WasmSlice(heap, row, ptr, length, block, kind, owner, false, epoch);
}

interface Found {
  readonly block: Block;
  /** What must live as long as the slice does. */
  readonly owner?: Ref | SliceArena | undefined;
}

function ofHeap(heap: WasmHeapManager, ptr: number, bytes: number, epoch: number): Found {
  const block = heap.blockAt(ptr);
  if (block) {
    const now = heap.arenas.knownEpochOf(block);
    if (now !== epoch) throw new StaleEpochError(epoch, now);
    if (ptr < heap.arenas.startOf(block) || ptr + bytes > block.address + block.byteLength)
      throw new OutOfBoundsError(ptr, bytes, heap.byteLength);
    return { block, owner: block.holder as Ref | undefined }; // own() takes nothing else
  }
  return { block: lentThere(heap, ptr, findSeal(heap, ptr, bytes, epoch)) };
}

function ofArena(
  heap: WasmHeapManager,
  { arena: at, frame }: Pick<WasmSliceHandle, 'arena' | 'frame'>,
  ptr: number,
  bytes: number,
  epoch: number,
): Found {
  const arena = heap.arenas.find(at);
  if (arena) {
    const now = arena.epoch(); // or it was destroyed
    if (now !== epoch) throw new StaleEpochError(epoch, now);
    return { block: arena.loanOf(ptr, bytes, frame), owner: arena };
  }
  const word = wordOf(heap, at);
  if (word === 0) throw new StaleEpochError(epoch, 0);
  const place = new ArenaPlace(heap, at, word);
  const found = assertEpoch(heap, place.epochOf(epoch));
  place.chunkOf(ptr, bytes);
  return { block: lentThere(heap, ptr, found) };
}

/** A loan of another thread: what it has is its epoch in memory. */
function lentThere(heap: WasmHeapManager, ptr: number, epoch: Epoch): Block {
  const block = new Block(heap, ptr, 0);
  block.epoch = epoch;
  return block;
}
