// SPDX-License-Identifier: MIT
// test_heap.c: alloc, calloc, realloc, free, growth and failure of the heap.
#include "heap_fixture.h"

static void random_run(lm_heap *h) {
  for (uint32_t step = 0; step < STEPS; step++) {
    size_t i = random_below(SHADOW_BLOCKS);
    if (!tracked.blocks[i].p) {
      step_alloc(h, i);
    } else if (random_below(3) == 0) {
      step_realloc(h, i);
    } else {
      step_free(h, i);
    }
    CHECK(lm_heap_holds(h));
    if (step % 64 == 0) CHECK(shadow_holds(&tracked));
    CHECK(lm_heap_stats(h)->live_blocks == shadow_live(&tracked));
    if (step % 256 == 0) walk_agrees(h);
  }
  CHECK(shadow_holds(&tracked));
  drain(h);
}

static void blocks_keep_their_bytes_and_never_overlap_in_a_fixed_region(void) {
  random_run(fixed_heap(POOL));
  random_run(fixed_heap(60000));  // often full
}

static void blocks_keep_their_bytes_and_never_overlap_while_growing(void) {
  lm_heap *h = growing_heap(0);
  random_run(h);
  CHECK(h->stats.regions == 1 && source.calls > 0);
}

static void blocks_keep_their_bytes_and_never_overlap_across_gaps(void) {
  lm_heap *h = growing_heap(24);
  random_run(h);
  CHECK(h->stats.regions > 1 && faults_gaps_kept(&source));
  growing_heap(7);
  random_run(h);  // regions that begin at odd addresses
  CHECK(h->stats.regions > 1 && faults_gaps_kept(&source));
}

static void alloc_of_zero_gives_a_block_of_its_own(void) {
  lm_heap *h = fixed_heap(FIRST);
  void *a = lm_heap_alloc(h, 0), *b = lm_heap_calloc(h, 0, 5), *c = lm_heap_calloc(h, 5, 0);
  CHECK(a && b && c && a != b && b != c && a != c);
  CHECK(lm_heap_free(h, a) == LM_OK && lm_heap_free(h, b) == LM_OK && lm_heap_free(h, c) == LM_OK);
  CHECK(lm_heap_stats(h)->live_blocks == 0);
}

static void requests_near_SIZE_MAX_fail_and_change_nothing(void) {
  lm_heap *h = fixed_heap(FIRST);
  void *p    = lm_heap_alloc(h, 100);
  pool_save();
  for (size_t k = 0; k <= 64; k++) {
    size_t sizes[] = {SIZE_MAX - k, (size_t)PTRDIFF_MAX - k, (size_t)PTRDIFF_MAX + k + 1,
                      LM_REQUEST_MAX - k, LM_REQUEST_MAX + k};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
      CHECK(lm_heap_alloc(h, sizes[i]) == NULL);
      CHECK(lm_heap_calloc(h, sizes[i], 1) == NULL && lm_heap_calloc(h, 1, sizes[i]) == NULL);
      CHECK(lm_heap_realloc(h, p, sizes[i]) == NULL && lm_heap_realloc(h, NULL, sizes[i]) == NULL);
      CHECK(lm_heap_alloc_aligned(h, sizes[i], 65536) == NULL);
    }
  }
  CHECK(pool_same());
}

static void calloc_refuses_products_that_do_not_fit(void) {
  lm_heap *h  = fixed_heap(FIRST);
  size_t half = (size_t)1 << (sizeof(size_t) * 4);
  pool_save();
  CHECK(lm_heap_calloc(h, half, half) == NULL);
  CHECK(lm_heap_calloc(h, SIZE_MAX / 4 + 2, 4) == NULL &&
        lm_heap_calloc(h, 4, SIZE_MAX / 4 + 2) == NULL);
  CHECK(lm_heap_calloc(h, SIZE_MAX / 3, 4) == NULL &&
        lm_heap_calloc(h, SIZE_MAX, SIZE_MAX) == NULL);
  CHECK(lm_heap_calloc(h, SIZE_MAX, 2) == NULL && lm_heap_calloc(h, 2, SIZE_MAX / 2 + 1) == NULL);
  CHECK(pool_same());
}

