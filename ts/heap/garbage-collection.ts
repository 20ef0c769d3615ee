// SPDX-License-Identifier: MIT
// Frees the blocks of owning refs that were collected as garbage.
//
//   G1  The registry holds the allocation of a ref, which has its heap, never the ref: nothing here keeps a ref alive.
//   G2  A block that is freed by hand is unregistered first, so that no block is freed twice.
import type { Allocation, Owner, Reclaimer } from '../memory/allocation.ts';

// One registry for all heaps: if a registry is itself collected with its heap, it never reports the heap's refs.
const registry: FinalizationRegistry<Allocation> | undefined = /* @__PURE__ */ (() =>
  typeof FinalizationRegistry === 'function'
    ? new FinalizationRegistry((allocation) => allocation.extras?.reclaimer?.reclaim(allocation))
    : undefined)();

/** Makes `owner` the owner of `allocation`; `reclaimer` frees it once the owner was collected, if the engine can tell. */
export function watchOwner(owner: Owner, reclaimer: Reclaimer, allocation: Allocation): void {
  if (!registry || typeof WeakRef !== 'function') {
    allocation.owner = owner;
    return;
  }
  const weakOwner = new WeakRef(owner);
  if (allocation.extras) allocation.extend({ weakOwner, reclaimer });
  else allocation.extras = { weakOwner, reclaimer };
  registry.register(owner, allocation, allocation);
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
  if (heap.collects) watchOwner(ref, heap, allocation);
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
