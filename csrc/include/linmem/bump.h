// SPDX-License-Identifier: MIT
// bump.h: a bump allocator: each block begins where the last one ended; memory is reused only after
// a reset.
//
//   region:  | header | block | block | ... | block |  free  |
//                     first                         top      end
//
//   block: | size,LOST | usable bytes ... |   the payload begins at a multiple of LM_ALIGN
//
//   The header word is (size of the whole block | LOST) xor the cookie.
//
//   P1  `magic` is derived from the state's address, `cookie` from that and the number of resets,
//       so that a block allocated before a reset does not pass for one.
//   P2  The blocks of a region tile it from `first` to `top`; top <= end.
//   P3  Blocks are allocated in the region `last`. The regions before it are full, those after it
//       empty.
//   P4  The statistics (live, taken, regions) equal what a walk counts.
//
// Differences from the contract in heap.h:
//   free     marks the block as lost (LM_BLOCK_LOST); its bytes are not reused before a reset. The
//            bytes left in a region are lost too when the next one becomes `last`.
//   realloc  is in place for the newest block and for smaller sizes, otherwise a copy.
//   stats    free is the space between top and end, in `last` and in the regions after it.
//   walk     reports the free space of a region as one record: LM_BLOCK_TOP in `last`.
//
// Not thread-safe.
#ifndef LM_BUMP_H
#define LM_BUMP_H
#include "linmem/allocator.h"

#define LM_BUMP_MAGIC ((size_t)0x504d5542)

typedef struct lm_bump_region {
  struct lm_bump_region *next;  // the region that came after it
  uintptr_t first;              // lowest header
  uintptr_t top;                // address of the next header
  uintptr_t end;                // first + a multiple of LM_ALIGN
  uintptr_t edge;               // end of its memory, to see whether the next is adjacent
} lm_bump_region;

typedef struct lm_bump {
  size_t magic;            // LM_BUMP_MAGIC xor the address of this struct
  size_t cookie;           // xor of every header; the low bits are 0
  size_t resets;           // P1
  size_t changes;          // counts changes of blocks, so that a walk can tell
  lm_bump_region *last;    // P3
  lm_bump_region *newest;  // the last of the chain
  lm_bump_region region;   // the first region
  lm_pages pages;          // the page source
  size_t got;              // result of the page source: a local would need a shadow stack
  lm_stats stats;
} lm_bump;

LM_ALLOCATOR(lm_bump);

// Frees all blocks at once; keeps the memory. Cost: O(regions).
void lm_bump_reset(lm_bump *);
#endif
