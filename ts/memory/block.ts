// SPDX-License-Identifier: MIT
// One lent range of memory, and whether it is still lent. Every ref of the range holds the same block, so that
// the end of one is seen by all.
//
//   B1  A live block's `memory` is the memory it lies in; a freed one's is `FREED`, which has no byte and says
//       so. Refs read through it and need no test of their own whether the block lives.
//   B2  The `cell` of a block's owner is that of the block's memory: the owner need not ask the block.
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

/**
 * An epoch that lies in memory: 64 bits at `at`, which were these two 32-bit integers when it began. The integer at
 * `signAt` is `sign` as long as what it is the epoch of is there, and not other bytes.
 */
export interface Epoch {
  readonly at: number;
  readonly low: number;
  readonly high: number;
  readonly signAt: number;
  readonly sign: number;
}

/** What owns a block. */
export interface Owner {
  cell: ViewCell;
}

/** A block of memory that a heap lent out. */
export class Block {
  /** The first byte. */
  readonly address: number;
  /** Bytes asked for. */
  readonly byteLength: number;
  /** B1. */
  memory: LinearMemory;
  /** The ref that owns it; where collection is on it is held weakly. The heap sets one of the two. */
  owner: Owner | undefined;
  weak: WeakRef<Owner> | undefined;
  /** Its epoch, when others can end that too: C code, other threads. Else its own end is all there is to see. */
  epoch: Epoch | undefined;
  /** Whether something else ends with it, as what is cut from an arena does. */
  tied: boolean;
  /** What must not be collected while something of this loan is in use: the arena that a frame is of. */
  keeps: object | undefined;

  constructor(memory: LinearMemory, address: number, byteLength: number) {
    this.memory = memory;
    this.address = address;
    this.byteLength = byteLength;
    this.owner = undefined;
    this.weak = undefined;
    this.epoch = undefined;
    this.tied = false;
    this.keeps = undefined;
  }

  /** What owns it, unless it was collected. */
  get holder(): Owner | undefined {
    return this.owner ?? this.weak?.deref();
  }

  /** False once freed. A new loan is a new block. */
  get live(): boolean {
    return this.memory !== FREED;
  }

  /** Ends it: every ref of it throws from here on. */
  end(): void {
    this.#move(FREED);
  }

  /** Takes the end back: the allocator refused the free. */
  revive(memory: LinearMemory): void {
    this.#move(memory);
  }

  #move(memory: LinearMemory): void {
    this.memory = memory;
    const { holder } = this;
    if (holder) holder.cell = memory.cell;
  }
}
