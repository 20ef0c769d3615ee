// SPDX-License-Identifier: MIT
// bestfit.h: best fit of at most 125 %. The blocks are as allocator_tags.h says (T1 to T6); the
// word below the header word holds the logical size, so that on wasm32 the 8 bytes below a block
// are
//
//     p - 8  logical size: the bytes that were asked for
//     p - 4  header word: the effective size and 8, with two flags, xor the key
//
//   F1  The logical size of a lent block is at most its effective size.
//
// A free block is lent whole when its effective size is at most 125 % of the request; of a larger
// one the rest is split off. The smallest that fits is looked for among the first
// LM_BESTFIT_PROBES of the request's own list; else it is the first of the next list that is not
// empty. A list holds one size below 16 * LM_ALIGN and sizes within 1/16 above, so the fit is exact
// or as near; and no verb but walk, holds and reset is O(free blocks).
//
// Where it differs from the contract in heap.h:
//   alloc      a request that the page source refuses looks through the whole of its own list
//              before it fails.
//   realloc    to less keeps the effective size, so that growing back is free.
//   check      as in tlsf.h: memory between regions that do not touch is read.
//
// Not thread-safe.
#ifndef LM_BESTFIT_H
#define LM_BESTFIT_H
#include "linmem/allocator_tags.h"

#define LM_BESTFIT_MAGIC ((size_t)0x54464842)
#define LM_BESTFIT_PROBES 8

typedef struct lm_bestfit {
  lm_tags tags;
} lm_bestfit;

LM_ALLOCATOR(lm_bestfit);

// Returns the bytes that were asked for when block `p` was lent or last resized; 0 iff not a live
// block.
size_t lm_bestfit_size(const lm_bestfit *, const void *p);

// Gives every block back at once; keeps the memory. Cost: O(regions).
void lm_bestfit_reset(lm_bestfit *);
#endif
