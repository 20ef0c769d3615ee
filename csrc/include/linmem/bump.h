// SPDX-License-Identifier: MIT
// bump.h: allocate only, and reset. A block begins where the last one ended.
//
//   region:  | own words | block | block | ... | block |  free  |
//            first                                     top      end
//
//   a block: | size,LOST | usable bytes ... |   payload address % LM_ALIGN == 0
//
//   The header word is (whole size | LOST) xor the key.
//
//   P1  magic is that of this address; key is that of this address and the number of resets, so
//   that
//       what was lent before a reset looks unlike a block.
//   P2  The blocks of a region tile it from `first` exactly to `top`; top <= end.
//   P3  `last` is the region that lends. Those before it are left; those after it are empty.
//   P4  The accounts (live, taken, regions) are what a walk would count.
//
// Where it differs from the contract in heap.h:
//   free       marks the block as lost (LM_BLOCK_LOST) and lends its bytes no more before a reset.
//              What is left of a region when the next one is begun is lost too.
//   realloc    is in place for the newest block and for less; else a copy.
//   stats      free is what lies between top and end, in `last` and after it.
//   walk       shows what is free of a region as one record: LM_BLOCK_TOP in `last`.
//
// Not thread-safe.
#ifndef LM_BUMP_H
#define LM_BUMP_H
#include "linmem/allocator.h"

#define LM_BUMP_MAGIC ((size_t)0x504d5542)

typedef struct lm_bump_region {
  struct lm_bump_region *next;  // the region that came after it
  uintptr_t first;              // lowest header
  uintptr_t top;                // where the next header goes
  uintptr_t end;                // first + a multiple of LM_ALIGN
  uintptr_t edge;               // one past the last byte given, where more may touch
} lm_bump_region;

typedef struct lm_bump {
  size_t magic;            // LM_BUMP_MAGIC xor the address of this struct
  size_t key;              // xor of every header; the low bits are 0
  size_t resets;           // P1
  size_t changes;          // counts what moved a block, so that a walk can tell
  lm_bump_region *last;    // P3: the one that lends
  lm_bump_region *newest;  // the end of the chain
  lm_bump_region region;   // the first region
  lm_pages pages;          // where more comes from
  size_t got;              // where the page source answers: a local would need a shadow stack
  lm_stats stats;
} lm_bump;

LM_ALLOCATOR(lm_bump);

// Gives every block back at once; keeps the memory. Cost: O(regions).
void lm_bump_reset(lm_bump *);
#endif
