// SPDX-License-Identifier: MIT
// Epochs: numbers that tell the lifetimes of arenas and slices apart. 64 bits in memory, integers below 2^53 here.
//
//   E1  No epoch of a heap is used twice: a new arena starts above every epoch that any arena of the heap has reached, so
//       that an arena at the address of an earlier one is never mistaken for it.
//   E2  In a shared memory the last epoch is stored in the memory, so that E1 holds for all threads whose managers have
//       the same heap identity.
import { ArgumentTypeError, OutOfMemoryError, StaleEpochError } from '../errors.ts';
import type { Heap } from '../heap/heap.ts';
import { toCount } from '../memory/address.ts';
import type { Allocation, EpochCheck } from '../memory/allocation.ts';
import { isShared } from '../memory/buffers.ts';
import type { LinearMemory } from '../memory/linear-memory.ts';
import { engine } from '../scalar/atomic.ts';
import { readPointer, writePointer } from './arena-layout.ts';

/** Identifies a heap across threads: a plain object for `postMessage`. */
export interface HeapIdentity {
  /** A random number, from 1 to 2^53 - 1. */
  readonly id: number;
  /** The address of its last epoch in shared memory; else 0. */
  readonly epochs: number;
}

/** Returns the epoch at `at`: 8 bytes in bounds. */
export const readEpoch = (memory: LinearMemory, at: number): number => readPointer(memory, at, 8);

/** Writes the epoch at `at`: 8 bytes in bounds. */
export const writeEpoch = (memory: LinearMemory, at: number, epoch: number): void =>
  writePointer(memory, at, 8, epoch);

/** Returns the check of epoch `epoch` at `at`, valid while the magic number `magic` is at `magicAt`. */
export const epochCheck = (at: number, epoch: number, magicAt: number, magic: number): EpochCheck => ({
  at,
  low: epoch | 0,
  high: Math.floor(epoch / 2 ** 32) | 0,
  magicAt,
  magic: magic | 0,
});

/** Returns the current epoch; 0 if the arena or slice no longer exists. */
export function currentEpoch(memory: LinearMemory, { at, magicAt, magic }: EpochCheck): number {
  const data = memory.refresh();
  const inside = Math.max(at, magicAt) <= data.byteLength - 8;
  return inside && data.getInt32(magicAt, true) === magic ? readEpoch(memory, at) : 0;
}

/** Advances the epoch at `at` atomically and returns it. */
export function advanceEpoch(memory: LinearMemory, at: number): number {
  const cell = memory.view(BigUint64Array, at, 1);
  if (typeof engine.add === 'function') engine.add(cell, 0, 1n);
  else cell[0] = (cell[0] as bigint) + 1n; // an engine without Atomics has no threads
  return readEpoch(memory, at) || advanceEpoch(memory, at); // 0 is not an epoch
}

/** True if the epoch in `data` is that of the allocation, or it has none to compare. */
export function isCurrent({ epoch }: Allocation, data: DataView): boolean {
  if (epoch === undefined) return true;
  const { at } = epoch;
  return (
    data.getInt32(at, true) === epoch.low &&
    data.getInt32(at + 4, true) === epoch.high &&
    data.getInt32(epoch.magicAt, true) === epoch.magic
  );
}

/** Returns `check`. @throws {StaleEpochError} if the current epoch is another */
export function assertEpoch(memory: LinearMemory, check: EpochCheck): EpochCheck {
  const createdIn = (check.low >>> 0) + (check.high >>> 0) * 2 ** 32;
  const current = currentEpoch(memory, check);
  if (current !== createdIn || createdIn === 0) throw new StaleEpochError(createdIn, current);
  return check;
}

/** The epochs and the identity of one heap. */
export class HeapEpochs {
  readonly #heap: Heap;
  #id = 1 + Math.floor(Math.random() * (Number.MAX_SAFE_INTEGER - 1));
  /** The address of the last epoch; 0 if it is not in memory. */
  #address = 0;
  #last = 0;

  constructor(heap: Heap) {
    this.#heap = heap;
  }

  /** Identifies the heap for other threads. In shared memory it allocates 16 bytes that are never freed. */
  get identity(): HeapIdentity {
    this.#store();
    return { id: this.#id, epochs: this.#address };
  }
  set identity(identity: HeapIdentity) {
    const { id, epochs } = Object(identity) as HeapIdentity;
    if (toCount(id, 'the id of a heap') === 0 || this.#last > 0 || this.#address !== 0)
      throw new ArgumentTypeError('an identity for a heap without slices', identity);
    const address = toCount(epochs, 'the address of the epochs');
    this.#address = address === 0 ? 0 : this.#heap.locate(address, 8, 8);
    this.#id = id;
  }

  /** True if handles with this id are of this heap. */
  has(id: number): boolean {
    return id === this.#id;
  }

  /** Returns an epoch that was never used in this heap. */
  next(): number {
    this.#store();
    if (this.#address === 0) return ++this.#last;
    return Number(engine.add(this.#heap.view(BigInt64Array, this.#address, 1), 0, 1n)) + 1;
  }

  /** Records that something in this heap has reached `epoch`. */
  recordReached(epoch: number): void {
    if (this.#address === 0) {
      if (epoch > this.#last) this.#last = epoch;
      return;
    }
    const cell = this.#heap.view(BigInt64Array, this.#address, 1);
    for (let last = engine.load(cell, 0); last < epoch;) {
      const found = engine.compareExchange(cell, 0, last, BigInt(epoch));
      if (found === last) return;
      last = found;
    }
  }

  /** Stores the last epoch in shared memory, once. */
  #store(): void {
    const heap = this.#heap;
    if (this.#address !== 0 || !isShared(heap)) return;
    const at = heap.allocate(16, 8); // not in the table: other threads use it, and freeAll must leave it
    if (Number(at) === 0) throw new OutOfMemoryError(16, 8);
    const cell = Math.ceil(heap.locate(at, 16) / 8) * 8;
    writeEpoch(heap, cell, this.#last);
    this.#address = cell;
  }
}
