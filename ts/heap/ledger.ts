// SPDX-License-Identifier: MIT
// Who holds what: the blocks a manager has lent, the ones it got back, and the sums.
import type { Block, Owner } from '../memory/block.ts';
import { Starts } from './starts.ts';

/** What a manager has lent and got back, in blocks and in bytes asked for. */
export interface HeapStatistics {
  /** Blocks lent now. */
  readonly liveBlocks: number;
  /** Bytes lent now. */
  readonly liveBytes: number;
  /** The most bytes ever lent at once. */
  readonly peakBytes: number;
  /** Blocks ever lent. */
  readonly allocations: number;
  /** Blocks ever given back. */
  readonly frees: number;
}

/** How many freed addresses are remembered. The oldest are forgotten first. */
const REMEMBERED = 65536;

/** The book of one manager. */
export class Ledger {
  /** Whether every loan is entered; else only those are that could not be given back without it. */
  readonly tracks: boolean;
  readonly #live = new Map<number, Block>();
  readonly #freed = new Set<number>();
  readonly #starts = new Starts();
  #longest = 0;
  #liveBytes = 0;
  #peakBytes = 0;
  #allocations = 0;
  #frees = 0;

  constructor(tracks: boolean) {
    this.tracks = tracks;
  }

  /** Enters a loan. */
  lend(block: Block): Block {
    if (!this.tracks && block.base === block.address) return block;
    this.#live.set(block.address, block);
    this.#starts.mark(block.address, true);
    if (block.byteLength > this.#longest) this.#longest = block.byteLength;
    this.#freed.delete(block.address);
    this.#allocations++;
    this.#liveBytes += block.byteLength;
    if (this.#liveBytes > this.#peakBytes) this.#peakBytes = this.#liveBytes;
    return block;
  }

  /** Strikes a loan out. The block must be one that was lent and not struck out yet. */
  end(block: Block): void {
    if (this.#live.get(block.address) !== block) return;
    this.#live.delete(block.address);
    this.#starts.mark(block.address, this.#inGranule(block.address, block.address + 7) !== undefined);
    this.#freed.add(block.address);
    if (this.#freed.size > REMEMBERED) {
      for (const oldest of this.#freed) {
        this.#freed.delete(oldest);
        break;
      }
    }
    this.#frees++;
    this.#liveBytes -= block.byteLength;
  }

  /** The live block that starts at `address`. */
  find(address: number): Block | undefined {
    return this.#live.get(address);
  }

  /**
   * The live block that begins at or below `address` and has a byte at or above `from`: with `from` the same, the
   * one that `address` is in. Cost: O(longest block / 256).
   */
  around(address: number, from: number = address): Block | undefined {
    const start = this.#starts.before(address, from - this.#longest);
    const block = start < 0 ? undefined : this.#inGranule(start, address);
    return block && (block.address + block.byteLength > from || block.address >= from) ? block : undefined;
  }

  /** The last live block that begins in the 8 bytes of `start`, not above `most`. */
  #inGranule(start: number, most: number): Block | undefined {
    const first = start - (start % 8);
    for (let at = Math.min(first + 7, most); at >= first; at--) {
      const block = this.#live.get(at);
      if (block) return block;
    }
    return undefined;
  }

  /** Whether `address` was given back and not lent since. */
  wasFreed(address: number): boolean {
    return this.#freed.has(address);
  }

  /** The live blocks, oldest first. */
  blocks(): Block[] {
    return [...this.#live.values()];
  }

  /** What owns the live blocks, oldest first; not what was collected. */
  owners(): Owner[] {
    const owners = this.blocks().map(({ owner }) => (owner && 'deref' in owner ? owner.deref() : owner));
    return owners.filter((owner) => owner !== undefined);
  }

  statistics(): HeapStatistics {
    return {
      liveBlocks: this.#live.size,
      liveBytes: this.#liveBytes,
      peakBytes: this.#peakBytes,
      allocations: this.#allocations,
      frees: this.#frees,
    };
  }
}
