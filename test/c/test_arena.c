// SPDX-License-Identifier: MIT
#include "check.h"
#include "linmem/arena.h"

enum { SIZE = 4096, CHUNKS = 64 };
static _Alignas(4096) uint8_t pool[65536];
static lm_arena arena;

// A source of chunks that counts, poisons released chunks, and fails at call `fail_at`.
static struct {
  uint8_t *at[CHUNKS];
  size_t top;
  uint32_t calls, allocated, fail_at;
} source;

static void *source_refill(void *state, size_t size) {
  (void)state;
  if (++source.calls == source.fail_at || size > sizeof pool - source.top ||
      source.allocated == CHUNKS)
    return NULL;
  uint8_t *p = pool + source.top;
  source.top += (size + 15) & ~(size_t)15;
  return source.at[source.allocated++] = p;
}

static void source_release(void *state, void *chunk) {
  (void)state;
  CHECK(source.allocated > 0 && source.at[source.allocated - 1] == chunk);  // the newest first
  source.top = (size_t)((uint8_t *)chunk - pool);
  __builtin_memset(chunk, 0x55, 64);
  source.allocated--;
}

static bool arena_same(const lm_arena *before) {
  const uint8_t *a = (const uint8_t *)&arena, *b = (const uint8_t *)before;
  for (size_t i = 0; i < sizeof arena; i++)
    if (a[i] != b[i]) return false;
  return true;
}

static void open_fixed(void) {
  __builtin_memset(pool, 0x55, sizeof pool);
  CHECK(lm_arena_init(&arena, pool + 1024, SIZE, NULL, NULL, NULL) && lm_arena_holds(&arena));
}

static void open_chained(void) {
  __builtin_memset(&source, 0, sizeof source);
  source.top = 8192;
  __builtin_memset(pool, 0x55, sizeof pool);
  CHECK(lm_arena_init(&arena, pool + 1024, 256, source_refill, source_release, NULL));
}

static void alloc_gives_aligned_bytes_in_order_and_to_the_last_one(void) {
  open_fixed();
  uint8_t *p = lm_arena_alloc(&arena, 5, 1), *q = lm_arena_alloc(&arena, 8, 8);
  CHECK(p == pool + 1024 && q == p + 8 && lm_arena_used(&arena) == 16);
  for (size_t align = 1; align <= 1024; align *= 2) {
    uint8_t *r = lm_arena_alloc(&arena, 3, align);
    CHECK(r && (uintptr_t)r % align == 0 && lm_arena_holds(&arena));
  }
  size_t left = arena.end - arena.top;
  CHECK(lm_arena_alloc(&arena, left + 1, 1) == NULL && lm_arena_alloc(&arena, left, 1) != NULL);
  CHECK(lm_arena_alloc(&arena, 1, 1) == NULL && lm_arena_alloc(&arena, 0, 1) != NULL);
  CHECK(pool[1023] == 0x55 && pool[1024 + SIZE] == 0x55 && lm_arena_used(&arena) == SIZE);
}

static void alloc_refuses_what_cannot_be_and_changes_nothing(void) {
  for (int chained = 0; chained < 2; chained++) {
    if (chained)
      open_chained();
    else
      open_fixed();
    CHECK(lm_arena_alloc(&arena, 10, 4) != NULL);
    lm_arena before = arena;
    for (size_t k = 0; k <= 64; k++) {
      for (size_t align = 1; align; align *= 2) {
        CHECK(lm_arena_alloc(&arena, SIZE_MAX - k, align) == NULL);
        CHECK(lm_arena_alloc(&arena, (size_t)PTRDIFF_MAX + k, align) == NULL);
      }
    }
    size_t wrong[] = {0, 3, 6, 24, 65535, SIZE_MAX};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
      CHECK(lm_arena_alloc(&arena, 8, wrong[i]) == NULL);
    CHECK(lm_arena_alloc(&arena, 8, SIZE_MAX / 2 + 1) == NULL);
    CHECK(arena_same(&before) && source.allocated == 0);
  }
}

