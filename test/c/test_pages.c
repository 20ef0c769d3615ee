// SPDX-License-Identifier: MIT
#include "check.h"
#include "linmem/pages.h"
#if defined(LM_TEST_MEMORY)  // built once more, natively, over a simulated memory
#include "memory.h"
#elif defined(__wasm__)
static void ram_start(size_t pages, size_t most) { (void)pages, (void)most; }
#endif

static uint8_t pool[20000];

static void none_gives_nothing_and_writes_nothing(void) {
  lm_pages pages = {lm_pages_none, NULL, 0};
  size_t got     = 7;
  CHECK(pages.refill(&pages, 1, &got) == NULL);
  CHECK(got == 7);
}

static void span_gives_pieces_that_touch_until_it_is_used_up(void) {
  lm_span span   = {pool, sizeof pool};
  lm_pages pages = {lm_pages_span, &span, 0};
  size_t got     = 0;
  CHECK(pages.refill(&pages, 1, &got) == pool && got == 4096);
  CHECK(pages.refill(&pages, 4097, &got) == pool + 4096 && got == 8192);
  CHECK(pages.refill(&pages, sizeof pool - 12288 + 1, &got) == NULL && got == 8192);
  CHECK(pages.refill(&pages, 7000, &got) == pool + 12288 && got == sizeof pool - 12288);
  CHECK(pages.refill(&pages, 1, &got) == NULL);
  CHECK(span.size == 0);
}

static void span_refuses_sizes_near_the_end_of_size_t(void) {
  lm_span span   = {pool, sizeof pool};
  lm_pages pages = {lm_pages_span, &span, 0};
  size_t got     = 0;
  for (size_t k = 0; k <= 64; k++) CHECK(pages.refill(&pages, SIZE_MAX - k, &got) == NULL);
  CHECK(span.size == sizeof pool && got == 0);
}

#if defined(__wasm__) || defined(LM_TEST_MEMORY)
static void wasm_grows_by_exactly_the_pages_needed(void) {
  ram_start(1, 40);
  lm_pages pages = {lm_pages_wasm, NULL, 0};
  size_t got = 0, before = lm_memory_pages();
  CHECK(pages.refill(&pages, 1, &got) == (void *)(before * LM_PAGE) && got == LM_PAGE);
  CHECK(lm_memory_pages() == before + 1);
  CHECK(pages.refill(&pages, LM_PAGE, &got) == (void *)((before + 1) * LM_PAGE) && got == LM_PAGE);
  CHECK(pages.refill(&pages, LM_PAGE + 1, &got) != NULL && got == 2 * LM_PAGE);
  CHECK(lm_memory_pages() == before + 4);
}

static void wasm_grows_by_an_eighth_of_what_was_taken(void) {
  ram_start(1, 40);
  lm_pages pages = {lm_pages_wasm, NULL, 80 * LM_PAGE};
  size_t got     = 0;
  CHECK(pages.refill(&pages, 1, &got) != NULL && got == 10 * LM_PAGE);
}

static void wasm_falls_back_to_the_need_when_more_is_refused(void) {
  ram_start(1, 40);
  lm_pages pages = {lm_pages_wasm, NULL, (size_t)1 << 31};  // an eighth is over the test's maximum
  size_t got = 0, before = lm_memory_pages();
  CHECK(pages.refill(&pages, LM_PAGE + 1, &got) == (void *)(before * LM_PAGE));
  CHECK(got == 2 * LM_PAGE && lm_memory_pages() == before + 2);
}

static void wasm_refused_changes_nothing(void) {
  ram_start(1, 40);
  lm_pages pages = {lm_pages_wasm, NULL, 0};
  size_t got = 7, before = lm_memory_pages();
  CHECK(pages.refill(&pages, PTRDIFF_MAX, &got) == NULL);
  CHECK(pages.refill(&pages, SIZE_MAX, &got) == NULL);
  CHECK(got == 7 && lm_memory_pages() == before);
}
#else
static void wasm_source_has_nothing_natively(void) {
  lm_pages pages = {lm_pages_wasm, NULL, 0};
  size_t got     = 7;
  CHECK(pages.refill(&pages, 1, &got) == NULL && got == 7);
}
#endif

static void memory_holds_refuses_zero_and_ranges_that_wrap(void) {
  CHECK(!lm_memory_holds(0, 1));
  CHECK(!lm_memory_holds(UINTPTR_MAX - 3, 5));
#if defined(LM_TEST_MEMORY)
  ram_start(1, 1);
  CHECK(lm_memory_holds((uintptr_t)ram, LM_PAGE) && lm_memory_holds((uintptr_t)ram, 0));
#else
  CHECK(lm_memory_holds((uintptr_t)pool, sizeof pool));
#endif
#if defined(__wasm__) || defined(LM_TEST_MEMORY)
  size_t end = lm_memory_pages() * LM_PAGE;
  CHECK(lm_memory_holds(end - 1, 1));
  CHECK(!lm_memory_holds(end - 1, 2));
  CHECK(!lm_memory_holds(end, 1));
#endif
}

#if defined(__wasm__) || defined(LM_TEST_MEMORY)
#define PLATFORM_TESTS                                                                             \
  RUN(wasm_grows_by_exactly_the_pages_needed);                                                     \
  RUN(wasm_grows_by_an_eighth_of_what_was_taken);                                                  \
  RUN(wasm_falls_back_to_the_need_when_more_is_refused);                                           \
  RUN(wasm_refused_changes_nothing);
#else
#define PLATFORM_TESTS RUN(wasm_source_has_nothing_natively);
#endif

CHECK_MAIN(RUN(none_gives_nothing_and_writes_nothing);
           RUN(span_gives_pieces_that_touch_until_it_is_used_up);
           RUN(span_refuses_sizes_near_the_end_of_size_t);
           RUN(memory_holds_refuses_zero_and_ranges_that_wrap); PLATFORM_TESTS);
