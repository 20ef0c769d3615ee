// SPDX-License-Identifier: MIT
// Managers of 64-bit modules (wasm64), whose functions take and return bigints.
import type { MemorySource } from '../memory/memory.ts';
import type { Pointer } from './allocator.ts';
import { WasmHeapManager } from './manager.ts';
import type { WasmHeapManagerOptions } from './options.ts';

/** Options of {@link createWasmHeapManager64}: the manager's, with functions that take bigints. */
export interface WasmHeapManager64Options extends Omit<
  WasmHeapManagerOptions,
  'addressBits' | 'calloc' | 'realloc' | 'alignedAlloc'
> {
  readonly calloc?: (count: bigint, bytes: bigint) => Pointer;
  readonly realloc?: (address: bigint, bytes: bigint) => Pointer;
  readonly alignedAlloc?: (align: bigint, bytes: bigint) => Pointer;
}

/**
 * Returns a manager of the heap of a 64-bit module. As `createWasmHeapManager`, but the functions take bigints, as
 * the exports of such a module do. Addresses may be numbers up to 2^53 - 1 or bigints.
 */
export function createWasmHeapManager64(
  getHeap: MemorySource,
  allocate: (bytes: bigint) => Pointer,
  deallocate: (address: bigint) => unknown,
  options: WasmHeapManager64Options = {},
): WasmHeapManager {
  const { calloc, realloc, alignedAlloc, ...rest } = options;
  return new WasmHeapManager(getHeap, wide(allocate), wide(deallocate), {
    ...rest,
    addressBits: 64,
    ...(calloc && { calloc: wide(calloc) }),
    ...(realloc && { realloc: wide(realloc) }),
    ...(alignedAlloc && { alignedAlloc: wide(alignedAlloc) }),
  });
}

/** The same function, for numbers; anything else stays as it is, for the manager to refuse. */
function wide<N extends bigint[], R>(verb: (...args: N) => R): (...args: number[]) => R {
  return typeof verb === 'function' ? (...args) => verb(...(args.map(BigInt) as N)) : verb; // as many as were given
}
