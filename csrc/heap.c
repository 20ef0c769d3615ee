// SPDX-License-Identifier: MIT
// heap.c: the verbs. The short way of each is here; what is rare is in heap_small.c and
// heap_large.c.
#include "heap_inner.h"

#ifndef BLOCK_TAKE  // heap_one.h: where a call is spared
#define BLOCK_TAKE lm_block_take
#define BLOCK_RELEASE lm_block_release
#define VERB NOINLINE  // one that another verb calls
#define ADDRESS_CHECK lm_heap_check
#define COPY_LOOP LM_ROLLED
#endif
#ifndef LM_READY
#define LM_READY(heap) ((void)0)  // heap_one.h: makes the heap when it is all zero
#endif
#ifndef LM_FAILED
#define LM_FAILED() ((void)0)  // heap_one.h: told when there is no memory
#endif

// Blocks of their own.

static void *block_lend(lm_heap *h, lm_block *b) {
  account(h, &h->large, 1, block_size(h, b) - LM_WORD);
  return block_payload(b);
}

static void block_free(lm_heap *h, lm_block *b) {
  account(h, &h->large, (size_t)-1, LM_WORD - block_size(h, b));
  BLOCK_RELEASE(h, b);
}

static void *block_alloc(lm_heap *h, size_t size) {
  size_t need = block_need(size);
  if (!need) return NULL;
  for (;;) {
    lm_block *b = BLOCK_TAKE(h, need);
    if (b) return block_lend(h, b);
    if (!lm_heap_trim(h)) return NULL;
  }
}

// The one check of addresses that come from outside.

static lm_status object_check(const void *p) {
  const lm_slab *s   = slab_of(p);
  const lm_object *o = p;
  if (object_misfits(s, p)) return LM_NOT_A_BLOCK;
  if (LIKELY(!object_looks_free(o))) return LM_OK;
  for (const lm_object *f = s->free; !is_end(f); f = object_next(f))
    if (f == o) return LM_ALREADY_FREE;
  return LM_OK;  // its owner wrote what looks so
}

static INLINE lm_status block_check(const lm_heap *h, const void *p) {
  const lm_region *r = region_of(h, p);
  if (!r || ((uintptr_t)p & FLAGS)) return LM_NOT_A_BLOCK;
  lm_block *b = block_of(p);
  if (!block_sane(h, r, b) || p == map_start(h)) return LM_NOT_A_BLOCK;
  if (b->head & FREE) return LM_ALREADY_FREE;
  lm_block *next = block_next(h, b);
  if (!block_sane(h, r, next) || (next->head & PREV_FREE)) return LM_NOT_A_BLOCK;
  if (!(b->head & PREV_FREE)) return LM_OK;
  size_t below = *((size_t *)b - 1);
  if (below > (uintptr_t)b - (uintptr_t)r->first || (below & FLAGS)) return LM_NOT_A_BLOCK;
  bool agrees = block_at((uintptr_t)b - below)->head == ((below ^ h->key) | FREE);
  return agrees ? LM_OK : LM_NOT_A_BLOCK;
}

static INLINE lm_status address_check(const lm_heap *h, const void *p) {
  return in_bank(h, p) ? object_check(p) : block_check(h, p);
}

LM_RARE NOINLINE lm_status lm_heap_check(const lm_heap *h, const void *p) {
  return address_check(h, p);
}

#ifdef LM_LEAN
#define refuse(h, where, what, p) LM_OK  // never asked
#else
// Says that `p` was refused, and why. Returns that.
LM_RARE static NOINLINE lm_status refuse(lm_heap *h, lm_verb where, lm_status what, const void *p) {
  LM_READY(h);
  if (h->hook) h->hook(h, where, what, p);
  return what;
}
#endif

// Verbs.

