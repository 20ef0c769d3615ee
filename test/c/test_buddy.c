// SPDX-License-Identifier: MIT
// test_buddy.c: blocks are powers of two at multiples of their size, and merge with their buddies.
#include "../../csrc/buddy.c"
#include "check.h"

enum { SIZE = 1 << 20 };
static _Alignas(1 << 20) uint8_t pool[2 * SIZE];
static _Alignas(1 << 20) uint8_t other[3 * SIZE];

static lm_buddy *new_buddy(void) { return lm_buddy_init(pool, SIZE, lm_pages_none, NULL); }

static void every_block_is_a_power_of_two_at_a_multiple_of_its_size(void) {
  lm_buddy *a = new_buddy();
  for (size_t log = 0; log < 18; log++) {
    for (size_t k = 0; k < 3; k++) {
      size_t size = ((size_t)1 << log) + k - 1, whole = CELL;
      while (whole < size) whole *= 2;
      void *p = lm_buddy_alloc(a, size);
      CHECK(p && lm_buddy_usable_size(a, p) == whole && (uintptr_t)p % whole == 0);
      CHECK(lm_buddy_holds(a) && lm_buddy_free(a, p) == LM_OK);
    }
  }
}

static void freed_buddies_join_up_to_where_they_were_cut_from(void) {
  lm_buddy *a   = new_buddy();
  size_t before = lm_buddy_stats(a)->free_blocks;
  void *p[64];
  for (size_t i = 0; i < 64; i++) p[i] = lm_buddy_alloc(a, 1000);
  for (size_t i = 0; i < 64; i++) CHECK(lm_buddy_free(a, p[i * 37 % 64]) == LM_OK);
  CHECK(lm_buddy_stats(a)->free_blocks == before && lm_buddy_alloc(a, SIZE / 2) != NULL);
}

static void realloc_grows_into_free_upper_buddies_and_releases_them(void) {
  lm_buddy *a = new_buddy();
  uint8_t *p  = lm_buddy_alloc(a, 4096);
  p           = lm_buddy_realloc(a, p, 65536);  // now at a multiple of 64 KiB
  CHECK(lm_buddy_realloc(a, p, 100) == p && lm_buddy_usable_size(a, p) == 128 && lm_buddy_holds(a));
  CHECK(lm_buddy_realloc(a, p, 65536) == p && lm_buddy_holds(a));
  CHECK(lm_buddy_realloc(a, p, 100) == p);
  void *q = lm_buddy_alloc(a, 128);  // its buddy
  CHECK(q == p + 128 && lm_buddy_realloc(a, p, 200) != p && lm_buddy_holds(a));
}

static void only_the_address_of_a_live_block_passes(void) {
  lm_buddy *a = new_buddy();
  uint8_t *p = lm_buddy_alloc(a, 4096), *q = lm_buddy_alloc(a, 64);
  size_t passed = 0;
  for (size_t i = 0; i < SIZE; i++) passed += lm_buddy_check(a, pool + i) == LM_OK;
  CHECK(passed == 2 && lm_buddy_free(a, q) == LM_OK && lm_buddy_free(a, q) != LM_OK);
  CHECK(lm_buddy_free(a, p) == LM_OK && lm_buddy_free(a, p) != LM_OK && lm_buddy_holds(a));
}

static void a_request_for_the_whole_pool_is_refused_and_half_of_it_is_met(void) {
  lm_buddy *a = new_buddy();
  CHECK(lm_buddy_alloc(a, SIZE) == NULL && lm_buddy_alloc(a, SIZE / 2 + 1) == NULL);
  CHECK(lm_buddy_alloc(a, SIZE / 2) == pool + SIZE / 2 && lm_buddy_holds(a));
}

static void growth_brings_an_aligned_block_where_memory_touches_and_where_not(void) {
  for (size_t log = 5; log < 20; log++) {
    lm_span span = {pool + 65536, 2 * SIZE - 65536};
    lm_buddy *a  = lm_buddy_init(pool, 65536, lm_pages_span, &span);
    while (lm_buddy_alloc(a, CELL)) {
      if (lm_buddy_stats(a)->regions > 1) break;
    }
    void *p = lm_buddy_alloc(a, (size_t)1 << log);
    CHECK(p && (uintptr_t)p % ((size_t)1 << log) == 0 && lm_buddy_holds(a));
  }
  lm_span far = {other + 48, 3 * SIZE - 48};  // memory that is not adjacent
  lm_buddy *a = lm_buddy_init(pool, 65536, lm_pages_span, &far);
  void *p     = lm_buddy_alloc(a, SIZE / 2);
  CHECK(p && (uintptr_t)p % (SIZE / 2) == 0 && lm_buddy_holds(a));
}

// A page source that always fails and records the smallest request.
static size_t asked_least;
static void *asked_more(lm_pages *self, size_t min, size_t *got) {
  (void)self, (void)got;
  if (min < asked_least) asked_least = min;
  return NULL;
}

