// SPDX-License-Identifier: MIT
// sizes_tags.h: the mappings of tlsf and bestfit, for every input. Who includes it has included
// the strategy's own file.
#ifndef LM_TEST_SIZES_TAGS_H
#define LM_TEST_SIZES_TAGS_H
#include "inputs.h"

// Returns the smallest block size for a request; 0 when there is none.
static size_t need_model(size_t x) {
  if (x > LM_REQUEST_MAX) return 0;
  size_t least = (TAGS_HEADER + 3 * LM_WORD + LM_ALIGN - 1) / LM_ALIGN * LM_ALIGN;
  size_t need  = (x + TAGS_HEADER + LM_ALIGN - 1) / LM_ALIGN * LM_ALIGN;
  if (need < least) need = least;
  return LM_WORD == 8 && need > ((size_t)1 << 39) - LM_ALIGN ? 0 : need;
}
static void need_of(size_t x) { AGREE(tag_need(x) == need_model(x), x); }
static void a_block_has_room_for_its_request_and_no_unit_more(void) { for_each_input(need_of); }

// Returns the smallest size of a list: lists 0 to 15 have one each; from there on 16 share what
// lies between two powers of two.
static uint64_t list_floor(unsigned list) {
  if (list < 16) return (uint64_t)list * LM_ALIGN;
  uint64_t power = (uint64_t)SMALL_SIZE << (list / 16 - 1);
  return power + power / 16 * (list % 16);
}
static unsigned list_now;
static uint64_t list_end;
static void list_at(size_t x) {
  if (x > SPAN_MAX) return;
  while (x >= list_end) list_end = list_floor(++list_now + 1);
  AGREE(list_of(x) == list_now && list_now < LM_TAGS_ROWS * LM_TAGS_COLS, x);
}
static void every_size_is_in_the_list_whose_range_it_lies_in(void) {
  list_now = 0, list_end = LM_ALIGN;
  for_each_input(list_at);
}

// For every list, and every other one: whether it is found from there. And from many at once the
// lowest.
static void the_list_above_is_the_lowest_that_is_not_empty(void) {
  static lm_tags tags;
  enum { LISTS = LM_TAGS_ROWS * LM_TAGS_COLS };
  for (unsigned list = 0; list < LISTS; list++) tags.lists[list] = (lm_tag *)&tags.lists[list];
  for (unsigned high = LISTS; high-- > 0;) {
    for (unsigned run = 0; run < 2; run++) {
      if (run == 0) __builtin_memset(tags.cols, 0, sizeof tags.cols), tags.rows = 0;
      for (unsigned i = high; i < LISTS; i += run ? 1 + random_below(40) : LISTS) {
        tags.cols[i / LM_TAGS_COLS] |= (uint16_t)(1u << i % LM_TAGS_COLS);
        tags.rows |= 1u << i / LM_TAGS_COLS;
      }
      for (unsigned list = 0; list < high; list++)
        AGREE(list_above(&tags, list) == tags.lists[high], list);
      for (unsigned list = high; run == 0 && list < LISTS; list++)
        AGREE(list_above(&tags, list) == NULL, list);
    }
  }
  CHECK(true);
}

#define RUN_SIZES_TAGS                                                                             \
  RUN(a_block_has_room_for_its_request_and_no_unit_more);                                          \
  RUN(every_size_is_in_the_list_whose_range_it_lies_in);                                           \
  RUN(the_list_above_is_the_lowest_that_is_not_empty)
#endif
