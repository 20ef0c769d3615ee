// SPDX-License-Identifier: MIT
// test_heap_inspect.c: what the heap sees: addresses that are not blocks, walks, damage.
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
                      pool - 8,
                      (uint8_t *)&lent,
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

static void free_sees_a_header_or_neighbour_that_was_overwritten(void) {
  lm_heap *h = fixed_heap(FIRST);
  uint8_t *p = lm_heap_alloc(h, 100), *q = lm_heap_alloc(h, 100);
  size_t usable = lm_heap_usable_size(h, p);
  __builtin_memset(p, 0x41, usable + LM_WORD);  // one word too many: q's header
  CHECK(lm_heap_free(h, q) == LM_NOT_A_BLOCK && lm_heap_free(h, p) == LM_NOT_A_BLOCK);
  CHECK(!lm_heap_holds(h));
}

static void free_believes_no_forged_header_that_is_misaligned_or_disagrees_with_the_next(void) {
  lm_heap *h = fixed_heap(FIRST);
  uint8_t *p = lm_heap_alloc(h, 1000), *q = lm_heap_alloc(h, 1000);
  for (size_t i = 0; i + LM_WORD <= 1000; i += LM_WORD)
    *(size_t *)(void *)(p + i) = h->key ^ (4 * LM_ALIGN);  // sizes, each with a sane one above it
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
  void *room     = lm_heap_alloc(outer, 100000);
  lm_heap *inner = lm_heap_init(room, 100000, lm_pages_none, NULL);
  void *p = lm_heap_alloc(inner, 50), *q = lm_heap_alloc(inner, 50);
  CHECK(p && q && lm_heap_free(outer, p) == LM_NOT_A_BLOCK);
  CHECK(lm_heap_free(inner, room) == LM_NOT_A_BLOCK);
  CHECK(lm_heap_free(inner, p) == LM_OK && lm_heap_free(outer, p) == LM_NOT_A_BLOCK);
  CHECK(lm_heap_holds(inner) && lm_heap_holds(outer) && lm_heap_free(outer, room) == LM_OK);
}

static void a_walk_in_any_steps_visits_every_block_once_in_order(void) {
  lm_heap *h = growing_heap(24);
  for (size_t i = 0; i < 200; i++) lent.blocks[i].p = lm_heap_alloc(h, some_size());
  for (size_t i = 0; i < 200; i += 3) lm_heap_free(h, lent.blocks[i].p);
  lm_cursor all = {0};
  size_t total  = lm_heap_walk(h, &all, records, 4096);
  CHECK(total > 133 && lm_heap_walk(h, &all, records + 4096, 4096) == 0);
  for (size_t step = 1; step < 50; step += 7) {
    lm_cursor cursor = {0};
    size_t n, at = 0;
    while ((n = lm_heap_walk(h, &cursor, records + 4096, step)) > 0)
      for (size_t i = 0; i < n; i++, at++) CHECK(records[4096 + i].address == records[at].address);
    CHECK(at == total);
  }
  lm_cursor cursor = {0};
  CHECK(lm_heap_walk(h, &cursor, records, 0) == 0 && cursor.over == 0);
}

static void a_walk_goes_on_over_a_heap_that_changes(void) {
  lm_heap *h = growing_heap(24);
  for (size_t i = 0; i < SHADOW_BLOCKS; i++) step_alloc(h, i);
  lm_cursor cursor = {0};
  uintptr_t last   = 0;
  for (size_t n; (n = lm_heap_walk(h, &cursor, records, 3)) > 0;) {
    for (size_t i = 0; i < n; i++) {
      CHECK(records[i].address > last);
      last      = records[i].address;
      bool live = records[i].state == LM_BLOCK_LIVE;
      CHECK(!live || lm_heap_check(h, (void *)records[i].address) == LM_OK);
    }
    size_t at = random_below(SHADOW_BLOCKS);
    lent.blocks[at].p ? step_free(h, at) : step_alloc(h, at);
  }
  CHECK(cursor.over == 1 && last > (uintptr_t)pool);
}

