// SPDX-License-Identifier: MIT
// The arenas of a heap in a recording: their used bytes, checkpoints and slices, also stale ones.
import type { ByteReader, ByteWriter } from './varint.ts';

/** A checkpoint of an arena: its first one began with the epoch, the others with a mark or a scope. */
export interface ArenaCheckpoint {
  readonly number: number;
  /** The address from which on allocations belong to it. */
  readonly top: number;
}

/** A slice in an arena. */
export interface ArenaSlice {
  readonly address: number;
  readonly bytes: number;
  /** The type of its elements. */
  readonly type: string;
  /** The epoch that it was created in. */
  readonly epoch: number;
  /** True if every use throws: the arena was reset, rewound to before it, or destroyed. */
  readonly isStale: boolean;
  /** The call stack that created it: an index into `HeapRecording.stacks`. */
  readonly site: number;
}

/** The state of an arena at the end of a recording. */
export interface RecordedArena {
  readonly kind: 'frame' | 'arena';
  readonly address: number;
  /** The capacity in bytes. */
  readonly bytes: number;
  readonly usedBytes: number;
  readonly epoch: number;
  readonly checkpoints: readonly ArenaCheckpoint[];
  readonly slices: readonly ArenaSlice[];
}

/** Writes arenas. */
export function writeArenas(out: ByteWriter, arenas: readonly RecordedArena[]): void {
  const numbers = (...values: number[]): void => {
    for (const value of values) out.varint(value);
  };
  numbers(arenas.length);
  for (const { kind, address, bytes, usedBytes, epoch, checkpoints, slices } of arenas) {
    out.byte(kind === 'frame' ? 1 : 0);
    numbers(address, bytes, usedBytes, epoch, checkpoints.length);
    for (const { number, top } of checkpoints) numbers(number, top);
    numbers(slices.length);
    for (const slice of slices) {
      numbers(slice.address, slice.bytes, slice.epoch, slice.site);
      out.byte(slice.isStale ? 1 : 0);
      out.text(slice.type);
    }
  }
}

/** Reads arenas that {@link writeArenas} wrote. `stackBelow` reads the index of a stack. Throws RecordingError. */
export function readArenas(block: ByteReader, stackBelow: () => number): RecordedArena[] {
  const list = <T>(least: number, read: () => T): T[] => {
    const found: T[] = [];
    for (let count = block.count(least); count > 0; count--) found.push(read());
    return found;
  };
  const slice = (): ArenaSlice => {
    const [address, bytes, epoch] = [block.varint(), block.varint(), block.varint()];
    const site = stackBelow();
    const isStale = block.byte() !== 0;
    return { address, bytes, epoch, site, isStale, type: block.text() };
  };
  return list(7, () => {
    const kind = block.byte() === 1 ? 'frame' : 'arena';
    const [address, bytes, usedBytes, epoch] = [block.varint(), block.varint(), block.varint(), block.varint()]; // prettier-ignore
    const checkpoints = list(2, () => ({ number: block.varint(), top: block.varint() }));
    return { kind, address, bytes, usedBytes, epoch, checkpoints, slices: list(6, slice) };
  });
}
