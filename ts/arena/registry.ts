// SPDX-License-Identifier: MIT
// ArenaRegistry: the epochs, arenas and slices of one heap, in which handles are looked up.
import { ArgumentTypeError } from '../errors.ts';
import type { Heap } from '../heap/heap.ts';
import type { Allocation } from '../memory/allocation.ts';
import { HeapEpochs } from './epochs.ts';
import { clearSliceHeader, writeSliceHeader } from './slice-header.ts';

/** The members of an arena that the registry and handles use. */
export interface RegisteredArena {
  readonly destroyed: boolean;
  epoch(): number;
  /** Returns the token that [at, at + size) belongs to, of the checkpoint `number` or any if 0. */
  suballocationAt(at: number, size: number, number: number): Allocation;
  /** Invalidates everything in it, when its block is freed. Returns a function that undoes this. */
  invalidateAll(): () => void;
}

/** Returns a WeakRef; in engines without WeakRef, an object that holds the arena. */
const weakRef = (arena: RegisteredArena): Pick<WeakRef<RegisteredArena>, 'deref'> =>
  typeof WeakRef === 'function' ? new WeakRef(arena) : { deref: () => arena };

/** The arenas and slices of one heap. */
export class ArenaRegistry {
  readonly epochs: HeapEpochs;
  /** The heap's frame arena, once it was used; see frame-arena.ts. */
  frameArena: object | undefined;
  /** The arena that the heap's scopes share, once there was one; see scope-arena.ts. */
  scopeArena: object | undefined;
  readonly #heap: Heap;
  /** The arenas by the addresses of their structs. */
  readonly arenas: Map<number, Pick<WeakRef<RegisteredArena>, 'deref'>> = new Map();
  readonly #epochs = new WeakMap<Allocation, number>();
  /** The addresses of slices that have a header. */
  readonly #headers = new WeakMap<Allocation, number>();

  constructor(heap: Heap) {
    this.#heap = heap;
    this.epochs = new HeapEpochs(heap);
  }

  /** Registers the arena at `address`, held weakly. An arena that was made here is not replaced by one that attaches. */
  add(address: number, arena: RegisteredArena, isOwn: boolean): void {
    if (isOwn || this.find(address)?.destroyed !== false) this.arenas.set(address, weakRef(arena));
  }
  /** Forgets the arena at `address`. */
  delete(address: number): void {
    this.arenas.delete(address);
  }
  /** Returns the arena whose struct is at `address`, if it was made or attached through this heap. */
  find(address: number): RegisteredArena | undefined {
    return this.arenas.get(address)?.deref();
  }

  /** Returns the epoch of a heap slice: a number that no other allocation of the heap has. */
  epochOf(allocation: Allocation): number {
    let epoch = this.#epochs.get(allocation);
    if (epoch === undefined) this.#epochs.set(allocation, (epoch = this.epochs.next()));
    return epoch;
  }
  /** As {@link epochOf}, but 0 for an allocation that no handle was made of. */
  knownEpochOf(allocation: Allocation): number {
    return this.#epochs.get(allocation) ?? 0;
  }

  /** Writes the header of a slice of `bytes` bytes at `ptr`, which is cleared when the allocation is freed. */
  addHeader(allocation: Allocation, ptr: number, bytes: number): void {
    const heap = this.#heap;
    const write = (): void => writeSliceHeader(heap, ptr, bytes, this.epochOf(allocation));
    this.#headers.set(allocation, ptr);
    write();
    const invalidate = (): (() => void) => {
      clearSliceHeader(heap, ptr);
      return write;
    };
    allocation.extend({ dependents: { invalidate } });
  }
  /** Returns the address of the first element of a heap slice. */
  startOf(allocation: Allocation): number {
    return this.#headers.get(allocation) ?? allocation.address;
  }
}

/** Returns the registry of `heap`, made when first needed. */
export function registryOf(heap: Heap): ArenaRegistry {
  return (heap.arenaRegistry ??= new ArenaRegistry(heap)) as ArenaRegistry; // nothing else sets it
}

/** @throws {ArgumentTypeError} unless `heap` is a {@link Heap} */
export function assertHeap(heap: unknown): void {
  // As assertMemory: every scope calls it.
  try {
    if (typeof (heap as Heap).locateBorrowed === 'function') return;
  } catch {} // null, undefined or a revoked proxy
  throw new ArgumentTypeError('a heap', heap);
}
