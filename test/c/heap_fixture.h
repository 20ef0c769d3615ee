// SPDX-License-Identifier: MIT
// heap_fixture.h: a heap over a pool, with a shadow and a failing page source, and single random
// operations.
#ifndef LM_TEST_HEAP_FIXTURE_H
#define LM_TEST_HEAP_FIXTURE_H
#include "faults.h"
#include "linmem/heap.h"

enum { POOL = 1 << 20, FIRST = 16384, STEPS = 3000 };

static _Alignas(65536) uint8_t pool[POOL];
static uint8_t copy[POOL];
static shadow tracked;
static faults source;
static lm_block_record records[8192];

// Returns a heap over the first `size` bytes of the pool that cannot grow.
static inline lm_heap *fixed_heap(size_t size) {
  __builtin_memset(pool, 0xa5, sizeof pool);
  shadow_reset(&tracked);
  shadow_allow(&tracked, pool, size);
  return lm_heap_init(pool, size, lm_pages_none, NULL);
}

// Returns a heap over the first FIRST bytes of the pool that grows into the rest in steps of 4 KiB,
// each after a gap of `gap` bytes that another owner has.
static inline lm_heap *growing_heap(size_t gap) {
  lm_heap *h = fixed_heap(FIRST);
  __builtin_memset(&source, 0, sizeof source);
  source.pool     = pool + FIRST;
  source.size     = POOL - FIRST;
  source.gap      = gap;
  source.step     = 4096;
  source.shadow   = &tracked;
  h->pages.refill = faults_more;
  h->pages.state  = &source;
  return h;
}

static inline void pool_save(void) { __builtin_memcpy(copy, pool, sizeof pool); }

static inline bool pool_same(void) {
  for (size_t i = 0; i < sizeof pool; i++)
    if (pool[i] != copy[i]) return false;
  return true;
}

// Like pool_same, without the heap's state, which may have counted a failure.
static inline bool pool_same_but_state(void) {
  for (size_t i = sizeof(lm_heap); i < sizeof pool; i++)
    if (pool[i] != copy[i]) return false;
  return true;
}

static inline uint32_t some_size(void) {
  switch (random_below(8)) {
  case 0:
    return random_below(4);
  case 1:
    return random_below(20000);
  case 2:
    return random_below(3000);
  default:
    return random_below(300);
  }
}

static inline void step_alloc(lm_heap *h, size_t i) {
  size_t size = some_size(), align = (size_t)1 << random_below(13);
  uint32_t how = random_below(3);
  uint8_t *p   = how == 0   ? lm_heap_alloc_aligned(h, size, align)
                 : how == 1 ? lm_heap_calloc(h, size, 1)
                            : lm_heap_alloc(h, size);
  if (!p) return;
  CHECK((uintptr_t)p % (how == 0 && align > LM_ALIGN ? align : LM_ALIGN) == 0);
  CHECK(lm_heap_usable_size(h, p) >= size && lm_heap_check(h, p) == LM_OK);
  size_t dirty = 0;
  for (size_t k = 0; how == 1 && k < size; k++) dirty += p[k] != 0;
  CHECK(dirty == 0);
  shadow_allocate(&tracked, i, p, size);
}

static inline void step_realloc(lm_heap *h, size_t i) {
  shadow_block old = tracked.blocks[i];
  size_t size      = some_size();
  uint8_t *p       = lm_heap_realloc(h, old.p, size);
  if (!p) return;
  CHECK((uintptr_t)p % LM_ALIGN == 0 && lm_heap_usable_size(h, p) >= size);
  CHECK(shadow_kept(&old, p, size < old.size ? size : old.size));
  shadow_allocate(&tracked, i, p, size);
}

static inline void step_free(lm_heap *h, size_t i) {
  CHECK(lm_heap_free(h, tracked.blocks[i].p) == LM_OK);
  tracked.blocks[i].p = NULL;
}

// Checks that a walk counts what the statistics say.
static inline void walk_agrees(lm_heap *h) {
  size_t live = 0, live_bytes = 0, freed = 0, free_bytes = 0, top = 0, n;
  lm_cursor cursor = {0};
  while ((n = lm_heap_walk(h, &cursor, records, 100)) > 0) {
    for (size_t i = 0; i < n; i++) {
      bool is_live = records[i].state == LM_BLOCK_LIVE;
      live += is_live, live_bytes += is_live ? records[i].size : 0;
      freed += !is_live, free_bytes += is_live ? 0 : records[i].size;
      top += records[i].state == LM_BLOCK_TOP;
    }
  }
  const lm_stats *s = lm_heap_stats(h);
  CHECK(live == s->live_blocks && live_bytes == s->live_bytes);
  CHECK(freed == s->free_blocks && free_bytes == s->free_bytes && top <= 1);
  CHECK(s->taken_bytes > live_bytes + free_bytes);
}

// Frees all blocks in random order and checks that each region is one free block again.
static inline void drain(lm_heap *h) {
  for (size_t i = 0, at = random_below(SHADOW_BLOCKS); i < SHADOW_BLOCKS; i++) {
    at = (at + 101) % SHADOW_BLOCKS;
    if (tracked.blocks[at].p) step_free(h, at);
  }
  lm_heap_trim(h);
  const lm_stats *s = lm_heap_stats(h);
  CHECK(lm_heap_holds(h) && s->live_blocks == 0 && s->live_bytes == 0);
  CHECK(h->superblocks.blocks == 0 && s->free_blocks == s->regions);
}
#endif
