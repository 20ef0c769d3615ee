// SPDX-License-Identifier: MIT
// heap_fast.h: the fast paths of alloc and free, inlined into the exports and into malloc. Every
// other path is a tail call: nothing happens after it, so an engine keeps no value across it.
// Private.
#ifndef LM_HEAP_FAST_H
#define LM_HEAP_FAST_H
#include "heap_slab_internal.h"

// The general paths, in heap.c.
LM_PRIVATE void *lm_alloc_slow(lm_heap *h, size_t size);
LM_PRIVATE lm_status lm_free_slow(lm_heap *h, void *p);

// Takes a free object of the current slab for requests of `granules`; NULL iff it has none.
static LM_HOT_INLINE void *object_pop(lm_heap *h, size_t granules) {
  lm_slab *s = h->current[granules];
  if (!LM_LIKELY(s != NULL)) return NULL;  // all are NULL in a zeroed heap
  lm_object *o = s->free;
  if (!LM_LIKELY(!is_end(o))) return NULL;
  s->free = object_next(o);
  if (LM_CHECKED) o->link = 0;  // so that it does not look free
  return o;
}

static LM_HOT_INLINE void *alloc_fast(lm_heap *h, size_t size) {
  if (!LM_LIKELY(size <= LM_HEAP_SMALL)) return NULL;
  return object_pop(h, (size + LM_ALIGN - 1) / LM_ALIGN);
}

static LM_ALWAYS_INLINE void *heap_alloc(lm_heap *h, size_t size) {
  void *p = LM_SIZE_OPTIMIZED ? NULL : alloc_fast(h, size);
  return LM_LIKELY(p != NULL) ? p : lm_alloc_slow(h, size);
}

// Puts `o` into the free list of slab `s`. Returns true when the slab stays in its state.
static LM_ALWAYS_INLINE bool object_push(lm_slab *s, lm_object *o) {
  object_link(o, s->free);
  s->free = o;
  return --s->used > 0;
}

static LM_ALWAYS_INLINE lm_status heap_free(lm_heap *h, void *p) {
  if (!LM_SIZE_OPTIMIZED && LM_LIKELY(in_superblock(h, p))) {
    lm_slab *s = slab_of(p);
    if (LM_LIKELY(!LM_CHECKED || object_is_plain(s, p)))
      return LM_LIKELY(object_push(s, p)) ? LM_OK : lm_slab_transition(h, s);
  }
  return lm_free_slow(h, p);
}
#endif
