// SPDX-License-Identifier: MIT
// tlsf.h: two-level segregated fit, for real-time work: every function but walk, holds and the copy
// of a realloc takes a bounded number of steps, whatever the state of the heap. The blocks are
// those of boundary_tag.h (T1 to T6).
//
// Differences from the contract in heap.h:
//   alloc  looks at the first block of the request's own bin, then takes the first block of the
//          next bin that is not empty. A block that fits may stay unused behind smaller ones of its
//          bin; then memory grows, or alloc returns NULL.
//   check  O(1): tests whether `p` lies between the lowest and the highest region, and whether the
//          neighbouring headers agree. It reads memory between regions that are not adjacent.
//
// Not thread-safe. Source: Masmano et al., "TLSF: a new dynamic memory allocator for real-time
// systems" (ECRTS 2004).
#ifndef LM_TLSF_H
#define LM_TLSF_H
#include "linmem/boundary_tag.h"

#define LM_TLSF_MAGIC ((size_t)0x46534c54)

typedef struct lm_tlsf {
  lm_boundary_tags tags;
} lm_tlsf;

LM_ALLOCATOR(lm_tlsf);

// Frees all blocks at once; keeps the memory. Cost: O(regions).
void lm_tlsf_reset(lm_tlsf *);
#endif