static void calloc_zeroes_memory_that_was_used(void) {
  lm_heap *h = fixed_heap(FIRST);
  uint8_t *p = lm_heap_alloc(h, 5000);
  __builtin_memset(p, 0xff, 5000);
  lm_heap_free(h, p);
  uint8_t *q = lm_heap_calloc(h, 50, 100);
  size_t sum = 0;
  for (size_t i = 0; i < 5000; i++) sum += q[i];
  CHECK(q == p && sum == 0);
}

static void every_power_of_two_to_64_KiB_is_an_alignment(void) {
  lm_heap *h = fixed_heap(POOL);
  for (size_t align = 1; align <= 65536; align *= 2) {
    for (size_t i = 0; i < 6; i++) {
      size_t size = i * 29;
      void *p     = lm_heap_alloc_aligned(h, size, align);
      CHECK(p && (uintptr_t)p % align == 0);
      if (p) shadow_allocate(&tracked, i, p, size);
      CHECK(lm_heap_holds(h));
    }
    CHECK(shadow_holds(&tracked));
    drain(h);
  }
  CHECK(h->top == h->region.first);
}

static void other_alignments_fail_and_change_nothing(void) {
  lm_heap *h = fixed_heap(POOL);
  pool_save();
  size_t wrong[] = {0, 3, 6, 24, 65535, 65537, 131072, (size_t)1 << 31, SIZE_MAX, SIZE_MAX / 2 + 1};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    CHECK(lm_heap_alloc_aligned(h, 8, wrong[i]) == NULL);
    CHECK(lm_heap_alloc_aligned(h, SIZE_MAX - 8, wrong[i]) == NULL);
  }
  CHECK(pool_same());
}

static void realloc_stays_in_place_when_it_can(void) {
  lm_heap *h = fixed_heap(FIRST);
  uint8_t *a = lm_heap_alloc(h, 1000), *b = lm_heap_alloc(h, 1000), *c = lm_heap_alloc(h, 1000);
  shadow_allocate(&tracked, 0, a, 1000);
  CHECK(lm_heap_realloc(h, a, 0) == a && lm_heap_usable_size(h, a) < 64);
  CHECK(lm_heap_realloc(h, a, 1000) == a);  // into the bytes that it released
  lm_heap_free(h, b);
  CHECK(lm_heap_realloc(h, a, 2000) == a);  // and its right neighbour
  CHECK(lm_heap_realloc(h, c, 4000) == c);  // into top
  lm_cursor cursor = {0};
  size_t all = lm_heap_usable_size(h, c), n = lm_heap_walk(h, &cursor, records, 8192);
  CHECK(records[n - 1].state == LM_BLOCK_TOP);
  all += records[n - 1].size;
  CHECK(lm_heap_realloc(h, c, all) == c && h->top == h->last->end);  // all of top
  CHECK(lm_heap_holds(h));
  CHECK(lm_heap_realloc(h, c, 10) == c && h->top != h->last->end && lm_heap_holds(h));
}

// Sizes here are of whole blocks.
static void realloc_takes_an_eighth_more_iff_a_block_grows_by_less_than_an_eighth(void) {
  enum { OLD = 16384, EIGHTH = OLD / 8, LESS = OLD + EIGHTH - 64 };
  lm_heap *h = fixed_heap(POOL);
  void *a    = lm_heap_alloc(h, OLD - LM_WORD);
  CHECK(lm_heap_realloc(h, a, OLD + EIGHTH - LM_WORD) == a);
  CHECK(lm_heap_usable_size(h, a) == OLD + EIGHTH - LM_WORD);
  void *b = lm_heap_alloc(h, OLD - LM_WORD);
  CHECK(lm_heap_realloc(h, b, LESS - LM_WORD) == b);
  CHECK(lm_heap_usable_size(h, b) == LESS + LESS / 8 / LM_ALIGN * LM_ALIGN - LM_WORD);
}

