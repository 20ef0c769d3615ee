// SPDX-License-Identifier: MIT
// heap.c: the functions of heap.h, except trim (heap_slab.c) and those that only inspect
// (heap_inspect.c).
#include "heap_fast.h"

// In a static heap (heap_static.h) block_acquire and block_release are in this translation unit and
// are inlined where they matter; only there do two hooks exist.
#ifdef LM_STATIC_HEAP
#define ACQUIRE block_acquire
#define RELEASE block_release
#define CHECK_ADDRESS address_check
#define COPY_LOOP
#else
#define ACQUIRE lm_block_acquire
#define RELEASE lm_block_release
#define CHECK_ADDRESS lm_heap_check
#define COPY_LOOP LM_NO_UNROLL
#define LM_INIT_ON_FIRST_USE(heap) ((void)0)
#define LM_ON_OUT_OF_MEMORY() ((void)0)
#endif

// Large blocks.

// Counts block `b` as allocated and returns its payload.
static void *block_allocated(lm_heap *h, lm_block *b) {
  account(h, &h->large, 1, block_size(h, b) - LM_WORD);
  return block_payload(b);
}

static void block_free(lm_heap *h, lm_block *b) {
  account(h, &h->large, (size_t)-1, LM_WORD - block_size(h, b));
  RELEASE(h, b);
}

static void *block_alloc(lm_heap *h, size_t size) {
  size_t need = block_need(size);
  if (!need) return NULL;
  for (;;) {
    lm_block *b = ACQUIRE(h, need);
    if (b) return block_allocated(h, b);
    if (!lm_heap_trim(h)) return NULL;
  }
}

// Checks of addresses that come from outside.

static lm_status object_check(const void *p) {
  const lm_slab *s   = slab_of(p);
  const lm_object *o = p;
  if (object_misplaced(s, p)) return LM_NOT_A_BLOCK;
  if (LM_LIKELY(!object_looks_free(o))) return LM_OK;
  if (slab_free_before(s, o) != slab_free_count(s)) return LM_ALREADY_FREE;
  return LM_OK;  // the caller wrote a word that looks like a link
}

static LM_HOT_INLINE lm_status block_check(const lm_heap *h, const void *p) {
  const lm_region *r = region_of(h, p);
  if (!r || ((uintptr_t)p & FLAGS)) return LM_NOT_A_BLOCK;
  const lm_block *b = block_of(p);
  if (!block_sane(h, r, b) || p == map_start(h)) return LM_NOT_A_BLOCK;
  return block_status(h, b, (uintptr_t)r->first, (uintptr_t)r->end, true);
}

static LM_HOT_INLINE lm_status address_check(const lm_heap *h, const void *p) {
  return in_superblock(h, p) ? object_check(p) : block_check(h, p);
}

LM_COLD LM_NOINLINE lm_status lm_heap_check(const lm_heap *h, const void *p) {
  return address_check(h, p);
}

// Tells the hook that `p` was refused, and why. Returns `what`.
LM_COLD static LM_NOINLINE lm_status report_refusal(lm_heap *h, lm_operation where, lm_status what,
                                                    const void *p) {
  LM_INIT_ON_FIRST_USE(h);
  if (h->hook) h->hook(h, where, what, p);
  return what;
}

// Checks `p` for the operation `where`; a refusal is reported. The check is inlined only into free.
static LM_HOT_INLINE lm_status address_accept(lm_heap *h, lm_operation where, const void *p) {
  bool fast      = !LM_SIZE_OPTIMIZED && where == LM_IN_FREE;
  lm_status what = fast ? CHECK_ADDRESS(h, p) : lm_heap_check(h, p);
  return LM_LIKELY(what == LM_OK) ? what : report_refusal(h, where, what, p);
}

// Init, alloc and free.

