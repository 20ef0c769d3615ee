// SPDX-License-Identifier: MIT
// bestfit.h: best fit with at most 25 % excess. The blocks are those of boundary_tag.h (T1 to T6).
// The word below the header word holds the logical size. On wasm32 the 8 bytes below a block are
//
//     p - 8  logical size: the requested bytes
//     p - 4  header word: the effective size and 8, with two flags, xor the cookie
//
//   F1  The logical size of an allocated block is at most its effective size.
//
// A free block is allocated whole when its effective size is at most 125 % of the request; the rest
// of a larger one is split off. The search takes the smallest block that fits among the first
// LM_BESTFIT_PROBES of the request's own bin, otherwise the first of the next bin that is not
// empty. Below 16 * LM_ALIGN a bin holds one size, above it sizes within 1/16, so the fit is exact
// or nearly so. Only walk, holds and reset are O(free blocks).
//
// Differences from the contract in heap.h:
//   alloc    searches the whole of the request's own bin before it fails because the page source
//            refused.
//   realloc  to a smaller size keeps the effective size, so that growing back costs nothing.
//   check    as in tlsf.h: it reads memory between regions that are not adjacent.
//
// Not thread-safe.
#ifndef LM_BESTFIT_H
#define LM_BESTFIT_H
#include "linmem/boundary_tag.h"

#define LM_BESTFIT_MAGIC ((size_t)0x54464842)
#define LM_BESTFIT_PROBES 8

typedef struct lm_bestfit {
  lm_boundary_tags tags;
} lm_bestfit;

LM_ALLOCATOR(lm_bestfit);

// Returns the bytes requested when block `p` was allocated or last resized; 0 iff not a live block.
size_t lm_bestfit_size(const lm_bestfit *, const void *p);

// Frees all blocks at once; keeps the memory. Cost: O(regions).
void lm_bestfit_reset(lm_bestfit *);
#endif
