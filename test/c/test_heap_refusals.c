// SPDX-License-Identifier: MIT
// test_heap_refusals.c: free, realloc and check refuse addresses that are not live blocks, and tell
// the hook.
#include "../../csrc/heap_fast.h"
#include "heap_fixture.h"

static void free_of_what_is_not_a_block_says_so_and_changes_nothing(void) {
  lm_heap *h = fixed_heap(FIRST);
  uint8_t *p = lm_heap_alloc(h, 100), *q = lm_heap_alloc(h, 100), *r = lm_heap_alloc(h, 100);
  for (size_t i = 0; i < 25; i++) ((uint32_t *)(void *)q)[i] = 16;  // looks like sizes
  pool_save();
  CHECK(lm_heap_free(h, NULL) == LM_OK && lm_heap_check(h, NULL) == LM_NOT_A_BLOCK);
  for (size_t i = 1; i < 100; i++) CHECK(lm_heap_free(h, q + i) == LM_NOT_A_BLOCK);
  uint8_t *wrong[] = {pool,
                      pool + 16,
                      pool + FIRST,
                      pool + FIRST + 64,
                      copy,
                      (uint8_t *)h,
                      r + 4096,
                      pool + FIRST - 8,
                      pool + FIRST - LM_WORD,
                      (uint8_t *)((uintptr_t)pool - 8),
                      (uint8_t *)&tracked,
                      (uint8_t *)LM_ALIGN};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    CHECK(lm_heap_free(h, wrong[i]) == LM_NOT_A_BLOCK &&
          lm_heap_check(h, wrong[i]) == LM_NOT_A_BLOCK);
    CHECK(lm_heap_realloc(h, wrong[i], 8) == NULL && lm_heap_usable_size(h, wrong[i]) == 0);
  }
  CHECK(lm_heap_free(h, (void *)(UINTPTR_MAX - 7)) == LM_NOT_A_BLOCK);
  CHECK(pool_same());
  CHECK(lm_heap_free(h, p) == LM_OK && lm_heap_free(h, q) == LM_OK && lm_heap_free(h, r) == LM_OK);
}

// In every order of freeing four neighbours, and again after all are joined.
static void free_of_a_freed_block_says_so_and_changes_nothing(void) {
  for (uint32_t order = 0; order < 256; order++) {
    lm_heap *h   = fixed_heap(FIRST);
    void *b[4]   = {0};
    bool gone[4] = {0};
    for (size_t i = 0; i < 4; i++) b[i] = lm_heap_alloc(h, 40);
    void *guard = order % 2 ? lm_heap_alloc(h, 40) : NULL;
    for (size_t k = 0; k < 4; k++) {
      size_t i = order >> (2 * k) & 3;
      CHECK(lm_heap_free(h, b[i]) == (gone[i] ? LM_ALREADY_FREE : LM_OK));
      gone[i] = true;
      for (size_t j = 0; j < 4; j++) {
        CHECK(lm_heap_check(h, b[j]) == (gone[j] ? LM_ALREADY_FREE : LM_OK));
        CHECK(!gone[j] || lm_heap_realloc(h, b[j], 10) == NULL);
      }
      CHECK(lm_heap_holds(h));
    }
    CHECK(lm_heap_free(h, guard) == LM_OK);
  }
}

static void free_detects_a_header_or_neighbour_that_was_overwritten(void) {
  lm_heap *h = fixed_heap(FIRST);
  uint8_t *p = lm_heap_alloc(h, 100), *q = lm_heap_alloc(h, 100);
  size_t usable = lm_heap_usable_size(h, p);
  __builtin_memset(p, 0x41, usable + LM_WORD);  // one word too many: q's header
  CHECK(lm_heap_free(h, q) == LM_NOT_A_BLOCK && lm_heap_free(h, p) == LM_NOT_A_BLOCK);
  CHECK(!lm_heap_holds(h));
}

