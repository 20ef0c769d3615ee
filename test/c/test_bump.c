// SPDX-License-Identifier: MIT
// test_bump.c: blocks in order, and reset.
#include "../../csrc/bump.c"
#include "check.h"

enum { SIZE = 65536 };
static _Alignas(64) uint8_t pool[2 * SIZE];

static lm_bump *new_bump(void) { return lm_bump_init(pool, SIZE, lm_pages_none, NULL); }

static void blocks_follow_one_another_with_a_word_between(void) {
  lm_bump *a = new_bump();
  uint8_t *p = lm_bump_alloc(a, 2 * LM_ALIGN - LM_WORD);
  for (uint32_t i = 0; i < 100; i++) {
    uint8_t *q = lm_bump_alloc(a, 2 * LM_ALIGN - LM_WORD);
    CHECK(q == p + 2 * LM_ALIGN);
    p = q;
  }
}

static void what_was_freed_is_not_allocated_before_a_reset(void) {
  lm_bump *a = new_bump();
  void *p    = lm_bump_alloc(a, 100);
  CHECK(lm_bump_free(a, p) == LM_OK && lm_bump_free(a, p) == LM_ALREADY_FREE);
  CHECK(lm_bump_alloc(a, 100) > p && lm_bump_holds(a) && lm_bump_stats(a)->live_blocks == 1);
  lm_bump_reset(a);
  CHECK(lm_bump_alloc(a, 100) == p && lm_bump_holds(a));
}

static void reset_forgets_what_was_allocated(void) {
  lm_bump *a  = new_bump();
  size_t free = lm_bump_stats(a)->free_bytes;
  void *p = lm_bump_alloc(a, 100), *q = lm_bump_alloc(a, 100), *r = lm_bump_alloc(a, 100);
  CHECK(p && q && r);
  lm_bump_reset(a);
  CHECK(lm_bump_stats(a)->free_bytes == free && lm_bump_stats(a)->live_blocks == 0);
  CHECK(lm_bump_check(a, p) == LM_NOT_A_BLOCK && lm_bump_alloc(a, 5000) == p);
  CHECK(lm_bump_free(a, q) == LM_NOT_A_BLOCK && lm_bump_holds(a));  // inside the new one
}

static void reset_allocates_from_all_regions_again(void) {
  lm_span span = {pool + SIZE + 40, SIZE - 40};
  lm_bump *a   = lm_bump_init(pool, 4096, lm_pages_span, &span);
  size_t first = 0, second = 0;
  while (lm_bump_alloc(a, 1000)) first++;
  CHECK(lm_bump_stats(a)->regions == 2 && span.size < 4096 && lm_bump_holds(a));
  size_t taken = lm_bump_stats(a)->taken_bytes;
  lm_bump_reset(a);
  CHECK(lm_bump_holds(a) && lm_bump_stats(a)->free_blocks == 2);
  while (lm_bump_alloc(a, 1000)) second++;
  CHECK(first > 50 && second == first && lm_bump_stats(a)->taken_bytes == taken &&
        lm_bump_holds(a));
}

static void realloc_of_the_newest_block_is_in_place(void) {
  lm_bump *a = new_bump();
  void *p = lm_bump_alloc(a, 100), *q = lm_bump_alloc(a, 100);
  CHECK(lm_bump_realloc(a, q, 5000) == q && lm_bump_realloc(a, q, 50) == q && lm_bump_holds(a));
  CHECK(lm_bump_alloc(a, 10) < (void *)((uint8_t *)q + 200));
  CHECK(lm_bump_realloc(a, p, 50) == p && lm_bump_realloc(a, p, 500) > q && lm_bump_holds(a));
  CHECK(lm_bump_check(a, p) == LM_ALREADY_FREE);
}

