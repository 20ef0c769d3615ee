// SPDX-License-Identifier: MIT
// test_sizes_allocator.c: the mappings of allocator_internal.h for every input.
#include "../../../csrc/allocator_internal.h"
#include "inputs.h"

static unsigned log_now;
static void log2_of(size_t x) {
  while (x >> log_now >> 1) log_now++;
  if (x) AGREE(lm_log2(x) == log_now, x);
}
static void log2_is_the_place_of_the_highest_bit(void) {
  log_now = 0;
  for_each_input(log2_of);
}

static size_t power_next;
static void align_of(size_t x) {
  while (power_next < x && power_next < LM_ALIGN_MAX) power_next *= 2;
  AGREE(align_allowed(x) == (x == power_next), x);
}
static void the_alignments_are_the_17_powers_of_two_to_64_KiB(void) {
  power_next = 1;
  for_each_input(align_of);
}

static void product_with(size_t x, size_t y) {
  size_t product;
  bool fits = !__builtin_mul_overflow(x, y, &product);
  AGREE(product_of(x, y) == (fits ? product : SIZE_MAX), x);
  AGREE(product_of(y, x) == (fits ? product : SIZE_MAX), x);
}
static void products(size_t x) {
  product_with(x, 0), product_with(x, 1), product_with(x, 12), product_with(x, 65537);
  product_with(x, SIZE_MAX / 3), product_with(x, SIZE_MAX);
}
static void a_product_is_exact_or_more_than_can_be_had(void) { for_each_input(products); }

// A range is allowed when it begins above 0, is not empty, and its last byte does not wrap.
static bool range_is(size_t base, size_t size) {
  size_t last;
  return base && size && !__builtin_add_overflow(base, size - 1, &last);
}
// And it is memory when that byte is; natively only the address space says so.
static bool memory_is(size_t base, size_t size) {
  bool inside = lm_memory_pages() == 0 || (base + size - 1) / LM_PAGE < lm_memory_pages();
  return base && (!size || (range_is(base, size) && inside));
}
static void range_with(size_t x, size_t y) {
  AGREE(range_allowed((void *)x, y) == range_is(x, y), x);
  AGREE(range_allowed((void *)y, x) == range_is(y, x), x);
  AGREE(lm_memory_holds(x, y) == memory_is(x, y), x);
}
static void ranges(size_t x) {
  range_with(x, 0), range_with(x, 1), range_with(x, 2), range_with(x, 65536);
  range_with(x, SIZE_MAX / 2), range_with(x, SIZE_MAX);
}
static void a_range_is_allowed_iff_it_lies_in_the_address_space(void) { for_each_input(ranges); }

static void key_at(size_t x) { AGREE(cookie_of(x) % LM_ALIGN == 0 && (cookie_of(x) >> 30 & 1), x); }
static void a_key_leaves_the_flags_alone_and_makes_0_a_huge_size(void) { for_each_input(key_at); }

CHECK_MAIN(RUN(log2_is_the_place_of_the_highest_bit);
           RUN(the_alignments_are_the_17_powers_of_two_to_64_KiB);
           RUN(a_product_is_exact_or_more_than_can_be_had);
           RUN(a_range_is_allowed_iff_it_lies_in_the_address_space);
           RUN(a_key_leaves_the_flags_alone_and_makes_0_a_huge_size););
