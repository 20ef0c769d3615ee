// SPDX-License-Identifier: MIT
// tlsf.h: two-level segregated fit, for real-time work: every verb but walk, holds and the copy of
// a realloc takes a bounded number of steps, whatever the heap looks like. The blocks are as
// allocator_tags.h says (T1 to T6), with nothing below the header word.
//
// Where it differs from the contract in heap.h:
//   alloc      looks at the first block of the request's own list, then takes the first of the next
//              list that is not empty. A block that fits may be left behind smaller ones of its
//              list; memory grows then, or NULL.
//   check      O(1): it asks whether `p` lies between the lowest and the highest region, and
//   whether
//              the headers about it agree. Memory between regions that do not touch is read.
//
// Not thread-safe. Source: Masmano et al., "TLSF: a new dynamic memory allocator for real-time
// systems" (ECRTS 2004).
#ifndef LM_TLSF_H
#define LM_TLSF_H
#include "linmem/allocator_tags.h"

#define LM_TLSF_MAGIC ((size_t)0x46534c54)

typedef struct lm_tlsf {
  lm_tags tags;
} lm_tlsf;

LM_ALLOCATOR(lm_tlsf);

// Gives every block back at once; keeps the memory. Cost: O(regions).
void lm_tlsf_reset(lm_tlsf *);
#endif
