// SPDX-License-Identifier: MIT
// Creates managers, under the names of wasm-heap-manager.
import type { AllocatorMethod, DeallocatorMethod, WasmHeapManagerOptions } from '../heap/options.ts';
import type { MemorySource } from '../memory/buffers.ts';
import { WasmHeapManager } from './manager.ts';
import { toNumberArguments, type Memory64Arguments } from './memory64.ts';

/** Returns a new {@link WasmHeapManager}. The arguments are those of its constructor. */
export function createWasmHeapManager(
  ...args: [
    getHeap: MemorySource,
    allocate: AllocatorMethod,
    deallocate: DeallocatorMethod,
    options?: WasmHeapManagerOptions,
  ]
): WasmHeapManager {
  return new WasmHeapManager(...args);
}

/**
 * Returns a manager of the heap of a 64-bit module, whose functions take and return bigints. Addresses can be given as
 * numbers up to 2^53 - 1 or as bigints.
 */
export function createWasmHeapManager64(...args: Memory64Arguments): WasmHeapManager {
  return new WasmHeapManager(...toNumberArguments(...args));
}
