// SPDX-License-Identifier: MIT
#include "../../csrc/exports_internal.h"
#include "check.h"

enum { SIZE = 16384 };
static _Alignas(64) uint8_t pool[SIZE];
static _Alignas(16) lm_cursor cursor;
static _Alignas(16) lm_block_record records[64];

static uintptr_t address(const void *p) { return (uintptr_t)p; }

static uintptr_t open_fixed(void) { return js_heap_open(address(pool), SIZE, 0); }

static void open_gives_a_heap_at_base_rounded_up_to_16(void) {
  CHECK(open_fixed() == address(pool));
  CHECK(js_heap_open(address(pool) + 1, SIZE - 1, 0) == address(pool) + 16);
}

static void open_refuses_what_is_too_small_or_not_memory(void) {
  CHECK(js_heap_open(address(pool), 0, 0) == 0 && js_heap_open(address(pool), 64, 0) == 0);
  CHECK(js_heap_open(address(pool), SIZE_MAX, 0) == 0);
  CHECK(js_heap_open(0, 0, 0) == 0 && js_heap_open(0, 16, 0) == 0 && js_heap_open(15, 1, 1) == 0);
  CHECK(js_heap_open(UINTPTR_MAX - 4096, 8192, 0) == 0);
#if defined(__wasm__)
  size_t end = lm_memory_pages() * LM_PAGE;
  CHECK(js_heap_open(end, 65536, 0) == 0 && js_heap_open(end - 8192, 8193, 0) == 0);
#endif
}

static void the_module_says_which_version_of_the_interface_it_has(void) {
  CHECK(js_abi_version() == LM_ABI_VERSION);
}

static void operations_work_through_a_heap(void) {
  uintptr_t h = open_fixed(), p = js_heap_alloc(h, 100), q = js_heap_calloc(h, 10, 10);
  CHECK(p && q && js_heap_check(h, p) == LM_OK && js_heap_usable_size(h, p) >= 100);
  CHECK(js_heap_realloc(h, q, 200) == q && js_heap_alloc_aligned(h, 1, 512) % 512 == 0);
  const lm_stats *s = (const lm_stats *)js_heap_stats(h);
  CHECK(s->live_blocks == 3 && s->taken_bytes == SIZE && js_heap_holds(h) == 1);
  CHECK(js_heap_free(h, p) == LM_OK && js_heap_free(h, p) == LM_ALREADY_FREE);
  CHECK(js_heap_free(h, p + 1) == LM_NOT_A_BLOCK && js_heap_free(h, 0) == LM_OK);
  CHECK(js_heap_check(h, 0) == LM_NOT_A_BLOCK && js_heap_alloc(h, SIZE) == 0);
}

static void a_wrong_heap_gives_zero_or_not_a_block(void) {
  uintptr_t h = open_fixed(), p = js_heap_alloc(h, 100);
  uintptr_t wrong[] = {
    0,
    1,
    8,
    16,
    h + 1,
    h + 4,
    h + 16,
    address(records),
    p,
    UINTPTR_MAX,
    UINTPTR_MAX - 15,
#if defined(__wasm__)
    lm_memory_pages() * LM_PAGE,
    lm_memory_pages() * LM_PAGE - 16,
#endif
  };
  size_t count = sizeof wrong / sizeof *wrong;
#if !defined(__wasm__)
  wrong[1] = wrong[2] = wrong[3] = wrong[10] = 0;  // a process has no readable memory there
#endif
  for (size_t i = 0; i < count; i++) {
    uintptr_t w = wrong[i];
    CHECK(js_heap_alloc(w, 8) == 0 && js_heap_alloc_aligned(w, 8, 8) == 0);
    CHECK(js_heap_calloc(w, 8, 8) == 0 && js_heap_realloc(w, p, 8) == 0);
    CHECK(js_heap_free(w, p) == LM_NOT_A_BLOCK && js_heap_check(w, p) == LM_NOT_A_BLOCK);
    CHECK(js_heap_free(w, 0) == LM_NOT_A_BLOCK && js_heap_usable_size(w, p) == 0);
    CHECK(js_heap_stats(w) == 0 && js_heap_holds(w) == 0);
    CHECK(js_heap_walk(w, address(&cursor), address(records), 64) == 0);
  }
  CHECK(js_heap_holds(h) == 1);
}

