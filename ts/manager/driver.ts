// SPDX-License-Identifier: MIT
// HeapDriver: WasmGPU's `driver`, under its names.
import { ModuleError } from '../errors.ts';
import type { ArenaOptions } from '../arena/arena-options.ts';
import type { WasmHeapArena } from '../arena/arena.ts';
import { sliceMethods } from '../arena/region.ts';
import { assertHeap } from '../arena/registry.ts';
import type { WasmSliceHandle } from '../arena/slice-handle.ts';
import type { SliceMethods } from '../arena/slices.gen.ts';
import type { Address } from '../memory/address.ts';
import { isShared, type ElementsClass } from '../memory/buffers.ts';
import { LinearMemory } from '../memory/linear-memory.ts';
import type { WasmHeapManager } from './manager.ts';

/** WasmGPU's `driver`, over one heap. */
export interface HeapDriver {
  /** Returns the current buffer of the memory. */
  buffer(): ArrayBufferLike;
  /** Returns all bytes of the memory as it is now. */
  bytes(): Uint8Array;
  /** Returns true if threads share the memory. */
  isSharedMemory(): boolean;
  /** Returns the shared buffer. @throws {ModuleError} if the memory is not shared */
  requireSharedMemory(): ArrayBufferLike;
  /** Returns a typed array over `length` elements at `ptr`; see {@link LinearMemory.view}. */
  view<A extends ArrayBufferView>(Elements: ElementsClass<A>, ptr: Address, length: number): A;
  /** As `view`, over another buffer, such as one posted from another thread. */
  viewOn<A extends ArrayBufferView>(
    Elements: ElementsClass<A>,
    buffer: ArrayBufferLike,
    ptr: Address,
    length: number,
  ): A;
  /** Returns a typed array over the slice of a handle, after all checks; see {@link sliceFromHandle}. */
  viewFromHandle(handle: WasmSliceHandle): ArrayBufferView;
  /** Returns a new arena; see {@link createHeapArena}. */
  createHeapArena(capBytes: number, align?: number, options?: ArenaOptions): WasmHeapArena;
  /** `heap.allocF32(length)` and the like: slices in separate blocks. */
  readonly heap: SliceMethods;
  /** `frame.allocF32(length)` and the like: slices that live until the frame arena is reset. */
  readonly frame: SliceMethods;
}

/** Returns WasmGPU's `driver` over `heap`. */
export function createDriver(heap: WasmHeapManager): HeapDriver {
  assertHeap(heap);
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
    heap: sliceMethods(heap),
    frame: sliceMethods({ allocSlice: (...all) => heap.frameArena.arena.allocSlice(...all) }),
  };
}
