// SPDX-License-Identifier: MIT
// Copies of refs and slices in separate blocks, for values that outlive their scope.
import { ArgumentTypeError } from '../errors.ts';
import type { Heap } from '../heap/heap.ts';
import { copyBytes } from '../memory/bytes.ts';
import { ScalarArrayRef } from '../scalar/array.ts';
import type { ScalarDescriptor } from '../scalar/descriptor.ts';
import { ScalarRef, type Ref } from '../scalar/ref.ts';
import { StringRef } from '../text/ref.ts';
import { allocString } from '../text/string-alloc.ts';
import { allocHeapSlice } from './heap-slices.ts';
import { WasmSlice } from './slice.ts';

/** A ref or a slice. */
export type Keepable =
  | Ref
  | WasmSlice
  | WasmSlice<ArrayBufferView, number>
  | WasmSlice<ArrayBufferView, bigint>
  | WasmSlice<ArrayBufferView, boolean>;

/** Returns a copy of `ref` in a separate block. */
export function copyTo(heap: Heap, ref: Keepable): Keepable {
  if (ref instanceof WasmSlice) {
    const copy = allocHeapSlice(heap, ref.type as ScalarDescriptor, ref.length); // of any value
    copyBytes(heap, copy.ptr, ref.ptr, ref.byteLength);
    return copy;
  }
  if (ref instanceof ScalarArrayRef) {
    const copy = heap.allocScalarArray(ref.type, ref.length);
    copyBytes(heap, copy.address, ref.address, ref.byteLength);
    return copy;
  }
  if (ref instanceof ScalarRef) return heap.allocScalar(ref.type, ref.value);
  if (ref instanceof StringRef) return copyString(heap, ref);
  throw new ArgumentTypeError('a ref or a slice', ref);
}

function copyString(heap: Heap, from: StringRef): StringRef {
  const { codec, framing, wordBytes } = from;
  // A sized string is as long as its text; the others keep their capacity.
  const capacity = framing === 'Sized' ? from.encodedElementCount : from.allocatedElementCount;
  const count = framing === 'Terminated' ? capacity - 1 : capacity;
  const copy = allocString(codec, framing, heap, count, undefined, wordBytes);
  if (framing !== 'Paired') copyBytes(heap, copy.address, from.address, copy.byteLength);
  else {
    copyBytes(heap, copy.textAddress, from.textAddress, capacity * codec.bytesPerElement);
    copyBytes(heap, copy.address + wordBytes, from.address + wordBytes, wordBytes); // the length; the pointer is set
  }
  return copy;
}
