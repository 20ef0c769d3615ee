// SPDX-License-Identifier: MIT
// allocator_tags.h: the state that tlsf and bestfit keep: regions tiled by blocks with boundary
// tags, and two-level lists of the free ones.
//
//   region:  | own words | block | block | ... | block | end |
//
//   a block, `w` its header word; what bestfit keeps below it, tlsf does not have:
//
//     lent  | (logical) | w | usable bytes ............................. |  payload % LM_ALIGN == 0
//     free  | (       ) | w | next | prev | ..................... | size |  the last word: footer
//
//   The header word is (whole size | FREE | PREV_FREE) xor the key.
//
//   T1  magic is that of this address; key is that of this address and the number of resets, so
//   that
//       what was lent before a reset looks unlike a block.
//   T2  The blocks of a region tile it: from `first`, block by block, one comes exactly to `end`.
//       `end` is a header of size 0, not free. All of them lie in [low, high].
//   T3  PREV_FREE is set iff the block below is free. No two neighbours are free.
//   T4  A free block has its size in its footer, and is in the list of its size, once.
//   T5  A list's bit is set iff it is not empty; a row's bit is set iff one of its lists' is.
//   T6  The accounts (live, free, taken, regions) are what a walk would count.
//
// Source: boundary tags from Knuth, TAOCP vol. 1, section 2.5.
#ifndef LM_ALLOCATOR_TAGS_H
#define LM_ALLOCATOR_TAGS_H
#include "linmem/allocator.h"

// 16 lists per power of two; below 16 * LM_ALIGN one list per size. The rows reach the largest
// block: 2^32 on 32-bit targets, 2^39 or 2^40 on others.
#define LM_TAGS_COLS 16
#define LM_TAGS_ROWS (LM_WORD == 4 ? 26 : 32)

typedef struct lm_tag {
  size_t head;          // (size | flags) ^ key
  struct lm_tag *next;  // in its list; only while free
  struct lm_tag *prev;  // NULL in the first of a list; only while free
} lm_tag;

typedef struct lm_tags_region {
  struct lm_tags_region *next;  // the region that came after it
  lm_tag *first;                // lowest header
  lm_tag *end;                  // the end mark: one word
} lm_tags_region;

typedef struct lm_tags {
  size_t magic;           // the strategy's number xor the address of this struct
  size_t key;             // xor of every header; the low bits are 0
  size_t resets;          // T1
  size_t changes;         // counts what moved a block, so that a walk can tell
  lm_tags_region *last;   // the newest region
  lm_tags_region region;  // the first region
  uintptr_t low;          // the lowest header of all regions
  uintptr_t high;         // the highest end mark
  lm_pages pages;         // where more comes from
  size_t got;             // where the page source answers: a local would need a shadow stack
  size_t spans;           // bytes from first to end, of all regions
  size_t listed;          // blocks in the lists
  lm_stats stats;
  uint32_t rows;                               // bit r: cols[r] is not 0
  uint16_t cols[LM_TAGS_ROWS];                 // bit c: lists[r * 16 + c] is not empty
  lm_tag *lists[LM_TAGS_ROWS * LM_TAGS_COLS];  // first of each list
} lm_tags;
#endif
