// SPDX-License-Identifier: MIT
// The allocation of instances. Only this file of the folder allocates in heaps and regions, and tests whether a block
// is live.
//
//   O1  All instances, elements, fields and arrays of one allocation share one origin: all see when it is freed, and
//       each keeps its owner from being collected.
import { ArgumentTypeError, OutOfBoundsError } from '../errors.ts';
import type { Region } from '../arena/region.ts';
import type { WasmSlice } from '../arena/slice.ts';
import type { Heap } from '../heap/heap.ts';
import type { Address } from '../memory/address.ts';
import type { Allocation } from '../memory/allocation.ts';
import type { LinearMemory } from '../memory/linear-memory.ts';
import type { Ref } from '../scalar/ref.ts';
import type { ScalarValue } from '../scalar/descriptor.ts';

/** An allocator of instances: a heap, an arena, a scope. */
export type StructAllocator = Heap | Region;

/** A slice of any type. */
export type AnySlice = WasmSlice | SliceOf<number> | SliceOf<bigint> | SliceOf<boolean>;
export type SliceOf<T extends ScalarValue> = WasmSlice<ArrayBufferView, T>;

/** The origin of the instances of one allocation (O1). */
export class Origin {
  readonly heap: Heap;
  /** @internal Its `memory` is the heap while the allocation is live; after that, one that refuses every access. */
  readonly allocation: Allocation;
  /** The allocator of strings for `char *` members; undefined for borrowed memory. */
  readonly place: StructAllocator | undefined;
  /** The ref that owns the allocation. */
  owner: Ref | undefined = undefined;
  /** The slice that it was created from, which must not be collected before it. */
  readonly retains: object | undefined;
  /** @internal */
  constructor(heap: Heap, allocation: Allocation, place?: StructAllocator, retains?: object) {
    this.heap = heap;
    this.allocation = allocation;
    this.place = place;
    this.retains = retains;
  }
}

/**
 * Allocates `bytes` zeros, calls `make` with them and returns its result; frees them if it throws.
 * @param owned true if the ref frees the allocation; else a region frees it
 */
export function allocate<R>(
  place: StructAllocator,
  bytes: number,
  align: number,
  make: (origin: Origin, address: number, owned: boolean) => R,
): R {
  if (typeof (place as StructAllocator | undefined)?.allocateWith !== 'function')
    throw new ArgumentTypeError('a heap, an arena or a scope', place);
  return (place as Region).allocateWith(bytes, align, (allocation, address, heap, owned) =>
    make(new Origin(heap as Heap, allocation, place), address, owned),
  );
}

/** Makes `ref` the owner of its allocation: the ref frees it, explicitly or when it is collected. */
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

// Tests members, not classes, so that a bundle without arenas does not contain them.
const isSlice = (where: unknown): where is AnySlice =>
  typeof (where as WasmSlice | undefined)?.assertAlive === 'function';
/** True for arenas and scopes. */
export const isRegion = (place: StructAllocator): place is Region => 'heap' in place;

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
