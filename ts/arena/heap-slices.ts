// SPDX-License-Identifier: MIT
// Heap slices: slices in a separate block.
import type { Heap } from '../heap/heap.ts';
import { toAlign } from '../memory/address.ts';
import { isShared } from '../memory/buffers.ts';
import type { ScalarDescriptor, ScalarValue } from '../scalar/descriptor.ts';
import { elementBytes } from '../scalar/values.ts';
import { refClassesOf } from '../scalar/ref-classes.ts';
import { assertHeap, registryOf } from './registry.ts';
import { SLICE_HEADER_BYTES } from './slice-header.ts';
import { SLICE_ALIGN, WasmSlice } from './slice.ts';

/**
 * Returns a slice of `length` elements in a separate block. The caller frees it with `slice.free()`. Cleared if the
 * blocks of the heap are.
 * @param align a power of two up to 65,536. Default: 16; at least that of the typed array's elements
 * @throws {OutOfMemoryError} if there is no memory
 * @throws {ArgumentTypeError} {@link ArgumentRangeError} if the length or the alignment is invalid
 */
export function allocHeapSlice<T extends ScalarValue, A extends ArrayBufferView>(
  heap: Heap,
  type: ScalarDescriptor<T, A>,
  length: number,
  align: number = SLICE_ALIGN,
): WasmSlice<A, T> {
  assertHeap(heap);
  const bytes = elementBytes(type, length);
  const count = bytes / type.size;
  const unit = Math.max(toAlign(align), type.Elements.BYTES_PER_ELEMENT);
  const header = isShared(heap) ? Math.max(SLICE_HEADER_BYTES, unit) : 0;
  return heap.allocateUncleared(header + bytes, unit, (allocation) => {
    const ptr = allocation.address + header;
    if (header > 0) registryOf(heap).addHeader(allocation, ptr, bytes);
    const owner = new (refClassesOf(type).ArrayRef)(heap, ptr, count, allocation, true);
    return new WasmSlice(heap, type, ptr, count, allocation, 'heap', owner, true, 0);
  });
}
