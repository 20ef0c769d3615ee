// SPDX-License-Identifier: MIT
// ScopeArena: the arena that the scopes of a heap share.
//
//   P1  Each open scope has a checkpoint in it. The newest open scope allocates from it; others, which an async function
//       or a retained scope may still use, allocate separate blocks.
//   P2  A scope that ends before a newer one leaves its checkpoint: the memory above it is in use. The last one to end
//       returns to the lowest.
//   P3  `tryPush` and `tryPop` of arenas and `Scope.bump` do what most scopes need, in little bytecode: see
//       docs/performance.md, "Inlining". An arena that was published or destroyed, 64-bit addresses, threads, a growth
//       and P2 take the general path.
import { addInternal } from '../heap/allocation-entry.ts';
import type { Heap } from '../heap/heap.ts';
import { isShared } from '../memory/buffers.ts';
import { WasmHeapArena } from './arena.ts';
import type { Checkpoint } from './checkpoints.ts';
import { registryOf, type ArenaRegistry } from './registry.ts';

/** The size of the arena in bytes, before it grows. */
const SCOPE_ARENA_BYTES = 4000;

/** The arena that the scopes of one heap share. */
export class ScopeArena {
  readonly arena: WasmHeapArena;
  constructor(heap: Heap) {
    const placement = { capBytes: SCOPE_ARENA_BYTES, align: 16 };
    // In shared memory scopes allocate separate blocks once it is full.
    this.arena = new WasmHeapArena(heap, placement, { grow: !isShared(heap), collected: false });
    addInternal(heap, this.arena.allocation);
  }

  /** Ends `checkpoint`, whose scope has ended, and those of all ended scopes above the newest open one (P2, P3). */
  pop(checkpoint: Checkpoint): void {
    checkpoint.isLeft = true;
    let { last } = this.arena.checkpoints;
    let lowest: Checkpoint | undefined;
    for (; last?.isLeft; last = last.below) lowest = last;
    if (lowest) this.arena.popCheckpoint(lowest);
    else checkpoint.allocation?.markFreed();
  }
  /**
   * Returns true if a new scope can use it. A handle of a slice in a scope publishes the arena, which makes allocations
   * slow; once all scopes have ended, no such slice is left and it is private again.
   */
  isUsable(): boolean {
    const { arena } = this;
    if (arena.destroyed) return false;
    if (!arena.checkpoints.last?.below && !isShared(arena.heap)) arena.unpublish();
    return true;
  }
}

/** Returns the arena that the scopes of `heap` share, if there is one. It may be destroyed. */
export function findScopeArena(heap: Heap): ScopeArena | undefined {
  return (heap.arenaRegistry as ArenaRegistry | undefined)?.scopeArena as ScopeArena | undefined; // nothing else sets them
}
/** Returns the arena that the scopes of `heap` share, made when first needed. */
export function scopeArenaOf(heap: Heap): ScopeArena {
  const found = findScopeArena(heap);
  return found?.isUsable() ? found : (registryOf(heap).scopeArena = new ScopeArena(heap));
}
