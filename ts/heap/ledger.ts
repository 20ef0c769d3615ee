// SPDX-License-Identifier: MIT
// Who holds what: the blocks a manager has lent, the ones it got back, and the sums.
import type { Block } from '../memory/block.ts';

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
    this.#freed.delete(block.address);
    this.#allocations++;
    this.#liveBytes += block.byteLength;
    if (this.#liveBytes > this.#peakBytes) this.#peakBytes = this.#liveBytes;
    return block;
  }

  /** Strikes a loan out. The block must be one that was lent and not struck out yet. */
  end(block: Block): void {
    if (!this.#live.delete(block.address)) return;
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

  /** The live block that has `address` inside, past its first byte. O(live blocks). */
  around(address: number): Block | undefined {
    for (const block of this.#live.values()) {
      if (address > block.address && address < block.address + block.byteLength) return block;
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
