// SPDX-License-Identifier: MIT
// One lent range of memory, and whether it is still lent. Every ref of the range holds the same block, so that
// the end of one is seen by all.
//
//   B1  A live block's `memory` is the memory it lies in; a freed one's is `FREED`, which has no byte and says
//       so. `cell` is that memory's. Refs read through them and need no test of their own whether it lives.
import { FreedError } from '../errors.ts';
import type { Address } from './address.ts';
import { LinearMemory, type ViewCell } from './memory.ts';

/** The memory of all freed blocks. */
class FreedMemory extends LinearMemory {
  override locate(address: Address): never {
    throw new FreedError(Number(address));
  }
}

const FREED: LinearMemory = /* @__PURE__ */ new FreedMemory({ buffer: /* @__PURE__ */ new ArrayBuffer(0) });

/** A block of memory that a heap lent out. */
export class Block {
  /** The first byte. */
  readonly address: number;
  /** Bytes asked for. */
  readonly byteLength: number;
  /** What the allocator returned and must get back; below `address` when the allocator could not align. */
  readonly base: number;
  /** B1. */
  memory: LinearMemory;
  /** B1. */
  cell: ViewCell;
  /** The ref that owns it, or a weak one where collection is on; the heap sets it. */
  owner: object | undefined;

  constructor(memory: LinearMemory, address: number, byteLength: number, base: number = address) {
    this.memory = memory;
    this.cell = memory.cell;
    this.address = address;
    this.byteLength = byteLength;
    this.base = base;
    this.owner = undefined;
  }

  /** False once freed. A new loan is a new block. */
  get live(): boolean {
    return this.memory !== FREED;
  }

  /** Ends it: every ref of it throws from here on. */
  end(): void {
    this.memory = FREED;
    this.cell = FREED.cell;
  }

  /** Takes the end back: the allocator refused the free. */
  revive(memory: LinearMemory): void {
    this.memory = memory;
    this.cell = memory.cell;
  }
}