static void a_source_is_never_asked_for_less_than_the_block(void) {
  lm_buddy *a      = lm_buddy_init(pool, 65536, asked_more, NULL);
  uintptr_t edge[] = {a->edge, 4096, UINTPTR_MAX / 2, UINTPTR_MAX - 100};  // where sums wrap
  for (size_t i = 0; i < 4; i++) {
    a->edge = edge[i];
    for (size_t size = LM_REQUEST_MAX; size > SIZE; size /= 2) {
      asked_least = SIZE_MAX;
      CHECK(lm_buddy_alloc(a, size) == NULL && asked_least >= size && lm_buddy_holds(a));
    }
  }
}

static void reset_frees_all(void) {
  lm_buddy *a = new_buddy();
  size_t free = lm_buddy_stats(a)->free_blocks;
  void *p = lm_buddy_alloc(a, 100), *q = lm_buddy_alloc(a, 5000);
  lm_buddy_reset(a);
  CHECK(lm_buddy_holds(a) && lm_buddy_stats(a)->free_blocks == free);
  CHECK(lm_buddy_free(a, p) != LM_OK && lm_buddy_free(a, q) != LM_OK);
  CHECK(lm_buddy_alloc(a, 100) == p && lm_buddy_holds(a));
}

static void holds_detects_what_is_wrong(void) {
  lm_buddy *a = new_buddy();
  uint8_t *p[8];
  for (size_t i = 0; i < 8; i++) p[i] = lm_buddy_alloc(a, 4 * CELL);
  for (size_t i = 0; i < 8; i += 2) lm_buddy_free(a, p[i]);
  const lm_buddy_region *r = &a->region;
  for (size_t i = 0; i < 8; i++) {
    for (uint32_t bit = 0; bit < 8; bit++) {
      *map_at(r, (uintptr_t)p[i]) ^= (uint8_t)(1u << bit);
      CHECK(!lm_buddy_holds(a));
      *map_at(r, (uintptr_t)p[i]) ^= (uint8_t)(1u << bit);
    }
    *map_at(r, (uintptr_t)p[i] + CELL) = 1;
    CHECK(!lm_buddy_holds(a));
    *map_at(r, (uintptr_t)p[i] + CELL) = 0;
  }
  for (size_t i = 0; i < 8; i += 2) {
    size_t *links = (size_t *)(void *)p[i];
    for (uint32_t bit = 0; bit < 2 * sizeof(size_t) * 8; bit++) {
      links[bit % 2] ^= (size_t)1 << bit / 2;
      CHECK(!lm_buddy_holds(a));
      links[bit % 2] ^= (size_t)1 << bit / 2;
    }
  }
  size_t *words[] = {&a->magic,
                     &a->spans,
                     &a->free_count,
                     &a->orders,
                     &a->stats.live_blocks,
                     &a->stats.live_bytes,
                     &a->stats.regions};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
    for (uint32_t bit = 0; bit < sizeof(size_t) * 8; bit++) {
      *words[i] ^= (size_t)1 << bit;
      CHECK(!lm_buddy_holds(a));
      *words[i] ^= (size_t)1 << bit;
    }
  }
  CHECK(lm_buddy_holds(a));
}

static void a_cursor_that_is_none_starts_its_region_again(void) {
  static lm_block_record records[64];
  lm_buddy *a = new_buddy();
  void *p = lm_buddy_alloc(a, 64), *q = lm_buddy_alloc(a, 4096);
  lm_cursor first = {0}, part = {0};
  size_t count = lm_buddy_walk(a, &first, records, 64), n = lm_buddy_walk(a, &part, records, 2);
  lm_cursor noted = part;
  CHECK(p && q && n == 2 && lm_buddy_walk(a, &part, records, 64) == count - 2);
  part = noted, part.address += 1;  // no cell begins there
  CHECK(lm_buddy_walk(a, &part, records, 64) == count);
  part = noted, part.address = a->region.first + a->region.size + CELL;
  CHECK(lm_buddy_walk(a, &part, records, 64) == count);
  part = noted, part.address = (uintptr_t)q + CELL;  // inside a block
  CHECK(lm_buddy_walk(a, &part, records, 64) < count);
  part = noted, part.address = a->region.first + a->region.size;
  CHECK(lm_buddy_walk(a, &part, records, 64) == 0 && part.done);
}

