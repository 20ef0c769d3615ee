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

static void what_was_freed_is_not_lent_before_a_reset(void) {
  lm_bump *a = new_bump();
  void *p    = lm_bump_alloc(a, 100);
  CHECK(lm_bump_free(a, p) == LM_OK && lm_bump_free(a, p) == LM_ALREADY_FREE);
  CHECK(lm_bump_alloc(a, 100) > p && lm_bump_holds(a) && lm_bump_stats(a)->live_blocks == 1);
  lm_bump_reset(a);
  CHECK(lm_bump_alloc(a, 100) == p && lm_bump_holds(a));
}

static void reset_forgets_what_was_lent(void) {
  lm_bump *a  = new_bump();
  size_t free = lm_bump_stats(a)->free_bytes;
  void *p = lm_bump_alloc(a, 100), *q = lm_bump_alloc(a, 100), *r = lm_bump_alloc(a, 100);
  CHECK(p && q && r);
  lm_bump_reset(a);
  CHECK(lm_bump_stats(a)->free_bytes == free && lm_bump_stats(a)->live_blocks == 0);
  CHECK(lm_bump_check(a, p) == LM_NOT_A_BLOCK && lm_bump_alloc(a, 5000) == p);
  CHECK(lm_bump_free(a, q) == LM_NOT_A_BLOCK && lm_bump_holds(a));  // inside the new one
}

static void reset_lends_from_all_regions_again(void) {
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

static void holds_sees_what_is_wrong(void) {
  lm_bump *a = new_bump();
  void *p = lm_bump_alloc(a, 100), *q = lm_bump_alloc(a, 200);
  lm_bump_free(a, p);
  size_t *words[] = {&a->magic,
                     &a->key,
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
      if (words[i] == &a->resets && bit >= 16) continue;  // what the key does not depend on
      *words[i] ^= (size_t)1 << bit;
      CHECK(!lm_bump_holds(a));
      *words[i] ^= (size_t)1 << bit;
    }
  }
  CHECK(lm_bump_holds(a));
}

CHECK_MAIN(RUN(blocks_follow_one_another_with_a_word_between);
           RUN(what_was_freed_is_not_lent_before_a_reset); RUN(reset_forgets_what_was_lent);
           RUN(reset_lends_from_all_regions_again); RUN(realloc_of_the_newest_block_is_in_place);
           RUN(a_request_that_fails_leaves_no_region); RUN(holds_sees_what_is_wrong););
