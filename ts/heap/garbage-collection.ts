// SPDX-License-Identifier: MIT
// Frees the blocks of owning refs that were collected as garbage.
//
//   G1  The registry holds the allocation and the heap of a ref, never the ref: nothing here keeps a ref alive.
//   G2  A block that is freed by hand is unregistered first, so that no block is freed twice.
import type { Allocation, Owner } from '../memory/allocation.ts';

/** A heap or an arena that frees allocations whose owner was collected. Must not throw. */
export interface Reclaimer {
  reclaim(allocation: Allocation): void;
}

// One registry for all heaps: if a registry is itself collected with its heap, it never reports the heap's refs.
const registry: FinalizationRegistry<{ heap: Reclaimer; allocation: Allocation }> | undefined =
  /* @__PURE__ */ (() =>
    typeof FinalizationRegistry === 'function'
      ? new FinalizationRegistry(({ heap, allocation }) => heap.reclaim(allocation))
      : undefined)();

/** Makes `heap` reclaim `allocation` when `owner` is collected. Returns a WeakRef to the owner, if the engine has it. */
export function watchOwner<R extends object>(
  owner: R,
  heap: Reclaimer,
  allocation: Allocation,
): WeakRef<R> | undefined {
  registry?.register(owner, { heap, allocation }, allocation);
  return typeof WeakRef === 'function' ? new WeakRef(owner) : undefined;
}

/** G2. */
export function unwatchOwner(allocation: Allocation): void {
  registry?.unregister(allocation);
}

/** Makes `ref` the owner of its allocation; with garbage collection, by a WeakRef and with ballast. */
export function registerOwner(
  heap: Reclaimer & { readonly collects: boolean; readonly pressure: number },
  ref: Owner & { readonly allocation: Allocation; retains?: object | undefined },
): void {
  const { allocation } = ref;
  if (heap.collects) allocation.weakOwner = watchOwner(ref, heap, allocation);
  else allocation.owner = ref;
  if (heap.pressure > 0) ref.retains = makeBallast(Math.floor(allocation.byteLength * heap.pressure));
}

/**
 * Returns garbage of `bytes` bytes, which makes the collector see the size of a block. Returns undefined if the engine
 * cannot allocate it.
 */
function makeBallast(bytes: number): object | undefined {
  try {
    return new ArrayBuffer(bytes);
  } catch {
    return undefined;
  }
}
