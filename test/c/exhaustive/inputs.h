// SPDX-License-Identifier: MIT
// inputs.h: calls a claim about sizes with all sizes in ascending order. In the long form
// (LM_EXHAUSTIVE) these are all of 2^32, and on 64-bit targets a sample of those above; in the
// short form all up to 2^16, all near the edges of the mappings, and a sample of those between.
//
//   static void agrees(size_t x) { AGREE(order_of(x) == model(x), x); }
//   static void a_claim(void) { for_each_input(agrees); }
#ifndef LM_TEST_INPUTS_H
#define LM_TEST_INPUTS_H
#include "../check.h"

#ifdef LM_EXHAUSTIVE
#define INPUTS_ALL 0xffffffffu  // no input up to here is left out
#else
#define INPUTS_ALL 0xffffu
#endif

// Fails when `cond` is false; costs little otherwise. `x` is the input.
#define AGREE(cond, x)                                                                             \
  do {                                                                                             \
    if (!(cond))                                                                                   \
      check_that(false, "(for the input in the place of a line) " #cond, (uint32_t)(x));           \
  } while (0)

// Returns the input after `x`: the next one or one not far beyond. The 40 inputs around each
// sixteenth of a power of two are never skipped.
static size_t input_after(size_t x) {
  if (x < INPUTS_ALL) return x + 1;
  size_t part = (size_t)1 << (lm_log2(x) - 4), low = x % part, high = part - low;
  if (low < 20 || high <= 20) return x + 1;
  size_t step = 1 + part / 256 * random_below(32) + random_below(1 << 16) % part;
  return x + (step < high - 20 ? step : high - 20);
}

// Inlined, and the claim with it, so that all of 2^32 take seconds.
static inline __attribute__((always_inline)) void for_each_input(void (*claim)(size_t x)) {
  size_t x = 0;
  claim(x);
#ifdef LM_EXHAUSTIVE
  while (x < INPUTS_ALL) {
    x++;
    __asm__("" : "+r"(x));  // so that the compiler does not prove the claim itself
    claim(x);
  }
#endif
  while (x != SIZE_MAX) claim(x = input_after(x));
  CHECK(true);
}
#endif
