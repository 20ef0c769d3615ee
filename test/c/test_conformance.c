// SPDX-License-Identifier: MIT
// test_conformance.c: the requirements of allocator.h on every strategy. test_conformance_pages.c
// has those on page sources.
#include "conformance.h"

static void blocks_keep_their_bytes_and_never_overlap_in_a_fixed_region(void) {
  random_run(fixed(POOL));
  random_run(fixed(100000));  // often full
}

static void alloc_of_zero_gives_a_block_of_its_own(void) {
  void *a = fixed(FIRST), *p = on->alloc(a, 0), *q = on->calloc(a, 0, 5), *r = on->calloc(a, 5, 0);
  void *s = on->alloc_aligned(a, 0, 64);
  CHECK(p && q && r && s && p != q && q != r && p != r && s != p && s != q && s != r);
  CHECK(on->free(a, p) == LM_OK && on->free(a, q) == LM_OK && on->free(a, r) == LM_OK);
  CHECK(on->stats(a)->live_blocks == 1 && on->realloc(a, s, 0) != NULL);
  CHECK(on->stats(a)->live_blocks == 1 && on->holds(a));
}

static void requests_near_SIZE_MAX_fail_and_change_nothing(void) {
  void *a = growing(0), *p = on->alloc(a, 100);
  pool_save();
  for (size_t k = 0; k <= 64; k++) {
    size_t sizes[] = {SIZE_MAX - k, (size_t)PTRDIFF_MAX - k, (size_t)PTRDIFF_MAX + k + 1,
                      LM_REQUEST_MAX + 1 + k};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
      CHECK(on->alloc(a, sizes[i]) == NULL && on->alloc_aligned(a, sizes[i], 65536) == NULL);
      CHECK(on->calloc(a, sizes[i], 1) == NULL && on->calloc(a, 1, sizes[i]) == NULL);
      CHECK(on->realloc(a, p, sizes[i]) == NULL && on->realloc(a, NULL, sizes[i]) == NULL);
    }
  }
  CHECK(pool_same() && source.calls == 0);
  for (size_t k = 0; k <= 8; k++) CHECK(on->alloc_aligned(a, LM_REQUEST_MAX - k, 65536) == NULL);
  CHECK(on->holds(a) && on->check(a, p) == LM_OK);
}

static void calloc_refuses_products_that_do_not_fit(void) {
  void *a     = growing(0);
  size_t half = (size_t)1 << (sizeof(size_t) * 4);
  pool_save();
  CHECK(on->calloc(a, half, half) == NULL && on->calloc(a, SIZE_MAX / 4 + 2, 4) == NULL);
  CHECK(on->calloc(a, 4, SIZE_MAX / 4 + 2) == NULL && on->calloc(a, SIZE_MAX / 3, 4) == NULL);
  CHECK(on->calloc(a, SIZE_MAX, 2) == NULL && on->calloc(a, 2, SIZE_MAX / 2 + 1) == NULL);
  CHECK(pool_same());
}

static void every_power_of_two_to_64_KiB_is_an_alignment(void) {
  void *a = fixed(POOL);
  for (size_t align = 1; align <= 65536; align *= 2) {
    for (size_t i = 0; i < (align > 8192 ? 1 : 6); i++) {
      void *p = on->alloc_aligned(a, i * 29, align);
      CHECK(p && (uintptr_t)p % align == 0);
      if (p) shadow_allocate(&tracked, i, p, i * 29);
      CHECK(on->holds(a));
    }
    CHECK(shadow_holds(&tracked));
    drain(a);
  }
}

static void other_alignments_fail_and_change_nothing(void) {
  void *a = fixed(POOL);
  pool_save();
  size_t wrong[] = {0, 3, 6, 24, 65535, 65537, 131072, (size_t)1 << 31, SIZE_MAX, SIZE_MAX / 2 + 1};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    CHECK(on->alloc_aligned(a, 8, wrong[i]) == NULL);
    CHECK(on->alloc_aligned(a, SIZE_MAX - 8, wrong[i]) == NULL);
  }
  CHECK(pool_same());
}

static void realloc_keeps_the_prefix_and_one_that_fails_leaves_the_block(void) {
  void *a    = fixed(FIRST);
  uint8_t *p = on->realloc(a, NULL, 1000), *wall = on->alloc(a, 8);
  CHECK(p && wall);
  shadow_allocate(&tracked, 0, p, 1000);
  shadow_block old = tracked.blocks[0];
  pool_save();
  CHECK(on->realloc(a, p, FIRST) == NULL && pool_same() && shadow_holds(&tracked));
  uint8_t *q = on->realloc(a, p, 5000);
  CHECK(q && shadow_kept(&old, q, 1000) && on->holds(a) && on->usable_size(a, q) >= 5000);
  CHECK(q == p || on->check(a, p) != LM_OK);
  uint8_t *r = on->realloc(a, q, 10);
  CHECK(r && shadow_kept(&old, r, 10) && on->holds(a) && on->stats(a)->live_blocks == 2);
  if (!on->refuses) return;
  CHECK(on->realloc(a, r + LM_ALIGN, 10) == NULL && on->realloc(a, wall + 4, 10) == NULL);
}

