// SPDX-License-Identifier: MIT
// ScopeArena: the arena that the scopes of a heap share.
//
//   P1  Each open scope has a checkpoint in it. The newest open scope allocates from it; others, which an async function
//       or a retained scope may still use, allocate separate blocks.
//   P2  A scope that ends before a newer one leaves its checkpoint: the memory above it is in use. The last one to end
//       returns to the lowest.
//   P3  `push`, `pop` and `Scope.bump` do what most scopes need, in little bytecode: see docs/performance.md, "Inlining".
//       An arena that was published or destroyed, 64-bit addresses, threads, a growth and P2 take the general path.
import { addInternal } from '../heap/allocation-entry.ts';
import type { Heap } from '../heap/heap.ts';
import { isShared } from '../memory/buffers.ts';
import { WasmHeapArena } from './arena.ts';
import type { Chunks } from './chunks.ts';
import type { MemoryViews } from '../memory/linear-memory.ts';
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

  /** The views of the memory; undefined if `checkpoint` is not the newest, or the general path is needed (P3). */
  viewsFor(checkpoint: Checkpoint | undefined): MemoryViews | undefined {
    const { topAt, views, checkpoints } = this.arena;
    const isFast = topAt > 0 && topAt + 8 <= views.bytes.length && !checkpoints.published;
    return isFast && checkpoints.last === checkpoint ? views : undefined;
  }
  /** Begins the checkpoint of a new scope. Returns it, or undefined if that needs the general path (P3). */
  push(): Checkpoint | undefined {
    const { topAt, checkpoints, chunks } = this.arena;
    const views = this.viewsFor(checkpoints.last);
    return views && checkpoints.pushAt(views.data.getUint32(topAt, true), (chunks as Chunks).count); // it made its chunks
  }
  /** Ends `checkpoint`, whose scope has ended (P2, P3). */
  pop(checkpoint: Checkpoint): void {
    const { topAt, checkpoints, chunks } = this.arena;
    const views = this.viewsFor(checkpoint);
    if (!views || checkpoint.chunks !== chunks?.count || checkpoint.below?.isLeft) this.leave(checkpoint);
    else {
      checkpoints.endNewest();
      views.data.setUint32(topAt, checkpoint.top, true);
    }
  }
  /**
   * Returns true if a new scope can use it. A handle of a slice in a scope publishes the arena, which makes allocations
   * slow; once all scopes have ended, no such slice is left and it is private again.
   */
  isUsable(): boolean {
    const { arena } = this;
    if (!arena.destroyed && !arena.checkpoints.last?.below) arena.unpublish();
    return !arena.destroyed;
  }

  /** The general path of {@link pop}: ends the checkpoints of all ended scopes above the newest open one (P2). */
  private leave(checkpoint: Checkpoint): void {
    checkpoint.isLeft = true;
    let { last } = this.arena.checkpoints;
    let lowest: Checkpoint | undefined;
    for (; last?.isLeft; last = last.below) lowest = last;
    if (lowest) this.arena.popCheckpoint(lowest);
    else checkpoint.allocation?.markFreed();
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
