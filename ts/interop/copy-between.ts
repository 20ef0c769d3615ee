// SPDX-License-Identifier: MIT
// Copies from one heap to another: blocks, scalars, arrays, strings, slices. Pointers in them are copied as numbers.
import { allocHeapSlice } from '../arena/heap-slices.ts';
import { assertHeap } from '../arena/registry.ts';
import { WasmSlice } from '../arena/slice.ts';
import { ArgumentTypeError, FreedError, NotOwnedError, isRevoked, wrongType } from '../errors.ts';
import type { Heap } from '../heap/heap.ts';
import { toCount, type Address } from '../memory/address.ts';
import { writeBytes } from '../memory/bytes.ts';
import type { LinearMemory } from '../memory/linear-memory.ts';
import { ScalarArrayRef } from '../scalar/array.ts';
import type { ScalarValue } from '../scalar/descriptor.ts';
import { ScalarRef } from '../scalar/ref.ts';
import { allocString } from '../text/string-alloc.ts';
import { StringRef } from '../text/ref.ts';

/**
 * Allocates a copy of the value of `source`, a ref or a slice, in `heap`, which may belong to another module. Returns
 * the ref or slice that owns the copy.
 * @throws {OutOfMemoryError} if `heap` has no memory for it
 * @throws {FreedError} {@link StaleEpochError} if the source is not live
 * @throws {ArgumentTypeError} if `heap` is not a heap, or the source is neither a ref nor a slice
 */
export function copyToHeap<T extends ScalarValue, A extends ArrayBufferView>(
  source: ScalarRef<T, A>,
  heap: Heap,
): ScalarRef<T, A>;
export function copyToHeap<T extends ScalarValue, A extends ArrayBufferView>(
  source: ScalarArrayRef<T, A>,
  heap: Heap,
): ScalarArrayRef<T, A>;
export function copyToHeap(source: StringRef, heap: Heap): StringRef;
export function copyToHeap<T extends ScalarValue, A extends ArrayBufferView>(
  source: WasmSlice<A, T>,
  heap: Heap,
): WasmSlice<A, T>;
export function copyToHeap(
  source: ScalarRef | ScalarArrayRef | StringRef | WasmSlice,
  heap: Heap,
): ScalarRef | ScalarArrayRef | StringRef | WasmSlice {
  assertHeap(heap);
  if (isRevoked(source)) throw wrongType('a ref or a slice to copy', source);
  if (source instanceof WasmSlice) return copySlice(source, heap);
  if (source instanceof ScalarRef)
    return copyRef(source, heap.allocScalar(liveOf(source).type), source.type.size);
  if (source instanceof ScalarArrayRef)
    return copyRef(source, heap.allocScalarArray(liveOf(source).type, source.length), source.byteLength);
  if (source instanceof StringRef) return copyString(liveOf(source), heap);
  throw new ArgumentTypeError('a ref or a slice to copy', source);
}

/**
 * Allocates a copy of a block of `from` in `to`. Returns its address.
 * @param bytes Default: all bytes to the end of the block, which must be one that `from` allocated
 * @throws {OutOfMemoryError} if `to` has no memory for it
 * @throws {NotOwnedError} if the size is not given, and `from` allocated no such block
 * @throws {OutOfBoundsError} {@link ArgumentTypeError} {@link ArgumentRangeError} if the range or a heap is invalid
 */
export function copyBlockToHeap(from: Heap, address: Address, to: Heap, bytes?: number): number {
  assertHeap(from);
  assertHeap(to);
  const at = from.locate(address, 0);
  const size = bytes === undefined ? from.capacityAt(at) : toCount(bytes, 'a size in bytes');
  if (size === undefined) throw new NotOwnedError(at, 'this heap did not allocate it: pass its size');
  from.locate(at, size); // before anything is allocated
  const copy = to.alloc(size);
  try {
    copyBytes(from, at, to, copy, size);
  } catch (error) {
    to.free(copy);
    throw error;
  }
  return copy;
}

function liveOf<R extends { assertLive(): void }>(ref: R): R {
  ref.assertLive();
  return ref;
}

/** Copies bytes. The views are taken after the allocation, which may have grown both memories. */
function copyBytes(
  from: LinearMemory,
  address: number,
  to: LinearMemory,
  target: number,
  size: number,
): void {
  writeBytes(to, target, from.view(Uint8Array, address, size));
}

interface Source {
  readonly address: number;
  readonly allocation: { readonly isLive: boolean; readonly memory: LinearMemory };
}

function copyRef<R extends { readonly address: number; readonly heap: object; free(): unknown }>(
  source: Source,
  copy: R,
  size: number,
): R {
  try {
    if (!source.allocation.isLive) throw new FreedError(source.address); // by an allocator that called back
    copyBytes(source.allocation.memory, source.address, copy.heap as Heap, copy.address, size); // it came from one
    return copy;
  } catch (error) {
    copy.free();
    throw error;
  }
}

function copyString(source: StringRef, heap: Heap): StringRef {
  const { codec, framing, wordBytes, allocatedElementCount: capacity } = source;
  const policy = { surrogates: 'wtf8', nul: 'allow' } as const;
  // A pointer and length has its text elsewhere, so that the text is copied, and not the pointer.
  if (framing === 'Paired') return allocString(codec, framing, heap, source.read(policy), policy, wordBytes);
  const count = framing === 'Terminated' ? capacity - 1 : capacity;
  return copyRef(source, allocString(codec, framing, heap, count, undefined, wordBytes), source.byteLength);
}

function copySlice<T extends ScalarValue, A extends ArrayBufferView>(
  source: WasmSlice<A, T>,
  heap: Heap,
): WasmSlice<A, T> {
  source.view(); // refuses one that is not live, before anything is allocated
  const copy = allocHeapSlice(heap, source.type, source.length);
  try {
    const { buffer, byteOffset, byteLength } = source.view();
    writeBytes(heap, copy.ptr, new Uint8Array(buffer, byteOffset, byteLength));
    return copy;
  } catch (error) {
    copy.free();
    throw error;
  }
}