static void realloc_shrinks_a_block_iff_it_has_over_a_quarter_too_much(void) {
  enum { OLD = 4096, KEPT = OLD - OLD / 4 };
  lm_heap *h = fixed_heap(FIRST);
  uint8_t *a = lm_heap_alloc(h, OLD - LM_WORD), *wall = lm_heap_alloc(h, 3000);
  CHECK(wall && lm_heap_realloc(h, a, KEPT - LM_WORD) == a);
  CHECK(lm_heap_usable_size(h, a) == OLD - LM_WORD);
  CHECK(lm_heap_realloc(h, a, KEPT - LM_ALIGN - LM_WORD) == a);
  CHECK(lm_heap_usable_size(h, a) == KEPT - LM_ALIGN - LM_WORD && lm_heap_holds(h));
}

static void a_block_that_realloc_took_in_is_not_freed_again(void) {
  for (size_t size = 40; size <= 40000; size *= 10) {
    for (int walled = 0; walled < 2; walled++) {
      lm_heap *h    = fixed_heap(POOL);
      uint8_t *p    = lm_heap_alloc(h, size);
      uint8_t *q    = lm_heap_alloc(h, size);
      uint8_t *wall = walled ? lm_heap_alloc(h, size) : NULL;
      CHECK(p && q && lm_heap_free(h, q) == LM_OK);
      CHECK(lm_heap_realloc(h, p, 2 * size) == p);
      CHECK(lm_heap_free(h, q) == LM_ALREADY_FREE && lm_heap_holds(h));
      CHECK(lm_heap_free(h, p) == LM_OK && lm_heap_free(h, wall) == LM_OK && lm_heap_holds(h));
    }
  }
}

static void realloc_grows_memory_at_the_heaps_end(void) {
  lm_heap *h = growing_heap(0);
  uint8_t *p = lm_heap_alloc(h, 100);
  shadow_allocate(&tracked, 0, p, 100);
  for (size_t size = 200; size < POOL / 2; size += size / 3)
    CHECK(lm_heap_realloc(h, p, size) == p);
  CHECK(shadow_holds(&tracked) && lm_heap_holds(h) && lm_heap_stats(h)->live_blocks == 1);
}

static void realloc_moves_the_bytes_when_it_must(void) {
  lm_heap *h = growing_heap(16);
  uint8_t *p = lm_heap_alloc(h, 5000), *wall = lm_heap_alloc(h, 8);
  shadow_allocate(&tracked, 0, p, 5000);
  shadow_block old = tracked.blocks[0];
  uint8_t *q       = lm_heap_realloc(h, p, 9000);
  CHECK(q && q != p && shadow_kept(&old, q, 5000));
  CHECK(lm_heap_check(h, p) == LM_ALREADY_FREE && lm_heap_holds(h));
  uint8_t *r = lm_heap_realloc(h, q, 100000);  // at the end, but the new memory is not adjacent
  CHECK(r && shadow_kept(&old, r, 5000) && h->stats.regions > 1 && lm_heap_holds(h));
  CHECK(lm_heap_realloc(h, NULL, 10) != NULL && lm_heap_free(h, wall) == LM_OK);
}

static void realloc_that_fails_leaves_the_block(void) {
  lm_heap *h = fixed_heap(FIRST);
  uint8_t *p = lm_heap_alloc(h, 3000);
  shadow_allocate(&tracked, 0, p, 3000);
  pool_save();
  CHECK(lm_heap_realloc(h, p, FIRST) == NULL);
  CHECK(pool_same() && shadow_holds(&tracked) && lm_heap_free(h, p) == LM_OK);
}

