// SPDX-License-Identifier: MIT
// One lent range of memory, and whether it is still lent. Every ref of the range holds the same block, so that
// the end of one is seen by all.

/** A block of memory that a heap lent out. */
export class Block {
  /** The first byte. */
  readonly address: number;
  /** Bytes asked for. */
  readonly byteLength: number;
  /** What the allocator returned and must get back; below `address` when the allocator could not align. */
  readonly base: number;
  /** False once freed. A block never comes to life again: a new loan is a new block. */
  live: boolean;

  constructor(address: number, byteLength: number, base: number = address) {
    this.address = address;
    this.byteLength = byteLength;
    this.base = base;
    this.live = true;
  }
}

/** The block of everything whose owner is not known here: borrowed memory, assumed to live. */
export const BORROWED: Block = /* @__PURE__ */ new Block(0, 0);
