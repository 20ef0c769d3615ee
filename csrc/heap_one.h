// SPDX-License-Identifier: MIT
// heap_one.h: the heap, all but what inspects it, compiled into the file that includes this, for
// one heap at an address that is a constant there: the functions are private, so that the compiler
// puts the address into them and the short ways of malloc and free where they are called.
//
// A heap of zeros has nothing to give and knows no address, so the short ways ask nobody whether
// there is a heap. Define before: LM_READY(heap), which makes the heap when it is still all zero,
// and if errno or the like is to be told, LM_FAILED().
#ifndef LM_HEAP_ONE_H
#define LM_HEAP_ONE_H
#include "linmem/allocator.h"

typedef struct lm_heap lm_heap;

// The first declaration decides the linkage.
#define LM_INNER __attribute__((unused)) static
LM_INNER lm_heap *lm_heap_init(void *base, size_t size, lm_more *more, void *state);
LM_INNER bool lm_heap_is(const lm_heap *heap);
LM_INNER void *lm_heap_alloc(lm_heap *heap, size_t size);
LM_INNER void *lm_heap_alloc_aligned(lm_heap *heap, size_t size, size_t align);
LM_INNER void *lm_heap_calloc(lm_heap *heap, size_t count, size_t size);
LM_INNER void *lm_heap_realloc(lm_heap *heap, void *p, size_t size);
LM_INNER lm_status lm_heap_free(lm_heap *heap, void *p);
LM_INNER lm_status lm_heap_check(const lm_heap *heap, const void *p);
LM_INNER size_t lm_heap_usable_size(const lm_heap *heap, const void *p);
LM_INNER bool lm_heap_trim(lm_heap *heap);
#include "heap_large.c"
#define BLOCK_TAKE block_take
#define BLOCK_RELEASE block_release
#define VERB
#define ADDRESS_CHECK address_check
#define COPY_LOOP
#include "heap.c"
#include "heap_small.c"
#endif
