// SPDX-License-Identifier: MIT
// sizes_boundary_tag.h: the mappings of tlsf and bestfit, for every input. Who includes it has included
// the strategy's own file.
#ifndef LM_TEST_SIZES_BOUNDARY_TAG_H
#define LM_TEST_SIZES_BOUNDARY_TAG_H
#include "inputs.h"

// Returns the smallest block size for a request; 0 when there is none.
static size_t need_model(size_t x) {
  if (x > LM_REQUEST_MAX) return 0;
  size_t least = (BLOCK_OVERHEAD + 3 * LM_WORD + LM_ALIGN - 1) / LM_ALIGN * LM_ALIGN;
  size_t need  = (x + BLOCK_OVERHEAD + LM_ALIGN - 1) / LM_ALIGN * LM_ALIGN;
  if (need < least) need = least;
  return LM_WORD == 8 && need > ((size_t)1 << 39) - LM_ALIGN ? 0 : need;
}
static void need_of(size_t x) { AGREE(block_need(x) == need_model(x), x); }
static void a_block_has_room_for_its_request_and_no_unit_more(void) { for_each_input(need_of); }

// Returns the smallest size of a list: lists 0 to 15 have one each; from there on 16 share what
// lies between two powers of two.
static uint64_t list_floor(unsigned list) {
  if (list < 16) return (uint64_t)list * LM_ALIGN;
  uint64_t power = (uint64_t)EXACT_BIN_LIMIT << (list / 16 - 1);
  return power + power / 16 * (list % 16);
}
static unsigned list_now;
static uint64_t list_end;
static void list_at(size_t x) {
  if (x > REGION_MAX) return;
  while (x >= list_end) list_end = list_floor(++list_now + 1);
  AGREE(bin_of(x) == list_now && list_now < LM_BINS, x);
}
static void every_size_is_in_the_list_whose_range_it_lies_in(void) {
  list_now = 0, list_end = LM_ALIGN;
  for_each_input(list_at);
}

// For every list, and every other one: whether it is found from there. And from many at once the
// lowest.
static void the_list_above_is_the_lowest_that_is_not_empty(void) {
  static lm_boundary_tags tags;
  enum { LISTS = LM_BINS };
  for (unsigned list = 0; list < LISTS; list++) tags.bins[list] = (lm_block *)&tags.bins[list];
  for (unsigned high = LISTS; high-- > 0;) {
    for (unsigned run = 0; run < 2; run++) {
      if (run == 0) __builtin_memset(tags.filled, 0, sizeof tags.filled);
      for (unsigned i = high; i < LISTS; i += run ? 1 + random_below(40) : LISTS)
        tags.filled[i / 64] |= (uint64_t)1 << i % 64;
      for (unsigned list = 0; list < high; list++)
        AGREE(bin_above(&tags, list) == tags.bins[high], list);
      for (unsigned list = high; run == 0 && list < LISTS; list++)
        AGREE(bin_above(&tags, list) == NULL, list);
    }
  }
  CHECK(true);
}

#define RUN_SIZES_BOUNDARY_TAG                                                                     \
  RUN(a_block_has_room_for_its_request_and_no_unit_more);                                          \
  RUN(every_size_is_in_the_list_whose_range_it_lies_in);                                           \
  RUN(the_list_above_is_the_lowest_that_is_not_empty)
#endif
