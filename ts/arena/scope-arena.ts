// SPDX-License-Identifier: MIT
// ScopeArena: the arena that the scopes of a heap share.
//
//   P1  Each open scope has a checkpoint in it. The newest open scope allocates from it; others, which an async function
//       or a retained scope may still use, allocate separate blocks.
//   P2  A scope that ends before a newer one leaves its checkpoint: the memory above it is in use. The last one to end
//       returns to the lowest.
import { addInternal } from '../heap/allocation-entry.ts';
import type { Heap } from '../heap/heap.ts';
import { isShared } from '../memory/buffers.ts';
import { WasmHeapArena } from './arena.ts';
import type { Checkpoint } from './checkpoints.ts';
import { registryOf } from './registry.ts';

/** The size of the arena in bytes, before it grows. */
const SCOPE_ARENA_BYTES = 4000;

/** The members of a scope that the arena uses. */
export interface OpenScope {
  readonly ended: boolean;
  /** The newest scope when this one began. */
  readonly outer: OpenScope | undefined;
  readonly checkpoint: Checkpoint;
}

/** The arena that the scopes of one heap share. */
export class ScopeArena {
  readonly arena: WasmHeapArena;
  /** False in shared memory, where scopes allocate separate blocks once the arena is full. */
  readonly grows: boolean;
  /** The newest open scope. Below it are the scopes that were open when it began; some of them may have ended. */
  newest: OpenScope | undefined = undefined;
  constructor(heap: Heap) {
    this.grows = !isShared(heap);
    const placement = { capBytes: SCOPE_ARENA_BYTES, align: 16 };
    this.arena = new WasmHeapArena(heap, placement, { grow: this.grows, collected: false });
    addInternal(heap, this.arena.allocation);
  }

  /**
   * Returns true if a new scope can use it. A handle of a slice in a scope publishes the arena, which makes allocations
   * slow; once all scopes have ended, no such slice is left and it is private again.
   */
  isUsable(): boolean {
    if (this.arena.destroyed) return false;
    if (this.grows && !this.newest) this.arena.unpublish();
    return true;
  }

  /** Ends the checkpoints of all ended scopes above the newest open one (P2). Returns false if there are none. */
  popEnded(): boolean {
    let { newest } = this;
    let lowest: Checkpoint | undefined;
    for (; newest?.ended; newest = newest.outer) lowest = newest.checkpoint;
    this.newest = newest;
    if (!lowest) return false;
    if (!this.arena.destroyed) this.arena.popCheckpoint(lowest);
    return true;
  }
}

/** Returns the arena that the scopes of `heap` share, made when first needed. */
export function scopeArenaOf(heap: Heap): ScopeArena {
  const registry = registryOf(heap);
  const found = registry.scopeArena as ScopeArena | undefined; // nothing else sets it
  if (found?.isUsable()) return found;
  const made = new ScopeArena(heap);
  registry.scopeArena = made;
  return made;
}
