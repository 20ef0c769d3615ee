// SPDX-License-Identifier: MIT
// Tests an allocator that was found by analysis and not by name: a few blocks must lie in the memory and must not
// overlap.
import type { FoundAdapter } from './adapter.ts';
import { toPointer } from '../memory/address.ts';

const SIZES = [24, 100, 4096, 24, 1];

/** True if the blocks of `adapter` lie in a memory of `byteLength()` bytes and do not overlap. All are freed. */
export function passesTrial({ malloc, free }: FoundAdapter, byteLength: () => number): boolean {
  const blocks: { start: number; end: number; size: number }[] = [];
  let isGood = true;
  try {
    for (const size of SIZES) {
      const start = toPointer(malloc(size, 8));
      const end = start + size;
      const isApart = blocks.every((block) => block.end <= start || block.start >= end);
      isGood &&= start > 0 && start % 4 === 0 && end <= byteLength() && isApart;
      if (!isGood) break;
      blocks.push({ start, end, size });
    }
    for (const { start, size } of blocks) free(start, size, 8);
    return isGood;
  } catch {
    return false;
  }
}
