// SPDX-License-Identifier: MIT
// snapshotHeap: the contents of a heap of linmem as plain data: blocks, allocations, arenas, slices.
import { WasmHeapArena } from '../arena/arena.ts';
import type { Checkpoint } from '../arena/checkpoints.ts';
import { assertHeap, registryOf } from '../arena/registry.ts';
import type { CoreStats, LinmemHeap } from '../core/heap.ts';
import { ArgumentTypeError, ModuleError } from '../errors.ts';
import type { Heap } from '../heap/heap.ts';
import type { Allocation } from '../memory/allocation.ts';
import { pointerSizeOf } from '../struct/type.ts';
import { findTracker, isInternal } from './own-heaps.ts';
import type { RecordedType, StackFrame } from './recording.ts';
import { assertShape } from './shape.ts';
import { arenasIn } from './slice-tracker.ts';
import { TypeLayouts } from './type-layouts.ts';
import { typeNameOf } from './type-names.ts';

/** The states of a block, as stored in `SnapshotBlocks.states`. */
export const BlockStates = {
  free: 0,
  live: 1,
  /** The unused end of the heap. */
  top: 2,
} as const;

/** Blocks by address, in columns of the same length. */
export interface SnapshotBlocks {
  /** The address of the first usable byte of each block. */
  readonly addresses: Float64Array;
  /** The usable bytes of each block. */
  readonly sizes: Float64Array;
  /** The state of each block: one of {@link BlockStates}. */
  readonly states: Uint8Array;
}

/** A live allocation of the heap's table. */
export interface SnapshotAllocation {
  readonly address: number;
  /** The size asked for, in bytes. */
  readonly bytes: number;
  /** The type, as in {@link Leak}. */
  readonly type: string;
  /** The index of the call stack of the allocation; 0 if unknown. */
  readonly site: number;
  /** True for an internal block of linmem. */
  readonly isInternal: boolean;
}

/** A checkpoint of an arena: its first one began with the epoch, the others with a mark or a scope. */
export interface SnapshotCheckpoint {
  /** The number of the checkpoint, from 1 on. */
  readonly number: number;
  /** The address from which on allocations belong to it. */
  readonly top: number;
}

/** An arena. */
export interface SnapshotArena {
  readonly kind: 'frame' | 'arena';
  /** The first byte that can be allocated. */
  readonly address: number;
  /** The capacity in bytes, before it grows. */
  readonly bytes: number;
  /** The allocated bytes with padding, in all chunks. */
  readonly usedBytes: number;
  readonly epoch: number;
  /** The addresses of its first block and its chunks. They are in `allocations`, unless C created the arena. */
  readonly blocks: readonly number[];
  /** The checkpoints, oldest first. There is always one. */
  readonly checkpoints: readonly SnapshotCheckpoint[];
}

/** A slice in an arena that the program still refers to. */
export interface SnapshotSlice {
  readonly address: number;
  readonly bytes: number;
  /** The type of its elements. */
  readonly type: string;
  /** The epoch of the arena that it was created in; 0 for a slice of a scope in a separate block. */
  readonly epoch: number;
  /** True if every use throws: its arena was reset, rewound to before it, or destroyed. */
  readonly isStale: boolean;
  /** The index of the call stack that created it; 0 if unknown. */
  readonly site: number;
}

/** The result of {@link snapshotHeap}. JSON can represent all of it except the typed arrays of `blocks`. */
export interface HeapSnapshot {
  readonly name: string;
  /** The time of the snapshot: milliseconds since 1970-01-01. */
  readonly taken: number;
  /** The size of the memory in bytes. */
  readonly memoryBytes: number;
  /** True if `blocks` has all blocks of the allocator, also free ones; false if it has those of the heap's table. */
  readonly isComplete: boolean;
  readonly blocks: SnapshotBlocks;
  /** The statistics of linmem's own heap; undefined for the heap of another module. */
  readonly stats: CoreStats | undefined;
  readonly allocations: readonly SnapshotAllocation[];
  readonly arenas: readonly SnapshotArena[];
  /** The slices that were created since the heap has call sites. */
  readonly slices: readonly SnapshotSlice[];
  /** The fields of the types of allocations, as in {@link HeapRecording}. */
  readonly layouts: readonly RecordedType[];
  /** The call stacks, as in {@link HeapRecording}. */
  readonly stacks: readonly (readonly StackFrame[])[];
}

