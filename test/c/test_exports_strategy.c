// SPDX-License-Identifier: MIT
// test_exports_strategy.c: the exports of the strategies' wasm modules, over a simulated memory.
#include "../../csrc/exports_bestfit.c"
#include "../../csrc/exports_buddy.c"
#include "../../csrc/exports_bump.c"
#include "../../csrc/exports_tlsf.c"
#include "memory.h"

// Checks what each operation of strategy `x` returns for an address without an allocator.
#define NOTHING_AT(x, at)                                                                          \
  CHECK(!js_##x##_alloc(at, 8) && !js_##x##_alloc_aligned(at, 8, 8) &&                             \
        !js_##x##_calloc(at, 8, 8));                                                               \
  CHECK(!js_##x##_realloc(at, 8, 8) && !js_##x##_usable_size(at, 8) && !js_##x##_stats(at));       \
  CHECK(js_##x##_free(at, 8) == LM_NOT_A_BLOCK && js_##x##_check(at, 8) == LM_NOT_A_BLOCK);        \
  CHECK(!js_##x##_walk(at, cursor, records, 1) && !js_##x##_holds(at));                            \
  js_##x##_reset(at)

#define TESTS_OF(x)                                                                                \
  static void x##_verbs_do_what_their_functions_do(void) {                                         \
    ram_start(1, 16);                                                                              \
    uintptr_t base = (uintptr_t)ram, a = js_##x##_open(base, LM_PAGE, 1);                          \
    CHECK(a == base && js_##x##_holds(a));                                                         \
    uintptr_t p = js_##x##_calloc(a, 10, 10), q = js_##x##_alloc_aligned(a, 10, 4096);             \
    CHECK(p &&q % 4096 == 0 && js_##x##_usable_size(a, p) >= 100);                                 \
    CHECK(js_##x##_alloc(a, 70000) && ram_asks > 0 && !js_##x##_alloc(a, 20 * LM_PAGE));           \
    p = js_##x##_realloc(a, p, 500);                                                               \
    CHECK(p &&js_##x##_check(a, p) == LM_OK && js_##x##_free(a, p) == LM_OK);                      \
    CHECK(js_##x##_free(a, p) != LM_OK && js_##x##_free(a, 0) == LM_OK && js_##x##_holds(a));      \
    uintptr_t cursor = ram_end() - sizeof(lm_cursor), records = cursor - 40 * 24;                  \
    __builtin_memset((void *)cursor, 0, sizeof(lm_cursor));                                        \
    CHECK(js_##x##_walk(a, cursor, records, 40) > 1);                                              \
    js_##x##_reset(a);                                                                             \
    CHECK(((const lm_stats *)js_##x##_stats(a))->live_blocks == 0 && js_##x##_holds(a));           \
  }                                                                                                \
  static void x##_verbs_refuse_what_is_not_one(void) {                                             \
    ram_start(2, 2);                                                                               \
    uintptr_t base = (uintptr_t)ram, cursor = base + LM_PAGE, records = cursor + 64;               \
    uintptr_t wrong[] = {0, base, base + 8, ram_end() - 16, ram_end(), (uintptr_t)0 - 16};         \
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {                                    \
      NOTHING_AT(x, wrong[i]);                                                                     \
    }                                                                                              \
    CHECK(!js_##x##_open(base, 100, 0) && !js_##x##_open(base, 3 * LM_PAGE, 0));                   \
    CHECK(!js_##x##_open(base, 0, 0) && !js_##x##_open(0, 16, 0) && !js_##x##_open(1, 8, 0));      \
    CHECK(!js_##x##_open(ram_end(), 4096, 0) && !js_##x##_open(base, SIZE_MAX, 0));                \
    uintptr_t a = js_##x##_open(base, LM_PAGE, 0);                                                 \
    CHECK(a && !js_##x##_alloc(a, LM_PAGE) && ram_asks == 0);                                      \
    CHECK(!js_##x##_walk(a, cursor + 1, records, 4) && !js_##x##_walk(a, cursor, records + 1, 4)); \
    CHECK(!js_##x##_walk(a, ram_end(), records, 4) && !js_##x##_walk(a, cursor, ram_end(), 4));    \
    CHECK(!js_##x##_walk(a, cursor, records, 0) && !js_##x##_walk(a, cursor, records, 9999));      \
    CHECK(!js_##x##_walk(a, cursor, records, SIZE_MAX / 8) && js_##x##_holds(a));                  \
    CHECK(js_##x##_walk(a, cursor, records, 40) > 0 && !js_##x##_walk(a, cursor, records, 40));    \
  }                                                                                                \
  _Static_assert(1, "")

TESTS_OF(tlsf);
TESTS_OF(bestfit);
TESTS_OF(buddy);
TESTS_OF(bump);

static void holds_detects_a_region_outside_the_memory(void) {
  ram_start(1, 1);
  lm_tlsf *t         = (lm_tlsf *)js_tlsf_open((uintptr_t)ram, LM_PAGE / 2, 0);
  t->tags.region.end = (lm_block *)((uintptr_t)t->tags.region.end + LM_PAGE);
  t->tags.high += LM_PAGE;
  CHECK(!lm_tlsf_holds(t));
  lm_bump *b = (lm_bump *)js_bump_open((uintptr_t)ram, LM_PAGE / 2, 0);
  b->region.end += LM_PAGE;
  CHECK(!lm_bump_holds(b));
  lm_buddy *y = (lm_buddy *)js_buddy_open((uintptr_t)ram, LM_PAGE / 2, 0);
  y->region.size += LM_PAGE;
  CHECK(!lm_buddy_holds(y));
}

#define RUN_TESTS_OF(x)                                                                            \
  RUN(x##_verbs_do_what_their_functions_do);                                                       \
  RUN(x##_verbs_refuse_what_is_not_one)

CHECK_MAIN(RUN_TESTS_OF(tlsf); RUN_TESTS_OF(bestfit); RUN_TESTS_OF(buddy); RUN_TESTS_OF(bump);
           RUN(holds_detects_a_region_outside_the_memory););
