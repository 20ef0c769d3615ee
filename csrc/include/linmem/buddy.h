// SPDX-License-Identifier: MIT
// buddy.h: binary buddies. A block has a power of two of bytes and lies at a multiple of its size,
// so that textures and pages are aligned for nothing; no header lies beside it.
//
//   region:  | own words | map: a byte for each cell | cell | cell | ... | cell |
//                                                      first
//
//   A cell is LM_BUDDY_CELL bytes. The map's byte is 0 within a block; at its first cell it is the
//   block's order + 1, and FREE while it is in a list. A block of order k has 2^k bytes; its buddy
//   is the other half of the block of order k + 1 that it was cut from, at its address xor 2^k.
//
//   Y1  magic is that of this address.
//   Y2  The blocks of a region tile its cells; each lies at a multiple of its size.
//   Y3  A free block is in the list of its order, once; a list's bit is set iff it is not empty.
//   Y4  No two buddies of one order are both free.
//   Y5  The accounts (live, free, taken, regions) are what a walk would count.
//
// Where it differs from the contract in heap.h:
//   alloc, free  O(order), and O(regions) to find a block's region. A region is at least half as
//                large as all before it if the page source allows, so there are few.
//   check        exact: only the address of a live block passes.
//   regions      blocks of two regions are never joined, even when the regions touch.
//
// Not thread-safe. Source: Knowlton, "A fast storage allocator" (CACM 8, 1965).
#ifndef LM_BUDDY_H
#define LM_BUDDY_H
#include "linmem/allocator.h"

#define LM_BUDDY_MAGIC ((size_t)0x59445542)
// The smallest block: two links, and no less than the alignment.
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
  size_t changes;          // counts what moved a block, so that a walk can tell
  lm_buddy_region *last;   // the newest region
  lm_buddy_region region;  // the first region
  lm_pages pages;          // where more comes from
  size_t got;              // where the page source answers: a local would need a shadow stack
  uintptr_t edge;          // one past the newest bytes given, where more may touch
  size_t spans;            // bytes of all cells
  size_t listed;           // blocks in the lists
  lm_stats stats;
  size_t orders;                           // bit k: lists[k] is not empty
  lm_buddy_block *lists[LM_BUDDY_ORDERS];  // first of each list
} lm_buddy;

LM_ALLOCATOR(lm_buddy);

// Gives every block back at once; keeps the memory. Cost: O(memory / 16) to clear the maps.
void lm_buddy_reset(lm_buddy *);
#endif