/**
 * Returns the contents of a heap, for the page of linmem/inspect and for programs. Types are known for allocations that
 * a ref or an arena owns; call sites and slices only in a heap with `callSites`. In linmem's own heap it uses a block
 * of up to 16 KiB during the call, for which the heap may grow. O(blocks).
 * @throws {ModuleError} if linmem's own heap is damaged
 * @throws {OutOfMemoryError} if linmem's own heap has no 64 bytes for the walk
 * @throws {ArgumentTypeError} if `heap` is not a heap, or has no `trackAllocations`
 */
export function snapshotHeap(heap: Heap, name = 'heap'): HeapSnapshot {
  assertHeap(heap);
  assertShape(name, 'string', 'name');
  const tracker = findTracker(heap);
  if (!heap.tracks) throw new ArgumentTypeError('a heap with the option trackAllocations', false);
  const allocations = allocationsOf(heap);
  const own = 'walk' in heap ? (heap as LinmemHeap) : undefined; // no other heap has it
  if (own?.holds() === false) throw new ModuleError('the heap is damaged: its state was overwritten');
  // First: it may grow the heap.
  const blocks =
    own?.walk() ??
    allocations.map(({ address, bytes }) => ({ address, size: bytes, state: 'live' as const }));
  return {
    name,
    taken: Date.now(),
    memoryBytes: heap.byteLength,
    isComplete: own !== undefined,
    stats: own?.stats(),
    blocks: columnsOf(blocks),
    allocations,
    arenas: arenasOf(heap),
    slices: (tracker?.slices.list() ?? []).map(({ slice, site }) => ({
      address: slice.ptr,
      bytes: slice.byteLength,
      type: slice.dtype,
      epoch: (slice as unknown as { createdIn: number }).createdIn, // private; `epoch` may allocate
      isStale: !slice.isAlive(),
      site,
    })),
    layouts: layoutsOf(heap),
    stacks: [...(tracker?.sites.stacks ?? [[]])],
  };
}

function allocationsOf(heap: Heap): SnapshotAllocation[] {
  const { table } = heap;
  const live = findTracker(heap)?.live;
  return table.slots().map((slot) => {
    const address = table.addressAt(slot);
    const token = table.tokenAt(slot);
    return {
      address,
      bytes: table.sizeAt(slot),
      type: typeNameOf(token),
      site: live?.get(address)?.site ?? 0,
      isInternal: isInternal(heap, token),
    };
  });
}

function layoutsOf(heap: Heap): RecordedType[] {
  const layouts = new TypeLayouts(pointerSizeOf(heap));
  const { table } = heap;
  for (const slot of table.slots()) layouts.add(table.tokenAt(slot), typeNameOf(table.tokenAt(slot)));
  return layouts.list();
}

function columnsOf(
  blocks: readonly { address: number; size: number; state: keyof typeof BlockStates }[],
): SnapshotBlocks {
  const sorted = [...blocks].sort((a, b) => a.address - b.address);
  return {
    addresses: Float64Array.from(sorted, ({ address }) => address),
    sizes: Float64Array.from(sorted, ({ size }) => size),
    states: Uint8Array.from(sorted, ({ state }) => BlockStates[state]),
  };
}

/** The private state of an arena, which this file only reads. */
interface ArenaState {
  readonly chunks: { readonly allocations: readonly Allocation[] } | undefined;
  readonly checkpoints: { readonly stack: readonly Checkpoint[] };
}

function arenasOf(heap: Heap): SnapshotArena[] {
  if (!heap.arenaRegistry) return [];
  const arenas = arenasIn(registryOf(heap));
  return arenas.flatMap((arena) => {
    if (!(arena instanceof WasmHeapArena) || arena.destroyed) return [];
    const usedBytes = arena.usedBytes(); // first: it notices a reset in C
    const { chunks, checkpoints } = arena as unknown as ArenaState;
    return [
      {
        kind: arena.kind,
        address: arena.basePtr,
        bytes: arena.capBytes,
        usedBytes,
        epoch: arena.epoch(),
        blocks: (chunks?.allocations ?? [arena.allocation]).map(({ address }) => address),
        checkpoints: checkpoints.stack.map(({ number, top }) => ({ number, top })),
      },
    ];
  });
}
