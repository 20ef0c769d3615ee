// SPDX-License-Identifier: MIT
// test_sizes_arena.c: the alignments of arena.c and the elements of slice.c.
#include "../../../csrc/arena.c"
#include "../../../csrc/slice.c"
#include "inputs.h"

static size_t power_next;
static void align_at(size_t x) {
  while (power_next && power_next < x) power_next *= 2;
  AGREE(align_is_power(x) == (x == power_next && x), x);
}
static void the_alignments_are_the_powers_of_two(void) {
  power_next = 1;
  for_each_input(align_at);
}

static void pad_with(size_t x, size_t align) {
  lm_arena a = {.base = 1, .top = x, .end = UINTPTR_MAX};
  size_t pad = (align - x % align) % align;
  bool fits  = pad <= UINTPTR_MAX - x && UINTPTR_MAX - x - pad >= 10;
  void *p    = arena_bump(&a, 10, align);
  AGREE(p == (fits ? (void *)(x + pad) : NULL) && a.top == (fits ? x + pad + 10 : x), x);
}
static void pads_at(size_t x) { pad_with(x, 1), pad_with(x, 8), pad_with(x, 4096); }
static void what_is_allocated_is_aligned_and_inside(void) { for_each_input(pads_at); }

static void type_at(size_t x) {
  static const uint8_t sizes[] = {0, 1, 1, 1, 2, 2, 4, 4, 8, 8, 2, 4, 8, 4, 8, 8, 16, 16, 32, 32};
  AGREE(lm_element_size((uint32_t)x) == ((uint32_t)x < sizeof sizes ? sizes[(uint32_t)x] : 0), x);
}
static void nineteen_types_have_a_size(void) { for_each_input(type_at); }

static void bytes_of(size_t x, uint32_t type) {
  size_t size = lm_element_size(type), bytes;
  bool fits   = size && !__builtin_mul_overflow(size, x, &bytes) && bytes <= PTRDIFF_MAX;
  AGREE(elements_bytes(type, x) == (fits ? bytes : SIZE_MAX), x);
}
static void lengths_at(size_t x) {
  bytes_of(x, 0), bytes_of(x, LM_u8), bytes_of(x, LM_i16), bytes_of(x, LM_f32);
  bytes_of(x, LM_f64), bytes_of(x, LM_u128), bytes_of(x, LM_u256);
}
static void bytes_are_exact_or_refused(void) { for_each_input(lengths_at); }

CHECK_MAIN(RUN(the_alignments_are_the_powers_of_two); RUN(what_is_allocated_is_aligned_and_inside);
           RUN(nineteen_types_have_a_size); RUN(bytes_are_exact_or_refused););
