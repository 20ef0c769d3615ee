// SPDX-License-Identifier: MIT
// malloc.h: what liblinmem.a has in addition to malloc, free and the rest of that family.
#ifndef LM_MALLOC_H
#define LM_MALLOC_H
#include "linmem/heap.h"

// Called, if the program defines it, on each free and realloc of an address that is not a live
// block: in which function, why, and the address. The call then changes nothing (realloc returns
// NULL). It must not call malloc or free; it may abort. Builds with LM_LEAN never call it.
//
//   void linmem_refused(lm_operation where, lm_status what, const void *block) { abort(); }
void linmem_refused(lm_operation where, lm_status what, const void *block) __attribute__((weak));
#endif
