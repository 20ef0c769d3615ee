// SPDX-License-Identifier: MIT
// WasmHeapManager: a heap with the method style of every type and codec (`heap.readInt32(p)`), arenas, slices and scopes.
import type { ArenaOptions, AttachOptions } from '../arena/arena-options.ts';
import type { WasmHeapArena } from '../arena/arena.ts';
import { attachArena, createHeapArena } from '../arena/create.ts';
import type { HeapIdentity } from '../arena/epochs.ts';
import type { ByteMethods } from '../arena/byte-methods.ts';
import { frameArenaOf, type FrameArena } from '../arena/frame-arena.ts';
import { sliceFromHandle } from '../arena/from-handle.ts';
import { allocHeapSlice } from '../arena/heap-slices.ts';
import { registryOf } from '../arena/registry.ts';
import { runScope, Scope } from '../arena/scope.ts';
import type { WasmSliceHandle } from '../arena/slice-handle.ts';
import type { WasmSlice } from '../arena/slice.ts';
import { applyCallSites } from '../heap/call-sites.ts';
import { Heap } from '../heap/heap.ts';
import { applyMemoryPolicy, sourceFor } from '../heap/memory-policy.ts';
import {
  readManagerOptions,
  type AllocatorMethod,
  type DeallocatorMethod,
  type WasmHeapManagerOptions,
} from '../heap/options.ts';
import type { Address } from '../memory/address.ts';
import type { MemorySource } from '../memory/buffers.ts';
import type { ScalarDescriptor, ScalarValue } from '../scalar/descriptor.ts';
import type { ScalarMethods } from '../scalar/methods.gen.ts';
import { installScalarAllocators, installScalarMethods } from '../scalar/methods.ts';
import { prepareForMethods } from '../scalar/prototype.ts';
import { registerRefClasses } from '../scalar/ref-classes.ts';
import { refClassList } from '../scalar/ref-list.gen.ts';
import type { StringMethods } from '../text/methods.gen.ts';
import { installStringMethods } from '../text/methods.ts';
import { installAccessors } from './accessors.ts';
import { installByteMethods } from './byte-methods.ts';
import { scopeRefs } from './scope-refs.gen.ts';
import { installForwarding } from './scope-methods.ts';

/** A memory with an allocator: typed reads and writes anywhere, blocks that are freed once, arenas, slices, scopes. */
export class WasmHeapManager extends Heap {
  /**
   * @param getHeap a function that returns the heap's buffer, called again when the last one is detached or too short; or
   *   a `WebAssembly.Memory`
   * @param allocate returns the address of a new block, or 0, as wasm returns it
   * @param deallocate frees what `allocate` returned
   * @throws {ArgumentTypeError} {@link ArgumentRangeError} if an argument or an option is invalid
   * @throws {ModuleError} if `getHeap` gives no live buffer
   */
  constructor(
    getHeap: MemorySource,
    allocate: AllocatorMethod,
    deallocate: DeallocatorMethod,
    options: WasmHeapManagerOptions = {},
  ) {
    const { heap, ...policy } = readManagerOptions(options);
    super(sourceFor(getHeap, policy.pollingMode), allocate, deallocate, heap);
    applyMemoryPolicy(this, policy);
    applyCallSites(this, policy.callSites);
  }

  /** A view of the whole memory as it is now. Do not keep it over a call that may grow the memory. */
  get heapDataView(): DataView {
    return this.refresh();
  }
  /** Returns a new arena of `capBytes` bytes in one block. @see {@link createHeapArena} */
  createHeapArena(capBytes: number, align?: number, options?: ArenaOptions): WasmHeapArena {
    return createHeapArena(this, capBytes, align, options);
  }
  /** Returns an arena that C code or another thread made. @see {@link attachArena} */
  attachArena(address: Address, options?: AttachOptions): WasmHeapArena {
    return attachArena(this, address, options);
  }
  /** The heap's arena for allocations that live for one frame: the same one each time. */
  get frameArena(): FrameArena {
    return frameArenaOf(this);
  }

  /**
   * Calls `callback` with a scope and frees what was made in it when `callback` returns or throws; a promise keeps the
   * scope open until it settles. Returns the result of `callback`. Without `callback`, returns the scope, for `using`.
   * @throws what `callback` throws; a {@link LinmemAggregateError} if the end of the scope fails too
   */
  scope<R>(callback: (scope: Scope) => R): R;
  scope(): Scope;
  scope<R>(callback?: (scope: Scope) => R): R | Scope {
    return callback === undefined ? new Scope(this) : runScope(this, callback);
  }

  /** Returns a slice of `length` elements in a separate block. @see {@link allocHeapSlice} */
  allocSlice<T extends ScalarValue, A extends ArrayBufferView>(
    type: ScalarDescriptor<T, A>,
    length: number,
    align?: number,
  ): WasmSlice<A, T> {
    return allocHeapSlice(this, type, length, align);
  }
  /** Returns the slice of a handle. @see {@link sliceFromHandle} */
  sliceFromHandle(handle: WasmSliceHandle): WasmSlice {
    return sliceFromHandle(this, handle);
  }

  /**
   * Identifies this heap across threads: a plain object for `postMessage`. Set it in another thread that works on the same
   * memory, so that handles of one are valid in the other. In shared memory, reading it allocates 16 bytes that are never
   * freed and are not in the statistics.
   * @throws {ArgumentTypeError} {@link OutOfBoundsError} if it is set to an invalid value, or after a slice was made
   */
  get identity(): HeapIdentity {
    return registryOf(this).epochs.identity;
  }
  set identity(identity: HeapIdentity) {
    registryOf(this).epochs.identity = identity;
  }
}

/** The methods of every type and codec: `readInt32`, `allocInt32`, `readUtf8String` and the rest. */
export interface WasmHeapManager extends ScalarMethods, StringMethods, ByteMethods {}
prepareForMethods(WasmHeapManager.prototype);
installByteMethods(WasmHeapManager.prototype);
installAccessors(WasmHeapManager.prototype);
installScalarAllocators(WasmHeapManager.prototype);
installScalarMethods(WasmHeapManager.prototype);
installStringMethods(WasmHeapManager.prototype);
prepareForMethods(Scope.prototype);
installForwarding(Scope.prototype, WasmHeapManager.prototype);
Object.assign(Scope.prototype, scopeRefs);
registerRefClasses(refClassList);