LM_COLD LM_NOINLINE lm_heap *lm_heap_init(void *base, size_t size, lm_refill *refill, void *state) {
  uintptr_t start = (uintptr_t)base;
  size_t pad      = -start & 15;
  if (!range_allowed(base, size)) return NULL;
  if (size < pad + sizeof(lm_heap) + FLAGS + BLOCK_MIN + LM_WORD) return NULL;
  lm_heap *h = (lm_heap *)(start + pad);
  __builtin_memset(h, 0, sizeof *h);
  h->magic  = LM_HEAP_MAGIC ^ (size_t)h;
  h->cookie = cookie_of((uintptr_t)h);
  h->pages  = (lm_pages){refill, state, size};
  map_use_inline(h);
  list_init(&h->partial);
  for (unsigned i = 0; i < LM_HEAP_SIZE_CLASSES; i++) {
    list_init(&h->size_classes[i].queue);
    h->size_classes[i].warmup = WARMUP;
  }
  lm_region_open(h, (uintptr_t)&h->region, size - pad - offsetof(lm_heap, region));
  return h;
}

bool lm_heap_is(const lm_heap *h) { return heap_is(h); }

// Counts a request of size class `c`, which may be NULL, that was served as a block.
static void warmup_step(lm_size_class *c) {
  if (c) c->warmup = c->warmup ? c->warmup - 1 : WARMUP_RETRY;
}

LM_NOINLINE void *lm_alloc_slow(lm_heap *h, size_t size) {
  LM_INIT_ON_FIRST_USE(h);
  lm_size_class *c = NULL;
  if (size <= LM_HEAP_SMALL) {
    size_t granules = (size + LM_ALIGN - 1) / LM_ALIGN;
    void *p         = LM_SIZE_OPTIMIZED ? object_pop(h, granules) : NULL;
    if (!p) c = lm_slab_refill(h, granules), p = object_pop(h, granules);
    if (p) return p;
  }
  void *p = block_alloc(h, size);
  if (!p) {
    LM_ON_OUT_OF_MEMORY();
  } else {
    warmup_step(c);
  }
  return p;
}

#ifndef LM_STATIC_HEAP
LM_NOINLINE
#endif
void *lm_heap_alloc(lm_heap *h, size_t size) { return heap_alloc(h, size); }

// alloc as a part of another function.
static LM_ALWAYS_INLINE void *alloc_nested(lm_heap *h, size_t size) {
  return LM_SIZE_OPTIMIZED ? lm_alloc_slow(h, size) : lm_heap_alloc(h, size);
}

LM_COLD void *lm_heap_alloc_aligned(lm_heap *h, size_t size, size_t align) {
  if (!align_allowed(align)) return NULL;
  if (align <= LM_ALIGN) return lm_heap_alloc(h, size);
  LM_INIT_ON_FIRST_USE(h);
  size_t need = block_need(size);
  if (!need) return NULL;
  size_t whole     = ((size ? size : 1) + align - 1) & ~(align - 1);
  size_t granules  = whole / LM_ALIGN;
  lm_size_class *c = NULL;
  if (whole <= LM_HEAP_SMALL &&
      size_class_granules(size_class_of(granules)) * LM_ALIGN % align == 0) {
    void *p;
    while (!(p = object_pop(h, granules)) && !c) c = lm_slab_refill(h, granules);
    if (p) return p;
  }
  lm_block *b;
  while (!(b = lm_block_acquire(h, need + align + BLOCK_MIN)))
    if (!lm_heap_trim(h)) return NULL;
  b = lm_block_align(h, b, align);
  lm_block_shrink(h, b, need);
  warmup_step(c);
  return block_allocated(h, b);
}

// free of a block, of an object that looks free, and of what is no object.
LM_NOINLINE lm_status lm_free_slow(lm_heap *h, void *p) {
  if (!p) return LM_OK;
  if (LM_CHECKED) {
    lm_status what = address_accept(h, LM_IN_FREE, p);
    if (what != LM_OK) return what;
  }
  if ((LM_SIZE_OPTIMIZED || LM_CHECKED) && in_superblock(h, p)) {
    lm_slab *s = slab_of(p);
    return object_push(s, p) ? LM_OK : lm_slab_transition(h, s);
  }
  block_free(h, block_of(p));
  return LM_OK;
}

