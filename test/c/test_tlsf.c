// SPDX-License-Identifier: MIT
// test_tlsf.c: tests of tlsf in addition to test_conformance.c: the bound on its steps. It compiles
// tlsf.c into itself, to count each block and bin that an operation touches.
#include "check.h"

static uint32_t steps;
#define LM_STEP() (steps++)
#include "../../csrc/tlsf.c"

enum { SIZE = 4 << 20, BLOCKS = 20000, MOST_STEPS = 40 };
static _Alignas(64) uint8_t pool[SIZE];
static void *blocks[BLOCKS];
static uint32_t worst;

// Records the number of steps of the operation before it.
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
  void *p       = lm_tlsf_alloc(a, 270);  // their bin, and larger than all of them
  steps_note();
  CHECK(worst <= MOST_STEPS && (!p || lm_tlsf_usable_size(a, p) >= 270) && lm_tlsf_holds(a));
}

static void every_block_is_a_multiple_of_8(void) {
  lm_tlsf *a = new_tlsf(100000);
  for (uint32_t i = 0; i < 500; i++) CHECK((uintptr_t)lm_tlsf_alloc(a, random_below(100)) % 8 == 0);
}

static void reset_frees_all_and_forgets_what_was_allocated(void) {
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

static void a_block_inside_one_allocated_anew_is_already_free(void) {
  lm_tlsf *a = new_tlsf(100000);
  void *p = lm_tlsf_alloc(a, 100), *q = lm_tlsf_alloc(a, 200), *wall = lm_tlsf_alloc(a, 8);
  size_t both = lm_tlsf_usable_size(a, p) + lm_tlsf_usable_size(a, q) + LM_WORD;
  CHECK(lm_tlsf_free(a, p) == LM_OK && lm_tlsf_free(a, q) == LM_OK);  // q is merged with p
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

// Flips each bit of each word of the metadata, and checks that holds() detects it.
static void holds_detects_every_bit_that_is_wrong(void) {
  lm_tlsf *a          = new_tlsf(100000);
  lm_boundary_tags *t = &a->tags;
  for (uint32_t i = 0; i < 9; i++) blocks[i] = lm_tlsf_alloc(a, i < 6 ? 40 : 100 * i);
  for (uint32_t i = 1; i < 9; i += 2) lm_tlsf_free(a, blocks[i]);
  size_t *words[64], n = 0;
  for (uint32_t i = 0; i < 9; i++) words[n++] = &block_of(blocks[i])->head;
  for (uint32_t i = 1; i < 9; i += 2) {
    lm_block *b = block_of(blocks[i]);
    words[n++]  = (size_t *)(void *)&b->next;
    words[n++]  = (size_t *)(void *)&b->prev;
    words[n++]  = block_footer(b, block_size(t, b));
  }
  words[n++] = &t->magic, words[n++] = &t->cookie, words[n++] = (size_t *)(void *)&t->last;
  words[n++] = &t->spans, words[n++] = &t->free_count, words[n++] = &t->stats.live_blocks;
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
  for (uint32_t bit = 0; bit < LM_BIN_WORDS * 64; bit++) {
    t->filled[bit / 64] ^= (uint64_t)1 << (bit % 64);
    CHECK(!lm_tlsf_holds(a));
    t->filled[bit / 64] ^= (uint64_t)1 << (bit % 64);
  }
  CHECK(lm_tlsf_holds(a));
}

static size_t *word_at(const void *p) { return (size_t *)(uintptr_t)p; }

// Makes the word below `p` say that a block of `size` bytes with `flags` begins there.
static void header_fake(lm_tlsf *a, void *p, size_t size, size_t flags) {
  word_at(p)[-1] = (size ^ a->tags.cookie) | flags;
}

static void what_looks_like_a_header_is_asked_for_its_neighbours(void) {
  lm_tlsf *a = new_tlsf(100000);
  uint8_t *p = lm_tlsf_alloc(a, 1000), *in = p + 4 * LM_ALIGN, *next = in + 8 * LM_ALIGN;
  __builtin_memset(p, 0, 1000);
  header_fake(a, in, 8 * LM_ALIGN, 0);
  CHECK(lm_tlsf_check(a, in) == LM_NOT_A_BLOCK);  // the next header is not valid
  header_fake(a, next, 8 * LM_ALIGN, PREV_FREE);
  CHECK(lm_tlsf_check(a, in) == LM_NOT_A_BLOCK);  // the next header says that its block is free
  header_fake(a, next, 8 * LM_ALIGN, 0);
  CHECK(lm_tlsf_check(a, in) == LM_OK);  // the check is cheap, not complete
  header_fake(a, in, 8 * LM_ALIGN, PREV_FREE);
  size_t wrong[] = {0, LM_ALIGN + 1, SIZE_MAX, 2 * LM_ALIGN};
  for (size_t i = 0; i < 4; i++) {
    word_at(in)[-2] = wrong[i];
    CHECK(lm_tlsf_check(a, in) == LM_NOT_A_BLOCK);  // the block below is not free
  }
  header_fake(a, in, 0, 0);
  CHECK(lm_tlsf_check(a, in) == LM_NOT_A_BLOCK && lm_tlsf_holds(a));
}

static void the_end_of_a_region_is_no_block(void) {
  lm_span span = {pool + 200000, 100000};
  lm_tlsf *a   = lm_tlsf_init(pool, 100000, lm_pages_span, &span);
  CHECK(lm_tlsf_alloc(a, 90000) && lm_tlsf_alloc(a, 50000) && lm_tlsf_stats(a)->regions == 2);
  CHECK(lm_tlsf_check(a, block_payload(a->tags.region.end)) == LM_NOT_A_BLOCK);
  CHECK(lm_tlsf_holds(a));
}

static void a_walk_ends_at_a_header_that_is_damaged(void) {
  lm_block_record records[9];
  lm_tlsf *a = new_tlsf(100000);
  for (uint32_t i = 0; i < 6; i++) blocks[i] = lm_tlsf_alloc(a, 100);
  lm_block *b  = block_of(blocks[3]);
  size_t good  = b->head;
  size_t bad[] = {a->tags.cookie, good ^ 4, good ^ LM_ALIGN << 20};
  for (size_t i = 0; i < 3; i++) {
    lm_cursor whole = {0}, part = {0};
    b->head = bad[i];
    CHECK(lm_tlsf_walk(a, &whole, records, 9) == 3 && !lm_tlsf_holds(a));
    b->head = good;
    CHECK(lm_tlsf_walk(a, &part, records, 5) == 5);
    a->tags.changes++;  // so that the walk has to search for its place
    b->head = bad[i];
    CHECK(lm_tlsf_walk(a, &part, records, 9) == 0 && part.done);
    b->head = good;
  }
  lm_cursor beyond = {0};
  CHECK(lm_tlsf_walk(a, &beyond, records, 1) == 1);
  beyond.address = (uintptr_t)a->tags.last->end + LM_ALIGN;
  CHECK(lm_tlsf_walk(a, &beyond, records, 9) == 0 && beyond.done);
  beyond = (lm_cursor){.region = (uintptr_t)&a->tags.region, .address = UINTPTR_MAX};
  a->tags.changes++;
  CHECK(lm_tlsf_walk(a, &beyond, records, 9) == 0 && beyond.done);
  CHECK(lm_tlsf_holds(a));
}

static void holds_detects_words_that_cannot_be(void) {
  lm_span span        = {pool + 200000, 400000};
  lm_tlsf *a          = lm_tlsf_init(pool, 100000, lm_pages_span, &span);
  lm_boundary_tags *t = &a->tags;
  for (uint32_t i = 0; i < 9; i++) blocks[i] = lm_tlsf_alloc(a, 2000);
  for (uint32_t i = 0; i < 9; i += 2) lm_tlsf_free(a, blocks[i]);
  CHECK(lm_tlsf_alloc(a, 95000) && t->stats.regions == 2);
  lm_region *r    = &t->region;
  lm_block *first = r->first, *end = r->end, *low = block_of(blocks[4]);
  DETECTS(lm_tlsf_holds(a), r->first, (lm_block *)((uintptr_t)first + 1));
  DETECTS(lm_tlsf_holds(a), r->first, (lm_block *)((uintptr_t)r - LM_WORD));
  DETECTS(lm_tlsf_holds(a), r->end, (lm_block *)((uintptr_t)end + 1));
  DETECTS(lm_tlsf_holds(a), r->end, first);
  DETECTS(lm_tlsf_holds(a), r->end, (lm_block *)((uintptr_t)0 - LM_WORD));
  DETECTS(lm_tlsf_holds(a), t->low, (uintptr_t)first + LM_ALIGN);
  DETECTS(lm_tlsf_holds(a), t->high, (uintptr_t)t->last->end - LM_ALIGN);
  DETECTS(lm_tlsf_holds(a), t->last, r);
  DETECTS(lm_tlsf_holds(a), r->next, NULL);
  DETECTS(lm_tlsf_holds(a), t->stats.peak_live_bytes, t->stats.live_bytes - 1);
  DETECTS(lm_tlsf_holds(a), t->pages.taken, t->spans - 1);
  DETECTS(lm_tlsf_holds(a), end->head, t->cookie | FREE);
  DETECTS(lm_tlsf_holds(a), end->head, t->cookie ^ LM_ALIGN);
  DETECTS(lm_tlsf_holds(a), end->head, t->cookie ^ 4);
  DETECTS(lm_tlsf_holds(a), end->head, t->cookie ^ BLOCK_MIN);
  DETECTS(lm_tlsf_holds(a), low->head,
          t->cookie ^ 300000 / LM_ALIGN * LM_ALIGN);  // beyond its region
  DETECTS(lm_tlsf_holds(a), r->first, (lm_block *)(((uintptr_t)r & ~(uintptr_t)FLAGS) - LM_WORD));
  lm_block *lowest = block_of(blocks[0]);
  DETECTS(lm_tlsf_holds(a), lowest->next, (lm_block *)(uintptr_t)16);
  DETECTS(lm_tlsf_holds(a), lowest->next, low);
  DETECTS(lm_tlsf_holds(a), low->head, low->head & ~(size_t)FREE);
  DETECTS(lm_tlsf_holds(a), low->next, low);
  DETECTS(lm_tlsf_holds(a), low->next, (lm_block *)(uintptr_t)16);
  DETECTS(lm_tlsf_holds(a), low->prev, low);
  DETECTS(lm_tlsf_holds(a), t->bins[1], low);
  t->filled[0] ^= 2;  // so that the bin is searched
  t->bins[1] = (lm_block *)(uintptr_t)16;
  CHECK(!lm_tlsf_holds(a));
  t->bins[1] = low;
  CHECK(!lm_tlsf_holds(a));
  t->filled[0] ^= 2, t->bins[1] = NULL;
  unsigned list = bin_of(block_size(t, low));
  DETECTS(lm_tlsf_holds(a), t->bins[list], (lm_block *)(uintptr_t)16);
  DETECTS(lm_tlsf_holds(a), t->free_count, t->free_count - 1);
  CHECK(lm_tlsf_holds(a) && lm_tlsf_is(a));
}

CHECK_MAIN(RUN(what_looks_like_a_header_is_asked_for_its_neighbours);
           RUN(the_end_of_a_region_is_no_block); RUN(a_walk_ends_at_a_header_that_is_damaged);
           RUN(holds_detects_words_that_cannot_be); RUN(every_verb_takes_a_bounded_number_of_steps);
           RUN(ten_thousand_blocks_of_one_list_are_not_looked_through);
           RUN(every_block_is_a_multiple_of_8); RUN(reset_frees_all_and_forgets_what_was_allocated);
           RUN(a_neighbour_taken_in_whole_is_already_free);
           RUN(a_block_inside_one_allocated_anew_is_already_free);
           RUN(a_hole_of_the_very_size_is_taken_before_a_larger_one);
           RUN(regions_may_come_from_below); RUN(holds_detects_every_bit_that_is_wrong););