static void holds_detects_words_that_cannot_be(void) {
  lm_span span = {other + 48, SIZE};
  lm_buddy *a  = lm_buddy_init(pool, 65536, lm_pages_span, &span);
  CHECK(lm_buddy_alloc(a, 100000) && a->stats.regions > 1);
  void *p[6];
  for (size_t i = 0; i < 6; i++) p[i] = lm_buddy_alloc(a, 1024);
  for (size_t i = 0; i < 6; i += 2) lm_buddy_free(a, p[i]);
  lm_buddy_region *r = &a->region;
  DETECTS(lm_buddy_holds(a), r->first, r->first + 1);
  DETECTS(lm_buddy_holds(a), r->size, r->size - 1);
  DETECTS(lm_buddy_holds(a), r->size, r->size - CELL);
  DETECTS(lm_buddy_holds(a), r->map, (uint8_t *)r->first);
  DETECTS(lm_buddy_holds(a), r->next, NULL);
  DETECTS(lm_buddy_holds(a), r->next, (lm_buddy_region *)((uintptr_t)r->next + 1));
  DETECTS(lm_buddy_holds(a), r->next, (lm_buddy_region *)((uintptr_t)0 - LM_WORD));
  DETECTS(lm_buddy_holds(a), a->last, r);
  DETECTS(lm_buddy_holds(a), a->stats.peak_live_bytes, a->stats.live_bytes - 1);
  DETECTS(lm_buddy_holds(a), a->stats.live_bytes, a->stats.live_bytes - 1);
  DETECTS(lm_buddy_holds(a), a->orders, a->orders | order_size(8 * sizeof(size_t) - 1));
  lm_buddy_block *b = a->lists[10];
  CHECK(b && b->next && b->next->prev == b);
  DETECTS(lm_buddy_holds(a), b->next, b);
  DETECTS(lm_buddy_holds(a), b->next, (lm_buddy_block *)((uintptr_t)b->next + 8));
  DETECTS(lm_buddy_holds(a), b->next, b->next->next);
  DETECTS(lm_buddy_holds(a), b->next, (lm_buddy_block *)(uintptr_t)16);
  DETECTS(lm_buddy_holds(a), b->next->prev, b->next);
  DETECTS(lm_buddy_holds(a), b->next->prev, NULL);
  DETECTS(lm_buddy_holds(a), b->next->prev, (lm_buddy_block *)(uintptr_t)16);
  uintptr_t first = r->first;
  r->first        = (uintptr_t)0 - CELL;
  CHECK(!lm_buddy_holds(a));
  r->first = first;
  *map_at(region_of(a, (uintptr_t)p[1]), (uintptr_t)p[1]) |= FREE;  // two buddies are free
  CHECK(!lm_buddy_holds(a));
}

// Each function that walks the chain of regions, over one that leads back to its first region.
static void no_operation_hangs_on_a_cycle_of_regions(void) {
  lm_block_record records[64];
  lm_span span = {other + 48, SIZE};
  lm_buddy *a  = lm_buddy_init(pool, 65536, lm_pages_span, &span);
  void *p      = lm_buddy_alloc(a, 100000);
  CHECK(p && a->stats.regions > 1);
  lm_cursor cursor = {0};
  a->last->next    = &a->region;
  CHECK(!lm_buddy_holds(a) && lm_buddy_walk(a, &cursor, records, 64) == 0 && cursor.done);
  CHECK(lm_buddy_check(a, other + 8) == LM_NOT_A_BLOCK);
  CHECK(lm_buddy_free(a, pool + 2 * SIZE - 64) == LM_NOT_A_BLOCK && lm_buddy_check(a, p) == LM_OK);
  lm_buddy_reset(a);
  CHECK(lm_buddy_stats(a)->live_blocks == 0 && !lm_buddy_holds(a));
}

static void a_walk_ends_at_an_order_that_cannot_be(void) {
  lm_block_record records[64];
  lm_buddy *a = new_buddy();
  void *p = lm_buddy_alloc(a, 64), *q = lm_buddy_alloc(a, 64);
  lm_cursor first = {0}, whole = {0}, part = {0};
  size_t count = lm_buddy_walk(a, &first, records, 64);
  CHECK(p && q && lm_buddy_walk(a, &part, records, count - 1) == count - 1);
  uint8_t *order = map_at(&a->region, (uintptr_t)p), was = *order;
  *order = FREE - 1;
  a->changes++;  // so that the walk has to search for its place
  CHECK(lm_buddy_walk(a, &whole, records, 64) < count - 1 && !lm_buddy_holds(a));
  CHECK(lm_buddy_walk(a, &part, records, 64) == 0 && part.done);
  *order = was;
  CHECK(lm_buddy_holds(a));
}

CHECK_MAIN(RUN(no_operation_hangs_on_a_cycle_of_regions);
           RUN(a_walk_ends_at_an_order_that_cannot_be);
           RUN(a_cursor_that_is_none_starts_its_region_again);
           RUN(holds_detects_words_that_cannot_be);
           RUN(every_block_is_a_power_of_two_at_a_multiple_of_its_size);
           RUN(freed_buddies_join_up_to_where_they_were_cut_from);
           RUN(realloc_grows_into_free_upper_buddies_and_releases_them);
           RUN(only_the_address_of_a_live_block_passes);
           RUN(a_request_for_the_whole_pool_is_refused_and_half_of_it_is_met);
           RUN(growth_brings_an_aligned_block_where_memory_touches_and_where_not);
           RUN(a_source_is_never_asked_for_less_than_the_block); RUN(reset_frees_all);
           RUN(holds_detects_what_is_wrong););
