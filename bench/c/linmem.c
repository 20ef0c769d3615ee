// SPDX-License-Identifier: MIT
// linmem.c: malloc over one heap of linmem that takes its memory by sbrk.
#include "linmem/heap.h"

void *sbrk(intptr_t more);

static void *sbrk_more(lm_pages *self, size_t min, size_t *got) {
  (void)self;
  size_t size = (min + 4095) & ~(size_t)4095;
  void *p     = sbrk((intptr_t)size);
  if (p == (void *)-1) return NULL;
  *got = size;
  return p;
}

static lm_heap *heap;

static __attribute__((noinline)) lm_heap *heap_first(void) {
  size_t size = 4096;
  void *p     = sbrk((intptr_t)size);
  return p == (void *)-1 ? NULL : (heap = lm_heap_init(p, size, sbrk_more, NULL));
}

#define HEAP (__builtin_expect(heap != NULL, 1) ? heap : heap_first())

void *malloc(size_t size) { return lm_heap_alloc(HEAP, size); }
void free(void *p) { lm_heap_free(heap, p); }
void *calloc(size_t count, size_t size) { return lm_heap_calloc(HEAP, count, size); }
void *realloc(void *p, size_t size) { return lm_heap_realloc(HEAP, p, size); }
