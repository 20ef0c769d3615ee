// SPDX-License-Identifier: MIT
// The memory of an arena: in a new block of the heap, or at the address of a struct that other code made.
import type { Heap } from '../heap/heap.ts';
import { Allocation } from '../memory/allocation.ts';
import type { ArenaPlacement } from './arena-options.ts';
import { allocateArena, arenaDependents, ArenaStruct } from './arena-struct.ts';
import { Chunks } from './chunks.ts';

/** The struct of an arena, its token, and its blocks unless other code made it. */
export interface PlacedArena {
  readonly struct: ArenaStruct;
  readonly allocation: Allocation;
  readonly chunks: Chunks | undefined;
}

/** Allocates an arena or finds one. Throws as `createHeapArena` and `attachArena`. */
export function place(heap: Heap, placement: ArenaPlacement, grow: boolean): PlacedArena {
  if (typeof placement === 'number') {
    const struct = ArenaStruct.find(heap, placement);
    return {
      struct,
      allocation: new Allocation(heap, struct.address, struct.fields.size),
      chunks: undefined,
    };
  }
  const { struct, allocation } = allocateArena(heap, placement.capBytes, placement.align, grow);
  allocation.extend({ dependents: arenaDependents(heap, struct.address) });
  return { struct, allocation, chunks: new Chunks(heap, allocation, grow) };
}