#ifndef LM_STATIC_HEAP
LM_NOINLINE
#endif
lm_status lm_heap_free(lm_heap *h, void *p) { return heap_free(h, p); }

// Copy and clear. Sizes are rounded up to words, which blocks have a whole number of.

typedef uint64_t __attribute__((aligned(4))) two_words;  // on 32-bit targets

static LM_HOT_INLINE void words_copy(void *to, const void *from, size_t size) {
  if (LM_SIZE_OPTIMIZED || size > 256) {
    __builtin_memcpy(to, from, size);
    return;
  }
  uint8_t *t       = to;
  const uint8_t *f = from;
  COPY_LOOP for (; size >= 8; size -= 8, t += 8, f += 8) * (two_words *)(void *)t =
      *(const two_words *)(const void *)f;
  if (LM_WORD == 4 ? size > 4 : size > 0)
    *(two_words *)(void *)t = *(const two_words *)(const void *)f;
  else if (size)
    *(uint32_t *)(void *)t = *(const uint32_t *)(const void *)f;
}

// Volatile, so that the compiler does not turn the loop into a call of memset.
static LM_HOT_INLINE void words_clear(uint8_t *p, size_t size) {
  const uint8_t *end = p + size;
  if (size & 4) *(volatile uint32_t *)(void *)p = 0, p += 4;
  LM_NO_UNROLL for (; p < end; p += 8) * (volatile two_words *)(void *)p = 0;
}

void *lm_heap_calloc(lm_heap *h, size_t count, size_t size) {
  size_t all;
  if (__builtin_mul_overflow(count, size, &all)) return NULL;
  void *p = LM_SIZE_OPTIMIZED ? lm_alloc_slow(h, all) : heap_alloc(h, all);
  if (!p) return NULL;
  if (LM_SIZE_OPTIMIZED || all > 256) return __builtin_memset(p, 0, all);
  words_clear(p, (all + LM_WORD - 1) & ~(LM_WORD - 1));
  return p;
}

// Realloc.

// Allocates `size` bytes, copies the first `keep` bytes of `p` there, and frees `p`.
static LM_NOINLINE void *move(lm_heap *h, void *p, size_t keep, size_t size) {
  void *q = alloc_nested(h, size);
  if (!q) return NULL;
  words_copy(q, p, keep < size ? keep : size);
  lm_heap_free(h, p);
  return q;
}

static void *object_realloc(lm_heap *h, void *p, size_t size) {
  const lm_slab *s = slab_of(p);
  size_t granules  = (size + LM_ALIGN - 1) / LM_ALIGN;
  if (size <= s->size && size_class_of(granules) == s->size_class) return p;
  void *q = move(h, p, s->size, size);
  return q || size > s->size ? q : p;
}

void *lm_heap_realloc(lm_heap *h, void *p, size_t size) {
  if (!p) return alloc_nested(h, size);
  if (LM_CHECKED && address_accept(h, LM_IN_REALLOC, p) != LM_OK) return NULL;
  if (in_superblock(h, p)) return object_realloc(h, p, size);
  size_t need = block_need(size);
  if (!need) return NULL;
  lm_block *b = block_of(p);
  size_t old  = block_size(h, b);
  if (need > old) {
    // A block that grows by little is likely to grow again: an eighth more is allocated, if it can
    // be had in place.
    size_t extra = need - old < old / 8 ? need / 8 & ~(size_t)FLAGS : 0;
    if (!lm_block_extend(h, b, need + extra)) {
      if (!extra || !lm_block_extend(h, b, need)) return move(h, p, old - LM_WORD, size);
      extra = 0;
    }
    need += extra;
  } else if (old - need <= old / 4) {
    return p;
  }
  lm_block_shrink(h, b, need);
  account(h, &h->large, 0, block_size(h, b) - old);
  return p;
}

LM_COLD size_t lm_heap_usable_size(const lm_heap *h, const void *p) {
  if (lm_heap_check(h, p) != LM_OK) return 0;
  return in_superblock(h, p) ? slab_of(p)->size : block_size(h, block_of(p)) - LM_WORD;
}