static void free_of_what_is_not_a_live_block_says_so_and_changes_nothing(void) {
  static _Alignas(64) uint8_t outside[256];
  void *a    = fixed(FIRST);
  uint8_t *p = on->alloc(a, 1000), *q = on->alloc(a, 2000), *r = on->alloc(a, 100);
  __builtin_memset(p, 0, 1000), __builtin_memset(q, 0xff, 2000), __builtin_memset(r, 1, 100);
  CHECK(on->free(a, q) == LM_OK);
  void *wrong[] = {q,
                   q + 64,
                   q + 1024,
                   p + 1,
                   p + LM_ALIGN,
                   p + 504,
                   r + 4,
                   outside,
                   outside + 64,
                   pool + FIRST,
                   pool + POOL,
                   (uint8_t *)((uintptr_t)pool - 1),
                   pool,
                   (void *)(uintptr_t)LM_ALIGN};
  pool_save();
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    CHECK(on->free(a, wrong[i]) != LM_OK && on->check(a, wrong[i]) != LM_OK);
    CHECK(on->realloc(a, wrong[i], 10) == NULL && on->usable_size(a, wrong[i]) == 0);
  }
  CHECK(on->free(a, NULL) == LM_OK && on->check(a, NULL) == LM_NOT_A_BLOCK);
  CHECK(on->usable_size(a, NULL) == 0 && pool_same() && on->holds(a));
  CHECK(on->check(a, p) == LM_OK && on->check(a, r) == LM_OK);
}

static void a_block_freed_twice_is_refused_whatever_became_of_its_neighbours(void) {
  for (uint32_t order = 0; order < 6; order++) {
    void *a    = fixed(FIRST);
    void *p[3] = {on->alloc(a, 100), on->alloc(a, 200), on->alloc(a, 300)}, *wall = on->alloc(a, 8);
    size_t one = order % 3, two = (one + 1 + order / 3) % 3, three = 3 - one - two;
    CHECK(on->free(a, p[one]) == LM_OK && on->free(a, p[one]) != LM_OK);
    CHECK(on->free(a, p[two]) == LM_OK && on->free(a, p[one]) != LM_OK);
    CHECK(on->free(a, p[three]) == LM_OK && on->holds(a));
    for (size_t i = 0; i < 3; i++) CHECK(on->free(a, p[i]) != LM_OK);
    CHECK(on->holds(a) && on->check(a, wall) == LM_OK);
  }
}

static void a_neighbour_taken_in_by_realloc_is_no_block(void) {
  void *a = fixed(FIRST), *p = on->alloc(a, 500), *q = on->alloc(a, 400), *wall = on->alloc(a, 8);
  CHECK(on->free(a, q) == LM_OK);
  void *grown = on->realloc(a, p, 700);
  CHECK(grown && on->holds(a) && on->check(a, wall) == LM_OK);
  CHECK(grown == q || on->free(a, q) != LM_OK);
}

static void a_full_allocator_fails_keeps_its_blocks_and_can_be_emptied(void) {
  void *a     = fixed(FIRST);
  size_t most = 0, before = on->stats(a)->free_blocks, bytes = on->stats(a)->free_bytes, n = 0;
  for (size_t size = 16384; size; size = size == 1 ? 0 : size / 2) {
    void *p;
    while (n < SHADOW_BLOCKS && (p = on->alloc(a, size))) {
      if (!most) most = size;
      shadow_allocate(&tracked, n++, p, size);
    }
  }
  CHECK(n > 3 && most >= 8192 && shadow_holds(&tracked) && on->holds(a));
  while (on->alloc(a, 0)) {
  }
  pool_save();
  CHECK(on->alloc(a, 0) == NULL && on->alloc_aligned(a, 1, 4096) == NULL && pool_same());
  lm_cursor cursor = {0};
  size_t count     = on->walk(a, &cursor, records, 8192);
  for (size_t i = 0; i < count; i++) {
    if (records[i].state != LM_BLOCK_LIVE) continue;
    CHECK(on->free(a, (void *)records[i].address) == LM_OK && on->holds(a));
  }
  CHECK(on->stats(a)->live_blocks == 0);
  void *large = on->reuses ? on->alloc(a, most) : NULL;
  CHECK(!on->reuses || (large && on->free(a, large) == LM_OK));
  if (!on->reuses) return;
  if (on->trim) on->trim(a);
  CHECK(on->stats(a)->free_bytes + on->keeps >= bytes && on->stats(a)->free_blocks <= before + 1);
}

