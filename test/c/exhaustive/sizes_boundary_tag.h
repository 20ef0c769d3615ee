// SPDX-License-Identifier: MIT
// sizes_boundary_tag.h: the mappings of boundary_tag_internal.h for every input. The including file
// has included the strategy's C file.
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
static void a_block_has_room_for_its_request_and_no_granule_more(void) { for_each_input(need_of); }

// Returns the smallest size of a bin: bins 0 to 15 have one size each; from there on 16 bins share
// the sizes between two powers of two.
static uint64_t bin_floor(unsigned bin) {
  if (bin < 16) return (uint64_t)bin * LM_ALIGN;
  uint64_t power = (uint64_t)EXACT_BIN_LIMIT << (bin / 16 - 1);
  return power + power / 16 * (bin % 16);
}
static unsigned bin_now;
static uint64_t bin_end;
static void bin_at(size_t x) {
  if (x > REGION_MAX) return;
  while (x >= bin_end) bin_end = bin_floor(++bin_now + 1);
  AGREE(bin_of(x) == bin_now && bin_now < LM_BINS, x);
}
static void every_size_is_in_the_bin_whose_range_it_lies_in(void) {
  bin_now = 0, bin_end = LM_ALIGN;
  for_each_input(bin_at);
}

// For every pair of bins: whether one is found from the other. And the lowest of many.
static void the_bin_above_is_the_lowest_that_is_not_empty(void) {
  static lm_boundary_tags tags;
  enum { BINS = LM_BINS };
  for (unsigned bin = 0; bin < BINS; bin++) tags.bins[bin] = (lm_block *)&tags.bins[bin];
  for (unsigned high = BINS; high-- > 0;) {
    for (unsigned run = 0; run < 2; run++) {
      if (run == 0) __builtin_memset(tags.filled, 0, sizeof tags.filled);
      for (unsigned i = high; i < BINS; i += run ? 1 + random_below(40) : BINS)
        tags.filled[i / 64] |= (uint64_t)1 << i % 64;
      for (unsigned bin = 0; bin < high; bin++)
        AGREE(bin_above(&tags, bin) == tags.bins[high], bin);
      for (unsigned bin = high; run == 0 && bin < BINS; bin++)
        AGREE(bin_above(&tags, bin) == NULL, bin);
    }
  }
  CHECK(true);
}

#define RUN_SIZES_BOUNDARY_TAG                                                                     \
  RUN(a_block_has_room_for_its_request_and_no_granule_more);                                       \
  RUN(every_size_is_in_the_bin_whose_range_it_lies_in);                                            \
  RUN(the_bin_above_is_the_lowest_that_is_not_empty)
#endif
