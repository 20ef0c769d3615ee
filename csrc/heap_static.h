// SPDX-License-Identifier: MIT
// heap_static.h: the heap, without what inspects it, compiled into the file that includes this, for
// one heap at a constant address. Its functions are private to that file, so that the compiler
// folds the address into them and inlines the fast paths of malloc and free. Private.
//
// A zeroed heap has no slab and no memory, so the fast paths need not ask whether the heap was
// initialized. Define before including this:
//
//   LM_INIT_ON_FIRST_USE(heap)   initializes the heap when it is still zeroed
//   LM_ON_OUT_OF_MEMORY()        optional: called when alloc fails
#ifndef LM_HEAP_STATIC_H
#define LM_HEAP_STATIC_H
#define LM_STATIC_HEAP
#include "build_internal.h"
#include "linmem/allocator.h"

#ifndef LM_ON_OUT_OF_MEMORY
#define LM_ON_OUT_OF_MEMORY() ((void)0)
#endif

typedef struct lm_heap lm_heap;

// heap.h declares these without `static`. The first declaration decides the linkage.
LM_PRIVATE lm_heap *lm_heap_init(void *base, size_t size, lm_refill *refill, void *state);
LM_PRIVATE bool lm_heap_is(const lm_heap *heap);
LM_PRIVATE void *lm_heap_alloc(lm_heap *heap, size_t size);
LM_PRIVATE void *lm_heap_alloc_aligned(lm_heap *heap, size_t size, size_t align);
LM_PRIVATE void *lm_heap_calloc(lm_heap *heap, size_t count, size_t size);
LM_PRIVATE void *lm_heap_realloc(lm_heap *heap, void *p, size_t size);
LM_PRIVATE lm_status lm_heap_free(lm_heap *heap, void *p);
LM_PRIVATE lm_status lm_heap_check(const lm_heap *heap, const void *p);
LM_PRIVATE size_t lm_heap_usable_size(const lm_heap *heap, const void *p);
LM_PRIVATE bool lm_heap_trim(lm_heap *heap);

// In this order: heap.c inlines functions of heap_block.c.
// clang-format off
#include "heap_block.c"
#include "heap_slab.c"
#include "heap.c"
// clang-format on
#endif
