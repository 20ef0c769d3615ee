// SPDX-License-Identifier: MIT
// WasmGPU's names on one object, for people who come from it.
import { ModuleError } from '../errors.ts';
import { isShared, LinearMemory, type ElementsClass } from '../memory/memory.ts';
import type { Address } from '../memory/address.ts';
import type { WasmHeapArena } from './arena.ts';
import type { ArenaOptions } from './create.ts';
import type { WasmSliceHandle } from './handle.ts';
import type { WasmHeapManager } from './manager.ts';
import { sliceVerbs } from './region.ts';
import type { SliceMethods } from './slices.gen.ts';

/** What WasmGPU's `driver` does, over one heap. */
export interface HeapDriver {
  /** The buffer of the memory as it is now. */
  buffer(): ArrayBufferLike;
  /** All bytes of the memory as it is now. */
  bytes(): Uint8Array;
  /** Whether threads share the memory. */
  isSharedMemory(): boolean;
  /** Returns the shared buffer. @throws {ModuleError} when the memory is not shared */
  requireSharedMemory(): ArrayBufferLike;
  /** Returns a typed array over `length` elements at `ptr`; see {@link LinearMemory.view}. */
  view<A extends ArrayBufferView>(Elements: ElementsClass<A>, ptr: Address, length: number): A;
  /** As `view`, over another buffer, as one that was posted from another thread. */
  viewOn<A extends ArrayBufferView>(
    Elements: ElementsClass<A>,
    buffer: ArrayBufferLike,
    ptr: Address,
    length: number,
  ): A;
  /** Returns a typed array over what a handle stands for, once all of it was checked; see {@link sliceFromHandle}. */
  viewFromHandle(handle: WasmSliceHandle): ArrayBufferView;
  /** Returns a new arena; see {@link createHeapArena}. */
  createHeapArena(capBytes: number, align?: number, options?: ArenaOptions): WasmHeapArena;
  /** Slices in blocks of their own: `heap.allocF32(length)` and the like. */
  readonly heap: SliceMethods;
  /** Slices that live until the frame arena is reset: `frame.allocF32(length)` and the like. */
  readonly frame: SliceMethods;
}

/** Returns WasmGPU's `driver` over `heap`. */
export function createDriver(heap: WasmHeapManager): HeapDriver {
  return {
    buffer: () => heap.buffer,
    bytes: () => heap.heapUint8,
    isSharedMemory: () => isShared(heap),
    requireSharedMemory() {
      if (isShared(heap)) return heap.buffer;
      throw new ModuleError('the memory is not shared; link the module with -pthread, or -sSHARED_MEMORY', {
        missing: ['SharedArrayBuffer'],
        flags: '-pthread',
      });
    },
    view: (Elements, ptr, length) => heap.view(Elements, ptr, length),
    viewOn(Elements, buffer, ptr, length) {
      return new LinearMemory({ buffer }).view(Elements, ptr, length);
    },
    viewFromHandle: (handle) => heap.sliceFromHandle(handle).view(),
    createHeapArena: (...all) => heap.createHeapArena(...all),
    heap: sliceVerbs(
      (row) => (length: number, align?: number) => heap.allocSlice(row, length, align),
    ) as unknown as SliceMethods, // made of the same rows
    frame: sliceVerbs(
      (row) => (length: number, align?: number) => heap.frameArena.arena.allocSlice(row, length, align),
    ) as unknown as SliceMethods, // as above
  };
}
