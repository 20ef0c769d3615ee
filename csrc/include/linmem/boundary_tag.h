// SPDX-License-Identifier: MIT
// boundary_tag.h: blocks with boundary tags, regions and segregated bins, which heap, tlsf and
// bestfit have in common; and the state of the latter two.
//
//   region:  | header | block | block | ... | block | end mark |
//
//   block, `w` is its header word; only bestfit has the word `logical`:
//
//     allocated  | (logical) | w | usable bytes ............................. |
//     free       | (       ) | w | next | prev | ...................... | size |
//
//   The payload (the usable bytes) begins at a multiple of LM_ALIGN. The last word of a free block
//   is its footer. The header word is (size of the whole block | FREE | PREV_FREE) xor the cookie.
//
// Invariants of the state of tlsf and bestfit (heap.h lists those of the heap):
//
//   T1  `magic` is derived from the state's address, `cookie` from that and the number of resets,
//       so that a block allocated before a reset does not pass for one.
//   T2  The blocks of a region tile it from `first` to `end`. `end` is a header of size 0 that is
//       not FREE. All headers lie in [low, high].
//   T3  PREV_FREE is set iff the block below is free. No two free blocks are adjacent.
//   T4  A free block has its size in its footer, and is in the bin of its size exactly once.
//   T5  A bit of `filled` is set iff its bin is not empty.
//   T6  The statistics (live, free, taken, regions) equal what a walk counts.
//
// Source: boundary tags from Knuth, TAOCP vol. 1, section 2.5.
#ifndef LM_BOUNDARY_TAG_H
#define LM_BOUNDARY_TAG_H
#include "linmem/allocator.h"

// Bins per power of two. Below LM_BINS_PER_POWER * LM_ALIGN bytes each size has a bin. The bins
// reach 2^32 bytes on 32-bit targets, 2^39 or 2^40 on others.
#define LM_BINS_PER_POWER 16
#define LM_BINS (LM_BINS_PER_POWER * (LM_WORD == 4 ? 26 : 32))
#define LM_BIN_WORDS ((LM_BINS + 63) / 64)

typedef struct lm_block {
  size_t head;            // (size | flags) ^ cookie
  struct lm_block *next;  // in its bin; only while free
  struct lm_block *prev;  // NULL in the first of a bin; only while free
} lm_block;

typedef struct lm_region {
  struct lm_region *next;  // the region added after this one
  lm_block *first;         // lowest block
  lm_block *end;           // end mark: one word
} lm_region;

typedef struct lm_boundary_tags {
  size_t magic;       // the strategy's number xor the address of this struct
  size_t cookie;      // xor of every header; the low bits are 0
  size_t resets;      // T1
  size_t changes;     // counts changes of blocks, so that a walk can tell
  lm_region *last;    // the newest region
  uintptr_t low;      // the lowest header of all regions
  uintptr_t high;     // the highest end mark
  lm_pages pages;     // the page source
  size_t got;         // result of the page source: a local would need a shadow stack
  size_t spans;       // bytes from first to end, of all regions
  size_t free_count;  // free blocks
  lm_stats stats;
  uint64_t filled[LM_BIN_WORDS];  // T5: bit b of word w is for bins[w * 64 + b]
  lm_block *bins[LM_BINS];        // first block of each bin
  lm_region region;               // the first region; its blocks follow
} lm_boundary_tags;
#endif
