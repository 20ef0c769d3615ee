// SPDX-License-Identifier: MIT
// linmem.c: malloc over one heap of linmem that takes its memory by sbrk, in one translation unit
// as the library form has it: the heap's address is a constant.
#include "../../csrc/heap.c"
#include "../../csrc/heap_large.c"
#include "../../csrc/heap_small.c"

enum { FIRST = 4096 };

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

static _Alignas(16) uint8_t room[FIRST];
#define HEAP ((lm_heap *)room)

static lm_heap *heap(void) {
  return HEAP->magic ? HEAP : lm_heap_init(room, FIRST, sbrk_more, NULL);
}

// A heap of zeros has nothing to take, so only the long way asks whether there is one.
static __attribute__((noinline)) void *malloc_slow(size_t size) { return alloc_slow(heap(), size); }

void *malloc(size_t size) {
  void *p = alloc_fast(HEAP, size);
  return p ? p : malloc_slow(size);
}
void free(void *p) { free_fast(HEAP, p); }
void *calloc(size_t count, size_t size) { return lm_heap_calloc(heap(), count, size); }
void *realloc(void *p, size_t size) { return lm_heap_realloc(heap(), p, size); }

// What the heap has besides what it took by sbrk.
__attribute__((export_name("heap_static"))) size_t heap_static(void) { return FIRST; }
