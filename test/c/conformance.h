// SPDX-License-Identifier: MIT
// conformance.h: random operations that a shadow follows, for the tests of every strategy.
// CONFORMANCE_MAIN runs `run_all` for each strategy.
#ifndef LM_TEST_CONFORMANCE_H
#define LM_TEST_CONFORMANCE_H
#include "strategies.h"

static lm_block_record records[8192];
static bool falling;  // later regions lie at lower addresses

static inline uint32_t some_size(void) {
  switch (random_below(8)) {
  case 0:
    return random_below(4);
  case 1:
    return random_below(on->reuses ? 9000 : 2000);
  default:
    return random_below(300);
  }
}

static inline void step_alloc(void *a, size_t i) {
  size_t size = some_size(), align = (size_t)1 << random_below(12);
  uint32_t how = random_below(3);
  uint8_t *p   = how == 0   ? on->alloc_aligned(a, size, align)
                 : how == 1 ? on->calloc(a, size, 1)
                            : on->alloc(a, size);
  if (!p) return;
  CHECK((uintptr_t)p % (how == 0 && align > LM_ALIGN ? align : LM_ALIGN) == 0);
  CHECK(on->usable_size(a, p) >= size && on->check(a, p) == LM_OK);
  size_t dirty = 0;
  for (size_t k = 0; how == 1 && k < size; k++) dirty += p[k] != 0;
  CHECK(dirty == 0);
  shadow_allocate(&tracked, i, p, size);
}

static inline void step_realloc(void *a, size_t i) {
  shadow_block old = tracked.blocks[i];
  size_t size      = some_size();
  uint8_t *p       = on->realloc(a, old.p, size);
  if (!p) return;
  CHECK((uintptr_t)p % LM_ALIGN == 0 && on->usable_size(a, p) >= size);
  CHECK(shadow_kept(&old, p, size < old.size ? size : old.size));
  shadow_allocate(&tracked, i, p, size);
}

static inline void step_free(void *a, size_t i) {
  CHECK(on->free(a, tracked.blocks[i].p) == LM_OK);
  tracked.blocks[i].p = NULL;
}

static inline void step_any(void *a) {
  size_t i = random_below(SHADOW_BLOCKS);
  if (!tracked.blocks[i].p) {
    step_alloc(a, i);
  } else if (random_below(3) == 0) {
    step_realloc(a, i);
  } else {
    step_free(a, i);
  }
}

// Checks that a walk counts what the statistics say.
static inline void walk_agrees(void *a) {
  size_t live = 0, live_bytes = 0, freed = 0, free_bytes = 0, n;
  uintptr_t below  = 0;
  lm_cursor cursor = {0};
  while ((n = on->walk(a, &cursor, records, 7)) > 0) {
    for (size_t i = 0; i < n; i++) {
      bool is_live = records[i].state == LM_BLOCK_LIVE;
      bool is_free = records[i].state == LM_BLOCK_FREE || records[i].state == LM_BLOCK_TOP;
      live += is_live, live_bytes += is_live ? records[i].size : 0;
      freed += is_free, free_bytes += is_free ? records[i].size : 0;
      CHECK((falling || records[i].address >= below) && records[i].state <= LM_BLOCK_LOST);
      below = records[i].address + records[i].size;
    }
  }
  const lm_stats *s = on->stats(a);
  CHECK(live == s->live_blocks && live_bytes == s->live_bytes);
  CHECK(freed == s->free_blocks && free_bytes == s->free_bytes);
  CHECK(s->taken_bytes >= live_bytes + free_bytes);
}

static inline void drain(void *a) {
  for (size_t i = 0; i < SHADOW_BLOCKS; i++)
    if (tracked.blocks[(i * 101) % SHADOW_BLOCKS].p) step_free(a, (i * 101) % SHADOW_BLOCKS);
  CHECK(on->holds(a) && on->stats(a)->live_blocks == 0 && on->stats(a)->live_bytes == 0);
}

static inline void random_run(void *a) {
  CHECK(a != NULL);
  for (uint32_t step = 0; step < STEPS; step++) {
    step_any(a);
    CHECK(on->holds(a) && on->stats(a)->live_blocks == shadow_live(&tracked));
    if (step % 64 == 0) CHECK(shadow_holds(&tracked));
    if (step % 256 == 0) walk_agrees(a);
  }
  CHECK(shadow_holds(&tracked) && shadow_live(&tracked) > 0);
  walk_agrees(a);
  drain(a);
}

#define CONFORMANCE_MAIN(run_all)                                                                  \
  CHECK_MAIN(for (size_t i = 0; i < sizeof strategies / sizeof *strategies; i++) {                 \
    on              = &strategies[i];                                                              \
    uint32_t failed = check_failed;                                                                \
    run_all();                                                                                     \
    if (check_failed != failed) put_text("... of "), put_text(on->name), put_text("\n");           \
  })
#endif
