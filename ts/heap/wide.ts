// SPDX-License-Identifier: MIT
// Managers of 64-bit modules (wasm64), whose functions take and return bigints.
import type { MemorySource } from '../memory/memory.ts';
import type { Pointer } from './allocator.ts';
import type { HeapManager } from './manager.ts';
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

/** The arguments of a 64-bit module's manager. */
export type WideArguments = [
  getHeap: MemorySource,
  allocate: (bytes: bigint) => Pointer,
  deallocate: (address: bigint) => unknown,
  options?: WasmHeapManager64Options,
];

/** The same as arguments of {@link HeapManager}. */
export function wideArguments(
  ...[getHeap, allocate, deallocate, options = {}]: WideArguments
): ConstructorParameters<typeof HeapManager> {
  const { calloc, realloc, alignedAlloc, ...rest } = options;
  const chosen = {
    ...rest,
    addressBits: 64 as const,
    ...(calloc && { calloc: wide(calloc) }),
    ...(realloc && { realloc: wide(realloc) }),
    ...(alignedAlloc && { alignedAlloc: wide(alignedAlloc) }),
  };
  return [getHeap, wide(allocate), wide(deallocate), chosen];
}

/** The same function, for numbers; anything else stays as it is, for the manager to refuse. */
function wide<N extends bigint[], R>(verb: (...args: N) => R): (...args: number[]) => R {
  return typeof verb === 'function' ? (...args) => verb(...(args.map(BigInt) as N)) : verb; // as many as were given
}
