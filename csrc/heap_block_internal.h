// SPDX-License-Identifier: MIT
// heap_block_internal.h: the heap's blocks. The order of the heap's files is
//
//   heap_block < heap_slab < heap_fast.h < heap.c < heap_inspect.c
//
// and each uses only what stands to the left of it. Private.
#ifndef LM_HEAP_BLOCK_INTERNAL_H
#define LM_HEAP_BLOCK_INTERNAL_H
#include "build_internal.h"
#include "linmem/heap.h"

// As block_release and region_open of boundary_tag_internal.h.
LM_PRIVATE void lm_block_release(lm_heap *h, lm_block *b);
LM_PRIVATE bool lm_region_open(lm_heap *h, uintptr_t base, size_t size);
#define BLOCK_HEAP lm_heap
#define BLOCK_OVERHEAD LM_WORD
#define BLOCK_TOP
#define BLOCK_RELEASE lm_block_release
#define REGION_OPEN lm_region_open
#include "boundary_tag_inspect.h"

// Returns an allocated block of at least `size` bytes; NULL iff none is free and the page source
// has no more.
LM_PRIVATE lm_block *lm_block_acquire(lm_heap *h, size_t size);
// Returns an allocated block of at least `size` bytes whose payload is aligned to
// LM_HEAP_SUPERBLOCK; NULL as above.
LM_PRIVATE lm_block *lm_block_acquire_superblock(lm_heap *h);
// Frees the end of allocated block `b` from `size` bytes on, if that is enough for a block.
LM_PRIVATE void lm_block_shrink(lm_heap *h, lm_block *b, size_t size);
// Frees the start of allocated block `b`, up to a payload aligned to `align`. Returns the rest.
LM_PRIVATE lm_block *lm_block_align(lm_heap *h, lm_block *b, size_t align);
// Grows allocated block `b` in place to at least `size` bytes. Returns false iff it cannot.
LM_PRIVATE bool lm_block_extend(lm_heap *h, lm_block *b, size_t size);

static inline bool heap_is(const lm_heap *h) { return h->magic == (LM_HEAP_MAGIC ^ (size_t)h); }

// Adds to one of the usages; negative numbers subtract.
static inline void account(lm_heap *h, lm_usage *usage, size_t blocks, size_t bytes) {
  h->changes++;
  usage->blocks += blocks;
  usage->bytes += bytes;
  if (!LM_SIZE_OPTIMIZED && (ptrdiff_t)blocks < 0) return;  // the peak cannot have changed
  size_t live = h->large.bytes + h->superblocks.bytes;
  if (live > h->stats.peak_live_bytes) h->stats.peak_live_bytes = live;
}
#endif
