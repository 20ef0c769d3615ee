// SPDX-License-Identifier: MIT
// test_conformance_pages.c: every strategy with page sources that fail, return too little, leave
// gaps, go downwards, or have other users.
#include "conformance.h"

static void blocks_keep_their_bytes_and_never_overlap_while_growing(void) {
  random_run(growing(0));
  CHECK(source.calls > 0);
}

static void blocks_keep_their_bytes_and_never_overlap_across_gaps(void) {
  void *a = growing(24);
  random_run(a);
  CHECK(on->stats(a)->regions > 1 && faults_gaps_kept(&source));
  a = growing(7);  // regions that begin at odd addresses
  random_run(a);
  CHECK(on->stats(a)->regions > 1 && faults_gaps_kept(&source));
}

// Returns how often the page source was asked: a fixed list of steps over one that fails at call
// `k`.
static uint32_t faulty_run(uint32_t k, bool for_ever, size_t gap) {
  void *a         = growing(gap);
  source.fail_at  = k;
  source.for_ever = for_ever;
  for (size_t i = 0; i < 24; i++) {
    size_t size = 1000 + i * 300, before = on->stats(a)->live_blocks;
    uint32_t calls = source.calls;
    uint8_t *p     = i % 3 == 2   ? on->alloc_aligned(a, size, 256)
                     : i % 3 == 1 ? on->calloc(a, size, 1)
                                  : on->alloc(a, size);
    bool failed    = k && source.calls >= k && (calls < k || for_ever) && source.calls > calls;
    CHECK(p || failed);
    if (p) shadow_allocate(&tracked, i, p, size);
    CHECK(on->stats(a)->live_blocks == before + (p != NULL));
    CHECK(on->holds(a) && shadow_holds(&tracked));
  }
  for (size_t i = 0; i < 24; i += 5) {
    if (!tracked.blocks[i].p) continue;
    shadow_block old = tracked.blocks[i];
    uint8_t *p       = on->realloc(a, old.p, 20000);
    CHECK(shadow_kept(&old, p ? p : old.p, old.size));
    if (p) shadow_allocate(&tracked, i, p, 20000);
    CHECK(on->holds(a) && shadow_holds(&tracked));
  }
  drain(a);
  CHECK(faults_gaps_kept(&source));
  CHECK(on->alloc(a, 10000) || for_ever || !on->reuses);  // a past failure has no effect
  return source.calls;
}

static void every_call_of_the_page_source_may_fail(void) {
  for (size_t gap = 0; gap <= 40; gap += 20) {
    for (uint32_t how = 0; how < 2; how++) {
      uint32_t calls = 1, k = 1;
      for (; k <= calls + 1; k++) calls = faulty_run(k, how == 1, gap);
      CHECK(how == 1 || k > 3);
    }
  }
}

// Returns, once, as many bytes as `state` points to, whatever the request.
static void *stingy_more(lm_pages *self, size_t min, size_t *got) {
  size_t *left = self->state;
  if (*left == 0) return NULL;
  (void)min;
  *got  = *left;
  *left = 0;
  return pool + FIRST + 8;
}

// Returns `bytes` at each call, whatever the request, adjacent to the previous ones or with gaps.
typedef struct trickle {
  uint8_t *at;
  size_t bytes, gap;
  uint32_t calls;
} trickle;

static void *trickle_more(lm_pages *self, size_t min, size_t *got) {
  trickle *t = self->state;
  if (t->at + t->gap + t->bytes > pool + POOL) return NULL;
  (void)min;
  uint8_t *p = t->at + t->gap;
  t->at      = p + t->bytes;
  t->calls++;
  *got = t->bytes;
  return p;
}

static void a_source_that_gives_a_few_bytes_at_a_time_is_asked_a_few_times(void) {
  for (size_t bytes = 1; bytes < 400; bytes += bytes < 120 ? 1 : 37) {
    for (size_t gap = 0; gap < 24; gap += 8) {
      trickle t = {pool + FIRST, bytes, gap, 0};
      fixed(FIRST);
      void *a = on->init(pool, FIRST, trickle_more, &t);
      for (uint32_t i = 0; i < 5; i++) {
        uint32_t calls = t.calls;
        CHECK(on->alloc(a, POOL / 2) == NULL && t.calls > calls && t.calls <= calls + 4);
        CHECK(on->holds(a) && on->alloc_aligned(a, POOL / 2, 4096) == NULL && on->holds(a));
      }
      uint8_t *p = on->alloc(a, 1000);
      CHECK(p != NULL && on->holds(a));
      for (size_t i = 0; p && i < 1000; i++) p[i] = 1;
      CHECK(on->holds(a) && on->free(a, p) == LM_OK);
    }
  }
}

