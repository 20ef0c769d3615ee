// SPDX-License-Identifier: MIT
// strategies.h: the five strategies as one table, and a pool, a shadow and a failing page source
// for the one under test.
#ifndef LM_TEST_STRATEGIES_H
#define LM_TEST_STRATEGIES_H
#include "faults.h"
#include "linmem/bestfit.h"
#include "linmem/buddy.h"
#include "linmem/bump.h"
#include "linmem/heap.h"
#include "linmem/tlsf.h"

typedef struct strategy {
  const char *name;
  bool reuses;      // freed memory is allocated again
  size_t keeps;     // internal bytes that may stay allocated after all is freed and trimmed
  bool refuses;     // free and realloc refuse addresses that are not live blocks
  size_t overhead;  // maximum bytes of the smallest region in addition to the state
  size_t state;     // bytes of the state
  void *(*init)(void *base, size_t size, lm_refill *refill, void *state);
  void *(*alloc)(void *, size_t size);
  void *(*alloc_aligned)(void *, size_t size, size_t align);
  void *(*calloc)(void *, size_t count, size_t size);
  void *(*realloc)(void *, void *p, size_t size);
  lm_status (*free)(void *, void *p);
  lm_status (*check)(const void *, const void *p);
  size_t (*usable_size)(const void *, const void *p);
  const lm_stats *(*stats)(void *);
  size_t (*walk)(const void *, lm_cursor *, lm_block_record *records, size_t capacity);
  bool (*holds)(const void *);
  void (*reset)(void *);  // may be NULL
  bool (*trim)(void *);   // frees cached memory; NULL: it caches nothing
} strategy;

// The functions of strategy `x`, with untyped addresses.
#define STRATEGY_OPERATIONS(x)                                                                     \
  static void *x##_init_(void *base, size_t size, lm_refill *refill, void *state) {                \
    return lm_##x##_init(base, size, refill, state);                                               \
  }                                                                                                \
  static void *x##_alloc_(void *a, size_t size) { return lm_##x##_alloc(a, size); }                \
  static void *x##_alloc_aligned_(void *a, size_t size, size_t align) {                            \
    return lm_##x##_alloc_aligned(a, size, align);                                                 \
  }                                                                                                \
  static void *x##_calloc_(void *a, size_t count, size_t size) {                                   \
    return lm_##x##_calloc(a, count, size);                                                        \
  }                                                                                                \
  static void *x##_realloc_(void *a, void *p, size_t size) {                                       \
    return lm_##x##_realloc(a, p, size);                                                           \
  }                                                                                                \
  static lm_status x##_free_(void *a, void *p) { return lm_##x##_free(a, p); }                     \
  static lm_status x##_check_(const void *a, const void *p) { return lm_##x##_check(a, p); }       \
  static size_t x##_usable_size_(const void *a, const void *p) {                                   \
    return lm_##x##_usable_size(a, p);                                                             \
  }                                                                                                \
  static const lm_stats *x##_stats_(void *a) { return lm_##x##_stats(a); }                         \
  static size_t x##_walk_(const void *a, lm_cursor *c, lm_block_record *records, size_t n) {       \
    return lm_##x##_walk(a, c, records, n);                                                        \
  }                                                                                                \
  static bool x##_holds_(const void *a) { return lm_##x##_holds(a); }                              \
  _Static_assert(1, "")
#define STRATEGY_RESET(x)                                                                          \
  static void x##_reset_(void *a) { lm_##x##_reset(a); }                                           \
  _Static_assert(1, "")
#ifdef LM_LEAN
#define HEAP_REFUSES false
#else
#define HEAP_REFUSES true
#endif
#define STRATEGY(x, reuses, keeps, refuses, overhead, reset, trim)                                 \
  {                                                                                                \
#x, reuses, keeps, refuses, overhead, sizeof(lm_##x), x##_init_, x##_alloc_,                   \
        x##_alloc_aligned_, x##_calloc_, x##_realloc_, x##_free_, x##_check_, x##_usable_size_,    \
        x##_stats_, x##_walk_, x##_holds_, reset, trim                                             \
  }

STRATEGY_OPERATIONS(heap);
STRATEGY_OPERATIONS(tlsf);
STRATEGY_OPERATIONS(buddy);
STRATEGY_OPERATIONS(bestfit);
STRATEGY_OPERATIONS(bump);
STRATEGY_RESET(tlsf);
STRATEGY_RESET(buddy);
STRATEGY_RESET(bestfit);
STRATEGY_RESET(bump);

static bool heap_trim_(void *a) { return lm_heap_trim(a); }

// The heap keeps slabs until it is trimmed, and afterwards the map.
static const strategy strategies[] = {
    STRATEGY(heap, true, 4096, HEAP_REFUSES, 4096, NULL, heap_trim_),
    STRATEGY(tlsf, true, 0, true, 96, tlsf_reset_, NULL),
    STRATEGY(bestfit, true, 0, true, 128, bestfit_reset_, NULL),
    STRATEGY(buddy, true, 0, true, 128, buddy_reset_, NULL),
    STRATEGY(bump, false, SIZE_MAX, true, 96, bump_reset_, NULL),
};

enum { POOL = 1 << 20, FIRST = 32768, STEPS = 1500 };

static _Alignas(65536) uint8_t pool[POOL];
static uint8_t copy[POOL];
static shadow tracked;
static faults source;
static const strategy *on;  // the one under test

// Returns an allocator over the first `size` bytes of the pool that cannot grow.
static inline void *fixed(size_t size) {
  __builtin_memset(pool, 0xa5, sizeof pool);
  shadow_reset(&tracked);
  shadow_allow(&tracked, pool, size);
  return on->init(pool, size, lm_pages_none, NULL);
}

// Returns an allocator over the first FIRST bytes of the pool that grows into the rest in steps of
// 4 KiB, each after a gap of `gap` bytes that another owner has.
static inline void *growing(size_t gap) {
  __builtin_memset(pool, 0xa5, sizeof pool);
  shadow_reset(&tracked);
  shadow_allow(&tracked, pool, FIRST);
  __builtin_memset(&source, 0, sizeof source);
  source.pool   = pool + FIRST;
  source.size   = POOL - FIRST;
  source.gap    = gap;
  source.step   = 4096;
  source.shadow = &tracked;
  return on->init(pool, FIRST, faults_more, &source);
}

static inline void pool_save(void) { __builtin_memcpy(copy, pool, sizeof pool); }

static inline bool pool_same(void) {
  for (size_t i = 0; i < sizeof pool; i++)
    if (pool[i] != copy[i]) return false;
  return true;
}
#endif
