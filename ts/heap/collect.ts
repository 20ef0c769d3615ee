// SPDX-License-Identifier: MIT
// Giving blocks back whose owning refs were collected as garbage.
//
//   G1  What is held for a ref is its block and its heap, never the ref: nothing here keeps a ref alive.
//   G2  A block that is freed by hand is struck out first, so that no block is given back twice.
import type { Block } from '../memory/block.ts';

/** Somebody who takes blocks back. Must not throw. */
export interface Reclaimer {
  reclaim(block: Block): void;
}

// One for all heaps: a registry that is itself dropped with its heap would never report the heap's refs.
const registry: FinalizationRegistry<{ heap: Reclaimer; block: Block }> | undefined =
  /* @__PURE__ */ typeof FinalizationRegistry === 'function'
    ? /* @__PURE__ */ new FinalizationRegistry(({ heap, block }) => heap.reclaim(block))
    : undefined;

/** Has `block` reclaimed by `heap` when `ref` is collected; returns the ref held weakly, where the engine can. */
export function watch<R extends object>(ref: R, heap: Reclaimer, block: Block): WeakRef<R> | undefined {
  registry?.register(ref, { heap, block }, block);
  return typeof WeakRef === 'function' ? new WeakRef(ref) : undefined;
}

/** G2. */
export function unwatch(block: Block): void {
  registry?.unregister(block);
}

/** Weight for a ref: garbage of that many bytes once the ref is. None where the engine has no room for it. */
export function ballast(bytes: number): object | undefined {
  try {
    return new ArrayBuffer(bytes);
  } catch {
    return undefined;
  }
}