static void init_refuses_null_empty_and_wrapping_blocks(void) {
  open_fixed();
  lm_arena before = arena;
  CHECK(!lm_arena_init(&arena, NULL, SIZE, NULL, NULL, NULL));
  CHECK(!lm_arena_init(&arena, pool, 0, NULL, NULL, NULL));
  CHECK(!lm_arena_init(&arena, pool, SIZE_MAX, NULL, NULL, NULL));
  CHECK(arena_same(&before));
}

static void the_last_byte_of_the_address_space_is_never_allocated(void) {
  void *block = (void *)(UINTPTR_MAX - 255);
  CHECK(lm_arena_init(&arena, block, 256, NULL, NULL, NULL) && lm_arena_holds(&arena));
  CHECK(lm_arena_alloc(&arena, 256, 1) == NULL && lm_arena_alloc(&arena, 255, 1) == block);
  CHECK(lm_arena_alloc(&arena, 0, 8) == NULL && lm_arena_holds(&arena));
}

static void reset_and_destroy_each_begin_one_epoch(void) {
  open_fixed();
  uint32_t first = arena.epoch_low;
  CHECK(first != 0 && lm_arena_is_at(&arena, first, 0));
  void *p = lm_arena_alloc(&arena, 100, 8);
  lm_arena_reset(&arena);
  CHECK(arena.epoch_low == first + 1 && lm_arena_used(&arena) == 0);
  CHECK(!lm_arena_is_at(&arena, first, 0) && lm_arena_alloc(&arena, 100, 8) == p);
  lm_arena_destroy(&arena);
  CHECK(arena.epoch_low == first + 2 && lm_arena_holds(&arena));
  CHECK(!lm_arena_is_at(&arena, first + 2, 0) && lm_arena_alloc(&arena, 0, 1) == NULL);
  lm_arena_destroy(&arena), lm_arena_reset(&arena);
  CHECK(arena.epoch_low == first + 2 && lm_arena_used(&arena) == 0);
}

static void an_epoch_carries_over_32_bits_and_is_never_0(void) {
  open_fixed();
  arena.epoch_low = UINT32_MAX, arena.epoch_high = 6;
  lm_arena_reset(&arena);
  CHECK(arena.epoch_low == 0 && arena.epoch_high == 7 && lm_arena_is_at(&arena, 0, 7));
  arena.epoch_low = UINT32_MAX, arena.epoch_high = UINT32_MAX;
  lm_arena_reset(&arena);
  CHECK(arena.epoch_low == 1 && arena.epoch_high == 0 && lm_arena_holds(&arena));
}

static void an_arena_made_where_one_was_goes_on_with_its_epochs(void) {
  __builtin_memset(&arena, 0, sizeof arena);
  open_fixed();
  CHECK(arena.epoch_low == 1 && arena.epoch_high == 0);
  lm_arena_destroy(&arena);
  open_fixed();
  CHECK(arena.epoch_low == 3);
  open_fixed();
  CHECK(arena.epoch_low == 4);  // without a destroy
}

static void rewind_takes_back_to_a_mark_of_this_epoch_only(void) {
  open_fixed();
  lm_arena_mark outer, inner, old;
  lm_arena_alloc(&arena, 100, 1);
  lm_arena_note(&arena, &outer);
  uint8_t *p = lm_arena_alloc(&arena, 100, 1);
  lm_arena_note(&arena, &inner);
  CHECK(lm_arena_alloc(&arena, 100, 1) != NULL && lm_arena_rewind(&arena, &inner));
  CHECK(lm_arena_used(&arena) == 200 && lm_arena_rewind(&arena, &outer));
  CHECK(lm_arena_used(&arena) == 100 && !lm_arena_rewind(&arena, &inner));
  CHECK(lm_arena_used(&arena) == 100 && lm_arena_alloc(&arena, 1, 1) == p);
  old = outer;
  lm_arena_reset(&arena);
  lm_arena_alloc(&arena, 500, 1);
  CHECK(!lm_arena_rewind(&arena, &old) && lm_arena_used(&arena) == 500);
  lm_arena_note(&arena, &old);
  lm_arena_destroy(&arena);
  CHECK(!lm_arena_rewind(&arena, &old) && lm_arena_holds(&arena));
}

