// SPDX-License-Identifier: MIT
// What the arena room keeps for each heap: its epochs, and the arenas and slices that handles are looked up among.
import type { WasmHeapManager } from './manager.ts';
import type { Block } from '../memory/block.ts';
import type { WasmHeapArena } from './arena.ts';
import { HeapEpochs } from './epochs.ts';
import type { FrameArena } from './frame.ts';
import { ArenaPlace } from './place.ts';
import type { Scratch } from './scope.ts';
import { breakSeal, SEAL, writeSeal } from './seal.ts';
import { wordOf } from './struct.ts';

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
  /** Blocks whose end is not all that ends: where the seal of a slice lies, or 0 for an arena. */
  readonly #ends = new WeakMap<Block, number>();

  constructor(heap: WasmHeapManager) {
    this.#heap = heap;
    this.epochs = new HeapEpochs(heap);
  }

  /** Enters the arena at `address`, held weakly; with the block that it ends with, when that is of this heap. */
  open(address: number, arena: WasmHeapArena, block?: Block): void {
    if (!block && this.find(address)?.destroyed === false) return; // it was made here
    this.#arenas.set(address, new WeakRef(arena));
    if (block) this.#tie(block, 0);
  }
  /** The arena whose struct is at `address`, when it was made or attached here. */
  find(address: number): WasmHeapArena | undefined {
    return this.#arenas.get(address)?.deref();
  }

  /** The epoch of a block that is a heap slice: a number that no other loan of the heap has. */
  epochOf(block: Block): number {
    let epoch = this.#epochs.get(block);
    if (epoch === undefined) this.#epochs.set(block, (epoch = this.epochs.next()));
    return epoch;
  }
  /** The epoch of `block`, for its seal before `ptr`, which {@link ending} breaks. */
  seal(block: Block, ptr: number): number {
    this.#tie(block, ptr - SEAL);
    return this.epochOf(block);
  }
  #tie(block: Block, at: number): void {
    block.tied = true;
    this.#ends.set(block, at);
  }
  /** Where the elements of a heap slice begin in its block. */
  startOf(block: Block): number {
    const at = this.#ends.get(block);
    return at ? at + SEAL : block.address;
  }
  /**
   * Ends what ends with a block that is freed: breaks its seal, or ends what was cut from its arena. Returns what
   * mends that, should the free fail.
   */
  ending(block: Block): (() => void) | undefined {
    if (!block.tied || !block.live) return undefined; // to look a block up costs more than to free it
    const at = this.#ends.get(block);
    if (at === undefined) return undefined;
    if (at === 0) return this.#endArena(block.address);
    const ptr = at + SEAL;
    breakSeal(this.#heap, ptr);
    return () => writeSeal(this.#heap, ptr, block.address + block.byteLength - ptr, this.epochOf(block));
  }
  #endArena(address: number): (() => void) | undefined {
    const word = wordOf(this.#heap, this.#heap.locate(address, 8));
    if (word === 0) return undefined; // somebody wrote over it
    const place = new ArenaPlace(this.#heap, address, word);
    const open = place.close();
    this.epochs.reached(place.epoch);
    const begin = this.find(address)?.ending();
    this.#arenas.delete(address);
    return () => {
      open();
      begin?.();
    };
  }
  /** As {@link epochOf}, but 0 for a block that no handle was made of. */
  knownEpochOf(block: Block): number {
    return this.#epochs.get(block) ?? 0;
  }
}
