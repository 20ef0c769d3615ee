// SPDX-License-Identifier: MIT
// The file format of recordings, `.lmh`: the numbers that the writer and the reader share. docs/recording.md describes it.
import type { HeapRecording, ReportKind } from '../debug/recording.ts';
import type { RecordedArena } from './arenas.ts';

/** The first eight bytes: as PNG's, they show a file that was copied as text, with its line ends or bit 7 changed. */
export const MAGIC: readonly number[] = [0x89, 0x4c, 0x4d, 0x48, 0x0d, 0x0a, 0x1a, 0x0a];
/** The version of the format, the ninth byte. */
export const VERSION = 1;

/** The blocks of a file. A reader skips blocks with a number from 128 that it does not know, and refuses others. */
export const Block = {
  head: 1,
  types: 2,
  frames: 3,
  stacks: 4,
  events: 5,
  marks: 6,
  reports: 7,
  end: 8,
  bytes: 128,
  arenas: 129,
  layouts: 130,
} as const;

/** How many events a block of events holds at most. */
export const EVENTS_PER_BLOCK = 65536;
/** The first byte of an event: its kind in bits 0 to 2, and a bit for each column in which it is not 0. */
export const Has = { size: 8, site: 16, type: 32, previous: 64 } as const;
/** The unit of times in a file: microseconds. */
export const TICKS_PER_MS = 1000;

export const REPORT_KINDS: readonly ReportKind[] = [
  'double-free',
  'invalid-free',
  'overflow',
  'write-after-free',
];

/** Bytes of the memory, as they were at the end of a recording. */
export interface HeapBytes {
  readonly address: number;
  readonly bytes: Uint8Array;
}

/** A recording with what the page can show besides: bytes of blocks, and arenas. */
export interface InspectedRecording extends HeapRecording {
  /** By address, without overlap. Absent where the recording has none. */
  readonly bytes?: readonly HeapBytes[];
  /** The arenas of the heap. Absent where the recording says nothing of arenas. */
  readonly arenas?: readonly RecordedArena[];
}