static void a_chained_arena_goes_on_in_chunks_and_releases_them(void) {
  open_chained();
  lm_arena_mark mark;
  uint8_t *first = lm_arena_alloc(&arena, 200, 8);
  __builtin_memset(first, 1, 200);
  lm_arena_note(&arena, &mark);
  uint8_t *p = lm_arena_alloc(&arena, 100, 8);
  CHECK(p && p >= pool + 8192 && source.allocated == 1 && arena.chunks == 1 &&
        lm_arena_holds(&arena));
  for (uint32_t i = 0; i < 100; i++) {
    uint8_t *q = lm_arena_alloc(&arena, 100 + i, (size_t)1 << random_below(9));
    CHECK(q && lm_arena_holds(&arena));
    __builtin_memset(q, 2, 100 + i);
  }
  CHECK(source.allocated > 2 && source.allocated < 12);  // each twice as large
  uint8_t *large = lm_arena_alloc(&arena, 20000, 4096);
  CHECK(large && (uintptr_t)large % 4096 == 0 && first[0] == 1 && first[199] == 1);
  CHECK(lm_arena_rewind(&arena, &mark) && source.allocated == 0 && lm_arena_used(&arena) == 200);
  CHECK(lm_arena_holds(&arena) && lm_arena_alloc(&arena, 300, 1) && source.allocated == 1);
  lm_arena_reset(&arena);
  CHECK(source.allocated == 0 && lm_arena_used(&arena) == 0 && lm_arena_holds(&arena));
  CHECK(lm_arena_alloc(&arena, 1000, 1) && source.allocated == 1);
  lm_arena_destroy(&arena);
  CHECK(source.allocated == 0 && lm_arena_holds(&arena));
}

static void marks_into_a_chunk_that_was_released_are_refused(void) {
  open_chained();
  lm_arena_mark low, high;
  lm_arena_note(&arena, &low);
  lm_arena_alloc(&arena, 500, 1);
  lm_arena_note(&arena, &high);
  CHECK(arena.chunks == 1 && lm_arena_rewind(&arena, &low) && source.allocated == 0);
  CHECK(!lm_arena_rewind(&arena, &high) && lm_arena_holds(&arena));
}

static void a_source_of_chunks_may_fail_at_every_call(void) {
  for (uint32_t k = 1; k < 12; k++) {
    open_chained();
    source.fail_at  = k;
    uint32_t failed = 0;
    for (uint32_t i = 0; i < 40; i++) {
      lm_arena before = arena;
      void *p         = lm_arena_alloc(&arena, 300, 16);
      CHECK(lm_arena_holds(&arena));
      if (p) continue;
      failed++;
      CHECK(arena_same(&before));
    }
    CHECK(failed == 0);  // a request refused as a large chunk is repeated as a small one
    lm_arena_destroy(&arena);
    CHECK(source.allocated == 0);
  }
  open_chained();
  source.allocated = CHUNKS;  // the source always fails
  CHECK(lm_arena_alloc(&arena, 300, 16) == NULL && lm_arena_alloc(&arena, 256, 1) != NULL);
  source.allocated = 0;
}

static void holds_detects_what_is_wrong(void) {
  open_chained();
  lm_arena_alloc(&arena, 1000, 8);
  CHECK(lm_arena_holds(&arena));
  lm_arena good = arena;
  arena.top     = arena.end + 1;
  CHECK(!lm_arena_holds(&arena));
  arena     = good;
  arena.top = arena.base - 1;
  CHECK(!lm_arena_holds(&arena));
  arena           = good;
  arena.epoch_low = arena.epoch_high = 0;
  CHECK(!lm_arena_holds(&arena));
  arena = good;
  arena.magic ^= 1;
  CHECK(!lm_arena_holds(&arena));
  arena = good;
  arena.chunks++;
  CHECK(!lm_arena_holds(&arena));
  arena = good;
  arena.below++;
  CHECK(!lm_arena_holds(&arena));
  arena      = good;
  arena.base = 0;
  CHECK(!lm_arena_holds(&arena));
  arena = good;
  CHECK(lm_arena_holds(&arena));
}