static void a_request_that_fails_leaves_no_region(void) {
  lm_bump *a  = new_bump();
  size_t free = lm_bump_stats(a)->free_bytes;
  CHECK(lm_bump_alloc(a, SIZE) == NULL && lm_bump_stats(a)->free_bytes == free);
  CHECK(lm_bump_alloc(a, free) != NULL && lm_bump_alloc(a, 0) == NULL && lm_bump_holds(a));
}

static void holds_detects_what_is_wrong(void) {
  lm_bump *a = new_bump();
  void *p = lm_bump_alloc(a, 100), *q = lm_bump_alloc(a, 200);
  lm_bump_free(a, p);
  size_t *words[] = {&a->magic,
                     &a->cookie,
                     &a->resets,
                     &a->stats.live_blocks,
                     &a->stats.live_bytes,
                     &a->stats.regions,
                     (size_t *)(void *)((uint8_t *)p - LM_WORD),
                     (size_t *)(void *)((uint8_t *)q - LM_WORD),
                     (size_t *)(void *)&a->last,
                     (size_t *)(void *)&a->newest,
                     &a->region.top};
  CHECK(lm_bump_holds(a));
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    for (uint32_t bit = 0; bit < sizeof(size_t) * 8; bit++) {
      if (words[i] == &a->resets && bit >= 16) continue;  // the cookie does not depend on it
      *words[i] ^= (size_t)1 << bit;
      CHECK(!lm_bump_holds(a));
      *words[i] ^= (size_t)1 << bit;
    }
  }
  CHECK(lm_bump_holds(a));
}

static size_t *header_of(void *p) { return (size_t *)p - 1; }

static void a_header_that_is_damaged_is_no_block_and_ends_a_walk(void) {
  lm_block_record records[9];
  lm_bump *a = new_bump();
  void *p[6];
  for (size_t i = 0; i < 6; i++) p[i] = lm_bump_alloc(a, 100);
  size_t good = *header_of(p[3]), bad[] = {a->cookie, good ^ 4, good ^ LM_ALIGN << 20};
  for (size_t i = 0; i < 3; i++) {
    lm_cursor whole = {0}, part = {0};
    CHECK(lm_bump_walk(a, &part, records, 5) == 5);
    *header_of(p[3]) = bad[i];
    CHECK(lm_bump_check(a, p[3]) == LM_NOT_A_BLOCK && lm_bump_check(a, p[2]) == LM_NOT_A_BLOCK);
    CHECK(lm_bump_walk(a, &whole, records, 9) == 3 && !lm_bump_holds(a));
    a->changes++;  // so that the walk has to search for its place
    CHECK(lm_bump_walk(a, &part, records, 9) == 0 && part.done);
    *header_of(p[3]) = good;
  }
  CHECK(lm_bump_check(a, p[2]) == LM_OK && lm_bump_holds(a));
}

static void a_walk_over_a_reset_goes_on_at_the_end_of_what_is_free(void) {
  lm_block_record records[9];
  lm_span span = {pool + SIZE + 40, SIZE - 40};
  lm_bump *a   = lm_bump_init(pool, 4096, lm_pages_span, &span);
  for (size_t i = 0; i < 8; i++) CHECK(lm_bump_alloc(a, 1000) != NULL);
  lm_cursor part = {0};
  CHECK(lm_bump_walk(a, &part, records, 2) == 2);
  lm_bump_reset(a);
  size_t n = lm_bump_walk(a, &part, records, 9);
  CHECK(n > 0 && records[0].state == LM_BLOCK_FREE && records[0].address > (uintptr_t)pool + SIZE);
  lm_cursor whole = {0};
  CHECK(lm_bump_walk(a, &whole, records, 9) == 1 + n && records[0].state == LM_BLOCK_TOP);
}

