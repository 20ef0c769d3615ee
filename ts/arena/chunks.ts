// SPDX-License-Identifier: MIT
// The blocks of an arena that was made here: its own one, and the chunks it grew by. Knows nothing of the arena, so
// that it can give them back when the arena was collected as garbage.
import { NotOwnedError, OutOfMemoryError } from '../errors.ts';
import type { Reclaimer } from '../heap/collect.ts';
import type { Block } from '../memory/block.ts';
import type { WasmHeapManager } from './manager.ts';
import type { ArenaPlace } from './place.ts';
import { CHUNK_WORDS } from './struct.ts';

/** What goes wrong where the chunks of the arena at `address` would have to go, and somebody else took them. */
export const theirChunks = (address: number): NotOwnedError =>
  new NotOwnedError(address, 'the chunks of this arena are its maker’s to free');

/** The blocks of one arena. */
export class Chunks implements Reclaimer {
  readonly #heap: WasmHeapManager;
  /** The arena's own block, then its chunks. */
  private readonly blocks: Block[];
  readonly #grows: boolean;

  constructor(heap: WasmHeapManager, block: Block, grows: boolean) {
    this.#heap = heap;
    this.blocks = [block];
    this.#grows = grows;
  }

  /** Takes a chunk with room for the request: as large as two of the last, if it can be had. False when it must not. */
  grow(place: ArenaPlace, size: number, align: number): boolean {
    if (!this.#grows) return false;
    const need = CHUNK_WORDS * place.word + align + size;
    const twice = 2 * (place.read(place.at.end) - place.read(place.at.base));
    const take = (bytes: number): Block => this.#heap.lendAsIs(bytes, 8, (block) => block);
    let block: Block;
    try {
      block = take(Math.max(need, twice));
    } catch (error) {
      if (need >= twice || !(error instanceof OutOfMemoryError)) throw error;
      block = take(need);
    }
    this.blocks.push(block);
    place.push(block.address, block.byteLength);
    return true;
  }

  /** Chunks it has. */
  get count(): number {
    return this.blocks.length - 1;
  }
  /** Lets go of the chunks after the first `keep`; what is returned gives them back to the heap, one each. */
  drop(place: ArenaPlace, keep: number): (() => void)[] {
    const blocks = this.blocks.splice(1 + keep);
    for (let i = 0; i < blocks.length; i++) place.pop();
    return blocks.reverse().map((block) => () => this.#heap.takeBack(block));
  }
  /** Gives back the chunks after the first `keep`, which C let go of: its reset leaves them to who made them. */
  forget(keep: number): void {
    for (const block of this.blocks.splice(1 + keep)) this.#heap.reclaim(block);
  }
  /** Gives everything back, as the arena was collected. */
  reclaim(): void {
    for (const block of this.blocks) this.#heap.reclaim(block);
  }
}