static void a_walk_finds_its_place_after_the_block_it_stood_at_is_gone(void) {
  lm_heap *h = fixed_heap(FIRST);
  uint8_t *b[5];
  for (size_t i = 0; i < 5; i++) b[i] = lm_heap_alloc(h, 200);
  lm_cursor cursor = {0};
  CHECK(lm_heap_walk(h, &cursor, records, 2) == 2);  // stands at b[2]
  lm_heap_free(h, b[1]), lm_heap_free(h, b[2]);
  CHECK(lm_heap_alloc(h, 400) == b[1]);  // one block over both
  for (size_t i = 0; i < 400; i += LM_WORD) *(size_t *)(void *)(b[1] + i) = h->key ^ (4 * LM_ALIGN);
  CHECK(lm_heap_walk(h, &cursor, records, 1) == 1 && records[0].address == (uintptr_t)b[3]);
  CHECK(lm_heap_walk(h, &cursor, records, 9) == 2 && records[0].address == (uintptr_t)b[4]);
  CHECK(lm_heap_walk(h, &cursor, records, 9) == 0);
}

static void a_cursor_that_was_scribbled_on_leads_nowhere_bad(void) {
  lm_heap *h = growing_heap(24);
  for (size_t i = 0; i < 200; i++) step_alloc(h, i);
  for (uint32_t k = 0; k < 500; k++) {
    lm_cursor cursor = {(uintptr_t)h + random_below(100), (uintptr_t)pool + random_below(POOL),
                        random_below(2) ? h->changes : 0, 0};
    if (k % 2) cursor.region = (uintptr_t)&h->region;
    cursor.address &= ~(LM_WORD - 1);
    CHECK(lm_heap_walk(h, &cursor, records, 8192) <= 8192);
  }
}

// Flips each bit of each word that the heap keeps for itself, and checks that holds() sees it.
static void holds_sees_every_bit_that_is_wrong(void) {
  lm_heap *h = fixed_heap(FIRST);
  uint8_t *b[9];
  for (size_t i = 0; i < 9; i++) b[i] = lm_heap_alloc(h, i < 6 ? 40 : 100 * i);
  for (size_t i = 1; i < 9; i += 2) lm_heap_free(h, b[i]);
  CHECK(lm_heap_holds(h));
  size_t *words[64], n = 0;
  for (size_t i = 0; i < 9; i++) words[n++] = (size_t *)(void *)b[i] - 1;
  for (size_t i = 1; i < 9; i += 2) {
    lm_block *f = (lm_block *)(void *)(b[i] - LM_WORD);
    words[n++]  = (size_t *)(void *)&f->next;
    words[n++]  = (size_t *)(void *)&f->prev;
    words[n++]  = (size_t *)(void *)b[i + (i < 8)] - (i < 8 ? 2 : 0);  // the footer
  }
  words[n++] = &h->magic;
  words[n++] = &h->key;
  words[n++] = (size_t *)(void *)&h->top;
  words[n++] = (size_t *)(void *)&h->last;
  words[n++] = &h->spans;
  words[n++] = &h->binned;
  words[n++] = &h->large;
  words[n++] = &h->large_bytes;
  words[n++] = &h->slab_bytes;
  words[n++] = &h->stats.regions;
  words[n++] = (size_t *)(void *)&h->top->head;
  words[n++] = (size_t *)(void *)&h->last->end->head;
  for (size_t i = 0; i < n; i++) {
    for (uint32_t bit = 0; bit < sizeof(size_t) * 8; bit++) {
      *words[i] ^= (size_t)1 << bit;
      CHECK(!lm_heap_holds(h));
      *words[i] ^= (size_t)1 << bit;
    }
  }
  for (uint32_t row = 0; row < LM_HEAP_ROWS; row++) {
    h->rows ^= 1u << row;
    CHECK(!lm_heap_holds(h));
    h->rows ^= 1u << row;
    for (uint32_t col = 0; col < LM_HEAP_COLS; col++) {
      h->cols[row] ^= (uint16_t)(1u << col);
      CHECK(!lm_heap_holds(h));
      h->cols[row] ^= (uint16_t)(1u << col);
    }
  }
  CHECK(lm_heap_holds(h));
}

