// SPDX-License-Identifier: MIT
// test_bestfit.c: the 125 % rule, the header, and the bound on searches of a bin.
#include "check.h"

static uint32_t steps;
#define LM_STEP() (steps++)
#include "../../csrc/bestfit.c"

enum { SIZE = 2 << 20, BLOCKS = 10000 };
static _Alignas(64) uint8_t pool[SIZE];
static void *blocks[BLOCKS];

static lm_bestfit *new_bestfit(void) {
  lm_bestfit *a = lm_bestfit_init(pool, SIZE, lm_pages_none, NULL);
  CHECK(a != NULL);
  return a;
}

static size_t word_at(const void *p, size_t below) {
  return *(const size_t *)((uintptr_t)p - below);
}

static void the_words_below_a_block_are_its_logical_and_effective_size(void) {
  lm_bestfit *a = new_bestfit();
  for (size_t size = 0; size < 300; size++) {
    void *p          = lm_bestfit_alloc(a, size);
    size_t effective = lm_bestfit_usable_size(a, p);
    CHECK(word_at(p, 2 * LM_WORD) == size && lm_bestfit_size(a, p) == size && effective >= size);
    CHECK((word_at(p, LM_WORD) ^ a->tags.cookie) == effective + 2 * LM_WORD);
  }
  CHECK(2 * LM_WORD == 8 || LM_WORD == 8);
}

static void a_hole_is_allocated_whole_up_to_125_percent_and_cut_above(void) {
  for (size_t request = 700; request <= 1000; request += 4) {
    lm_bestfit *a = new_bestfit();
    void *hole = lm_bestfit_alloc(a, 1000), *wall = lm_bestfit_alloc(a, 8);
    size_t effective = lm_bestfit_usable_size(a, hole);
    CHECK(wall && lm_bestfit_free(a, hole) == LM_OK && lm_bestfit_alloc(a, request) == hole);
    bool whole = effective - request <= request / 4;
    CHECK((lm_bestfit_usable_size(a, hole) == effective) == whole && lm_bestfit_holds(a));
    CHECK(lm_bestfit_usable_size(a, hole) - request <= request / 4);
    CHECK(lm_bestfit_size(a, hole) == request);
  }
}

static void the_smallest_hole_that_fits_is_taken(void) {
  lm_bestfit *a = new_bestfit();
  void *hole[6];
  for (size_t i = 0; i < 6; i++) {
    hole[i] = lm_bestfit_alloc(a, 100 + 8 * ((i * 5) % 6));
    CHECK(lm_bestfit_alloc(a, 8) != NULL);
  }
  for (size_t i = 0; i < 6; i++) CHECK(lm_bestfit_free(a, hole[i]) == LM_OK);
  for (size_t k = 0; k < 6; k++) {
    void *p = lm_bestfit_alloc(a, 100 + 8 * k);
    CHECK(lm_bestfit_usable_size(a, p) < 100 + 8 * k + 2 * LM_ALIGN && p != NULL);
  }
  CHECK(lm_bestfit_holds(a));
}

static void among_the_first_of_a_list_the_smallest_is_taken(void) {
  lm_bestfit *a = new_bestfit();
  void *hole[4];
  size_t sizes[] = {4200, 4100, 4240, 4160};  // one bin
  for (size_t i = 0; i < 4; i++) hole[i] = lm_bestfit_alloc(a, sizes[i]), lm_bestfit_alloc(a, 8);
  for (size_t i = 0; i < 4; i++) CHECK(lm_bestfit_free(a, hole[i]) == LM_OK);
  CHECK(lm_bestfit_alloc(a, 4160) == hole[3] && lm_bestfit_alloc(a, 4160) == hole[0]);
}

static void thousands_of_free_blocks_are_not_looked_through(void) {
  lm_bestfit *a = new_bestfit();
  for (uint32_t i = 0; i < BLOCKS; i++) blocks[i] = lm_bestfit_alloc(a, i % 2 ? 8 : 264);
  for (uint32_t i = 0; i < BLOCKS; i += 2) lm_bestfit_free(a, blocks[i]);
  CHECK(lm_bestfit_stats(a)->free_blocks >= BLOCKS / 2);
  steps = 0;
  CHECK(lm_bestfit_alloc(a, 264) != NULL && steps < 40);
  steps = 0;
  CHECK(lm_bestfit_alloc(a, 272) != NULL && steps < 40);
}

static void a_request_that_would_fail_finds_the_last_block_of_its_bin(void) {
  lm_bestfit *a = new_bestfit();
  void *fits    = lm_bestfit_alloc(a, 4240);
  for (uint32_t i = 0; i < 40; i++) lm_bestfit_alloc(a, 8), blocks[i] = lm_bestfit_alloc(a, 4100);
  while (lm_bestfit_alloc(a, 5000)) {
  }
  while (lm_bestfit_alloc(a, 100)) {
  }
  lm_bestfit_free(a, fits);
  for (uint32_t i = 0; i < 39; i++) lm_bestfit_free(a, blocks[i]);
  CHECK(lm_bestfit_alloc(a, 4230) == fits && lm_bestfit_alloc(a, 4230) == NULL);
}

static void realloc_to_less_keeps_the_effective_size(void) {
  lm_bestfit *a = new_bestfit();
  void *p       = lm_bestfit_alloc(a, 1000);
  CHECK(lm_bestfit_alloc(a, 8) && lm_bestfit_realloc(a, p, 10) == p && lm_bestfit_size(a, p) == 10);
  CHECK(lm_bestfit_usable_size(a, p) >= 1000 && lm_bestfit_realloc(a, p, 1000) == p);
  CHECK(lm_bestfit_size(a, p) == 1000 && lm_bestfit_holds(a));
}

static void a_logical_size_over_the_effective_one_is_seen(void) {
  lm_bestfit *a              = new_bestfit();
  void *p                    = lm_bestfit_alloc(a, 100);
  *logical_size(block_of(p)) = 255;
  CHECK(lm_bestfit_check(a, p) == LM_NOT_A_BLOCK && !lm_bestfit_holds(a) && lm_bestfit_is(a));
  CHECK(lm_bestfit_free(a, p) == LM_NOT_A_BLOCK && lm_bestfit_size(a, p) == 0);
  *logical_size(block_of(p)) = 100;
  DETECTS(lm_bestfit_holds(a), a->tags.free_count, 7);
  CHECK(lm_bestfit_holds(a) && lm_bestfit_free(a, p) == LM_OK && lm_bestfit_size(a, p) == 0);
}

static void reset_frees_all(void) {
  lm_bestfit *a = new_bestfit();
  void *p = lm_bestfit_alloc(a, 100), *q = lm_bestfit_alloc(a, 100);
  lm_bestfit_reset(a);
  CHECK(lm_bestfit_holds(a) && lm_bestfit_stats(a)->live_blocks == 0);
  CHECK(lm_bestfit_alloc(a, 5000) == p && lm_bestfit_free(a, q) == LM_NOT_A_BLOCK);
}

CHECK_MAIN(RUN(the_words_below_a_block_are_its_logical_and_effective_size);
           RUN(a_hole_is_allocated_whole_up_to_125_percent_and_cut_above);
           RUN(the_smallest_hole_that_fits_is_taken);
           RUN(among_the_first_of_a_list_the_smallest_is_taken);
           RUN(thousands_of_free_blocks_are_not_looked_through);
           RUN(a_request_that_would_fail_finds_the_last_block_of_its_bin);
           RUN(realloc_to_less_keeps_the_effective_size);
           RUN(a_logical_size_over_the_effective_one_is_seen); RUN(reset_frees_all););
