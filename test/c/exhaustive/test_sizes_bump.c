// SPDX-License-Identifier: MIT
#include "../../../csrc/bump.c"
#include "inputs.h"

static void need_at(size_t x) {
  size_t need = (x + LM_WORD + LM_ALIGN - 1) / LM_ALIGN * LM_ALIGN;
  AGREE(block_need(x) == (x > LM_REQUEST_MAX ? 0 : need), x);
}
static void a_block_has_room_for_its_request_and_no_granule_more(void) { for_each_input(need_at); }

static void pad_for(size_t x, size_t align) {
  const lm_bump_region r = {.top = x};
  AGREE(region_pad(&r, align) == (align - (x + LM_WORD) % align) % align, x);
}
static void pads_at(size_t x) {
  pad_for(x, 8), pad_for(x, 16), pad_for(x, 4096), pad_for(x, LM_ALIGN_MAX);
}
static void a_pad_is_the_least_that_aligns(void) { for_each_input(pads_at); }

// The end of a region is the last place where a header can be, and its edge where memory touches.
static void edge_at(size_t x) {
  lm_bump_region r = {.first = LM_WORD};
  if (x < LM_WORD) return;
  region_close(&r, x);
  AGREE(r.edge == x && r.end == LM_WORD + (x - LM_WORD) / LM_ALIGN * LM_ALIGN, x);
}
static void a_region_ends_at_a_multiple_of_the_alignment(void) { for_each_input(edge_at); }

CHECK_MAIN(RUN(a_block_has_room_for_its_request_and_no_granule_more);
           RUN(a_pad_is_the_least_that_aligns); RUN(a_region_ends_at_a_multiple_of_the_alignment););
