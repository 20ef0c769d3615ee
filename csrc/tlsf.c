// SPDX-License-Identifier: MIT
#include "linmem/tlsf.h"
#define TAGS_HEADER LM_WORD
#include "allocator_tags_inspect.h"

// Returns a free block of at least `size` bytes, NULL iff none is found in a bounded number of
// steps. The first block of the request's own list may be large enough; every block of a higher
// list is.
static lm_tag *block_find(const lm_tags *t, size_t size) {
  unsigned list = list_of(size);
  lm_tag *first = t->lists[list];
  return first && tag_size(t, first) >= size ? first : list_above(t, list);
}

// Returns a lent block of at least `size` bytes; NULL iff none is left and none can be had.
static lm_tag *block_take(lm_tags *t, size_t size) {
  lm_tag *b = block_find(t, size);
  if (!b) b = region_grow(t, size);
  if (!b) return NULL;
  tag_claim(t, b);
  return b;
}

lm_tlsf *lm_tlsf_init(void *base, size_t size, lm_more *more, void *state) {
  return (lm_tlsf *)tags_init(base, size, more, state, LM_TLSF_MAGIC);
}

bool lm_tlsf_is(const lm_tlsf *a) { return a->tags.magic == (LM_TLSF_MAGIC ^ (size_t)a); }

void *lm_tlsf_alloc(lm_tlsf *a, size_t size) {
  size_t need = tag_need(size);
  lm_tag *b   = need ? block_take(&a->tags, need) : NULL;
  if (!b) return NULL;
  tag_shrink(&a->tags, b, need);
  return tags_lend(&a->tags, b);
}

void *lm_tlsf_alloc_aligned(lm_tlsf *a, size_t size, size_t align) {
  if (!align_allowed(align)) return NULL;
  if (align <= LM_ALIGN) return lm_tlsf_alloc(a, size);
  size_t need = tag_need(size);
  lm_tag *b   = need ? block_take(&a->tags, need + align + TAG_MIN) : NULL;
  if (!b) return NULL;
  b = tag_align(&a->tags, b, align);
  tag_shrink(&a->tags, b, need);
  return tags_lend(&a->tags, b);
}

void *lm_tlsf_calloc(lm_tlsf *a, size_t count, size_t size) {
  size_t bytes = product_of(count, size);
  void *p      = lm_tlsf_alloc(a, bytes);
  return p ? __builtin_memset(p, 0, bytes) : NULL;
}

lm_status lm_tlsf_free(lm_tlsf *a, void *p) {
  if (!p) return LM_OK;
  lm_status status = tag_check(&a->tags, p);
  if (status == LM_OK) tags_free(&a->tags, p);
  return status;
}

void *lm_tlsf_realloc(lm_tlsf *a, void *p, size_t size) {
  if (!p) return lm_tlsf_alloc(a, size);
  lm_tags *t  = &a->tags;
  size_t need = tag_need(size);
  if (!need || tag_check(t, p) != LM_OK) return NULL;
  lm_tag *b  = tag_of(p);
  size_t old = tag_size(t, b);
  if (need > old && !tag_extend(t, b, need)) {
    void *q = lm_tlsf_alloc(a, size);
    if (!q) return NULL;
    __builtin_memcpy(q, p, old - TAGS_HEADER);
    lm_tlsf_free(a, p);
    return q;
  }
  tag_shrink(t, b, need);
  tags_account(t, 0, tag_size(t, b) - old);
  return p;
}

lm_status lm_tlsf_check(const lm_tlsf *a, const void *p) { return tag_check(&a->tags, p); }

size_t lm_tlsf_usable_size(const lm_tlsf *a, const void *p) {
  bool live = tag_check(&a->tags, p) == LM_OK;
  return live ? tag_size(&a->tags, tag_of(p)) - TAGS_HEADER : 0;
}

const lm_stats *lm_tlsf_stats(lm_tlsf *a) { return tags_stats(&a->tags); }

size_t lm_tlsf_walk(const lm_tlsf *a, lm_cursor *c, lm_block_record *records, size_t capacity) {
  return tags_walk(&a->tags, c, records, capacity);
}

bool lm_tlsf_holds(const lm_tlsf *a) { return tags_hold(&a->tags, LM_TLSF_MAGIC); }

void lm_tlsf_reset(lm_tlsf *a) { tags_reset(&a->tags); }