static void a_copy_of_a_heap_is_not_a_heap(void) {
  static _Alignas(64) uint8_t other[SIZE];
  uintptr_t h = open_fixed();
  __builtin_memcpy(other, pool, SIZE);
  CHECK(js_heap_alloc(h, 8) != 0 && js_heap_alloc(address(other), 8) == 0);
}

static void holds_tells_a_heap_that_was_overwritten(void) {
  uintptr_t h = open_fixed(), p = js_heap_alloc(h, 100);
  DETECTS(js_heap_holds(h), *(size_t *)(p - LM_WORD), 0);
}

static void stats_of_a_damaged_heap_are_0(void) {
  uintptr_t h = open_fixed(), p = js_heap_alloc(h, 100);
  CHECK(p && js_heap_stats(h) != 0);
  size_t *magic = (size_t *)(void *)pool;
  for (uint32_t bit = 0; bit < sizeof(size_t) * 8; bit++) {
    *magic ^= (size_t)1 << bit;
    CHECK(js_heap_stats(h) == 0);
    *magic ^= (size_t)1 << bit;
  }
  __builtin_memset(pool, 0, sizeof pool);
  CHECK(js_heap_stats(h) == 0);
}

static void walk_refuses_cursors_and_records_that_are_not_memory(void) {
  uintptr_t h = open_fixed(), c = address(&cursor), r = address(records);
  CHECK(js_heap_alloc(h, 100) != 0);
  cursor = (lm_cursor){0};
  CHECK(js_heap_walk(h, 0, r, 64) == 0 && js_heap_walk(h, c, 0, 64) == 0);
  CHECK(js_heap_walk(h, c + 1, r, 64) == 0 && js_heap_walk(h, c, r + 1, 64) == 0);
  CHECK(js_heap_walk(h, UINTPTR_MAX - 7, r, 64) == 0 &&
        js_heap_walk(h, c, UINTPTR_MAX - 7, 1) == 0);
  CHECK(js_heap_walk(h, c, r, SIZE_MAX) == 0 && js_heap_walk(h, c, r, SIZE_MAX / 8) == 0);
  CHECK(js_heap_walk(h, c, r, 0) == 0);
  CHECK(js_heap_walk(h, c, r, SIZE_MAX / sizeof(lm_block_record) + 2) == 0);  // wraps to one record
  CHECK(js_heap_walk(h, c, r, 64) == 2 && records[0].state == LM_BLOCK_LIVE);
  CHECK(records[1].state == LM_BLOCK_TOP && js_heap_walk(h, c, r, 64) == 0);
}

static void a_heap_that_may_grow_grows_and_one_that_may_not_does_not(void) {
  uintptr_t fixed = open_fixed();
  CHECK(js_heap_alloc(fixed, 2 * (size_t)SIZE) == 0);
  uintptr_t h = js_heap_open(address(pool), SIZE, 1), p = js_heap_alloc(h, 2 * (size_t)SIZE);
  size_t before = lm_memory_pages();
  CHECK((p != 0) == (before != 0));  // natively there is nothing to grow
#if defined(__wasm__)
  CHECK(lm_memory_grow(1) != SIZE_MAX);  // another owner takes a page
  uintptr_t q = js_heap_alloc(h, 100000);
  CHECK(q >= (before + 1) * LM_PAGE && js_heap_holds(h) == 1);
  while (js_heap_alloc(h, 1 << 20)) {
  }
  while (js_heap_alloc(h, 1 << 12)) {
  }
  CHECK(js_heap_holds(h) == 1 && js_heap_check(h, p) == LM_OK && js_heap_free(h, p) == LM_OK);
#endif
  CHECK(js_heap_alloc(h, 100) != 0 && js_heap_holds(h) == 1);
}

CHECK_MAIN(RUN(the_module_says_which_version_of_the_interface_it_has);
           RUN(open_gives_a_heap_at_base_rounded_up_to_16);
           RUN(open_refuses_what_is_too_small_or_not_memory); RUN(operations_work_through_a_heap);
           RUN(a_wrong_heap_gives_zero_or_not_a_block); RUN(a_copy_of_a_heap_is_not_a_heap);
           RUN(holds_tells_a_heap_that_was_overwritten); RUN(stats_of_a_damaged_heap_are_0);
           RUN(walk_refuses_cursors_and_records_that_are_not_memory);
           RUN(a_heap_that_may_grow_grows_and_one_that_may_not_does_not););
