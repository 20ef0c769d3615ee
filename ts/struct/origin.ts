// SPDX-License-Identifier: MIT
// The one file here that knows how heaps and regions allocate and how they know that something was freed.
//
//   O1  Every instance, element, field and array of one allocation shares one origin, so that the end of the
//       allocation is seen by all of them, and each of them keeps its owner from being collected.
import { ArgumentTypeError, OutOfBoundsError } from '../errors.ts';
import type { Region } from '../arena/region.ts';
import type { WasmSlice } from '../arena/slice.ts';
import type { Heap } from '../heap/heap.ts';
import type { Address } from '../memory/address.ts';
import type { Allocation } from '../memory/allocation.ts';
import type { LinearMemory } from '../memory/linear-memory.ts';
import type { Ref } from '../scalar/ref.ts';
import type { ScalarValue } from '../scalar/descriptor.ts';

/** Where instances can be allocated: a heap, an arena, a scope. */
export type Place = Heap | Region;

/** A slice of any type. */
export type AnySlice = WasmSlice | SliceOf<number> | SliceOf<bigint> | SliceOf<boolean>;
export type SliceOf<T extends ScalarValue> = WasmSlice<ArrayBufferView, T>;

/** O1. */
export class Origin {
  readonly heap: Heap;
  /** @internal Its `memory` is that of the heap as long as the allocation lives, and then one that refuses every access. */
  readonly allocation: Allocation;
  /** Where text of its `char *` members is allocated; undefined for borrowed memory. */
  readonly place: Place | undefined;
  /** The ref that owns the allocation. */
  owner: Ref | undefined = undefined;
  /** The slice that it was made from, which must not be collected. */
  readonly retains: object | undefined;
  /** @internal */
  constructor(heap: Heap, allocation: Allocation, place?: Place, retains?: object) {
    this.heap = heap;
    this.allocation = allocation;
    this.place = place;
    this.retains = retains;
  }
}

/**
 * Allocates `bytes` zeros and returns what `make` makes of them; if that throws, they are freed.
 * @param owned whether the allocation is to be freed by its ref; else a region frees it
 */
export function allocate<R>(
  place: Place,
  bytes: number,
  align: number,
  make: (origin: Origin, address: number, owned: boolean) => R,
): R {
  if (typeof (place as Place | undefined)?.allocateWith !== 'function')
    throw new ArgumentTypeError('a heap, an arena or a scope', place);
  return (place as Region).allocateWith(bytes, align, (allocation, address, heap, owned) =>
    make(new Origin(heap as Heap, allocation, place), address, owned),
  );
}

/** Makes `ref` the owner of its allocation: it frees it, by hand or when it is collected. */
export function own(origin: Origin, ref: Ref): void {
  origin.owner = ref;
  origin.heap.registerOwner(ref);
}

/**
 * Returns the origin of `bytes` borrowed bytes.
 * @param where a heap, or a slice: then the address counts from its first byte
 */
export function borrow(
  where: Heap | AnySlice,
  address: Address,
  bytes: number,
): { origin: Origin; address: number } {
  if (isSlice(where)) return inSlice(where, address, bytes);
  if (typeof (where as Heap | undefined)?.locateBorrowed !== 'function')
    throw new ArgumentTypeError('a heap or a slice', where);
  const at = where.locateBorrowed(address, bytes);
  return { origin: new Origin(where, where.allocationAt(at)), address: at };
}

// By what they have, not by their classes: a bundle without arenas must not get them from here.
const isSlice = (where: unknown): where is AnySlice =>
  typeof (where as WasmSlice | undefined)?.assertAlive === 'function';
/** Whether a place frees what is made in it all at once. */
export const isRegion = (place: Place): place is Region => 'heap' in place;

function inSlice(slice: AnySlice, offset: Address, bytes: number): { origin: Origin; address: number } {
  slice.assertAlive();
  const size = slice.length * slice.type.size;
  const at = Number(offset);
  if (!(Number.isInteger(at) && at >= 0 && at <= size - bytes))
    throw new OutOfBoundsError(offset, bytes, size);
  return { origin: new Origin(slice.heap, slice.allocation, undefined, slice), address: slice.ptr + at };
}

/** The allocation's memory; accesses to it throw once it is freed. */
export const memoryOf = (origin: Origin): LinearMemory => origin.allocation.memory;