static void a_full_heap_fails_keeps_its_blocks_and_frees_to_one_block(void) {
  lm_heap *h   = fixed_heap(FIRST);
  size_t whole = lm_heap_stats(h)->free_bytes, n = 0;
  for (; n < SHADOW_BLOCKS; n++) {
    void *p = lm_heap_alloc(h, 56);
    if (!p) break;
    shadow_allocate(&tracked, n, p, 56);
  }
  CHECK(n > 100 && n < SHADOW_BLOCKS);
  while (lm_heap_alloc(h, 0)) {
  }
  pool_save();
  CHECK(lm_heap_alloc(h, 0) == NULL && lm_heap_alloc_aligned(h, 1, 4096) == NULL);
  CHECK(pool_same_but_state() && shadow_holds(&tracked) && h->top == h->last->end &&
        lm_heap_holds(h));
  lm_cursor cursor = {0};
  size_t count     = lm_heap_walk(h, &cursor, records, 8192);
  for (size_t i = 0; i < count; i++)
    CHECK(lm_heap_free(h, (void *)records[i].address) == LM_OK && lm_heap_holds(h));
  CHECK(lm_heap_stats(h)->free_blocks == 1 && h->stats.free_bytes == whole);
  CHECK(lm_heap_alloc(h, whole) != NULL && lm_heap_alloc(h, 0) == NULL);
}

static void what_is_left_can_be_had_to_the_last_byte_and_not_one_more(void) {
  for (size_t used = 0; used < 200; used++) {
    lm_heap *h = fixed_heap(FIRST);
    lm_heap_alloc(h, used);
    size_t left = lm_heap_stats(h)->free_bytes;
    CHECK(lm_heap_alloc(h, left + 1) == NULL);
    void *p = lm_heap_alloc(h, left);
    CHECK(p && lm_heap_stats(h)->live_blocks == 2 && lm_heap_holds(h));
    CHECK(lm_heap_free(h, p) == LM_OK && lm_heap_stats(h)->free_bytes == left);
  }
}

// Two block sizes, of one bin at every LM_ALIGN.
#define SCALE (LM_ALIGN > 16 ? LM_ALIGN / 16 : 1)
#define LARGER ((size_t)1060 * SCALE)
#define SMALLER ((size_t)1040 * SCALE)

static void a_hole_is_found_behind_smaller_ones_of_its_bin(void) {
  lm_heap *h = fixed_heap(60000);
  void *fits = lm_heap_alloc(h, LARGER), *wall = lm_heap_alloc(h, 0);
  void *small = lm_heap_alloc(h, SMALLER);
  CHECK(wall && lm_heap_alloc(h, 0) && lm_heap_alloc(h, lm_heap_stats(h)->free_bytes - 64));
  while (lm_heap_alloc(h, 0)) {
  }
  lm_heap_free(h, fits), lm_heap_free(h, small);
  CHECK(lm_heap_alloc(h, LARGER) == fits && lm_heap_holds(h));
}

// Makes a bin with `low` holes of SMALLER bytes before one of LARGER; nothing else is free.
static void *hole_behind(lm_heap *h, size_t low) {
  void *holes[40], *fits = lm_heap_alloc(h, LARGER);
  for (size_t i = 0; i < low; i++) {
    CHECK(lm_heap_alloc(h, 1500) != NULL);
    holes[i] = lm_heap_alloc(h, SMALLER);
  }
  CHECK(lm_heap_alloc(h, 1500) && lm_heap_alloc(h, lm_heap_stats(h)->free_bytes));
  lm_heap_free(h, fits);
  for (size_t i = 0; i < low; i++) lm_heap_free(h, holes[i]);
  CHECK(lm_heap_stats(h)->free_blocks == low + 1);
  return fits;
}

static void a_hole_is_found_behind_any_number_of_smaller_ones_before_a_request_fails(void) {
  for (size_t low = 1; low < 40; low += 6) {
    lm_heap *h = fixed_heap(POOL / 4 * (SCALE > 2 ? 2 : 1));
    void *fits = hole_behind(h, low);
    CHECK(lm_heap_alloc(h, LARGER) == fits && lm_heap_alloc(h, LARGER) == NULL);
    CHECK(lm_heap_holds(h));
  }
}