static void holds_sees_a_list_entry_that_is_no_block(void) {
  lm_heap *h = fixed_heap(FIRST);
  uint8_t *p = lm_heap_alloc(h, 1000);
  __builtin_memset(p, 0, 1000);
  lm_block *fake = (lm_block *)(void *)(p + 2 * LM_ALIGN - LM_WORD);
  fake->head     = (4 * LM_ALIGN ^ h->key) | 1;
  h->bins[4]     = fake;  // the list of that size, all its bits as they should be
  h->rows |= 1;
  h->cols[0] |= 1u << 4;
  CHECK(!lm_heap_holds(h));
  h->binned++;
  CHECK(!lm_heap_holds(h));
}

static void holds_sees_two_free_neighbours(void) {
  lm_heap *h = fixed_heap(FIRST);
  uint8_t *p = lm_heap_alloc(h, 8 * LM_ALIGN - LM_WORD), *q = lm_heap_alloc(h, 1000);
  CHECK(lm_heap_free(h, p) == LM_OK && lm_heap_holds(h) && q);
  lm_block *a                           = (lm_block *)(void *)(p - LM_WORD);
  lm_block *b                           = (lm_block *)(void *)(p - LM_WORD + 4 * LM_ALIGN);
  a->head                               = (4 * LM_ALIGN ^ h->key) | 1;
  b->head                               = (4 * LM_ALIGN ^ h->key) | 3;
  ((size_t *)(void *)b)[-1]             = 4 * LM_ALIGN;
  ((size_t *)(void *)(q - LM_WORD))[-1] = 4 * LM_ALIGN;
  a->next = b, a->prev = NULL, b->next = NULL, b->prev = a;
  h->bins[8] = NULL, h->bins[4] = a, h->cols[0] = 1u << 4, h->binned = 2;
  CHECK(!lm_heap_holds(h));
}

static struct {
  uint32_t calls;
  lm_verb where;
  lm_status what;
  const void *block;
} refused;

