// SPDX-License-Identifier: MIT
// Divides the heap into cells of equal size: the block with most bytes of each cell, and the used bytes.
import type { HeapRecording } from '../../debug/recording.ts';

/** A part of the memory. */
export interface Span {
  readonly start: number;
  readonly size: number;
}

/** The cells of a span. */
export interface Cells {
  /** The block with most bytes of each cell, as the index of its event plus 1; 0 for none. */
  readonly blocks: Uint32Array;
  /** The bytes of each cell that belong to blocks. */
  readonly used: Float64Array;
  readonly bytesPerCell: number;
}

/** Returns the cells of a span. O(blocks + cells). */
export function cellsOf(recording: HeapRecording, live: Uint32Array, span: Span, count: number): Cells {
  const { addresses, sizes } = recording;
  const blocks = new Uint32Array(count);
  const used = new Float64Array(count);
  const most = new Float64Array(count);
  const bytesPerCell = span.size / count;
  for (let i = 0; i < live.length; i++) {
    const block = live[i] as number;
    const from = (addresses[block] as number) - span.start;
    const to = from + (sizes[block] as number);
    if (to <= 0 || from >= span.size) continue;
    const first = Math.max(Math.floor(from / bytesPerCell), 0);
    const last = Math.min(Math.ceil(to / bytesPerCell) - 1, count - 1);
    for (let cell = first; cell <= last; cell++) {
      const start = cell * bytesPerCell;
      const bytes = Math.min(to, start + bytesPerCell) - Math.max(from, start);
      used[cell] = (used[cell] as number) + bytes;
      if (bytes <= (most[cell] as number)) continue;
      most[cell] = bytes;
      blocks[cell] = block + 1;
    }
  }
  return { blocks, used, bytesPerCell };
}

/** Returns the span from the lowest to the highest address of any block, rounded to 4 KiB. */
export function spanOf({ addresses, sizes, length }: HeapRecording, ends: Uint32Array): Span {
  let low = Number.POSITIVE_INFINITY;
  let high = 0;
  for (let i = 0; i < length; i++) {
    if (ends[i] === 0) continue;
    const address = addresses[i] as number;
    if (address < low) low = address;
    if (address + (sizes[i] as number) > high) high = address + (sizes[i] as number);
  }
  if (low > high) return { start: 0, size: 4096 };
  const start = Math.floor(low / 4096) * 4096;
  return { start, size: Math.max(Math.ceil((high - start) / 4096), 1) * 4096 };
}