LM_RARE lm_heap *lm_heap_init(void *base, size_t size, lm_more *more, void *state) {
  uintptr_t start = (uintptr_t)base;
  size_t pad      = -start & 15;
  if (!base || size - 1 > UINTPTR_MAX - start) return NULL;  // size 0 wraps, and fails too
  if (size < pad + sizeof(lm_heap) + FLAGS + BLOCK_MIN + LM_WORD) return NULL;
  lm_heap *h = (lm_heap *)(start + pad);
  __builtin_memset(h, 0, sizeof *h);
  h->magic       = LM_HEAP_MAGIC ^ (size_t)h;
  h->key         = heap_key(h);
  h->pages.more  = more;
  h->pages.state = state;
  h->pages.taken = size;
  map_first(h);
  ring_start(&h->open);
  for (unsigned i = 0; i < LM_HEAP_CLASSES; i++) {
    ring_start(&h->classes[i].queue);
    h->classes[i].wait = WAIT;
  }
  lm_region_open(h, (uintptr_t)&h->region, size - pad - offsetof(lm_heap, region));
  return h;
}

bool lm_heap_is(const lm_heap *h) { return heap_is(h); }

// Counts a request of class `c`, if it is of any, that was served as a block of its own.
static void class_wait(lm_class *c) {
  if (c) c->wait = c->wait ? c->wait - 1 : WAIT_AGAIN;
}

NOINLINE void *lm_alloc_slow(lm_heap *h, size_t size) {
  LM_READY(h);
  lm_class *c = NULL;
  if (size <= LM_HEAP_SMALL) {
    size_t units = (size + LM_ALIGN - 1) / LM_ALIGN;
    void *p      = SMALL_CODE ? object_take(h, units) : NULL;
    if (!p) c = lm_slab_refill(h, units), p = object_take(h, units);
    if (p) return p;
  }
  void *p = block_alloc(h, size);
  if (!p) {
    LM_FAILED();
  } else {
    class_wait(c);
  }
  return p;
}

VERB void *lm_heap_alloc(lm_heap *h, size_t size) { return heap_alloc(h, size); }

// As alloc, for another verb.
static TINY void *alloc_again(lm_heap *h, size_t size) {
  return SMALL_CODE ? lm_alloc_slow(h, size) : lm_heap_alloc(h, size);
}

LM_RARE void *lm_heap_alloc_aligned(lm_heap *h, size_t size, size_t align) {
  if (align == 0 || (align & (align - 1)) || align > LM_ALIGN_MAX) return NULL;
  if (align <= LM_ALIGN) return lm_heap_alloc(h, size);
  LM_READY(h);
  size_t need = block_need(size);
  if (!need) return NULL;
  size_t whole = ((size ? size : 1) + align - 1) & ~(align - 1);
  size_t units = whole / LM_ALIGN;
  lm_class *c  = NULL;
  if (whole <= LM_HEAP_SMALL && class_units(class_of(units)) * LM_ALIGN % align == 0) {
    void *p;
    while (!(p = object_take(h, units)) && !c) c = lm_slab_refill(h, units);
    if (p) return p;
  }
  lm_block *b;
  while (!(b = lm_block_take(h, need + align + BLOCK_MIN)))
    if (!lm_heap_trim(h)) return NULL;
  b = lm_block_align(h, b, align);
  lm_block_shrink(h, b, need);
  class_wait(c);
  return block_lend(h, b);
}

// As free, of a block of its own, or an object that looks free or like none.
NOINLINE lm_status lm_free_slow(lm_heap *h, void *p) {
  if (!p) return LM_OK;
  lm_status what = CHECKS ? (SMALL_CODE ? lm_heap_check : ADDRESS_CHECK)(h, p) : LM_OK;
  if (what != LM_OK) return refuse(h, LM_IN_FREE, what, p);
  if ((SMALL_CODE || CHECKS) && in_bank(h, p)) {
    lm_slab *s = slab_of(p);
    return object_give(s, p) ? LM_OK : lm_slab_turn(h, s);
  }
  block_free(h, block_of(p));
  return LM_OK;
}

