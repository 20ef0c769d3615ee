// SPDX-License-Identifier: MIT
// The gaps between blocks, and a histogram of their sizes.
import { toCount } from '../memory/address.ts';
import { assertColumn } from './shapes.ts';
import { assertEvent, type Replay } from './replay.ts';

/** The layout of the live blocks in the memory. */
export interface Fragmentation {
  /** The address of the first block, and the end of the last one; 0 if there are no blocks. */
  readonly start: number;
  readonly end: number;
  readonly blocks: number;
  readonly liveBytes: number;
  /** Bytes between the first and the last block that belong to no block: free memory, headers, padding. */
  readonly gapBytes: number;
  readonly gaps: number;
  readonly largestGap: number;
  /** 1 - largestGap / gapBytes: 0 if there is one gap, close to 1 if there are many small ones. */
  readonly external: number;
}

/** Returns blocks sorted by address. O(n log n). */
export function byAddress(replay: Replay, blocks: Uint32Array): Uint32Array {
  assertEvent(replay, -1);
  assertColumn(blocks, 'Uint32Array', 0, 'blocks');
  const { addresses } = replay.recording;
  // Sorting numbers is many times faster than sorting with a function. The address and the position fit in one double
  // if their product is below 2^53.
  const count = blocks.length;
  let max = 0;
  for (let i = 0; i < count; i++)
    max = Math.max(
      max,
      addresses[toCount(blocks[i] as number, 'the event of a block', 0, replay.length)] as number,
    );
  if ((max + 1) * count > Number.MAX_SAFE_INTEGER)
    return blocks.slice().sort((a, b) => (addresses[a] as number) - (addresses[b] as number));
  const keys = new Float64Array(count);
  for (let i = 0; i < count; i++) keys[i] = (addresses[blocks[i] as number] as number) * count + i;
  keys.sort();
  const sorted = new Uint32Array(count);
  for (let i = 0; i < count; i++) sorted[i] = blocks[(keys[i] as number) % count] as number;
  return sorted;
}

/** Returns the layout of the blocks that are live after event `event`. O(n log n). */
export function fragmentationAt(replay: Replay, event: number): Fragmentation {
  assertEvent(replay, event);
  const { addresses, sizes } = replay.recording;
  const sorted = byAddress(replay, replay.liveAt(event));
  let [end, gapBytes, gaps, largestGap, liveBytes] = [0, 0, 0, 0, 0];
  for (const block of sorted) {
    const address = addresses[block] as number;
    const size = sizes[block] as number;
    const gap = end === 0 ? 0 : address - end;
    if (gap > 0) {
      gapBytes += gap;
      gaps++;
      largestGap = Math.max(largestGap, gap);
    }
    end = Math.max(end, address + size);
    liveBytes += size;
  }
  const start = sorted.length > 0 ? (addresses[sorted[0] as number] as number) : 0;
  const external = gapBytes > 0 ? 1 - largestGap / gapBytes : 0;
  return { start, end, blocks: sorted.length, liveBytes, gapBytes, gaps, largestGap, external };
}

/** The live blocks of one size class. */
export interface SizeClass {
  /** The smallest and the largest size in bytes. */
  readonly from: number;
  readonly to: number;
  readonly blocks: number;
  readonly bytes: number;
}

/**
 * Returns a histogram of the sizes of the blocks that are live after event `event`: one class for each power of two,
 * without empty classes at both ends.
 */
export function sizeHistogram(replay: Replay, event: number): SizeClass[] {
  assertEvent(replay, event);
  const blocks = new Float64Array(54);
  const bytes = new Float64Array(54);
  const { sizes } = replay.recording;
  for (const block of replay.liveAt(event)) {
    const size = sizes[block] as number;
    const at = size <= 1 ? 0 : Math.ceil(Math.log2(size));
    blocks[at] = (blocks[at] as number) + 1;
    bytes[at] = (bytes[at] as number) + size;
  }
  const first = blocks.findIndex((count) => count > 0);
  if (first < 0) return [];
  const last = blocks.findLastIndex((count) => count > 0);
  const classes: SizeClass[] = [];
  for (let i = first; i <= last; i++)
    classes.push({
      from: i === 0 ? 0 : 2 ** (i - 1) + 1,
      to: 2 ** i,
      blocks: blocks[i] as number,
      bytes: bytes[i] as number,
    });
  return classes;
}