// For a heap with slabs this is true after a trim, except for the block of its map, which stays
// allocated and so separates two free blocks.
static void what_was_freed_in_any_order_is_what_there_was(void) {
  for (uint32_t run = 0; on->reuses && run < 8; run++) {
    void *a       = fixed(FIRST);
    size_t blocks = on->stats(a)->free_blocks, bytes = on->stats(a)->free_bytes;
    for (uint32_t step = 0; step < 300; step++) step_any(a);
    for (size_t i = 0, at = random_below(SHADOW_BLOCKS); i < SHADOW_BLOCKS; i++) {
      at = (at + 101) % SHADOW_BLOCKS;
      if (tracked.blocks[at].p) step_free(a, at);
    }
    if (on->trim) on->trim(a);
    const lm_stats *s = on->stats(a);
    CHECK(s->free_bytes <= bytes && s->free_bytes + on->keeps >= bytes && on->holds(a));
    CHECK(s->free_blocks == blocks || (s->free_bytes < bytes && s->free_blocks == blocks + 1));
  }
  CHECK(on->name[0] != 0);
}

// An allocator of strategy `in` lies in a block of the one under test. Neither accepts a block of
// the other, because their cookies differ.
static void refused_by_each_other(const strategy *in) {
  void *a    = fixed(POOL);
  uint8_t *p = on->alloc(a, 1000), *home = on->alloc(a, FIRST), *q = on->alloc(a, 1000);
  void *inner = in->init(home, FIRST, lm_pages_none, NULL);
  CHECK(inner != NULL);
  uint8_t *blocks[12];
  for (size_t i = 0; i < 12; i++) blocks[i] = in->alloc(inner, 8 + 40 * i);
  for (size_t i = 0; i < 12; i += 3) CHECK(in->free(inner, blocks[i]) == LM_OK);
  for (size_t i = 0; i < 12 && on->refuses; i++) {
    CHECK(on->check(a, blocks[i]) != LM_OK && on->free(a, blocks[i]) != LM_OK);
    CHECK(on->realloc(a, blocks[i], 10) == NULL && on->usable_size(a, blocks[i]) == 0);
  }
  uint8_t *outer[] = {p, home, q};
  for (size_t i = 0; i < 3 && in->refuses; i++) {
    CHECK(in->check(inner, outer[i]) != LM_OK && in->free(inner, outer[i]) != LM_OK);
    CHECK(in->realloc(inner, outer[i], 10) == NULL && in->usable_size(inner, outer[i]) == 0);
  }
  CHECK(on->holds(a) && in->holds(inner) && on->stats(a)->live_blocks == 3);
  CHECK(in->stats(inner)->live_blocks == 8 && on->free(a, home) == LM_OK);
}

static void an_allocator_in_a_block_of_another_has_its_own_blocks(void) {
  for (size_t i = 0; i < sizeof strategies / sizeof *strategies; i++)
    refused_by_each_other(&strategies[i]);
}

static void the_smallest_region_holds_one_block_and_one_byte_less_is_refused(void) {
  size_t size = 0;
  __builtin_memset(pool, 0xa5, sizeof pool);
  while (size < FIRST && !on->init(pool, size, lm_pages_none, NULL)) size++;
  CHECK(size > on->state && size <= on->state + on->overhead + (LM_ALIGN > 32 ? 2 * LM_ALIGN : 0));
  pool_save();
  CHECK(on->init(pool, size - 1, lm_pages_none, NULL) == NULL && pool_same());
  for (size_t at = 0; at<32; at += on->overhead> 1000 ? 5 : 1) {
    for (size_t more = 0; more < 48; more++) {
      __builtin_memset(pool, 0xa5, FIRST);
      void *a = on->init(pool + at, size + more, lm_pages_none, NULL);
      CHECK(a || (at % 16 && more < 16));
      if (!a) continue;
      void *p = on->alloc(a, 0);
      CHECK(p && on->holds(a) && on->free(a, p) == LM_OK && on->holds(a));
      for (size_t i = 0; i < 64; i++) CHECK(pool[at + size + more + i] == 0xa5);
      for (size_t i = 0; i < at; i++) CHECK(pool[i] == 0xa5);
    }
  }
}

