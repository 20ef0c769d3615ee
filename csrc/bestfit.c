// SPDX-License-Identifier: MIT
#include "linmem/bestfit.h"
#define BLOCK_OVERHEAD (2 * LM_WORD)
#include "segregated_internal.h"

// Returns the word below the header: the requested size (F1).
static size_t *logical_size(const lm_block *b) { return (size_t *)b - 1; }

// Returns the smallest block of at least `size` bytes among `probes` blocks from `b` on in its bin,
// NULL iff there is none.
static lm_block *bin_best(const lm_boundary_tags *t, lm_block *b, size_t size, size_t probes) {
  lm_block *best   = NULL;
  size_t best_size = SIZE_MAX;
  for (; b && probes; b = b->next, probes--) {
    LM_STEP();
    size_t found = block_size(t, b);
    if (found >= size && found < best_size) best = b, best_size = found;
  }
  return best;
}

static lm_block *block_find(lm_boundary_tags *t, size_t size) {
  unsigned bin = bin_of(size);
  lm_block *b  = bin_best(t, t->bins[bin], size, LM_BESTFIT_PROBES);
  if (!b) b = bin_above(t, bin);
  if (!b) b = region_grow(t, size);
  return b ? b : bin_best(t, t->bins[bin], size, SIZE_MAX);
}

// Shrinks allocated block `b` to the `need` bytes of a request when its effective size is over
// 125 % of the request.
static void block_trim(lm_boundary_tags *t, lm_block *b, size_t request, size_t need) {
  size_t effective = block_size(t, b) - BLOCK_OVERHEAD;
  if (effective - request > request / 4) block_shrink(t, b, need);
}

lm_bestfit *lm_bestfit_init(void *base, size_t size, lm_refill *refill, void *state) {
  return (lm_bestfit *)tags_init(base, size, refill, state, LM_BESTFIT_MAGIC);
}

bool lm_bestfit_is(const lm_bestfit *a) { return a->tags.magic == (LM_BESTFIT_MAGIC ^ (size_t)a); }

void *lm_bestfit_alloc(lm_bestfit *a, size_t size) {
  size_t need = block_need(size);
  lm_block *b = need ? block_find(&a->tags, need) : NULL;
  if (!b) return NULL;
  block_take(&a->tags, b);
  block_trim(&a->tags, b, size, need);
  *logical_size(b) = size;
  return tags_allocated(&a->tags, b);
}

void *lm_bestfit_alloc_aligned(lm_bestfit *a, size_t size, size_t align) {
  if (!align_allowed(align)) return NULL;
  if (align <= LM_ALIGN) return lm_bestfit_alloc(a, size);
  size_t need = block_need(size);
  lm_block *b = need ? block_find(&a->tags, need + align + BLOCK_MIN) : NULL;
  if (!b) return NULL;
  block_take(&a->tags, b);
  b = block_align(&a->tags, b, align);
  block_trim(&a->tags, b, size, need);
  *logical_size(b) = size;
  return tags_allocated(&a->tags, b);
}

void *lm_bestfit_calloc(lm_bestfit *a, size_t count, size_t size) {
  size_t bytes = product_of(count, size);
  void *p      = lm_bestfit_alloc(a, bytes);
  return p ? __builtin_memset(p, 0, bytes) : NULL;
}

// Like tags_check, and F1.
static lm_status bestfit_check(const lm_boundary_tags *t, const void *p) {
  lm_status status = tags_check(t, p);
  if (status != LM_OK) return status;
  bool fits = *logical_size(block_of(p)) <= block_size(t, block_of(p)) - BLOCK_OVERHEAD;
  return fits ? LM_OK : LM_NOT_A_BLOCK;
}

lm_status lm_bestfit_free(lm_bestfit *a, void *p) {
  if (!p) return LM_OK;
  lm_status status = bestfit_check(&a->tags, p);
  if (status == LM_OK) tags_free(&a->tags, p);
  return status;
}

void *lm_bestfit_realloc(lm_bestfit *a, void *p, size_t size) {
  if (!p) return lm_bestfit_alloc(a, size);
  lm_boundary_tags *t = &a->tags;
  size_t need         = block_need(size);
  if (!need || bestfit_check(t, p) != LM_OK) return NULL;
  lm_block *b = block_of(p);
  size_t old  = block_size(t, b);
  if (need > old) {
    if (!block_merge_above(t, b, need)) {
      void *q = lm_bestfit_alloc(a, size);
      if (!q) return NULL;
      __builtin_memcpy(q, p, old - BLOCK_OVERHEAD);
      lm_bestfit_free(a, p);
      return q;
    }
    block_trim(t, b, size, need);
    tags_account(t, 0, block_size(t, b) - old);
  }
  *logical_size(b) = size;
  return p;
}

lm_status lm_bestfit_check(const lm_bestfit *a, const void *p) {
  return bestfit_check(&a->tags, p);
}

size_t lm_bestfit_usable_size(const lm_bestfit *a, const void *p) {
  bool live = bestfit_check(&a->tags, p) == LM_OK;
  return live ? block_size(&a->tags, block_of(p)) - BLOCK_OVERHEAD : 0;
}

size_t lm_bestfit_size(const lm_bestfit *a, const void *p) {
  return bestfit_check(&a->tags, p) == LM_OK ? *logical_size(block_of(p)) : 0;
}

const lm_stats *lm_bestfit_stats(lm_bestfit *a) { return tags_stats(&a->tags); }

size_t lm_bestfit_walk(const lm_bestfit *a, lm_cursor *c, lm_block_record *records,
                       size_t capacity) {
  return tags_walk(&a->tags, c, records, capacity);
}

bool lm_bestfit_holds(const lm_bestfit *a) {
  const lm_boundary_tags *t = &a->tags;
  if (!tags_hold(t, LM_BESTFIT_MAGIC)) return false;
  for (const lm_region *r = &t->region; r; r = r->next)
    for (const lm_block *b = r->first; b != r->end; b = block_next(t, b))
      if (!(b->head & FREE) && *logical_size(b) > block_size(t, b) - BLOCK_OVERHEAD) return false;
  return true;
}

void lm_bestfit_reset(lm_bestfit *a) { tags_reset(&a->tags); }
