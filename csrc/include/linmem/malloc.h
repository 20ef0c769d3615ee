// SPDX-License-Identifier: MIT
// malloc.h: what the library form has besides malloc and its family.
#ifndef LM_MALLOC_H
#define LM_MALLOC_H
#include "linmem/heap.h"

// Called, if the program defines it, on each free and realloc of what is not a live block: where it
// was given, what is wrong with it, and the address. The call then does nothing (realloc gives
// NULL). It must not call into the heap; it may abort. Builds with LM_LEAN check nothing and never
// call it.
//
//   void linmem_refused(lm_verb where, lm_status what, const void *block) { abort(); }
void linmem_refused(lm_verb where, lm_status what, const void *block) __attribute__((weak));
#endif