// Runs a fixed list of operations over a heap whose page source fails at call `k`. Returns the
// number of its calls.
static uint32_t faulty_run(uint32_t k, bool for_ever, size_t gap) {
  lm_heap *h      = growing_heap(gap);
  source.fail_at  = k;
  source.for_ever = for_ever;
  for (size_t i = 0; i < 24; i++) {
    size_t size       = 1000 + i * 700;
    size_t before     = lm_heap_stats(h)->live_blocks;
    uint32_t calls    = source.calls;
    uint8_t *p        = i % 3 == 2   ? lm_heap_alloc_aligned(h, size, 256)
                        : i % 3 == 1 ? lm_heap_calloc(h, size, 1)
                                     : lm_heap_alloc(h, size);
    bool asked_failed = k && source.calls >= k && (calls < k || for_ever) && source.calls > calls;
    CHECK(p || asked_failed);
    if (p) shadow_allocate(&tracked, i, p, size);
    CHECK(lm_heap_stats(h)->live_blocks == before + (p != NULL));
    CHECK(lm_heap_holds(h) && shadow_holds(&tracked));
  }
  for (size_t i = 0; i < 24; i += 5) {
    if (!tracked.blocks[i].p) continue;
    shadow_block old = tracked.blocks[i];
    uint8_t *p       = lm_heap_realloc(h, old.p, 40000);
    CHECK(shadow_kept(&old, p ? p : old.p, old.size));
    if (p) shadow_allocate(&tracked, i, p, 40000);
    CHECK(lm_heap_holds(h) && shadow_holds(&tracked));
  }
  drain(h);
  CHECK(faults_gaps_kept(&source));
  CHECK(lm_heap_alloc(h, 10000) || for_ever);  // a past failure has no effect
  return source.calls;
}

static void every_call_of_the_page_source_may_fail(void) {
  for (size_t gap = 0; gap <= 40; gap += 20) {
    for (uint32_t how = 0; how < 2; how++) {
      uint32_t calls = 1, k = 1;
      for (; k <= calls + 1; k++) calls = faulty_run(k, how == 1, gap);
      CHECK(how == 1 || k > 10);
    }
  }
}

static void the_smallest_region_holds_one_block_and_one_byte_less_is_refused(void) {
  size_t size = 0;
  while (size < FIRST && !lm_heap_init(pool, size, lm_pages_none, NULL)) size++;
  CHECK(size > sizeof(lm_heap) && size < sizeof(lm_heap) + 96 + (LM_ALIGN > 32 ? 2 * LM_ALIGN : 0));
  pool_save();
  CHECK(lm_heap_init(pool, size - 1, lm_pages_none, NULL) == NULL && pool_same());
  for (size_t at = 0; at < 64; at++) {
    for (size_t more = 0; more < 48; more++) {
      __builtin_memset(pool, 0xa5, FIRST);
      lm_heap *h = lm_heap_init(pool + at, size + more, lm_pages_none, NULL);
      CHECK((at % 16 + more >= 16 || at % 16 == 0) || !h || lm_heap_holds(h));
      if (!h) continue;
      void *p = lm_heap_alloc(h, 0);
      CHECK(p && lm_heap_holds(h) && lm_heap_free(h, p) == LM_OK && lm_heap_holds(h));
      for (size_t i = 0; i < 64; i++) CHECK(pool[at + size + more + i] == 0xa5);
      for (size_t i = 0; i < at; i++) CHECK(pool[i] == 0xa5);
    }
  }
}

static void init_refuses_null_and_ranges_that_wrap(void) {
  CHECK(lm_heap_init(NULL, 100000, lm_pages_none, NULL) == NULL);
  CHECK(lm_heap_init(pool, 0, lm_pages_none, NULL) == NULL);
  CHECK(lm_heap_init(pool, SIZE_MAX, lm_pages_none, NULL) == NULL);
  CHECK(lm_heap_init((void *)(UINTPTR_MAX - 100), 200, lm_pages_none, NULL) == NULL);
}

static void the_first_small_block_needs_at_most_4_KiB(void) {
  lm_heap *h = fixed_heap(FIRST);
  uint8_t *p = lm_heap_alloc(h, 16);
  CHECK(p + 16 <= pool + (sizeof(void *) == 4 ? 4096 : 8192) && h->region.first->head != 0);
}

