// SPDX-License-Identifier: MIT
// buddy.h: binary buddies. A block has a power of two of bytes and lies at a multiple of its size,
// so that textures and pages are aligned without padding; no header lies next to it.
//
//   region:  | header | map: one byte per cell | cell | cell | ... | cell |
//
//   A cell is LM_BUDDY_CELL bytes. The map's byte of a block's first cell is the block's order + 1,
//   and FREE while the block is in a list; the bytes of its other cells are 0. A block of order k
//   has 2^k bytes. Its buddy, at its address xor 2^k, is the other half of the block of order k + 1
//   that both were split from.
//
//   Y1  `magic` is derived from the state's address.
//   Y2  The blocks of a region tile its cells; each lies at a multiple of its size.
//   Y3  A free block is in the list of its order exactly once; the bit of a list in `orders` is set
//       iff the list is not empty.
//   Y4  No two buddies of one order are both free.
//   Y5  The statistics (live, free, taken, regions) equal what a walk counts.
//
// Differences from the contract in heap.h:
//   alloc, free  O(order), plus O(regions) to find a block's region. A region is at least half as
//                large as all before it if the page source allows, so there are few.
//   check        exact: it accepts only the address of a live block.
//   regions      blocks of different regions are never merged, even when the regions are adjacent.
//
// Not thread-safe. Source: Knowlton, "A fast storage allocator" (CACM 8, 1965).
#ifndef LM_BUDDY_H
#define LM_BUDDY_H
#include "linmem/allocator.h"

#define LM_BUDDY_MAGIC ((size_t)0x59445542)
// The smallest block: two links, and at least the alignment.
#define LM_BUDDY_CELL (LM_ALIGN > 16 ? LM_ALIGN : (size_t)16)
#define LM_BUDDY_ORDERS (LM_WORD == 4 ? 32 : 40)

typedef struct lm_buddy_block {
  struct lm_buddy_block *next;  // in its list; only while free
  struct lm_buddy_block *prev;  // NULL in the first of a list
} lm_buddy_block;

typedef struct lm_buddy_region {
  struct lm_buddy_region *next;  // the region that came after it
  uintptr_t first;               // the first cell
  size_t size;                   // bytes of all cells
  uint8_t *map;                  // one byte for each cell
} lm_buddy_region;

typedef struct lm_buddy {
  size_t magic;            // LM_BUDDY_MAGIC xor the address of this struct
  size_t changes;          // counts changes of blocks, so that a walk can tell
  lm_buddy_region *last;   // the newest region
  lm_buddy_region region;  // the first region
  lm_pages pages;          // the page source
  size_t got;              // result of the page source: a local would need a shadow stack
  uintptr_t edge;          // end of the newest memory, to see whether the next is adjacent
  size_t spans;            // bytes of all cells
  size_t free_count;       // free blocks
  lm_stats stats;
  size_t orders;                           // bit k: lists[k] is not empty
  lm_buddy_block *lists[LM_BUDDY_ORDERS];  // first of each list
} lm_buddy;

LM_ALLOCATOR(lm_buddy);

// Frees all blocks at once; keeps the memory. Cost: O(memory / 16) to clear the maps.
void lm_buddy_reset(lm_buddy *);
#endif