static void holds_detects_words_that_cannot_be(void) {
  lm_span span = {pool + SIZE + 40, SIZE - 40};
  lm_bump *a   = lm_bump_init(pool, 4096, lm_pages_span, &span);
  for (size_t i = 0; i < 8; i++) CHECK(lm_bump_alloc(a, 1000) != NULL);
  lm_bump_region *r = &a->region, *later = r->next;
  DETECTS(lm_bump_holds(a), r->first, r->first + 1);
  DETECTS(lm_bump_holds(a), r->first, (uintptr_t)r - LM_WORD);
  DETECTS(lm_bump_holds(a), r->first, r->end);
  DETECTS(lm_bump_holds(a), r->end, r->end + 1);
  DETECTS(lm_bump_holds(a), r->top, r->end + LM_ALIGN);
  DETECTS(lm_bump_holds(a), r->top, r->top - LM_ALIGN);
  DETECTS(lm_bump_holds(a), r->next, NULL);
  DETECTS(lm_bump_holds(a), r->next, (lm_bump_region *)((uintptr_t)later + 1));
  DETECTS(lm_bump_holds(a), r->next, (lm_bump_region *)((uintptr_t)0 - LM_WORD));
  DETECTS(lm_bump_holds(a), a->newest, r);
  DETECTS(lm_bump_holds(a), a->last, r);
  DETECTS(lm_bump_holds(a), a->last, later + 1);
  DETECTS(lm_bump_holds(a), a->stats.peak_live_bytes, a->stats.live_bytes - 1);
  DETECTS(lm_bump_holds(a), a->stats.live_bytes, a->stats.live_bytes - 1);
  DETECTS(lm_bump_holds(a), a->stats.regions, 1);
  DETECTS(lm_bump_holds(a), a->stats.regions, 3);
  uintptr_t first = r->first;  // a region at the very end of the address space
  r->first        = (uintptr_t)0 - LM_WORD;
  CHECK(!lm_bump_holds(a));
  r->first = first;
  while (lm_bump_alloc(a, 0)) {
  }
  CHECK(a->newest->top == a->newest->end);
  DETECTS(lm_bump_holds(a), a->last, later + 1);  // all are full
  lm_bump_reset(a);
  CHECK(lm_bump_holds(a));
  DETECTS(lm_bump_holds(a), later->top, later->first + LM_ALIGN);  // P3: it is empty
}

// Each function that walks the chain of regions, over one that leads back to its first region.
static void no_operation_hangs_on_a_cycle_of_regions(void) {
  lm_block_record records[9];
  lm_span span = {pool + SIZE + 40, SIZE - 40};
  lm_bump *a   = lm_bump_init(pool, 4096, lm_pages_span, &span);
  for (size_t i = 0; i < 8; i++) CHECK(lm_bump_alloc(a, 1000) != NULL);
  lm_cursor cursor = {0};
  a->newest->next  = &a->region;
  CHECK(!lm_bump_holds(a) && lm_bump_walk(a, &cursor, records, 9) == 0 && cursor.done);
  CHECK(lm_bump_check(a, pool + 2 * SIZE) == LM_NOT_A_BLOCK);
  CHECK(lm_bump_free(a, pool + 2 * SIZE) == LM_NOT_A_BLOCK && !lm_bump_alloc(a, 2 * SIZE));
  lm_bump_reset(a);
  CHECK(lm_bump_stats(a)->live_blocks == 0 && lm_bump_stats(a)->free_blocks > 0);
}

CHECK_MAIN(RUN(no_operation_hangs_on_a_cycle_of_regions);
           RUN(a_header_that_is_damaged_is_no_block_and_ends_a_walk);
           RUN(a_walk_over_a_reset_goes_on_at_the_end_of_what_is_free);
           RUN(holds_detects_words_that_cannot_be);
           RUN(blocks_follow_one_another_with_a_word_between);
           RUN(what_was_freed_is_not_allocated_before_a_reset);
           RUN(reset_forgets_what_was_allocated); RUN(reset_allocates_from_all_regions_again);
           RUN(realloc_of_the_newest_block_is_in_place); RUN(a_request_that_fails_leaves_no_region);
           RUN(holds_detects_what_is_wrong););
