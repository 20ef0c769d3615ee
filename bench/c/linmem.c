// SPDX-License-Identifier: MIT
// linmem.c: malloc over one heap of linmem that takes its memory by sbrk, in one translation unit
// as the library form has it: the heap's address is a constant.
#include "linmem/pages.h"

enum { FIRST = 4096 };
static _Alignas(16) uint8_t first_region[FIRST];
#define HEAP ((lm_heap *)(void *)first_region)
#define LM_INIT_ON_FIRST_USE(heap)                                                                 \
  if (!HEAP->magic) lm_heap_init(first_region, FIRST, sbrk_more, NULL)
static void *sbrk_more(lm_pages *self, size_t min, size_t *got);
#include "../../csrc/heap_static.h"

void *sbrk(intptr_t more);
void *malloc(size_t size);
void free(void *p);
void *calloc(size_t count, size_t size);
void *realloc(void *p, size_t size);

static void *sbrk_more(lm_pages *self, size_t min, size_t *got) {
  (void)self;
  size_t size = (min + 4095) & ~(size_t)4095;
  void *p     = sbrk((intptr_t)size);
  if (p == (void *)-1) return NULL;
  *got = size;
  return p;
}

void *malloc(size_t size) { return heap_alloc(HEAP, size); }
void free(void *p) { heap_free(HEAP, p); }
void *calloc(size_t count, size_t size) { return lm_heap_calloc(HEAP, count, size); }
void *realloc(void *p, size_t size) { return lm_heap_realloc(HEAP, p, size); }

// Bytes of the heap that do not come from sbrk.
__attribute__((export_name("heap_static"))) size_t heap_static(void) { return FIRST; }