// Returns the bytes below those of the previous call, as in a program whose memory grows downwards.
static void *falling_more(lm_pages *self, size_t min, size_t *got) {
  trickle *t  = self->state;
  size_t size = min + (4096 - min % 4096);
  if (min > POOL || size + t->gap > (size_t)(t->at - pool)) return NULL;
  t->at -= size + t->gap;
  t->calls++;
  *got = size;
  return t->at;
}

// The memory that another user of the page source has taken.
static struct {
  uint8_t *p;
  size_t size;
} theirs[64];
static uint32_t theirs_count;

// Takes a few bytes, at random times, and writes them.
static void others_take(faults *f) {
  size_t size = 1 + random_below(40);
  if (theirs_count == 64 || size > f->size || random_below(4)) return;
  __builtin_memset(f->pool, GAP_BYTE, size);
  theirs[theirs_count].p      = f->pool;
  theirs[theirs_count++].size = size;
  f->pool += size, f->size -= size;
}

static bool others_kept(void) {
  for (uint32_t i = 0; i < theirs_count; i++)
    for (size_t k = 0; k < theirs[i].size; k++)
      if (theirs[i].p[k] != GAP_BYTE) return false;
  return true;
}

static void another_may_take_of_the_same_memory_in_between(void) {
  void *a      = growing(0);
  theirs_count = 0;
  source.step  = 1;
  for (uint32_t step = 0; step < STEPS; step++) {
    others_take(&source);
    step_any(a);
    CHECK(on->holds(a));
  }
  CHECK(theirs_count > 10 && on->stats(a)->regions > 1 && shadow_holds(&tracked) && others_kept());
  walk_agrees(a);
  drain(a);
  CHECK(others_kept());
}

static void regions_may_come_in_any_order(void) {
  for (size_t gap = 0; gap < 200; gap += 50) {
    trickle t = {pool + POOL - FIRST, 0, gap, 0};
    fixed(0);
    shadow_allow(&tracked, pool, POOL);
    void *a = on->init(pool + POOL - FIRST, FIRST, falling_more, &t);
    falling = true;
    random_run(a);
    falling = false;
    CHECK(on->stats(a)->regions > 1 && t.calls > 0);
  }
}

static void a_source_that_gives_less_than_asked_for_is_not_trusted(void) {
  for (size_t gift = 1; gift < 200; gift++) {
    size_t left = gift;
    fixed(FIRST);
    void *a = on->init(pool, FIRST, stingy_more, &left);
    CHECK(on->alloc(a, FIRST) == NULL && on->holds(a));
    for (size_t i = gift; i < 300; i++) CHECK(pool[FIRST + 8 + i] == 0xa5);
    CHECK(on->alloc(a, 100) != NULL && on->holds(a));
  }
}

// Overwrites each word that the allocator or its owners wrote. In wasm a read of what is no memory
// traps, and the test fails; natively it may be any memory, so only links to the pool are tried.
static void walk_and_holds_end_whatever_word_was_overwritten(void) {
  void *a = growing(24);
  while (on->stats(a)->regions < 4) CHECK(on->alloc(a, 200 + random_below(5000)));
  for (size_t i = 0; i < 100; i++) step_any(a);
  pool_save();
  size_t *words = (size_t *)(void *)pool, count = (size_t)(source.pool - pool) / LM_WORD;
  for (size_t i = 0; i < count; i++) {
    if (words[i] == (size_t)0xa5a5a5a5a5a5a5a5u) continue;
    bool link  = words[i] - (size_t)pool < POOL && words[i] % LM_WORD == 0;
    size_t old = words[i], at = (size_t)(words + i);
    size_t values[6] = {(size_t)a, at, at - LM_WORD, 0, SIZE_MAX, SIZE_MAX / 2 + 1 + 8 * LM_WORD};
    for (size_t k = 0; k < 6; k++) {
#ifndef __wasm__
      if (!link || k > 0) break;
#endif
      (void)link;
      words[i]         = values[k];
      lm_cursor cursor = {0};
      size_t n, total = 0;
      on->holds(a);
      while ((n = on->walk(a, &cursor, records, 64)) > 0 && total <= POOL) total += n;
      CHECK(total <= POOL);
      words[i] = old;
    }
  }
  CHECK(pool_same() && on->holds(a));
}

static void run_all(void) {
  RUN(blocks_keep_their_bytes_and_never_overlap_while_growing);
  RUN(blocks_keep_their_bytes_and_never_overlap_across_gaps);
  RUN(every_call_of_the_page_source_may_fail);
  RUN(a_source_that_gives_a_few_bytes_at_a_time_is_asked_a_few_times);
  RUN(another_may_take_of_the_same_memory_in_between);
  RUN(regions_may_come_in_any_order);
  RUN(a_source_that_gives_less_than_asked_for_is_not_trusted);
  RUN(walk_and_holds_end_whatever_word_was_overwritten);
}

CONFORMANCE_MAIN(run_all);
