// SPDX-License-Identifier: MIT
// Converts a snapshot of a heap of linmem to a recording of one moment, which the page shows and files store.
import { EventKind } from '../debug/recording.ts';
import type { BlockStates, HeapSnapshot, SnapshotArena } from '../debug/snapshot.ts';
import type { RecordedArena } from './arenas.ts';
import { EventColumns } from './columns.ts';
import type { InspectedRecording } from './format.ts';
import { assertEvents, assertRecording, assertSnapshot } from './shapes.ts';

/** The type names of blocks that are not allocations of the program. */
const IN_C = 'allocated by C';
const INTERNAL = 'kept by linmem';

/** Not imported, so that a bundle does not contain heaps. */
const LIVE: typeof BlockStates.live = 1;

/** A block of the recording. */
interface Entry {
  readonly address: number;
  readonly size: number;
  readonly site: number;
  readonly type: string;
}

/**
 * Returns a recording that allocates all live blocks of a snapshot at one moment, in the order of their addresses.
 * Blocks that are not in the heap's table were allocated by C code. O(n log n).
 */
export function recordingOfSnapshot(snapshot: HeapSnapshot): InspectedRecording {
  assertSnapshot(snapshot);
  const entries = entriesOf(snapshot);
  const columns = new EventColumns();
  columns.reserve(entries.length + 1);
  const types = new Map([['', 0]]);
  const numberOf = (type: string): number => {
    const number = types.get(type) ?? types.size;
    types.set(type, number);
    return number;
  };
  columns.kinds[0] = EventKind.grow;
  columns.sizes[0] = snapshot.memoryBytes;
  columns.length = 1;
  for (const { address, size, site, type } of entries) {
    const at = columns.length++;
    columns.kinds[at] = EventKind.alloc;
    columns.addresses[at] = address;
    columns.sizes[at] = size;
    columns.sites[at] = site;
    columns.types[at] = numberOf(type);
  }
  const { name, taken: started, stacks, layouts } = snapshot;
  const lists = { stacks, typeNames: [...types.keys()], marks: [], reports: [], layouts };
  const recording = { name, started, ...columns, ...lists, arenas: arenasOf(snapshot) };
  assertRecording(recording);
  assertEvents(recording, 0, recording.length);
  return recording;
}

function entriesOf({ allocations, blocks, isComplete }: HeapSnapshot): Entry[] {
  const entries: Entry[] = allocations.map(({ address, bytes, site, type, isInternal }) => ({
    address,
    size: bytes,
    site,
    type: isInternal ? INTERNAL : type,
  }));
  if (isComplete) {
    const known = new Set(entries.map(({ address }) => address));
    for (const [i, address] of blocks.addresses.entries())
      if (blocks.states[i] === LIVE && !known.has(address))
        entries.push({ address, size: blocks.sizes[i] as number, site: 0, type: IN_C });
  }
  return entries.sort((a, b) => a.address - b.address);
}

/** Returns the arenas. A slice belongs to the arena that has the block it lies in. */
function arenasOf({ arenas, slices, blocks, allocations }: HeapSnapshot): RecordedArena[] {
  const sizes = new Map<number, number>();
  for (const [i, address] of blocks.addresses.entries()) sizes.set(address, blocks.sizes[i] as number);
  for (const { address, bytes } of allocations) if (!sizes.has(address)) sizes.set(address, bytes);
  const has = (arena: SnapshotArena, address: number): boolean =>
    (address >= arena.address && address <= arena.address + arena.bytes) ||
    arena.blocks.some((start) => address >= start && address <= start + (sizes.get(start) ?? 0));
  return arenas.map((arena) => ({
    kind: arena.kind,
    address: arena.address,
    bytes: arena.bytes,
    usedBytes: arena.usedBytes,
    epoch: arena.epoch,
    checkpoints: arena.checkpoints,
    slices: slices.filter(({ address }) => has(arena, address)),
  }));
}
