// SPDX-License-Identifier: MIT
// heap_block.c: finds, grows and frees the heap's blocks: bins first, then top, then the page
// source.
#include "heap_block_internal.h"

enum { TRIES = 8 };  // blocks of a request's own bin that are looked at before a higher bin is used

// Returns a free block of at least `size` bytes; NULL iff all higher bins, whose blocks all
// suffice, are empty, and none of the first `tries` blocks of the request's own bin suffices.
static lm_block *bin_find(const lm_heap *h, size_t size, size_t tries) {
  unsigned bin = bin_of(size);
  for (lm_block *b = h->bins[bin]; b && tries; b = b->next, tries--)
    if (block_size(h, b) >= size) return b;
  return bin_above(h, bin);
}

// Splits `size` bytes, or a few more, off the low end of top, which has as many.
static lm_block *top_split(lm_heap *h, size_t size) {
  lm_block *b = h->top;
  size_t all  = block_size(h, b);
  if (all - size < BLOCK_MIN) size = all;
  top_set(h, block_at((uintptr_t)b + size), all - size);
  b->head = size ^ h->cookie;
  return b;
}

static LM_ALWAYS_INLINE bool top_has(const lm_heap *h, size_t size) {
  return block_size(h, h->top) >= size;
}

// Grows top to at least `size` bytes. Asks first for the bytes that top lacks, which is enough when
// they are adjacent to it; otherwise top becomes a new region, and the second request is for all
// bytes. Returns false iff it cannot grow.
LM_COLD static LM_NOINLINE bool top_grow(lm_heap *h, size_t size) {
  if (top_has(h, size)) return true;
  size_t lacks = size - block_size(h, h->top);
  if (!region_ask(h, lacks > 2 * REGION_EXTRA ? lacks : 2 * REGION_EXTRA)) return false;
  return top_has(h, size) || (region_ask(h, size + REGION_EXTRA) && top_has(h, size));
}

LM_COLD LM_NOINLINE bool lm_region_open(lm_heap *h, uintptr_t base, size_t size) {
  return region_open(h, base, size);
}

LM_NOINLINE void lm_block_release(lm_heap *h, lm_block *b) { block_release(h, b); }

void lm_block_shrink(lm_heap *h, lm_block *b, size_t size) { block_shrink(h, b, size); }

lm_block *lm_block_align(lm_heap *h, lm_block *b, size_t align) { return block_align(h, b, align); }

// Allocates `size` bytes of free block `b` and frees the rest, if that is enough for a block. The
// neighbours of `b` are allocated (H3).
static LM_HOT_INLINE lm_block *block_claim(lm_heap *h, lm_block *b, size_t size) {
  size_t all = block_size(h, b);
  if (all - size < BLOCK_MIN) return block_take(h, b), b;
  bin_remove(h, b);
  b->head = size ^ h->cookie;
  bin_insert(h, block_at((uintptr_t)b + size), all - size);
  return b;
}

// The general path of block_acquire, complete in itself.
LM_COLD static LM_NOINLINE lm_block *block_acquire_slow(lm_heap *h, size_t size) {
  lm_block *b = bin_find(h, size, TRIES);
  if (!b && !top_has(h, size)) b = bin_find(h, size, h->free_count);
  if (!b) return top_grow(h, size) ? top_split(h, size) : NULL;
  block_take(h, b);
  lm_block_shrink(h, b, size);
  return b;
}

static LM_HOT_INLINE lm_block *block_acquire(lm_heap *h, size_t size) {
  if (LM_SIZE_OPTIMIZED) return block_acquire_slow(h, size);
  lm_block *b = bin_find(h, size, TRIES);
  if (b) return block_claim(h, b, size);
  return top_has(h, size) ? top_split(h, size) : block_acquire_slow(h, size);
}

// A static heap inlines block_acquire where speed matters, so that this is the rest.
lm_block *lm_block_acquire(lm_heap *h, size_t size) {
#ifdef LM_STATIC_HEAP
  return block_acquire_slow(h, size);
#else
  return block_acquire(h, size);
#endif
}

// Returns the size that a block at `b` needs to hold a superblock.
static size_t superblock_need(const lm_block *b) {
  size_t pad = -((uintptr_t)b + LM_WORD) & (LM_HEAP_SUPERBLOCK - 1);
  if (pad && pad < BLOCK_MIN) pad += LM_HEAP_SUPERBLOCK;
  return pad + LM_HEAP_SUPERBLOCK;
}

// Returns a free block that can hold a superblock, NULL iff nine searches find none. A block of
// three superblocks always can.
static lm_block *superblock_find(const lm_heap *h) {
  lm_block *b;
  for (size_t size = LM_HEAP_SUPERBLOCK; size <= 3 * LM_HEAP_SUPERBLOCK;
       size += LM_HEAP_SUPERBLOCK / 4) {
    b = bin_find(h, size, TRIES);
    if (!b || block_size(h, b) >= superblock_need(b)) return b;
  }
  return NULL;
}

LM_COLD LM_NOINLINE lm_block *lm_block_acquire_superblock(lm_heap *h) {
  lm_block *b = superblock_find(h);
  if (b) {
    block_take(h, b);
  } else {
    size_t need;
    do {  // repeated only when top has become another block
      if (!top_grow(h, need = superblock_need(h->top))) return NULL;
    } while (need < superblock_need(h->top));
    b = top_split(h, need);
  }
  b = lm_block_align(h, b, LM_HEAP_SUPERBLOCK);
  lm_block_shrink(h, b, LM_HEAP_SUPERBLOCK);
  return b;
}

bool lm_block_extend(lm_heap *h, lm_block *b, size_t size) {
  size_t old     = block_size(h, b);
  lm_block *next = block_at((uintptr_t)b + old);
  if (!is_top(h, next)) return block_merge_above(h, b, size);
  if (!top_grow(h, size - old) || !is_top(h, next)) return false;  // or top is a new region now
  block_absorb(h, b, top_split(h, size - old));
  return true;
}
