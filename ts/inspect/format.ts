// SPDX-License-Identifier: MIT
// The constants of the file format of recordings, `.lmh`, which docs/recording.md describes.
import type { HeapRecording, ReportKind } from '../debug/recording.ts';
import type { RecordedArena } from './arenas.ts';

/** The first eight bytes. Like those of PNG, they detect a copy as text, which changes line ends or bit 7. */
export const MAGIC: readonly number[] = [0x89, 0x4c, 0x4d, 0x48, 0x0d, 0x0a, 0x1a, 0x0a];
/** The ninth byte: the version of the format. */
export const VERSION = 1;

/** The kinds of blocks in a file. A reader skips unknown kinds from 128 on, and refuses other unknown kinds. */
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

/** The maximum number of events in a block. */
export const EVENTS_PER_BLOCK = 65536;
/** The first byte of an event: its kind in bits 0 to 2, and a bit for each column whose value is not 0. */
export const Has = { size: 8, site: 16, type: 32, previous: 64 } as const;
/** The unit of times in a file: microseconds. */
export const TICKS_PER_MS = 1000;

export const REPORT_KINDS: readonly ReportKind[] = [
  'double-free',
  'invalid-free',
  'overflow',
  'write-after-free',
];

/** Bytes of the memory at the end of a recording. */
export interface HeapBytes {
  readonly address: number;
  readonly bytes: Uint8Array;
}

/** A recording with further data for the page: bytes of blocks, and arenas. */
export interface InspectedRecording extends HeapRecording {
  /** Sorted by address, without overlaps. Missing if the recording has no bytes. */
  readonly bytes?: readonly HeapBytes[];
  /** The arenas of the heap. Missing if the recording has no data about arenas. */
  readonly arenas?: readonly RecordedArena[];
}