static void peak_is_the_most_that_was_live(void) {
  lm_heap *h = fixed_heap(FIRST);
  void *p = lm_heap_alloc(h, 1000), *q = lm_heap_alloc(h, 2000);
  size_t peak = lm_heap_stats(h)->live_bytes;
  CHECK(peak >= 3000 && h->stats.peak_live_bytes == peak);
  lm_heap_free(h, p), lm_heap_free(h, q);
  CHECK(lm_heap_stats(h)->peak_live_bytes == peak && lm_heap_stats(h)->live_bytes == 0);
  CHECK(h->stats.taken_bytes == FIRST && h->stats.regions == 1);
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

// Returns 256 bytes at each call, whatever the request; `state` counts on from 256.
static void *mean_more(lm_pages *self, size_t min, size_t *got) {
  size_t *calls = self->state;
  (void)min;
  *got = 256;
  return pool + FIRST + 512 * (*calls)++ % (POOL - FIRST - 512);
}

static void a_source_that_gives_too_little_twice_is_asked_no_more(void) {
  lm_heap *h      = growing_heap(24);
  size_t gift     = 256;
  h->pages.refill = mean_more, h->pages.state = &gift;
  CHECK(lm_heap_alloc(h, FIRST) == NULL && gift == 258 && lm_heap_holds(h));
  CHECK(h->stats.regions == 3 && lm_heap_alloc(h, 64) != NULL);
}

static void a_source_that_gives_less_than_asked_for_is_not_trusted(void) {
  for (size_t gift = 1; gift < 200; gift++) {
    size_t left     = gift;
    lm_heap *h      = fixed_heap(FIRST);
    h->pages.refill = stingy_more;
    h->pages.state  = &left;
    CHECK(lm_heap_alloc(h, FIRST) == NULL && lm_heap_holds(h));
    for (size_t i = gift; i < 300; i++) CHECK(pool[FIRST + 8 + i] == 0xa5);
    CHECK(lm_heap_alloc(h, 100) != NULL);
  }
}

CHECK_MAIN(RUN(blocks_keep_their_bytes_and_never_overlap_in_a_fixed_region);
           RUN(blocks_keep_their_bytes_and_never_overlap_while_growing);
           RUN(blocks_keep_their_bytes_and_never_overlap_across_gaps);
           RUN(alloc_of_zero_gives_a_block_of_its_own);
           RUN(requests_near_SIZE_MAX_fail_and_change_nothing);
           RUN(calloc_refuses_products_that_do_not_fit); RUN(calloc_zeroes_memory_that_was_used);
           RUN(every_power_of_two_to_64_KiB_is_an_alignment);
           RUN(other_alignments_fail_and_change_nothing); RUN(realloc_stays_in_place_when_it_can);
           RUN(realloc_takes_an_eighth_more_iff_a_block_grows_by_less_than_an_eighth);
           RUN(realloc_shrinks_a_block_iff_it_has_over_a_quarter_too_much);
           RUN_REFUSAL(a_block_that_realloc_took_in_is_not_freed_again);
           RUN(realloc_grows_memory_at_the_heaps_end); RUN(realloc_moves_the_bytes_when_it_must);
           RUN(realloc_that_fails_leaves_the_block);
           RUN(a_full_heap_fails_keeps_its_blocks_and_frees_to_one_block);
           RUN(what_is_left_can_be_had_to_the_last_byte_and_not_one_more);
           RUN(a_hole_is_found_behind_smaller_ones_of_its_bin);
           RUN(a_hole_is_found_behind_any_number_of_smaller_ones_before_a_request_fails);
           RUN(every_call_of_the_page_source_may_fail);
           RUN(the_smallest_region_holds_one_block_and_one_byte_less_is_refused);
           RUN(init_refuses_null_and_ranges_that_wrap);
           RUN(the_first_small_block_needs_at_most_4_KiB); RUN(peak_is_the_most_that_was_live);
           RUN(a_source_that_gives_too_little_twice_is_asked_no_more);
           RUN(a_source_that_gives_less_than_asked_for_is_not_trusted););