static void free_rejects_a_forged_header_that_is_misaligned_or_disagrees_with_the_next(void) {
  lm_heap *h = fixed_heap(FIRST);
  CHECK(lm_heap_alloc(h, 1000) != NULL);
  uint8_t *p = lm_heap_alloc(h, 1000), *q = lm_heap_alloc(h, 1000);
  for (size_t i = 0; i + LM_WORD <= 1000; i += LM_WORD)
    *(size_t *)(void *)(p + i) =
        h->cookie ^ (4 * LM_ALIGN);  // sizes, each with a sane one above it
  for (size_t i = LM_WORD; i < 900; i += LM_ALIGN) CHECK(lm_heap_check(h, p + i) == LM_NOT_A_BLOCK);
  size_t *head = (size_t *)(void *)q - 1;
  *head ^= 2;  // says that p is free
  CHECK(lm_heap_free(h, p) == LM_NOT_A_BLOCK && lm_heap_free(h, q) == LM_NOT_A_BLOCK);
  *head ^= 2;
  CHECK(lm_heap_free(h, p) == LM_OK);
  size_t *footer = head - 1;  // p's, just below q
  for (uint32_t bit = 0; bit < sizeof(size_t) * 8; bit++) {
    *footer ^= (size_t)1 << bit;
    CHECK(lm_heap_free(h, q) == LM_NOT_A_BLOCK);
    *footer ^= (size_t)1 << bit;
  }
  CHECK(lm_heap_free(h, q) == LM_OK && lm_heap_holds(h));
}

static void blocks_of_a_heap_inside_a_block_are_not_blocks_of_the_outer_heap(void) {
  lm_heap *outer = fixed_heap(POOL);
  void *block    = lm_heap_alloc(outer, 100000);
  lm_heap *inner = lm_heap_init(block, 100000, lm_pages_none, NULL);
  void *p = lm_heap_alloc(inner, 50), *q = lm_heap_alloc(inner, 50);
  CHECK(p && q && lm_heap_free(outer, p) == LM_NOT_A_BLOCK);
  CHECK(lm_heap_free(inner, block) == LM_NOT_A_BLOCK);
  CHECK(lm_heap_free(inner, p) == LM_OK && lm_heap_free(outer, p) == LM_NOT_A_BLOCK);
  CHECK(lm_heap_holds(inner) && lm_heap_holds(outer) && lm_heap_free(outer, block) == LM_OK);
}

static struct {
  uint32_t calls;
  lm_operation where;
  lm_status what;
  const void *block;
} refused;

static void note_refusal(lm_heap *h, lm_operation where, lm_status what, const void *block) {
  (void)h;
  refused.calls++, refused.where = where, refused.what = what, refused.block = block;
}

// True when both free and realloc of `p` are refused as `what`, and the hook is told so.
static bool is_refused(lm_heap *h, void *p, lm_status what) {
  uint32_t calls = refused.calls;
  pool_save();
  bool freed = lm_heap_free(h, p) == what && refused.where == LM_IN_FREE && refused.block == p;
  bool moved = lm_heap_realloc(h, p, 3000) == NULL && refused.where == LM_IN_REALLOC;
  return freed && moved && refused.calls == calls + 2 && refused.what == what && pool_same();
}