VERB lm_status lm_heap_free(lm_heap *h, void *p) { return heap_free(h, p); }

typedef uint64_t __attribute__((aligned(4))) two;  // words, where they have 32 bits

// Copies `size` bytes, up to the next whole word: blocks are whole words long.
static INLINE void words_copy(void *to, const void *from, size_t size) {
  if (SMALL_CODE || size > 256) {
    __builtin_memcpy(to, from, size);
    return;
  }
  uint8_t *t       = to;
  const uint8_t *f = from;
  COPY_LOOP for (; size >= 8; size -= 8, t += 8, f += 8) * (two *)(void *)t =
      *(const two *)(const void *)f;
  if (LM_WORD == 4 ? size > 4 : size > 0)
    *(two *)(void *)t = *(const two *)(const void *)f;
  else if (size)
    *(uint32_t *)(void *)t = *(const uint32_t *)(const void *)f;
}

// Clears `size` bytes, whole words. Volatile: it shall not become a call.
static INLINE void words_clear(uint8_t *p, size_t size) {
  const uint8_t *end = p + size;
  if (size & 4) *(volatile uint32_t *)(void *)p = 0, p += 4;
  LM_ROLLED for (; p < end; p += 8) * (volatile two *)(void *)p = 0;
}

void *lm_heap_calloc(lm_heap *h, size_t count, size_t size) {
  size_t all;
  if (__builtin_mul_overflow(count, size, &all)) return NULL;
  void *p = SMALL_CODE ? lm_alloc_slow(h, all) : heap_alloc(h, all);
  if (!p) return NULL;
  if (SMALL_CODE || all > 256) return __builtin_memset(p, 0, all);
  words_clear(p, (all + LM_WORD - 1) & ~(LM_WORD - 1));
  return p;
}

// Makes a new block of the first `keep` bytes of p, and frees p.
static NOINLINE void *move(lm_heap *h, void *p, size_t keep, size_t size) {
  void *q = alloc_again(h, size);
  if (!q) return NULL;
  words_copy(q, p, keep < size ? keep : size);
  lm_heap_free(h, p);
  return q;
}

static void *object_realloc(lm_heap *h, void *p, size_t size) {
  const lm_slab *s = slab_of(p);
  size_t units     = (size + LM_ALIGN - 1) / LM_ALIGN;
  if (size <= s->size && class_of(units) == s->kind) return p;
  void *q = move(h, p, s->size, size);
  return q || size > s->size ? q : p;
}

void *lm_heap_realloc(lm_heap *h, void *p, size_t size) {
  if (!p) return alloc_again(h, size);
  lm_status what = CHECKS ? lm_heap_check(h, p) : LM_OK;
  if (what != LM_OK) return (void)refuse(h, LM_IN_REALLOC, what, p), NULL;
  if (in_bank(h, p)) return object_realloc(h, p, size);
  size_t need = block_need(size);
  if (!need) return NULL;
  lm_block *b = block_of(p);
  size_t old  = block_size(h, b);
  if (need > old) {
    // What grows by little will again: an eighth more is taken, if it can be had on the spot.
    size_t more = need - old < old / 8 ? need / 8 & ~(size_t)FLAGS : 0;
    if (!lm_block_extend(h, b, need + more)) {
      if (!more || !lm_block_extend(h, b, need)) return move(h, p, old - LM_WORD, size);
      more = 0;
    }
    need += more;
  } else if (old - need <= old / 4) {
    return p;
  }
  lm_block_shrink(h, b, need);
  account(h, &h->large, 0, block_size(h, b) - old);
  return p;
}

LM_RARE size_t lm_heap_usable_size(const lm_heap *h, const void *p) {
  if (lm_heap_check(h, p) != LM_OK) return 0;
  return in_bank(h, p) ? slab_of(p)->size : block_size(h, block_of(p)) - LM_WORD;
}
