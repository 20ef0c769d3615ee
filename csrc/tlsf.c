// SPDX-License-Identifier: MIT
#include "linmem/tlsf.h"
#define BLOCK_OVERHEAD LM_WORD
#include "segregated_internal.h"

// Returns a free block of at least `size` bytes, NULL iff none is found in a bounded number of
// steps. The first block of the request's own bin may suffice; every block of a higher bin does.
static lm_block *block_find(const lm_boundary_tags *t, size_t size) {
  unsigned bin    = bin_of(size);
  lm_block *first = t->bins[bin];
  return first && block_size(t, first) >= size ? first : bin_above(t, bin);
}

// Returns an allocated block of at least `size` bytes; NULL iff none is free and the page source
// has no more.
static lm_block *block_acquire(lm_boundary_tags *t, size_t size) {
  lm_block *b = block_find(t, size);
  if (!b) b = region_grow(t, size);
  if (!b) return NULL;
  block_take(t, b);
  return b;
}

lm_tlsf *lm_tlsf_init(void *base, size_t size, lm_refill *refill, void *state) {
  return (lm_tlsf *)tags_init(base, size, refill, state, LM_TLSF_MAGIC);
}

bool lm_tlsf_is(const lm_tlsf *a) { return a->tags.magic == (LM_TLSF_MAGIC ^ (size_t)a); }

void *lm_tlsf_alloc(lm_tlsf *a, size_t size) {
  size_t need = block_need(size);
  lm_block *b = need ? block_acquire(&a->tags, need) : NULL;
  if (!b) return NULL;
  block_shrink(&a->tags, b, need);
  return tags_allocated(&a->tags, b);
}

void *lm_tlsf_alloc_aligned(lm_tlsf *a, size_t size, size_t align) {
  if (!align_allowed(align)) return NULL;
  if (align <= LM_ALIGN) return lm_tlsf_alloc(a, size);
  size_t need = block_need(size);
  lm_block *b = need ? block_acquire(&a->tags, need + align + BLOCK_MIN) : NULL;
  if (!b) return NULL;
  b = block_align(&a->tags, b, align);
  block_shrink(&a->tags, b, need);
  return tags_allocated(&a->tags, b);
}

void *lm_tlsf_calloc(lm_tlsf *a, size_t count, size_t size) {
  size_t bytes = product_of(count, size);
  void *p      = lm_tlsf_alloc(a, bytes);
  return p ? __builtin_memset(p, 0, bytes) : NULL;
}

lm_status lm_tlsf_free(lm_tlsf *a, void *p) {
  if (!p) return LM_OK;
  lm_status status = tags_check(&a->tags, p);
  if (status == LM_OK) tags_free(&a->tags, p);
  return status;
}

void *lm_tlsf_realloc(lm_tlsf *a, void *p, size_t size) {
  if (!p) return lm_tlsf_alloc(a, size);
  lm_boundary_tags *t = &a->tags;
  size_t need         = block_need(size);
  if (!need || tags_check(t, p) != LM_OK) return NULL;
  lm_block *b = block_of(p);
  size_t old  = block_size(t, b);
  if (need > old && !block_merge_above(t, b, need)) {
    void *q = lm_tlsf_alloc(a, size);
    if (!q) return NULL;
    __builtin_memcpy(q, p, old - BLOCK_OVERHEAD);
    lm_tlsf_free(a, p);
    return q;
  }
  block_shrink(t, b, need);
  tags_account(t, 0, block_size(t, b) - old);
  return p;
}

lm_status lm_tlsf_check(const lm_tlsf *a, const void *p) { return tags_check(&a->tags, p); }

size_t lm_tlsf_usable_size(const lm_tlsf *a, const void *p) {
  bool live = tags_check(&a->tags, p) == LM_OK;
  return live ? block_size(&a->tags, block_of(p)) - BLOCK_OVERHEAD : 0;
}

const lm_stats *lm_tlsf_stats(lm_tlsf *a) { return tags_stats(&a->tags); }

size_t lm_tlsf_walk(const lm_tlsf *a, lm_cursor *c, lm_block_record *records, size_t capacity) {
  return tags_walk(&a->tags, c, records, capacity);
}

bool lm_tlsf_holds(const lm_tlsf *a) { return tags_hold(&a->tags, LM_TLSF_MAGIC); }

void lm_tlsf_reset(lm_tlsf *a) { tags_reset(&a->tags); }