static void a_chunk_is_never_asked_for_twice_in_one_size(void) {
  open_chained();
  source.fail_at = 1;
  CHECK(lm_arena_alloc(&arena, 1000, 8) == NULL && source.calls == 1);  // two of 256 is less
  CHECK(lm_arena_alloc(&arena, 1000, 8) != NULL && lm_arena_holds(&arena));
  // An arena over half of the address space, which no test touches: two of it would wrap.
  void *block = (void *)(uintptr_t)4096;
  CHECK(lm_arena_init(&arena, block, SIZE_MAX / 2 + 1, source_refill, source_release, NULL));
  uintptr_t end = arena.end;
  arena.top     = end;
  source.calls = source.fail_at = 0;
  CHECK(lm_arena_alloc(&arena, 100, 8) && source.calls == 1 && arena.chunks == 1);
  lm_arena_destroy(&arena);
}

static void chunks_of_a_source_that_takes_nothing_back_are_let_be(void) {
  open_chained();
  arena.release = NULL;
  uint8_t *p = lm_arena_alloc(&arena, 1000, 8), *q = lm_arena_alloc(&arena, 5000, 8);
  CHECK(p && q && arena.chunks == 2);
  p[0] = q[0] = 0x11;
  lm_arena_reset(&arena);
  CHECK(arena.chunks == 0 && source.allocated == 2 && p[0] == 0x11 && q[0] == 0x11);
  CHECK(lm_arena_used(&arena) == 0 && lm_arena_holds(&arena));
}

static void a_mark_that_was_not_made_here_is_refused(void) {
  open_fixed();
  lm_arena_mark mark, good;
  CHECK(lm_arena_alloc(&arena, 100, 1) != NULL);
  lm_arena_note(&arena, &good);
  mark = good, mark.top = arena.base - 1;
  CHECK(!lm_arena_rewind(&arena, &mark));
  mark = good, mark.epoch_high++;
  CHECK(!lm_arena_rewind(&arena, &mark));
  mark = good, mark.chunk = (lm_arena_chunk *)(void *)pool;
  CHECK(!lm_arena_rewind(&arena, &mark) && lm_arena_used(&arena) == 100);
}

static void holds_detects_words_that_cannot_be(void) {
  open_chained();
  lm_arena_alloc(&arena, 1000, 8);
  lm_arena_alloc(&arena, 5000, 8);
  lm_arena_chunk *chunk = arena.chunk;
  DETECTS(lm_arena_holds(&arena), arena.chunks, 1);
  DETECTS(lm_arena_holds(&arena), chunk->base, 0);
  DETECTS(lm_arena_holds(&arena), chunk->base, chunk->top + 1);
  DETECTS(lm_arena_holds(&arena), chunk->top, chunk->end + 1);
  DETECTS(lm_arena_holds(&arena), chunk->below, NULL);
  DETECTS(lm_arena_holds(&arena), arena.below, 0);
  lm_arena_destroy(&arena);
  DETECTS(lm_arena_holds(&arena), arena.end, 1);
  DETECTS(lm_arena_holds(&arena), arena.chunk, chunk);
  DETECTS(lm_arena_holds(&arena), arena.chunks, 1);
  DETECTS(lm_arena_holds(&arena), arena.below, 1);
}

CHECK_MAIN(RUN(a_chunk_is_never_asked_for_twice_in_one_size);
           RUN(chunks_of_a_source_that_takes_nothing_back_are_let_be);
           RUN(a_mark_that_was_not_made_here_is_refused); RUN(holds_detects_words_that_cannot_be);
           RUN(alloc_gives_aligned_bytes_in_order_and_to_the_last_one);
           RUN(alloc_refuses_what_cannot_be_and_changes_nothing);
           RUN(init_refuses_null_empty_and_wrapping_blocks);
           RUN(the_last_byte_of_the_address_space_is_never_allocated);
           RUN(reset_and_destroy_each_begin_one_epoch);
           RUN(an_epoch_carries_over_32_bits_and_is_never_0);
           RUN(an_arena_made_where_one_was_goes_on_with_its_epochs);
           RUN(rewind_takes_back_to_a_mark_of_this_epoch_only);
           RUN(a_chained_arena_goes_on_in_chunks_and_releases_them);
           RUN(marks_into_a_chunk_that_was_released_are_refused);
           RUN(a_source_of_chunks_may_fail_at_every_call); RUN(holds_detects_what_is_wrong););
