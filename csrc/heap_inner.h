// SPDX-License-Identifier: MIT
// heap_inner.h: how a heap reads its own blocks, bins and regions; changes nothing. Private to
// heap.c, which changes them, and heap_inspect.c, which only looks.
#ifndef LM_HEAP_INNER_H
#define LM_HEAP_INNER_H
#include "linmem/heap.h"

enum { FREE = 1, PREV_FREE = 2, FLAGS = LM_ALIGN - 1 };

#define BLOCK_MIN (4 * LM_WORD > LM_ALIGN ? 4 * LM_WORD : LM_ALIGN)
#define SMALL_SIZE (LM_HEAP_COLS * LM_ALIGN)  // below it a list holds one size
#if SIZE_MAX > 0xffffffffu
#define SPAN_MAX (((size_t)1 << 39) - LM_ALIGN)  // what the rows reach
#else
#define SPAN_MAX ((size_t)0 - LM_ALIGN)
#endif
_Static_assert(LM_HEAP_COLS == 16, "cols is 16 bits wide and bin_of takes 4 bits of the size");

// Blocks. Every size here is a whole block's, header included.

static inline lm_block *block_at(uintptr_t address) { return (lm_block *)address; }

static inline void *block_payload(lm_block *b) { return (void *)((uintptr_t)b + LM_WORD); }

static inline size_t block_size(const lm_heap *h, const lm_block *b) {
  return (b->head ^ h->key) & ~(size_t)FLAGS;
}

static inline lm_block *block_next(const lm_heap *h, const lm_block *b) {
  return block_at((uintptr_t)b + block_size(h, b));
}

static inline size_t *block_footer(const lm_block *b, size_t size) {
  return (size_t *)((uintptr_t)b + size - LM_WORD);
}

// Returns the number of the list for blocks of this size.
static inline unsigned bin_of(size_t size) {
  if (size < SMALL_SIZE) return (unsigned)(size / LM_ALIGN);
  unsigned log = lm_log2(size);
  unsigned row = log - lm_log2(SMALL_SIZE) + 1;
  return row * LM_HEAP_COLS + ((unsigned)(size >> (log - 4)) & 15);
}

// Returns the region that has a block whose payload could begin at `p`, NULL iff none.
static inline const lm_region *region_of(const lm_heap *h, const void *p) {
  uintptr_t b = (uintptr_t)p - LM_WORD;
  for (const lm_region *r = &h->region; r; r = r->next)
    if (b - (uintptr_t)r->first < (uintptr_t)r->end - (uintptr_t)r->first) return r;
  return NULL;
}

// True when `b` may be a header in region `r`: a size that a block can have there, and no odd
// flags.
static inline bool block_sane(const lm_heap *h, const lm_region *r, const lm_block *b) {
  size_t head = b->head ^ h->key;
  size_t size = head & ~(size_t)FLAGS;
  if (head & FLAGS & ~(size_t)(FREE | PREV_FREE)) return false;
  if (b == r->end) return size == 0;
  return size >= BLOCK_MIN && size <= (uintptr_t)r->end - (uintptr_t)b;
}

static inline size_t heap_key(const lm_heap *h) {
  size_t mixed = (size_t)h * 0x9e3779b1u;  // 2^32 / golden ratio: near addresses get far keys
  return (mixed | (size_t)1 << 30) & ~(size_t)FLAGS;  // bit 30: a word of 0 reads as a huge size
}
#endif