static void note_refusal(lm_heap *h, lm_verb where, lm_status what, const void *block) {
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

static uintptr_t *map_of(lm_heap *h) { return (uintptr_t *)((uintptr_t)h->near + h->map_from); }

// Fourteen kinds of wrong addresses, among small blocks and among large ones.
static void every_kind_of_wrong_free_and_realloc_is_refused_and_told(void) {
  for (size_t size = 40; size <= 4000; size += 3960) {
    lm_heap *h = fixed_heap(POOL / 2);
    h->hook    = note_refusal;
    uint8_t *b[60];
    for (size_t i = 0; i < 60; i++) b[i] = lm_heap_alloc(h, size);
    CHECK((h->banks > 0) == (size == 40));
    lm_heap *inner  = lm_heap_init(lm_heap_alloc(h, 50000), 50000, lm_pages_none, NULL);
    uint8_t *others = lm_heap_alloc(inner, size), *p = b[50];
    CHECK(is_refused(h, p + 1, LM_NOT_A_BLOCK));                              // misaligned
    CHECK(is_refused(h, p + LM_ALIGN, LM_NOT_A_BLOCK));                       // interior
    CHECK(is_refused(h, p + size / 2 / 8 * 8, LM_NOT_A_BLOCK));               // in the middle
    CHECK(is_refused(h, p - 8, LM_NOT_A_BLOCK));                              // just below
    CHECK(is_refused(h, others, LM_NOT_A_BLOCK));                             // of another heap
    CHECK(is_refused(inner, p, LM_NOT_A_BLOCK) || !inner->hook);              // the other way round
    CHECK(is_refused(h, &lent, LM_NOT_A_BLOCK));                              // static memory
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
    CHECK(is_refused(h, map_of(h), LM_NOT_A_BLOCK));                 // the heap's own words
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

// Flips each bit of what the heap knows of its slabs.
static void holds_sees_every_bit_of_a_slab_that_is_wrong(void) {
  lm_heap *h = fixed_heap(POOL);
  void *p[600];
  for (size_t i = 0; i < 600; i++) p[i] = lm_heap_alloc(h, 100);
  for (size_t i = 0; i < 600; i += 7) lm_heap_free(h, p[i]);
  for (size_t i = 100; i < 190; i++) lm_heap_free(h, p[i]);
  CHECK(lm_heap_holds(h) && h->banks > 1);
  lm_slab *slab = (lm_slab *)(((uintptr_t)p[300] | (LM_HEAP_BANK - 1)) + 1 - sizeof(lm_bank));
  for (size_t i = 0; i < LM_HEAP_SLABS; i++) {
    size_t from = offsetof(lm_slab, free) * 8, used = offsetof(lm_slab, used) * 8;
    size_t bits = (offsetof(lm_slab, number) + 1) * 8;
    for (size_t bit = from; bit < bits; bit++) {
      bool says_nothing = bit / 32 == used / 32 && h->current[slab[i].size / LM_ALIGN] == &slab[i];
      if (says_nothing && bit % 32 != 31) continue;  // only that it is above 0
      uint8_t *byte = (uint8_t *)&slab[i] + bit / 8;
      *byte ^= (uint8_t)(1u << bit % 8);
      CHECK(!lm_heap_holds(h));
      *byte ^= (uint8_t)(1u << bit % 8);
    }
  }
  for (size_t place = 0; place <= h->map_mask / sizeof(uintptr_t); place++) {
    for (size_t bit = 0; bit < sizeof(uintptr_t) * 8; bit++) {
      map_of(h)[place] ^= (uintptr_t)1 << bit;
      CHECK(!lm_heap_holds(h));
      map_of(h)[place] ^= (uintptr_t)1 << bit;
    }
  }
  for (size_t bit = 0; bit < sizeof(size_t) * 8; bit++) {
    h->map_mask ^= (size_t)1 << bit;
    CHECK(!lm_heap_holds(h));
    h->map_mask ^= (size_t)1 << bit;
  }
  CHECK(lm_heap_holds(h));
}

static void a_walk_in_any_steps_visits_every_object_once_in_order(void) {
  lm_heap *h = growing_heap(24);
  void *p[900];
  for (size_t i = 0; i < 900; i++) p[i] = lm_heap_alloc(h, some_size() % 300);
  for (size_t i = 0; i < 900; i += 3) lm_heap_free(h, p[i]);
  walk_agrees(h);
  lm_cursor all = {0};
  size_t total  = lm_heap_walk(h, &all, records, 4096);
  CHECK(total > 600 && total < 4096 && h->banks > 0);
  for (size_t i = 1; i < total; i++) CHECK(records[i].address > records[i - 1].address);
  for (size_t step = 1; step < 300; step += 41) {
    lm_cursor cursor = {0};
    size_t n, at = 0;
    while ((n = lm_heap_walk(h, &cursor, records + 4096, step)) > 0)
      for (size_t i = 0; i < n; i++, at++)
        CHECK(records[4096 + i].address == records[at].address &&
              records[4096 + i].state == records[at].state);
    CHECK(at == total);
  }
}

CHECK_MAIN(RUN(free_of_what_is_not_a_block_says_so_and_changes_nothing);
           RUN(free_of_a_freed_block_says_so_and_changes_nothing);
           RUN(free_sees_a_header_or_neighbour_that_was_overwritten);
           RUN(free_believes_no_forged_header_that_is_misaligned_or_disagrees_with_the_next);
           RUN(blocks_of_a_heap_inside_a_block_are_not_blocks_of_the_outer_heap);
           RUN(a_walk_in_any_steps_visits_every_block_once_in_order);
           RUN(a_walk_goes_on_over_a_heap_that_changes);
           RUN(a_walk_finds_its_place_after_the_block_it_stood_at_is_gone);
           RUN(a_cursor_that_was_scribbled_on_leads_nowhere_bad);
           RUN(holds_sees_every_bit_that_is_wrong); RUN(holds_sees_a_list_entry_that_is_no_block);
           RUN(holds_sees_two_free_neighbours);
           RUN(every_kind_of_wrong_free_and_realloc_is_refused_and_told);
           RUN(an_object_whose_owner_wrote_what_looks_free_can_be_freed);
           RUN(holds_sees_every_bit_of_a_slab_that_is_wrong);
           RUN(a_walk_in_any_steps_visits_every_object_once_in_order););
