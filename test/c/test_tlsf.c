// SPDX-License-Identifier: MIT
// test_tlsf.c: what tlsf promises beyond the suite of test_conformance.c: a bound on its steps. It
// compiles tlsf.c into itself, to count each block and list that a verb touches.
#include "check.h"

static uint32_t steps;
#define LM_STEP() (steps++)
#include "../../csrc/tlsf.c"

enum { SIZE = 4 << 20, BLOCKS = 20000, MOST_STEPS = 40 };
static _Alignas(64) uint8_t pool[SIZE];
static void *blocks[BLOCKS];
static uint32_t worst;

// Notes how many steps the verb before it took.
static void steps_note(void) {
  if (steps > worst) worst = steps;
  steps = 0;
}

static lm_tlsf *new_tlsf(size_t size) {
  lm_tlsf *a = lm_tlsf_init(pool, size, lm_pages_none, NULL);
  steps = worst = 0;
  return a;
}

// Makes `count` blocks of random sizes, half of them free, and then random steps.
static void churn(lm_tlsf *a, uint32_t count, uint32_t most) {
  for (uint32_t i = 0; i < count; i++)
    blocks[i] = lm_tlsf_alloc(a, random_below(most)), steps_note();
  for (uint32_t i = 0; i < count; i += 2)
    lm_tlsf_free(a, blocks[i]), blocks[i] = NULL, steps_note();
  for (uint32_t i = 0; i < 4 * count; i++) {
    void **slot = &blocks[random_below(count)];
    switch (random_below(4)) {
    case 0:
      lm_tlsf_free(a, *slot), *slot = NULL;
      break;
    case 1:
      if (!*slot)
        *slot = lm_tlsf_alloc_aligned(a, random_below(most), (size_t)1 << random_below(10));
      break;
    case 2: {
      void *p = lm_tlsf_realloc(a, *slot, random_below(most));
      if (p) *slot = p;
      break;
    }
    default:
      if (!*slot) *slot = lm_tlsf_alloc(a, random_below(most));
    }
    steps_note();
  }
}

static void every_verb_takes_a_bounded_number_of_steps(void) {
  lm_tlsf *a = new_tlsf(SIZE);
  churn(a, 20, 300);
  CHECK(worst > 5 && worst <= MOST_STEPS && lm_tlsf_holds(a));
  a = new_tlsf(SIZE);
  churn(a, BLOCKS, 300);
  CHECK(worst <= MOST_STEPS && lm_tlsf_holds(a) && lm_tlsf_stats(a)->live_blocks > 5000);
  a = new_tlsf(200000);  // most requests fail
  churn(a, 3000, 5000);
  CHECK(worst <= MOST_STEPS && lm_tlsf_holds(a));
}

static void ten_thousand_blocks_of_one_list_are_not_looked_through(void) {
  lm_tlsf *a = new_tlsf(SIZE);
  for (uint32_t i = 0; i < 8000; i++) blocks[i] = lm_tlsf_alloc(a, i % 2 ? 8 : 264);
  for (uint32_t i = 0; i < 8000; i += 2) lm_tlsf_free(a, blocks[i]);
  while (lm_tlsf_alloc(a, 20000)) {
  }
  worst = steps = 0;
  void *p       = lm_tlsf_alloc(a, 270);  // their list, and larger than all of them
  steps_note();
  CHECK(worst <= MOST_STEPS && (!p || lm_tlsf_usable_size(a, p) >= 270) && lm_tlsf_holds(a));
}

static void every_block_is_a_multiple_of_8(void) {
  lm_tlsf *a = new_tlsf(100000);
  for (uint32_t i = 0; i < 500; i++) CHECK((uintptr_t)lm_tlsf_alloc(a, random_below(100)) % 8 == 0);
}

static void reset_frees_all_and_forgets_what_was_lent(void) {
  lm_tlsf *a  = new_tlsf(100000);
  size_t free = lm_tlsf_stats(a)->free_bytes;
  void *p = lm_tlsf_alloc(a, 100), *q = lm_tlsf_alloc(a, 1000);
  CHECK(p && q && lm_tlsf_alloc(a, 5000));
  lm_tlsf_reset(a);
  CHECK(lm_tlsf_holds(a) && lm_tlsf_stats(a)->free_bytes == free &&
        lm_tlsf_stats(a)->free_blocks == 1);
  CHECK(lm_tlsf_free(a, q) == LM_NOT_A_BLOCK && lm_tlsf_alloc(a, 50000) == p);
  CHECK(lm_tlsf_free(a, q) == LM_NOT_A_BLOCK && lm_tlsf_holds(a));  // inside the new one
}

static void a_neighbour_taken_in_whole_is_already_free(void) {
  lm_tlsf *a = new_tlsf(100000);
  void *p = lm_tlsf_alloc(a, 100), *q = lm_tlsf_alloc(a, 200), *wall = lm_tlsf_alloc(a, 8);
  size_t both = lm_tlsf_usable_size(a, p) + lm_tlsf_usable_size(a, q) + LM_WORD;
  CHECK(lm_tlsf_free(a, q) == LM_OK && lm_tlsf_realloc(a, p, both) == p);
  CHECK(lm_tlsf_free(a, q) == LM_ALREADY_FREE && lm_tlsf_check(a, wall) == LM_OK);
  CHECK(lm_tlsf_holds(a));
}

