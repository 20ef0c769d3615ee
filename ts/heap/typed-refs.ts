// SPDX-License-Identifier: MIT
// Allocates and wraps typed values in a heap, for `i32.alloc(heap)` and `heap.allocInt32()`.
import type { Address } from '../memory/address.ts';
import { fillBytes } from '../memory/bytes.ts';
import type { ScalarArrayRef } from '../scalar/array.ts';
import type { ScalarDescriptor, ScalarValue, Values } from '../scalar/descriptor.ts';
import { refClassesOf } from '../scalar/ref-classes.ts';
import type { ScalarRef } from '../scalar/ref.ts';
import { arrayContent, elementBytes, storeValues } from '../scalar/values.ts';
import { MALLOC_ALIGN } from './allocator.ts';
import { allocateToken, resizeAllocation } from './blocks.ts';
import { assertOwned, freeAllocation } from './free.ts';
import type { HeapState } from './state.ts';

/** Allocates one scalar. */
export function allocScalar<T extends ScalarValue, A extends ArrayBufferView>(
  heap: HeapState,
  type: ScalarDescriptor<T, A>,
  value?: T,
): ScalarRef<T, A> {
  const { ScalarRef } = refClassesOf(type);
  const allocation = allocateToken(heap, type.size, Math.min(type.size, MALLOC_ALIGN));
  try {
    if (value !== undefined) type.write(heap, allocation.address, value);
    else if (!heap.clears) fillBytes(heap, allocation.address, type.size);
    return new ScalarRef(heap, allocation.address, allocation, true);
  } catch (error) {
    freeAllocation(heap, allocation);
    throw error;
  }
}

/** Borrows one scalar. */
export function wrapScalar<T extends ScalarValue, A extends ArrayBufferView>(
  heap: HeapState,
  type: ScalarDescriptor<T, A>,
  address: Address,
): ScalarRef<T, A> {
  const { ScalarRef, CheckedRef } = refClassesOf(type);
  const at = heap.locateBorrowed(address, type.size);
  const allocation = heap.allocationAt(at);
  return new (allocation === heap.untracked ? ScalarRef : CheckedRef)(heap, at, allocation, false);
}

/** Allocates an array of zeros, or of values. */
export function allocArray<T extends ScalarValue, A extends ArrayBufferView>(
  heap: HeapState,
  type: ScalarDescriptor<T, A>,
  countOrValues: number | Values<T>,
): ScalarArrayRef<T, A> {
  const { ArrayRef } = refClassesOf(type);
  const [bytes, values] = arrayContent(type, countOrValues);
  const align = Math.min(type.size, MALLOC_ALIGN);
  const allocation = allocateToken(heap, bytes, align);
  try {
    if (values) storeValues(heap, allocation.address, values);
    return new ArrayRef(heap, allocation.address, bytes / type.size, allocation, true);
  } catch (error) {
    freeAllocation(heap, allocation);
    throw error;
  }
}

/** Borrows an array. */
export function wrapArray<T extends ScalarValue, A extends ArrayBufferView>(
  heap: HeapState,
  type: ScalarDescriptor<T, A>,
  address: Address,
  count: number,
): ScalarArrayRef<T, A> {
  const bytes = elementBytes(type, count);
  const at = heap.locateBorrowed(address, bytes);
  return new (refClassesOf(type).ArrayRef)(heap, at, bytes / type.size, heap.allocationAt(at), false);
}

/** Resizes the array that `ref` owns. */
export function resizeArray<T extends ScalarValue, A extends ArrayBufferView>(
  heap: HeapState,
  ref: ScalarArrayRef<T, A>,
  length: number,
): ScalarArrayRef<T, A> {
  const { type } = ref;
  const bytes = elementBytes(type, length);
  const count = bytes / type.size;
  assertOwned(heap, ref);
  const allocation = resizeAllocation(heap, ref.allocation, bytes);
  if (heap.clears && count > ref.length)
    fillBytes(heap, allocation.address + ref.byteLength, (count - ref.length) * type.size);
  return new (refClassesOf(type).ArrayRef)(heap, allocation.address, count, allocation, true);
}
