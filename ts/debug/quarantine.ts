// SPDX-License-Identifier: MIT
// Quarantine: freed blocks whose bytes are not reused for some time, as an old pointer may write to them.
import type { BlockRecord } from './recorder.ts';

/** A freed block, and the function that frees it in the module. */
interface Waiting {
  readonly block: BlockRecord;
  readonly free: () => void;
}

/** The number of removed entries at which the list is shortened. */
const MAX_DONE = 1000;

export class Quarantine {
  readonly #maxBytes: number;
  readonly #check: (block: BlockRecord) => void;
  readonly #blocks: Waiting[] = [];
  /** The index of the oldest block. */
  #first = 0;
  #bytes = 0;

  /** @param check tests whether a freed block was written */
  constructor(maxBytes: number, check: (block: BlockRecord) => void) {
    this.#maxBytes = maxBytes;
    this.#check = check;
  }

  /** Adds a block, then checks and frees the oldest ones while there are too many bytes. */
  add(block: BlockRecord, free: () => void): void {
    this.#blocks.push({ block, free });
    this.#bytes += block.size;
    while (this.#bytes > this.#maxBytes) this.#evict();
    if (this.#first <= MAX_DONE || this.#first * 2 <= this.#blocks.length) return;
    this.#blocks.splice(0, this.#first);
    this.#first = 0;
  }

  /** Checks all blocks. */
  check(): void {
    for (const { block } of this.#blocks.slice(this.#first)) this.#check(block);
  }

  #evict(): void {
    const oldest = this.#blocks[this.#first++];
    if (!oldest) return;
    this.#bytes -= oldest.block.size;
    this.#check(oldest.block);
    oldest.free();
  }
}
