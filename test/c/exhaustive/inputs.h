// SPDX-License-Identifier: MIT
// inputs.h: for a claim about every size: calls it with all of them from 0 on, in order. In the
// long form (LM_EXHAUSTIVE) these are all of 2^32, and on 64-bit targets some of those above; in the
// short form all to 2^16, all near what a mapping has as an edge, and some between.
//
//   static void agrees(size_t x) { AGREE(order_of(x) == model(x), x); }
//   static void a_claim(void) { for_each_input(agrees); }
#ifndef LM_TEST_INPUTS_H
#define LM_TEST_INPUTS_H
#include "../check.h"

#ifdef LM_EXHAUSTIVE
#define INPUTS_ALL 0xffffffffu  // up to here no input is left out
#else
#define INPUTS_ALL 0xffffu
#endif

// Complains when `cond` is false; else it costs little. `x` is the input.
#define AGREE(cond, x)                                                                             \
  do {                                                                                             \
    if (!(cond))                                                                                   \
      check_that(false, "(for the input in the place of a line) " #cond, (uint32_t)(x));           \
  } while (0)

// Returns the input after `x`: the next one, or one not far beyond, but none of the 40 about a
// sixteenth of a power of two are passed over.
static size_t input_after(size_t x) {
  if (x < INPUTS_ALL) return x + 1;
  size_t part = (size_t)1 << (lm_log2(x) - 4), low = x % part, high = part - low;
  if (low < 20 || high <= 20) return x + 1;
  size_t step = 1 + part / 256 * random_below(32) + random_below(1 << 16) % part;
  return x + (step < high - 20 ? step : high - 20);
}

// Inlined, and with it the claim, so that all of 2^32 are done in seconds.
static inline __attribute__((always_inline)) void for_each_input(void (*claim)(size_t x)) {
  size_t x = 0;
  claim(x);
#ifdef LM_EXHAUSTIVE
  while (x < INPUTS_ALL) {
    x++;
    __asm__("" : "+r"(x));  // the compiler is not to know what it is, and to prove the claim itself
    claim(x);
  }
#endif
  while (x != SIZE_MAX) claim(x = input_after(x));
  CHECK(true);
}
#endif
