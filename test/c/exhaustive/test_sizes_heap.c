// SPDX-License-Identifier: MIT
#include "../../../csrc/heap_fast.h"
#include "inputs.h"

static void need_at(size_t x) {
  size_t least = (4 * LM_WORD + LM_ALIGN - 1) / LM_ALIGN * LM_ALIGN;
  size_t need  = (x + LM_WORD + LM_ALIGN - 1) / LM_ALIGN * LM_ALIGN;
  if (need < least) need = least;
  bool none = x > LM_REQUEST_MAX || (LM_WORD == 8 && need > ((size_t)1 << 39) - LM_ALIGN);
  AGREE(block_need(x) == (none ? 0 : need), x);
}
static void a_block_has_room_for_its_request_and_no_granule_more(void) { for_each_input(need_at); }

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

// The size class of a request is the first whose objects are large enough. They are at most one
// granule larger, or a slab holds as many of them as of objects of the exact size.
static void every_small_request_has_the_smallest_class_that_fits(void) {
  for (size_t granules = 1; granules <= LM_HEAP_GRANULES; granules++) {
    unsigned size_class = size_class_of(granules);
    size_t size         = size_class_granules(size_class);
    CHECK(size_class < LM_HEAP_SIZE_CLASSES && size >= granules &&
          size_class_of(size) == size_class);
    CHECK(size_class == 0 || size_class_granules(size_class - 1) < granules);
    CHECK(size <= granules + 1 || SLAB_GRANULES / size == SLAB_GRANULES / granules);
  }
  CHECK(size_class_of(LM_HEAP_GRANULES) == LM_HEAP_SIZE_CLASSES - 1);
}

CHECK_MAIN(RUN(a_block_has_room_for_its_request_and_no_granule_more);
           RUN(every_size_is_in_the_bin_whose_range_it_lies_in);
           RUN(every_small_request_has_the_smallest_class_that_fits););
