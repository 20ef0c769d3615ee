// SPDX-License-Identifier: MIT
// The form in which slices cross threads.

/** The kind of a slice's allocation: in a separate block, in the frame arena, or in another arena. */
export type WasmSliceKind = 'heap' | 'frame' | 'arena';

/** A slice as a plain object: it can be cloned, stored and posted to another thread. See {@link sliceFromHandle}. */
export interface WasmSliceHandle {
  /** The kind of its allocation. */
  readonly kind: WasmSliceKind;
  /** The short name of its element type. */
  readonly dtype: string;
  /** The first byte. */
  readonly ptr: number;
  /** The number of elements. */
  readonly length: number;
  /** The epoch it was created in. */
  readonly epoch: number;
  /** The id of its heap; see {@link HeapIdentity}. */
  readonly heap: number;
  /** The address of its arena's struct; 0 for a heap slice. */
  readonly arena: number;
  /** The number of its arena's checkpoint; 0 for a heap slice. */
  readonly frame: number;
}
