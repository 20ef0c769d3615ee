// SPDX-License-Identifier: MIT
// check.h: the test framework. Each test is a function, listed with RUN in one suite:
//
//   static void alloc_of_zero_is_freeable(void) { CHECK(...); }
//   CHECK_MAIN(RUN(alloc_of_zero_is_freeable); RUN(...);)
//
// Runs natively (exit code 0 iff there were checks and all passed) and as wasm (run_wasm.mjs).
// The random seed is the first argument, otherwise SEED, otherwise the clock. It is printed.
#ifndef LM_TEST_CHECK_H
#define LM_TEST_CHECK_H
#include "linmem/config.h"
#if !defined(__wasm__)
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#endif

static uint32_t check_seed;
static uint32_t
    check_state;  // of the random numbers; derived from the seed at the start of each test
static uint32_t check_total;   // number of checks
static uint32_t check_failed;  // number of failed checks
static const char *check_test = "";

#if defined(__wasm__)
LM_IMPORT(put) void put(unsigned c);
#else
static void put(unsigned c) { putchar((int)c); }
#endif

static void put_text(const char *s) {
  while (*s) put((unsigned char)*s++);
}

static void put_number(uint32_t n) {
  if (n >= 10) put_number(n / 10);
  put('0' + n % 10);
}

static void check_that(bool cond, const char *what, uint32_t line) {
  check_total++;
  if (cond || ++check_failed > 20) return;
  put_text("FAILED "), put_text(check_test), put_text(", line "), put_number(line);
  put_text(": "), put_text(what), put_text("\n");
}
#define CHECK(cond) check_that((cond), #cond, __LINE__)

static inline void check_run(const char *name, void (*test)(void)) {
  uint32_t before = check_total;
  check_test      = name;
  check_state     = check_seed * 2654435761u | 1;
  test();
  if (check_total == before) check_that(false, "the test checks something", 0);
}
// Checks that `holds` is false while `place` has `value`, and true before.
#define DETECTS(holds, place, value)                                                               \
  do {                                                                                             \
    __typeof__(place) as_it_was = (place);                                                         \
    CHECK(holds);                                                                                  \
    (place) = (value);                                                                             \
    CHECK(!(holds));                                                                               \
    (place) = as_it_was;                                                                           \
  } while (0)

#define RUN(test) check_run(#test, test)
// A test of refusals, which the lean build does not have.
#ifdef LM_LEAN
#define RUN_REFUSAL(test) ((void)(test))
#else
#define RUN_REFUSAL(test) RUN(test)
#endif

// Returns a number in [0, below). (xorshift32)
static inline uint32_t random_below(uint32_t below) {
  check_state ^= check_state << 13;
  check_state ^= check_state >> 17;
  check_state ^= check_state << 5;
  return (check_state >> 3) % below;
}

static inline void check_report(void) {
  put_number(check_total), put_text(" checks, "), put_number(check_failed);
  put_text(" failed, seed "), put_number(check_seed), put_text("\n");
}

#if defined(__wasm__)
// Returns the number of checks; the top bit is set when one failed.
#define CHECK_MAIN(...)                                                                            \
  uint32_t check_main(uint32_t seed);                                                              \
  LM_EXPORT(check_main) uint32_t check_main(uint32_t seed) {                                       \
    check_seed = seed;                                                                             \
    __VA_ARGS__                                                                                    \
    check_report();                                                                                \
    return check_total | (check_failed ? 1u << 31 : 0);                                            \
  }                                                                                                \
  _Static_assert(1, "")
#else
#define CHECK_MAIN(...)                                                                            \
  int main(int argc, char **argv) {                                                                \
    const char *seed = argc > 1 ? argv[1] : getenv("SEED");                                        \
    check_seed       = seed && *seed ? (uint32_t)strtoul(seed, NULL, 0) : (uint32_t)time(NULL);    \
    __VA_ARGS__                                                                                    \
    check_report();                                                                                \
    return check_failed || !check_total;                                                           \
  }                                                                                                \
  _Static_assert(1, "")
#endif
#endif
