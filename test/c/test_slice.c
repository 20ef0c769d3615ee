// SPDX-License-Identifier: MIT
#include "check.h"
#include "linmem/slice.h"

static _Alignas(64) uint8_t pool[65536];
static _Alignas(64) uint8_t block[1024];

static lm_heap *new_heap(void) { return lm_heap_init(pool, sizeof pool, lm_pages_none, NULL); }

static lm_arena *new_arena(void) {
  static lm_arena arena;
  CHECK(lm_arena_init(&arena, block, sizeof block, NULL, NULL, NULL));
  return &arena;
}

static void every_element_type_has_its_size_and_alignment(void) {
  lm_heap *heap   = new_heap();
  lm_arena *arena = new_arena();
  lm_slice s;
  uint32_t types = 0;
#define ELEMENT(name, number, size)                                                                \
  types++;                                                                                         \
  CHECK(lm_element_size(LM_##name) == (size) && lm_slice_of_heap(&s, heap, LM_##name, 3));         \
  CHECK(s.address % (size) == 0 && lm_slice_bytes(&s) == 3 * (size) && lm_slice_holds(&s));        \
  CHECK(lm_slice_free(&s, heap) == LM_OK && lm_slice_of_arena(&s, arena, LM_##name, 1));           \
  CHECK(s.address % (size) == 0 && lm_slice_alive(&s, arena) && lm_slice_holds(&s));
  LM_ELEMENTS(ELEMENT)
#undef ELEMENT
  CHECK(types == 19 && lm_element_size(0) == 0 && lm_element_size(types + 1) == 0);
}

static void a_slice_of_an_arena_lives_as_long_as_its_epoch(void) {
  lm_arena *arena = new_arena(), other = {0};
  lm_slice s, t;
  CHECK(lm_slice_of_arena(&s, arena, LM_f32, 10) && lm_slice_alive(&s, arena));
  CHECK(!lm_slice_alive(&s, NULL) && !lm_slice_alive(&s, &other));
  lm_arena_reset(arena);
  CHECK(!lm_slice_alive(&s, arena) && lm_slice_of_arena(&t, arena, LM_f32, 10));
  CHECK(t.address == s.address && lm_slice_alive(&t, arena) && !lm_slice_alive(&s, arena));
  lm_arena_destroy(arena);
  CHECK(!lm_slice_alive(&t, arena) && !lm_slice_of_arena(&t, arena, LM_f32, 1));
  CHECK(t.kind == LM_SLICE_NONE && lm_slice_holds(&t));
  new_arena();
  CHECK(!lm_slice_alive(&s, arena) && !lm_slice_alive(&t, arena));
}

static void a_slice_that_was_rewound_over_is_dead(void) {
  lm_arena *arena = new_arena();
  lm_arena_mark mark;
  lm_slice s, t;
  CHECK(lm_slice_of_arena(&s, arena, LM_u8, 10));
  lm_arena_note(arena, &mark);
  CHECK(lm_slice_of_arena(&t, arena, LM_u8, 10) && lm_slice_alive(&t, arena));
  CHECK(lm_arena_rewind(arena, &mark) && lm_slice_alive(&s, arena) && !lm_slice_alive(&t, arena));
}

static void a_slice_of_a_heap_lives_until_it_is_freed_once(void) {
  lm_heap *heap = new_heap();
  lm_slice s;
  CHECK(lm_slice_of_heap(&s, heap, LM_f64, 100) && lm_slice_alive(&s, NULL) &&
        s.kind == LM_SLICE_HEAP);
  lm_slice twin = s;
  CHECK(lm_slice_alive(&twin, NULL));
  CHECK(lm_slice_free(&s, heap) == LM_OK && !lm_slice_alive(&s, NULL) && lm_slice_holds(&s));
  CHECK(lm_slice_free(&s, heap) == LM_NOT_A_BLOCK);
#ifndef LM_LEAN
  CHECK(lm_slice_free(&twin, heap) != LM_OK);
#endif
  CHECK(lm_heap_stats(heap)->live_blocks == 0 && lm_heap_holds(heap));
}

static void only_a_slice_of_a_heap_is_freed(void) {
  lm_heap *heap   = new_heap();
  lm_arena *arena = new_arena();
  lm_slice s;
  CHECK(lm_slice_of_arena(&s, arena, LM_u8, 8) && lm_slice_free(&s, heap) == LM_NOT_A_BLOCK);
  CHECK(lm_slice_alive(&s, arena) && lm_slice_of(&s, block, LM_u8, 8));
  CHECK(lm_slice_free(&s, heap) == LM_NOT_A_BLOCK && lm_slice_alive(&s, NULL));
}

static void sizes_that_do_not_fit_and_wrong_types_make_a_dead_slice(void) {
  lm_heap *heap   = new_heap();
  lm_arena *arena = new_arena();
  lm_slice s;
  size_t lengths[] = {SIZE_MAX, SIZE_MAX / 8 + 1, (size_t)PTRDIFF_MAX / 8 + 1, SIZE_MAX / 2,
                      100000};
  for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
    CHECK(!lm_slice_of_heap(&s, heap, LM_f64, lengths[i]) && lm_slice_holds(&s) && !s.kind);
    CHECK(!lm_slice_of_arena(&s, arena, LM_f64, lengths[i]) && lm_slice_holds(&s) && !s.kind);
  }
  CHECK(!lm_slice_of(&s, block, LM_f64, SIZE_MAX / 8 + 1) && !s.kind);
  for (uint32_t type = 20; type; type = type > 1u << 30 ? 0 : type * 2) {
    CHECK(!lm_slice_of_heap(&s, heap, type, 1) && !lm_slice_of_arena(&s, arena, type, 1));
    CHECK(!lm_slice_of(&s, block, type, 1) && lm_slice_holds(&s));
  }
  CHECK(!lm_slice_of_heap(&s, heap, 0, 1) && lm_arena_used(arena) == 0);
  CHECK(lm_heap_stats(heap)->live_blocks == 0);
}

static void a_borrowed_slice_is_aligned_and_inside_the_address_space(void) {
  lm_slice s;
  CHECK(lm_slice_of(&s, block + 8, LM_f64, 4) && s.address == (uintptr_t)block + 8);
  CHECK(s.kind == LM_SLICE_BORROWED && lm_slice_alive(&s, NULL) && lm_slice_holds(&s));
  CHECK(!lm_slice_of(&s, block + 4, LM_f64, 4) && !lm_slice_of(&s, NULL, LM_u8, 4));
  CHECK(!lm_slice_of(&s, (void *)(UINTPTR_MAX - 7), LM_f64, 2) && !lm_slice_alive(&s, NULL));
}

static void an_empty_slice_is_alive(void) {
  lm_heap *heap = new_heap();
  lm_slice s;
  CHECK(lm_slice_of_heap(&s, heap, LM_i16, 0) && lm_slice_alive(&s, NULL) && s.address);
  CHECK(lm_slice_free(&s, heap) == LM_OK);
}

static void holds_detects_what_is_wrong(void) {
  lm_slice s;
  CHECK(lm_slice_of(&s, block, LM_i32, 4) && lm_slice_holds(&s));
  lm_slice good = s;
  s.kind        = 4;
  CHECK(!lm_slice_holds(&s));
  s = good, s.type = 20;
  CHECK(!lm_slice_holds(&s));
  s = good, s.length = SIZE_MAX / 4;
  CHECK(!lm_slice_holds(&s));
  s = good, s.epoch_low = 1;
  CHECK(!lm_slice_holds(&s));
  s = good, s.kind = LM_SLICE_ARENA;
  CHECK(!lm_slice_holds(&s));
  s = good, s.kind = LM_SLICE_NONE;
  CHECK(!lm_slice_holds(&s));
  s = good, s.address = 0;
  CHECK(!lm_slice_holds(&s));
}

static uint8_t chunk_memory[1024];  // for one chunk
static void *chunk_more(void *state, size_t size) {
  return (void)state, size <= sizeof chunk_memory ? chunk_memory : NULL;
}
static void chunk_less(void *state, void *chunk) { (void)state, (void)chunk; }

static void slices_of_every_chunk_live_until_they_are_rewound_over(void) {
  static lm_arena arena;
  lm_slice low, high, high_again;
  lm_arena_mark mark;
  CHECK(lm_arena_init(&arena, block, 500, chunk_more, chunk_less, NULL));
  CHECK(lm_slice_of_arena(&low, &arena, LM_u8, 490));
  CHECK(lm_slice_of_arena(&high, &arena, LM_u8, 90) && arena.chunks == 1);
  CHECK(lm_slice_alive(&low, &arena) && lm_slice_alive(&high, &arena));
  lm_arena_note(&arena, &mark);
  CHECK(lm_slice_of_arena(&high_again, &arena, LM_u8, 90) && lm_arena_rewind(&arena, &mark));
  CHECK(lm_slice_alive(&low, &arena) && lm_slice_alive(&high, &arena));
  CHECK(lm_arena_alloc(&arena, 40, 1) && !lm_slice_alive(&high_again, &arena));  // half of it again
  high_again.address = arena.top + 8;
  CHECK(!lm_slice_alive(&high_again, &arena));
  lm_slice outside = low;  // in no range that the arena allocated
  outside.address  = arena.end + 4096;
  CHECK(!lm_slice_alive(&outside, &arena));
  outside.address = arena.base - 1;
  CHECK(!lm_slice_alive(&outside, &arena));
  outside = low, outside.length += 11;  // past the end of its chunk's allocated bytes
  CHECK(!lm_slice_alive(&outside, &arena));
  lm_arena_reset(&arena);
  CHECK(!lm_slice_alive(&low, &arena) && !lm_slice_alive(&high, &arena));
}

static void a_slice_in_a_chunk_that_a_rewind_dropped_is_dead(void) {
  static lm_arena arena;
  lm_slice low, high, empty;
  lm_arena_mark mark;
  CHECK(lm_arena_init(&arena, block, 500, chunk_more, chunk_less, NULL));
  CHECK(lm_slice_of_arena(&low, &arena, LM_u8, 400));
  lm_arena_note(&arena, &mark);
  CHECK(lm_slice_of_arena(&high, &arena, LM_u8, 300) && arena.chunks == 1);
  CHECK(lm_slice_of_arena(&empty, &arena, LM_u8, 0) && lm_slice_alive(&empty, &arena));
  CHECK(lm_slice_alive(&low, &arena) && lm_slice_alive(&high, &arena));
  CHECK(lm_arena_rewind(&arena, &mark) && arena.chunks == 0);
  CHECK(lm_slice_alive(&low, &arena));
  CHECK(!lm_slice_alive(&high, &arena) && !lm_slice_alive(&empty, &arena));
}

static void holds_detects_what_a_dead_slice_cannot_have(void) {
  lm_slice s;
  CHECK(!lm_slice_of(&s, NULL, LM_u8, 4));
  DETECTS(lm_slice_holds(&s), s.address, 8);
  DETECTS(lm_slice_holds(&s), s.length, 1);
  DETECTS(lm_slice_holds(&s), s.type, LM_u8);
  DETECTS(lm_slice_holds(&s), s.epoch_high, 1);
}

CHECK_MAIN(RUN(slices_of_every_chunk_live_until_they_are_rewound_over);
           RUN(a_slice_in_a_chunk_that_a_rewind_dropped_is_dead);
           RUN(holds_detects_what_a_dead_slice_cannot_have);
           RUN(every_element_type_has_its_size_and_alignment);
           RUN(a_slice_of_an_arena_lives_as_long_as_its_epoch);
           RUN(a_slice_that_was_rewound_over_is_dead);
           RUN(a_slice_of_a_heap_lives_until_it_is_freed_once);
           RUN(only_a_slice_of_a_heap_is_freed);
           RUN(sizes_that_do_not_fit_and_wrong_types_make_a_dead_slice);
           RUN(a_borrowed_slice_is_aligned_and_inside_the_address_space);
           RUN(an_empty_slice_is_alive); RUN(holds_detects_what_is_wrong););
