// SPDX-License-Identifier: MIT
// 64-bit modules (wasm64, memory64), whose functions take and return bigints.
import type { Pointer } from '../heap/allocator.ts';
import { ownOptions } from '../heap/options.ts';
import type { AllocatorMethod, DeallocatorMethod, WasmHeapManagerOptions } from '../heap/options.ts';
import type { MemorySource } from '../memory/buffers.ts';

/** Options of {@link createWasmHeapManager64}: those of a manager, with functions that take bigints. */
export interface WasmHeapManager64Options extends Omit<
  WasmHeapManagerOptions,
  'addressBits' | 'calloc' | 'realloc' | 'alignedAlloc'
> {
  readonly calloc?: (count: bigint, bytes: bigint) => Pointer;
  readonly realloc?: (address: bigint, bytes: bigint) => Pointer;
  readonly alignedAlloc?: (align: bigint, bytes: bigint) => Pointer;
}

/** The arguments of {@link createWasmHeapManager64}. */
export type Memory64Arguments = [
  getHeap: MemorySource,
  allocate: (bytes: bigint) => Pointer,
  deallocate: (address: bigint) => unknown,
  options?: WasmHeapManager64Options,
];

/** Returns these arguments as those of {@link WasmHeapManager}. */
export function toNumberArguments(
  ...[getHeap, allocate, deallocate, options = {}]: Memory64Arguments
): [MemorySource, AllocatorMethod, DeallocatorMethod, WasmHeapManagerOptions] {
  const { calloc, realloc, alignedAlloc, ...rest } = ownOptions(options);
  const chosen = {
    ...rest,
    addressBits: 64 as const,
    ...(calloc && { calloc: takingNumbers(calloc) }),
    ...(realloc && { realloc: takingNumbers(realloc) }),
    ...(alignedAlloc && { alignedAlloc: takingNumbers(alignedAlloc) }),
  };
  return [getHeap, takingNumbers(allocate), takingNumbers(deallocate), chosen];
}

/** Returns `fn` for numbers. Anything but a function is returned unchanged; the manager then throws. */
function takingNumbers<N extends bigint[], R>(fn: (...args: N) => R): (...args: number[]) => R {
  return typeof fn === 'function' ? (...args) => fn(...(args.map(BigInt) as N)) : fn; // as many as were given
}
