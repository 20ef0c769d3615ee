// SPDX-License-Identifier: MIT
// allocator.h: the interface of every strategy, and the types they share. Strategy `x` is a type
// lm_x and these functions, which LM_ALLOCATOR declares:
//
//   lm_x_init(base, size, refill, state)   lm_x_free(x, p)          lm_x_stats(x)
//   lm_x_is(x)                             lm_x_check(x, p)         lm_x_walk(x, cursor, ...)
//   lm_x_alloc(x, size)                    lm_x_usable_size(x, p)   lm_x_holds(x)
//   lm_x_alloc_aligned(x, size, align)     lm_x_realloc(x, p, size)
//   lm_x_calloc(x, count, size)
//
// heap.h has the contract of each. The header of a strategy says where it differs.
#ifndef LM_ALLOCATOR_H
#define LM_ALLOCATOR_H
#include "linmem/pages.h"

// The result of a request about a block.
typedef enum lm_status {
  LM_OK           = 0,
  LM_NOT_A_BLOCK  = 1,  // outside every region, misaligned, inside a block, or damaged
  LM_ALREADY_FREE = 2,  // a block that was freed
} lm_status;

// Statistics. "Usable" bytes are those that a caller may write: a block less its header.
typedef struct lm_stats {
  size_t live_blocks;      // allocated blocks
  size_t live_bytes;       // their usable bytes
  size_t peak_live_bytes;  // the maximum of live_bytes; the heap counts its slabs as a whole
  size_t free_blocks;      // free blocks, the top block included
  size_t free_bytes;       // their usable bytes
  size_t taken_bytes;      // bytes of all regions: blocks, headers and the allocator's state
  size_t regions;          // ranges of memory that are not adjacent, or came from different owners
} lm_stats;
_Static_assert(sizeof(lm_stats) == 7 * LM_WORD, "no padding: layout.c exports it");

typedef enum lm_block_state {
  LM_BLOCK_FREE = 0,  // can be allocated
  LM_BLOCK_LIVE = 1,  // allocated
  LM_BLOCK_TOP  = 2,  // free, at the end of the newest region; allocated last
  LM_BLOCK_LOST = 3,  // freed, but cannot be allocated before a reset
} lm_block_state;

// A block, as walk reports it.
typedef struct lm_block_record {
  uintptr_t address;    // the payload: what alloc returned or would return
  size_t size;          // usable bytes; the header word lies just below `address`
  uint32_t state;       // an lm_block_state
  uint32_t size_class;  // the bin, order or size class of its size
} lm_block_record;
_Static_assert(sizeof(lm_block_record) == 2 * LM_WORD + 8, "no padding: layout.c exports it");

// The position of a walk. All zero starts a walk. The fields are private.
typedef struct lm_cursor {
  uintptr_t region;   // the current region; 0 at the start
  uintptr_t address;  // the next block; 0 at the start of a region
  size_t changes;     // the allocator's count of changes when the walk stopped
  size_t done;        // not 0 when every block was visited
} lm_cursor;
_Static_assert(sizeof(lm_cursor) == 4 * LM_WORD, "no padding: layout.c exports it");

// Declares the functions of strategy `x`, a type.
// NOLINTBEGIN(bugprone-macro-parentheses)
#define LM_ALLOCATOR(x)                                                                            \
  x *x##_init(void *base, size_t size, lm_refill *refill, void *state);                            \
  bool x##_is(const x *);                                                                          \
  void *x##_alloc(x *, size_t size);                                                               \
  void *x##_alloc_aligned(x *, size_t size, size_t align);                                         \
  void *x##_calloc(x *, size_t count, size_t size);                                                \
  void *x##_realloc(x *, void *p, size_t size);                                                    \
  lm_status x##_free(x *, void *p);                                                                \
  lm_status x##_check(const x *, const void *p);                                                   \
  size_t x##_usable_size(const x *, const void *p);                                                \
  const lm_stats *x##_stats(x *);                                                                  \
  size_t x##_walk(const x *, lm_cursor *, lm_block_record *records, size_t capacity);              \
  bool x##_holds(const x *)
// NOLINTEND(bugprone-macro-parentheses)
#endif
