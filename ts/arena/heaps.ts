// SPDX-License-Identifier: MIT
// What the arena room keeps for each heap: its epochs, and the arenas and slices that handles are looked up among.
import type { WasmHeapManager } from './manager.ts';
import type { Block } from '../memory/block.ts';
import type { WasmHeapArena } from './arena.ts';
import { HeapEpochs, readEpoch, writeEpoch } from './epochs.ts';
import type { FrameArena } from './frame.ts';
import type { Scratch } from './scope.ts';
import { SEAL } from './seal.ts';

/** The arenas of one heap. */
export class HeapArenas {
  readonly epochs: HeapEpochs;
  /** The heap's frame arena, once it was asked for. */
  frame: FrameArena | undefined;
  /** Where the scopes of the heap lie, once there was one. */
  scratch: Scratch | undefined;
  readonly #heap: WasmHeapManager;
  readonly #arenas = new Map<number, WeakRef<WasmHeapArena>>();
  readonly #epochs = new WeakMap<Block, number>();
  readonly #seals = new WeakMap<Block, number>();
  #sealed = false;

  constructor(heap: WasmHeapManager) {
    this.#heap = heap;
    this.epochs = new HeapEpochs(heap);
  }

  /** Enters the arena at `address`, held weakly. */
  open(address: number, arena: WasmHeapArena): void {
    this.#arenas.set(address, new WeakRef(arena));
  }
  /** The arena whose struct is at `address`, when it was made or attached here. */
  find(address: number): WasmHeapArena | undefined {
    return this.#arenas.get(address)?.deref();
  }
  /** Strikes an arena out; when its memory is still its own, notes how far its epochs went. */
  close(address: number, live: boolean): void {
    this.#arenas.delete(address);
    if (live) this.epochs.reached(readEpoch(this.#heap, this.#heap.locate(address, 8)));
  }

  /** The epoch of a block that is a heap slice: a number that no other loan of the heap has. */
  epochOf(block: Block): number {
    let epoch = this.#epochs.get(block);
    if (epoch === undefined) this.#epochs.set(block, (epoch = this.epochs.next()));
    return epoch;
  }
  /** The epoch of `block`, for its seal before `ptr`, which {@link breakSeal} breaks. */
  seal(block: Block, ptr: number): number {
    this.#seals.set(block, ptr - SEAL);
    this.#sealed = true;
    return this.epochOf(block);
  }
  /** Breaks the seal of a block that is freed, if it has one. Returns what mends it, should the free fail. */
  breakSeal(block: Block): (() => void) | undefined {
    if (!this.#sealed) return undefined; // to look a block up costs more than to free it
    const at = this.#seals.get(block);
    if (at === undefined || !block.live) return undefined;
    writeEpoch(this.#heap, this.#heap.locate(at, 8), 0);
    return () => writeEpoch(this.#heap, at, this.epochOf(block));
  }
  /** As {@link epochOf}, but 0 for a block that no handle was made of. */
  knownEpochOf(block: Block): number {
    return this.#epochs.get(block) ?? 0;
  }
}
