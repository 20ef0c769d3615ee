// SPDX-License-Identifier: MIT
// Epochs: numbers that say when something was lent. 64 bits wide in memory, whole numbers below 2^53 here.
//
//   E1  No epoch of a heap is given out twice: an arena begins above every epoch that any arena of the heap has
//       reached, so that an arena made where another one was is never mistaken for it.
//   E2  In a shared memory the last epoch lies in the memory, so that E1 holds for all threads whose managers
//       know the heap by the same identity.
import { ArgumentTypeError, OutOfMemoryError, StaleEpochError } from '../errors.ts';
import type { WasmHeapManager } from './manager.ts';
import { toCount } from '../memory/address.ts';
import type { Epoch } from '../memory/block.ts';
import { isShared, type LinearMemory } from '../memory/memory.ts';
import { readWord, writeWord } from './struct.ts';

// As they are at import: a page that replaces them later changes nothing here.
const { add, compareExchange, load } = Atomics;

/** What tells a heap from others, as a plain object that crosses `postMessage`. */
export interface HeapIdentity {
  /** A random number, from 1 to 2^53 - 1. */
  readonly id: number;
  /** Where its last epoch lies, in shared memory; else 0. */
  readonly epochs: number;
}

/** Returns the epoch at `at`, a place of 8 bytes in the memory. */
export const readEpoch = (memory: LinearMemory, at: number): number => readWord(memory, at, 8);

/** Writes the epoch at `at`, a place of 8 bytes in the memory. */
export const writeEpoch = (memory: LinearMemory, at: number, epoch: number): void =>
  writeWord(memory, at, 8, epoch);

/** The epoch `epoch` at `at`, as blocks keep it; `sign` at `signAt` says that it still is one. */
export const epochAt = (at: number, epoch: number, signAt: number, sign: number): Epoch => ({
  at,
  low: epoch | 0,
  high: Math.floor(epoch / 2 ** 32) | 0,
  signAt,
  sign: sign | 0,
});

/** What the epoch is now; 0 when nothing is there that has one. */
export function epochNow(memory: LinearMemory, { at, signAt, sign }: Epoch): number {
  const data = memory.refresh();
  const inside = Math.max(at, signAt) <= data.byteLength - 8;
  return inside && data.getInt32(signAt, true) === sign ? readEpoch(memory, at) : 0;
}

/** Begins the next epoch at `at`, in one indivisible step, and returns it. */
export function stepEpoch(memory: LinearMemory, at: number): number {
  const cell = memory.view(BigUint64Array, at, 1);
  if (add(cell, 0, 1n) === 2n ** 64n - 1n) add(cell, 0, 1n); // 0 is none
  return readEpoch(memory, at);
}

/** Returns `epoch`. @throws {StaleEpochError} unless that is what it is now */
export function assertEpoch(memory: LinearMemory, epoch: Epoch): Epoch {
  const born = (epoch.low >>> 0) + (epoch.high >>> 0) * 2 ** 32;
  const now = epochNow(memory, epoch);
  if (now !== born || born === 0) throw new StaleEpochError(born, now);
  return epoch;
}

/** The epochs and the identity of one heap. */
export class HeapEpochs {
  readonly #heap: WasmHeapManager;
  #id = 1 + Math.floor(Math.random() * (Number.MAX_SAFE_INTEGER - 1));
  #cell = 0;
  #last = 0;

  constructor(heap: WasmHeapManager) {
    this.#heap = heap;
  }

  /** What other threads must know to be of the same heap. In shared memory it takes 16 bytes of the allocator, for ever. */
  get identity(): HeapIdentity {
    this.#place();
    return { id: this.#id, epochs: this.#cell };
  }
  set identity(identity: HeapIdentity) {
    const { id, epochs } = Object(identity) as HeapIdentity;
    if (toCount(id, 'the id of a heap') === 0 || this.#last > 0 || this.#cell !== 0)
      throw new ArgumentTypeError('an identity for a heap that has lent no slice yet', identity);
    this.#cell = this.#heap.locate(toCount(epochs, 'the place of the epochs'), 8, 8);
    this.#id = id;
  }

  /** Whether handles that carry this number are of this heap. */
  has(id: number): boolean {
    return id === this.#id;
  }

  /** Returns an epoch that nothing of this heap ever had. */
  next(): number {
    this.#place();
    if (this.#cell === 0) return ++this.#last;
    return Number(add(this.#heap.view(BigInt64Array, this.#cell, 1), 0, 1n)) + 1;
  }

  /** Notes that something of this heap has reached `epoch`. */
  reached(epoch: number): void {
    if (this.#cell === 0) {
      if (epoch > this.#last) this.#last = epoch;
      return;
    }
    const cell = this.#heap.view(BigInt64Array, this.#cell, 1);
    for (let last = load(cell, 0); last < epoch;) {
      const found = compareExchange(cell, 0, last, BigInt(epoch));
      if (found === last) return;
      last = found;
    }
  }

  #place(): void {
    const heap = this.#heap;
    if (this.#cell !== 0 || !isShared(heap)) return;
    const at = heap.allocate(16); // not in the book: other threads know it, and freeAll must leave it
    if (Number(at) === 0) throw new OutOfMemoryError(16, 8);
    const cell = Math.ceil(heap.locate(at, 16) / 8) * 8;
    writeEpoch(heap, cell, this.#last);
    this.#cell = cell;
  }
}