// Fourteen kinds of wrong addresses, among small blocks and among large ones.
static void every_kind_of_wrong_free_and_realloc_is_refused_and_reported(void) {
  size_t small = 2 * LM_ALIGN + 8;
  for (size_t size = small; size <= 4000; size += 4000 - small) {
    lm_heap *h = fixed_heap(POOL / 2);
    h->hook    = note_refusal;
    uint8_t *b[60];
    for (size_t i = 0; i < 60; i++) b[i] = lm_heap_alloc(h, size);
    CHECK((h->superblocks.blocks > 0) == (size == small));
    lm_heap *inner  = lm_heap_init(lm_heap_alloc(h, 50000), 50000, lm_pages_none, NULL);
    uint8_t *others = lm_heap_alloc(inner, size), *p = b[50];
    CHECK(is_refused(h, p + 1, LM_NOT_A_BLOCK));                              // misaligned
    CHECK(is_refused(h, p + LM_ALIGN, LM_NOT_A_BLOCK));                       // interior
    CHECK(is_refused(h, p + size / 2 / 8 * 8, LM_NOT_A_BLOCK));               // in the middle
    CHECK(is_refused(h, p - 8, LM_NOT_A_BLOCK));                              // just below
    CHECK(is_refused(h, others, LM_NOT_A_BLOCK));                             // of another heap
    CHECK(is_refused(inner, p, LM_NOT_A_BLOCK) || !inner->hook);              // the other way round
    CHECK(is_refused(h, &tracked, LM_NOT_A_BLOCK));                           // static memory
    CHECK(is_refused(h, h, LM_NOT_A_BLOCK));                                  // the heap itself
    CHECK(is_refused(h, pool + POOL / 2 + 64, LM_NOT_A_BLOCK));               // past the end
    CHECK(is_refused(h, (void *)(UINTPTR_MAX - 7), LM_NOT_A_BLOCK));          // past everything
    CHECK(is_refused(h, (void *)(uintptr_t)8, LM_NOT_A_BLOCK));               // near NULL
    CHECK(lm_heap_free(h, p) == LM_OK && is_refused(h, p, LM_ALREADY_FREE));  // twice
    CHECK(is_refused(h, p + LM_ALIGN, LM_NOT_A_BLOCK));                       // inside a free block
    CHECK(lm_heap_free(h, b[51]) == LM_OK && lm_heap_free(h, b[49]) == LM_OK);
    CHECK(is_refused(h, p, LM_ALREADY_FREE) &&
          is_refused(h, b[51], LM_ALREADY_FREE));  // others since
    CHECK(is_refused(h, b[49], LM_ALREADY_FREE));
    uint8_t *moved = lm_heap_realloc(h, b[20], 9000);
    CHECK(moved != b[20] && is_refused(h, b[20], LM_ALREADY_FREE));  // the old address of a realloc
    CHECK(is_refused(h, map_start(h), LM_NOT_A_BLOCK));              // the heap's own words
    h->hook = NULL;
    CHECK(lm_heap_free(h, p) != LM_OK && lm_heap_holds(h));
  }
}

static void an_object_whose_owner_wrote_what_looks_free_can_be_freed(void) {
  lm_heap *h = fixed_heap(POOL / 2);
  lm_object *o[60];
  for (size_t i = 0; i < 60; i++) o[i] = lm_heap_alloc(h, 40);
  lm_heap_free(h, o[30]);
  o[40]->link = o[30]->link;  // leads into this page, as that of a free one
  CHECK(lm_heap_check(h, o[40]) == LM_OK && lm_heap_free(h, o[40]) == LM_OK && lm_heap_holds(h));
  CHECK(lm_heap_free(h, o[40]) == LM_ALREADY_FREE);
}

static void such_an_object_may_be_the_first_that_a_full_slab_gets_back(void) {
  lm_heap *h = fixed_heap(POOL / 2);
  void *p[300];
  for (size_t i = 0; i < 300; i++) p[i] = lm_heap_alloc(h, 40);
  lm_slab *s = slab_of(p[20]);
  CHECK(s->used < 0);
  object_link(p[20], p[20]);
  CHECK(lm_heap_free(h, p[20]) == LM_OK && s->used == s->count - 1 && lm_heap_holds(h));
}

static void a_map_that_has_grown_is_no_block(void) {
  lm_heap *h = fixed_heap(POOL);
  for (size_t i = 0; i < 500; i++) lm_heap_alloc(h, 1000);
  CHECK(h->map_offset && h->map_mask >= 16 * LM_WORD - LM_WORD && lm_heap_holds(h));
  CHECK(lm_heap_check(h, map_start(h)) == LM_NOT_A_BLOCK);
  h->hook = note_refusal;
  CHECK(is_refused(h, map_start(h), LM_NOT_A_BLOCK) && lm_heap_holds(h));
}

CHECK_MAIN(RUN(free_of_what_is_not_a_block_says_so_and_changes_nothing);
           RUN(free_of_a_freed_block_says_so_and_changes_nothing);
           RUN(free_detects_a_header_or_neighbour_that_was_overwritten);
           RUN(free_rejects_a_forged_header_that_is_misaligned_or_disagrees_with_the_next);
           RUN(blocks_of_a_heap_inside_a_block_are_not_blocks_of_the_outer_heap);
           RUN(every_kind_of_wrong_free_and_realloc_is_refused_and_reported);
           RUN(an_object_whose_owner_wrote_what_looks_free_can_be_freed);
           RUN(such_an_object_may_be_the_first_that_a_full_slab_gets_back);
           RUN(a_map_that_has_grown_is_no_block););