static void init_refuses_null_and_ranges_that_wrap(void) {
  CHECK(on->init(NULL, 100000, lm_pages_none, NULL) == NULL);
  CHECK(on->init(pool, 0, lm_pages_none, NULL) == NULL);
  CHECK(on->init(pool, SIZE_MAX, lm_pages_none, NULL) == NULL);
  CHECK(on->init((void *)(UINTPTR_MAX - 100), 200, lm_pages_none, NULL) == NULL);
}

static void a_walk_in_any_steps_visits_every_block_once_in_order(void) {
  void *a = growing(40);
  for (uint32_t step = 0; step < 400; step++) step_any(a);
  static lm_block_record all[8192];
  lm_cursor cursor = {0};
  size_t count     = on->walk(a, &cursor, all, 8192);
  CHECK(count > 50 && on->walk(a, &cursor, records, 10) == 0);
  for (size_t step = 1; step <= count + 1; step += 1 + step / 3) {
    size_t seen = 0, n;
    cursor      = (lm_cursor){0};
    while ((n = on->walk(a, &cursor, records, step)) > 0)
      for (size_t i = 0; i < n; i++, seen++)
        CHECK(seen < count && records[i].address == all[seen].address &&
              records[i].size == all[seen].size && records[i].state == all[seen].state);
    CHECK(seen == count);
  }
}

static void a_walk_goes_on_over_what_changes(void) {
  void *a = fixed(POOL);
  for (uint32_t step = 0; step < 300; step++) step_any(a);
  lm_cursor cursor = {0};
  uintptr_t below  = 0;
  size_t n, seen = 0;
  while ((n = on->walk(a, &cursor, records, 3)) > 0 && seen < 10000) {
    for (size_t i = 0; i < n; i++, seen++) {
      CHECK(records[i].address > below);
      below = records[i].address;
    }
    for (uint32_t step = 0; step < 5; step++) step_any(a);
  }
  CHECK(seen > 20 && seen < 10000 && on->holds(a));
}

static void a_walk_that_is_over_or_goes_nowhere_gives_nothing(void) {
  void *a = fixed(FIRST);
  CHECK(on->alloc(a, 100) != NULL);
  lm_cursor none = {0}, over = {0}, lost = {0};
  CHECK(on->walk(a, &none, records, 0) == 0 && !none.done && none.address == 0);
  while (on->walk(a, &over, records, 1)) {
  }
  CHECK(over.done && on->walk(a, &over, records, 10) == 0);
  lost.region = LM_WORD;  // no region has this address
  CHECK(on->walk(a, &lost, records, 10) == 0 && lost.done);
}

static void peak_is_the_most_that_was_live(void) {
  void *a = fixed(FIRST), *p = on->alloc(a, 1000), *q = on->alloc(a, 2000);
  size_t peak = on->stats(a)->live_bytes;
  CHECK(peak >= 3000 && on->stats(a)->peak_live_bytes == peak);
  CHECK(on->free(a, p) == LM_OK && on->free(a, q) == LM_OK);
  CHECK(on->stats(a)->peak_live_bytes == peak && on->stats(a)->live_bytes == 0);
  CHECK(on->stats(a)->taken_bytes == FIRST && on->stats(a)->regions == 1);
}

static void run_all(void) {
  RUN(blocks_keep_their_bytes_and_never_overlap_in_a_fixed_region);
  RUN(alloc_of_zero_gives_a_block_of_its_own);
  RUN(requests_near_SIZE_MAX_fail_and_change_nothing);
  RUN(calloc_refuses_products_that_do_not_fit);
  RUN(every_power_of_two_to_64_KiB_is_an_alignment);
  RUN(other_alignments_fail_and_change_nothing);
  RUN(realloc_keeps_the_prefix_and_one_that_fails_leaves_the_block);
  if (on->refuses) RUN(free_of_what_is_not_a_live_block_says_so_and_changes_nothing);
  if (on->refuses) RUN(a_block_freed_twice_is_refused_whatever_became_of_its_neighbours);
  if (on->refuses) RUN(a_neighbour_taken_in_by_realloc_is_no_block);
  RUN(a_full_allocator_fails_keeps_its_blocks_and_can_be_emptied);
  RUN(what_was_freed_in_any_order_is_what_there_was);
  RUN(an_allocator_in_a_block_of_another_has_its_own_blocks);
  RUN(the_smallest_region_holds_one_block_and_one_byte_less_is_refused);
  RUN(init_refuses_null_and_ranges_that_wrap);
  RUN(a_walk_in_any_steps_visits_every_block_once_in_order);
  RUN(a_walk_goes_on_over_what_changes);
  RUN(a_walk_that_is_over_or_goes_nowhere_gives_nothing);
  RUN(peak_is_the_most_that_was_live);
}

CONFORMANCE_MAIN(run_all);
