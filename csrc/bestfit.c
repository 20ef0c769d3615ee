// SPDX-License-Identifier: MIT
#include "linmem/bestfit.h"
#define TAGS_HEADER (2 * LM_WORD)
#include "allocator_tags_inspect.h"

// Returns the word below the header: what was asked for (F1).
static size_t *block_logical(const lm_tag *b) { return (size_t *)b - 1; }

// Returns the smallest block of at least `size` bytes among the first `probes` from `b` on in its
// list, NULL iff there is none.
static lm_tag *list_best(const lm_tags *t, lm_tag *b, size_t size, size_t probes) {
  lm_tag *best     = NULL;
  size_t best_size = SIZE_MAX;
  for (; b && probes; b = b->next, probes--) {
    LM_STEP();
    size_t found = tag_size(t, b);
    if (found >= size && found < best_size) best = b, best_size = found;
  }
  return best;
}

static lm_tag *block_find(lm_tags *t, size_t size) {
  unsigned list = list_of(size);
  lm_tag *b     = list_best(t, t->lists[list], size, LM_BESTFIT_PROBES);
  if (!b) b = list_above(t, list);
  if (!b) b = region_grow(t, size);
  return b ? b : list_best(t, t->lists[list], size, SIZE_MAX);
}

// Splits off what lent block `b` has over a request, which needs `need` bytes, when it is over 125
// % of the request.
static void block_trim(lm_tags *t, lm_tag *b, size_t request, size_t need) {
  size_t effective = tag_size(t, b) - TAGS_HEADER;
  if (effective - request > request / 4) tag_shrink(t, b, need);
}

lm_bestfit *lm_bestfit_init(void *base, size_t size, lm_more *more, void *state) {
  return (lm_bestfit *)tags_init(base, size, more, state, LM_BESTFIT_MAGIC);
}

bool lm_bestfit_is(const lm_bestfit *a) { return a->tags.magic == (LM_BESTFIT_MAGIC ^ (size_t)a); }

void *lm_bestfit_alloc(lm_bestfit *a, size_t size) {
  size_t need = tag_need(size);
  lm_tag *b   = need ? block_find(&a->tags, need) : NULL;
  if (!b) return NULL;
  tag_claim(&a->tags, b);
  block_trim(&a->tags, b, size, need);
  *block_logical(b) = size;
  return tags_lend(&a->tags, b);
}

void *lm_bestfit_alloc_aligned(lm_bestfit *a, size_t size, size_t align) {
  if (!align_allowed(align)) return NULL;
  if (align <= LM_ALIGN) return lm_bestfit_alloc(a, size);
  size_t need = tag_need(size);
  lm_tag *b   = need ? block_find(&a->tags, need + align + TAG_MIN) : NULL;
  if (!b) return NULL;
  tag_claim(&a->tags, b);
  b = tag_align(&a->tags, b, align);
  block_trim(&a->tags, b, size, need);
  *block_logical(b) = size;
  return tags_lend(&a->tags, b);
}

void *lm_bestfit_calloc(lm_bestfit *a, size_t count, size_t size) {
  size_t bytes = product_of(count, size);
  void *p      = lm_bestfit_alloc(a, bytes);
  return p ? __builtin_memset(p, 0, bytes) : NULL;
}

// As tag_check, and F1.
static lm_status block_check(const lm_tags *t, const void *p) {
  lm_status status = tag_check(t, p);
  if (status != LM_OK) return status;
  bool fits = *block_logical(tag_of(p)) <= tag_size(t, tag_of(p)) - TAGS_HEADER;
  return fits ? LM_OK : LM_NOT_A_BLOCK;
}

lm_status lm_bestfit_free(lm_bestfit *a, void *p) {
  if (!p) return LM_OK;
  lm_status status = block_check(&a->tags, p);
  if (status == LM_OK) tags_free(&a->tags, p);
  return status;
}

void *lm_bestfit_realloc(lm_bestfit *a, void *p, size_t size) {
  if (!p) return lm_bestfit_alloc(a, size);
  lm_tags *t  = &a->tags;
  size_t need = tag_need(size);
  if (!need || block_check(t, p) != LM_OK) return NULL;
  lm_tag *b  = tag_of(p);
  size_t old = tag_size(t, b);
  if (need > old) {
    if (!tag_extend(t, b, need)) {
      void *q = lm_bestfit_alloc(a, size);
      if (!q) return NULL;
      __builtin_memcpy(q, p, old - TAGS_HEADER);
      lm_bestfit_free(a, p);
      return q;
    }
    block_trim(t, b, size, need);
    tags_account(t, 0, tag_size(t, b) - old);
  }
  *block_logical(b) = size;
  return p;
}

lm_status lm_bestfit_check(const lm_bestfit *a, const void *p) { return block_check(&a->tags, p); }

size_t lm_bestfit_usable_size(const lm_bestfit *a, const void *p) {
  bool live = block_check(&a->tags, p) == LM_OK;
  return live ? tag_size(&a->tags, tag_of(p)) - TAGS_HEADER : 0;
}

size_t lm_bestfit_size(const lm_bestfit *a, const void *p) {
  return block_check(&a->tags, p) == LM_OK ? *block_logical(tag_of(p)) : 0;
}

const lm_stats *lm_bestfit_stats(lm_bestfit *a) { return tags_stats(&a->tags); }

size_t lm_bestfit_walk(const lm_bestfit *a, lm_cursor *c, lm_block_record *records,
                       size_t capacity) {
  return tags_walk(&a->tags, c, records, capacity);
}

bool lm_bestfit_holds(const lm_bestfit *a) {
  const lm_tags *t = &a->tags;
  if (!tags_hold(t, LM_BESTFIT_MAGIC)) return false;
  for (const lm_tags_region *r = &t->region; r; r = r->next)
    for (const lm_tag *b = r->first; b != r->end; b = tag_next(t, b))
      if (!(b->head & FREE) && *block_logical(b) > tag_size(t, b) - TAGS_HEADER) return false;
  return true;
}

void lm_bestfit_reset(lm_bestfit *a) { tags_reset(&a->tags); }
