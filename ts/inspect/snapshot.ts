// SPDX-License-Identifier: MIT
// A snapshot of one of linmem's heaps as a recording of one moment, so that the page and the files can show it.
import { EventKind } from '../debug/recording.ts';
import type { BlockStates, HeapSnapshot, SnapshotArena } from '../debug/snapshot.ts';
import type { RecordedArena } from './arenas.ts';
import { EventColumns } from './columns.ts';
import type { InspectedRecording } from './format.ts';

/** The names of the types of blocks that are no allocations of the program. */
const IN_C = 'allocated by C';
const INTERNAL = 'kept by linmem';

/** Not imported, so that a bundle has no heaps. */
const LIVE: typeof BlockStates.live = 1;

/** A block of the recording. */
interface Entry {
  readonly address: number;
  readonly size: number;
  readonly site: number;
  readonly type: string;
}

/**
 * Returns a recording in which everything that is live in a snapshot is allocated at one moment, in the order of the
 * addresses. Blocks that the allocator has and the table has not were allocated by C code. O(n log n) of the blocks.
 */
export function recordingOfSnapshot(snapshot: HeapSnapshot): InspectedRecording {
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
  return { name, started, ...columns, ...lists, arenas: arenasOf(snapshot) };
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

/** Slices belong to the arena in one of whose blocks they lie. */
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