static void a_block_inside_one_lent_anew_is_already_free(void) {
  lm_tlsf *a = new_tlsf(100000);
  void *p = lm_tlsf_alloc(a, 100), *q = lm_tlsf_alloc(a, 200), *wall = lm_tlsf_alloc(a, 8);
  size_t both = lm_tlsf_usable_size(a, p) + lm_tlsf_usable_size(a, q) + LM_WORD;
  CHECK(lm_tlsf_free(a, p) == LM_OK && lm_tlsf_free(a, q) == LM_OK);  // q is joined to p
  CHECK(lm_tlsf_alloc(a, both) == p && lm_tlsf_free(a, q) == LM_ALREADY_FREE);
  CHECK(lm_tlsf_holds(a) && lm_tlsf_check(a, wall) == LM_OK);
}

static void a_hole_of_the_very_size_is_taken_before_a_larger_one(void) {
  lm_tlsf *a = new_tlsf(100000);
  void *hole = lm_tlsf_alloc(a, 1000), *wall = lm_tlsf_alloc(a, 8);
  CHECK(wall && lm_tlsf_free(a, hole) == LM_OK && lm_tlsf_alloc(a, 1000) == hole);
}

static void regions_may_come_from_below(void) {
  lm_span span = {pool, SIZE / 2};
  lm_tlsf *a   = lm_tlsf_init(pool + SIZE / 2, 65536, lm_pages_span, &span);
  void *p = lm_tlsf_alloc(a, 100), *q = lm_tlsf_alloc(a, 100000);
  CHECK(q < p && lm_tlsf_stats(a)->regions == 2 && lm_tlsf_holds(a));
  CHECK(lm_tlsf_check(a, p) == LM_OK && lm_tlsf_check(a, q) == LM_OK);
  CHECK(lm_tlsf_free(a, p) == LM_OK && lm_tlsf_free(a, q) == LM_OK && lm_tlsf_holds(a));
}

// Flips each bit of each word that it keeps for itself, and checks that holds() sees it.
static void holds_sees_every_bit_that_is_wrong(void) {
  lm_tlsf *a = new_tlsf(100000);
  lm_tags *t = &a->tags;
  for (uint32_t i = 0; i < 9; i++) blocks[i] = lm_tlsf_alloc(a, i < 6 ? 40 : 100 * i);
  for (uint32_t i = 1; i < 9; i += 2) lm_tlsf_free(a, blocks[i]);
  size_t *words[64], n = 0;
  for (uint32_t i = 0; i < 9; i++) words[n++] = &tag_of(blocks[i])->head;
  for (uint32_t i = 1; i < 9; i += 2) {
    lm_tag *b  = tag_of(blocks[i]);
    words[n++] = (size_t *)(void *)&b->next;
    words[n++] = (size_t *)(void *)&b->prev;
    words[n++] = tag_footer(b, tag_size(t, b));
  }
  words[n++] = &t->magic, words[n++] = &t->key, words[n++] = (size_t *)(void *)&t->last;
  words[n++] = &t->spans, words[n++] = &t->listed, words[n++] = &t->stats.live_blocks;
  words[n++] = &t->stats.live_bytes, words[n++] = &t->stats.regions;
  words[n++] = (size_t *)(void *)&t->region.end->head;
  CHECK(lm_tlsf_holds(a));
  for (size_t i = 0; i < n; i++) {
    for (uint32_t bit = 0; bit < sizeof(size_t) * 8; bit++) {
      *words[i] ^= (size_t)1 << bit;
      CHECK(!lm_tlsf_holds(a));
      *words[i] ^= (size_t)1 << bit;
    }
  }
  for (uint32_t row = 0; row < LM_TAGS_ROWS; row++) {
    t->rows ^= 1u << row;
    CHECK(!lm_tlsf_holds(a));
    t->rows ^= 1u << row;
    for (uint32_t col = 0; col < LM_TAGS_COLS; col++) {
      t->cols[row] ^= (uint16_t)(1u << col);
      CHECK(!lm_tlsf_holds(a));
      t->cols[row] ^= (uint16_t)(1u << col);
    }
  }
  CHECK(lm_tlsf_holds(a));
}

CHECK_MAIN(RUN(every_verb_takes_a_bounded_number_of_steps);
           RUN(ten_thousand_blocks_of_one_list_are_not_looked_through);
           RUN(every_block_is_a_multiple_of_8); RUN(reset_frees_all_and_forgets_what_was_lent);
           RUN(a_neighbour_taken_in_whole_is_already_free);
           RUN(a_block_inside_one_lent_anew_is_already_free);
           RUN(a_hole_of_the_very_size_is_taken_before_a_larger_one);
           RUN(regions_may_come_from_below); RUN(holds_sees_every_bit_that_is_wrong););
