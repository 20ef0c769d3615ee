// SPDX-License-Identifier: MIT
// test_heap_slab.c: size classes, slabs and superblocks.
#include "../../csrc/heap_fast.h"
#include "heap_fixture.h"

static void a_class_takes_a_slab_after_a_few_requests_and_releases_it(void) {
  lm_heap *h = growing_heap(0);
  uint8_t *p[300];
  size_t n =
      LM_ALIGN <= 16 ? 300 : 150;  // objects for more than one slab and less than a superblock
  size_t before = lm_heap_stats(h)->free_bytes;
  for (size_t i = 0; i < n; i++) {
    p[i] = lm_heap_alloc(h, 40);
    CHECK((h->superblocks.blocks > 0) == (i >= 16) && lm_heap_holds(h));
  }
  walk_agrees(h);
  for (size_t i = 0; i < n; i++) CHECK(lm_heap_free(h, p[i]) == LM_OK && lm_heap_holds(h));
  CHECK(h->superblocks.blocks == 1 && lm_heap_trim(h) && h->superblocks.blocks == 0 &&
        !lm_heap_trim(h));
  CHECK(lm_heap_holds(h) && lm_heap_stats(h)->free_blocks == 1 && before > 0);
}

static size_t size_class_of_request(size_t size) {
  size_t granules = size ? (size + LM_ALIGN - 1) / LM_ALIGN : 1, size_class = 0;
  for (size_t most = 1; most < granules; size_class++) {
    if (most < 32) {
      most += most < 16 ? 1 : 2;
    } else {
      size_t all = LM_HEAP_SLAB / LM_ALIGN;
      most       = most == 32 ? all / (all / 33) : all / (all / most - 1);
    }
  }
  return size_class;
}

static void every_small_size_has_the_least_class_that_fits(void) {
  lm_heap *h = growing_heap(0);
  for (size_t size = 0; size <= LM_HEAP_SMALL; size++) {
    h->size_classes[size_class_of_request(size)].warmup = 0;
    uint8_t *p                                          = lm_heap_alloc(h, size);
    size_t usable                                       = lm_heap_usable_size(h, p);
    CHECK(p && usable >= size && usable - size <= LM_ALIGN + size / 4 && usable % LM_ALIGN == 0);
    if (size % 64 == 0) CHECK(lm_heap_holds(h));
  }
  walk_agrees(h);
}

static void memory_in_slabs_is_released_before_a_request_fails(void) {
  lm_heap *h = fixed_heap(400000);
  for (size_t round = 0; round < 3; round++) {
    size_t n = 0;
    for (uint8_t *p; (p = lm_heap_alloc(h, 100)); n++) *(void **)(void *)p = NULL;
    CHECK(n > 3000 && h->superblocks.blocks > 0 && lm_heap_holds(h));
    lm_cursor cursor = {0};
    size_t count     = lm_heap_walk(h, &cursor, records, 8192);
    for (size_t i = 0; i < count; i++)
      if (records[i].state == LM_BLOCK_LIVE)
        CHECK(lm_heap_free(h, (void *)records[i].address) == LM_OK);
    CHECK(lm_heap_holds(h) && lm_heap_stats(h)->live_blocks == 0);
    void *whole =
        round == 1 ? lm_heap_alloc_aligned(h, 380000, 2 * LM_ALIGN) : lm_heap_alloc(h, 380000);
    CHECK(whole && h->superblocks.blocks == 0 && lm_heap_free(h, whole) == LM_OK);
  }
}

static void realloc_of_a_small_block_stays_in_its_class_and_moves_out_of_it(void) {
  lm_heap *h = growing_heap(0);
  for (size_t i = 0; i < 16; i++) lm_heap_alloc(h, 50), lm_heap_alloc(h, 200);
  uint8_t *p = lm_heap_alloc(h, 50);
  shadow_allocate(&tracked, 0, p, 50);
  CHECK(lm_heap_realloc(h, p, 56) == p && lm_heap_realloc(h, p, 49) == p);
  uint8_t *q = lm_heap_realloc(h, p, 200);
  CHECK(q != p && shadow_kept(&tracked.blocks[0], q, 50) && lm_heap_check(h, p) == LM_ALREADY_FREE);
  uint8_t *r = lm_heap_realloc(h, q, 2000);
  CHECK(r != q && shadow_kept(&tracked.blocks[0], r, 50) && lm_heap_holds(h));
  CHECK(lm_heap_realloc(h, r, SIZE_MAX) == NULL && lm_heap_check(h, r) == LM_OK);
}

static void realloc_to_a_smaller_class_that_has_no_memory_stays(void) {
  lm_heap *h = fixed_heap(60000);
  uint8_t *p = NULL, *q;
  while ((q = lm_heap_alloc(h, 1000)) != NULL) p = in_superblock(h, q) ? q : p;
  while (lm_heap_alloc(h, 0)) {
  }
  shadow_allocate(&tracked, 0, p, 1000);
  CHECK(p && lm_heap_realloc(h, p, 100) == p && lm_heap_realloc(h, p, 1100) == NULL);
  CHECK(shadow_holds(&tracked) && lm_heap_holds(h));
}

static void aligned_requests_go_on_in_the_next_slab(void) {
  lm_heap *h                                           = fixed_heap(POOL);
  h->size_classes[size_class_of(64 / LM_ALIGN)].warmup = 0;
  for (size_t i = 0; i < 300; i++) {
    uint8_t *p = lm_heap_alloc_aligned(h, 50, 64);
    CHECK(p && (uintptr_t)p % 64 == 0 && in_superblock(h, p));
    shadow_allocate(&tracked, i % SHADOW_BLOCKS, p, 50);
  }
  CHECK(shadow_holds(&tracked) && lm_heap_holds(h));
}

static void aligned_requests_take_a_slab_after_a_few_too(void) {
  lm_heap *h = growing_heap(0);
  for (size_t i = 0; i < 40; i++) {
    uint8_t *p = lm_heap_alloc_aligned(h, 4 * LM_ALIGN, 2 * LM_ALIGN);
    CHECK(p && (uintptr_t)p % (2 * LM_ALIGN) == 0 && in_superblock(h, p) == (i >= 16));
  }
  CHECK(lm_heap_holds(h));
}

static void a_superblock_is_taken_wherever_top_begins(void) {
  for (size_t before = LM_ALIGN; before <= 8 * LM_ALIGN; before += LM_ALIGN) {
    lm_heap *h  = fixed_heap(POOL);
    uintptr_t p = (uintptr_t)block_payload(h->top);
    size_t fill = LM_HEAP_SUPERBLOCK - before - (p & (LM_HEAP_SUPERBLOCK - 1)) - LM_WORD;
    CHECK(lm_heap_alloc(h, fill) == (void *)p);
    CHECK((-(uintptr_t)block_payload(h->top) & (LM_HEAP_SUPERBLOCK - 1)) == before);
    h->size_classes[0].warmup = 0;
    void *small               = lm_heap_alloc(h, 1);
    CHECK(small && in_superblock(h, small) && h->superblocks.blocks == 1 && lm_heap_holds(h));
  }
}

// Fills the map with superblocks, then leaves memory for exactly one superblock and no larger map.
static void a_superblock_that_the_map_has_no_space_for_is_released(void) {
  lm_heap *h  = fixed_heap(POOL);
  uintptr_t p = (uintptr_t)block_payload(h->top);
  CHECK(lm_heap_alloc(h, LM_HEAP_SUPERBLOCK - (p & (LM_HEAP_SUPERBLOCK - 1)) -
                             LM_WORD));  // no pad is left
  h->size_classes[LM_HEAP_SIZE_CLASSES - 1].warmup = 0;
  while (h->superblocks.blocks < LM_HEAP_INLINE_MAP) lm_heap_alloc(h, 1000);
  CHECK(h->map_offset == 0);
  while (h->partial.next != &h->partial) lm_heap_alloc(h, 1000);
  uintptr_t base = (uintptr_t)pool + POOL - LM_HEAP_SUPERBLOCK, top = (uintptr_t)h->top;
  CHECK(lm_heap_alloc(h, base - LM_WORD - top - LM_WORD) && block_payload(h->top) == (void *)base);
  h->size_classes[0].warmup = 0;
  void *small               = lm_heap_alloc(h, 1);
  CHECK(small == (void *)base && !in_superblock(h, small));  // served as a block
  CHECK(h->superblocks.blocks == LM_HEAP_INLINE_MAP && h->map_offset == 0 && lm_heap_holds(h));
}

static void the_cached_superblock_is_used_before_another_is_taken(void) {
  static void *p[900];
  lm_heap *h = fixed_heap(POOL);
  for (size_t i = 0; i < 900; i++) p[i] = lm_heap_alloc(h, 100);
  for (size_t i = 0; i < 900; i++) lm_heap_free(h, p[i]);
  lm_superblock *cached = h->cached;
  size_t superblocks    = h->superblocks.blocks;
  CHECK(cached && cached->vacant == ALL_SLABS);
  while (h->cached) CHECK(lm_heap_alloc(h, 100) && lm_heap_holds(h));
  CHECK(cached->vacant != ALL_SLABS && h->superblocks.blocks == superblocks);
}

static void
a_superblock_is_found_where_two_were_behind_a_block_that_has_no_space_to_align_it(void) {
  lm_heap *h    = fixed_heap(POOL);
  uint8_t *two  = lm_heap_alloc_aligned(h, 2 * LM_HEAP_SUPERBLOCK - LM_WORD, LM_HEAP_SUPERBLOCK);
  uint8_t *wall = lm_heap_alloc(h, LM_HEAP_SUPERBLOCK + 3000),
          *near = lm_heap_alloc(h, LM_HEAP_SUPERBLOCK + LM_ALIGN);
  CHECK(two && wall && near && ((uintptr_t)near & (LM_HEAP_SUPERBLOCK - 1)) > 64);
  CHECK(lm_heap_alloc(h, 3000) && lm_heap_free(h, two) == LM_OK && lm_heap_free(h, near) == LM_OK);
  h->size_classes[0].warmup = 0;
  uint8_t *p                = lm_heap_alloc(h, 1);
  CHECK(h->superblocks.blocks == 1 && p - two < (ptrdiff_t)(2 * LM_HEAP_SUPERBLOCK) && p >= two &&
        lm_heap_holds(h));
}

// Each of the free blocks is large enough for a superblock, but not at an aligned address.
static void a_superblock_is_taken_from_top_when_many_free_blocks_have_no_space_to_align_it(void) {
  lm_heap *h = fixed_heap(POOL);
  uint8_t *p[16];
  for (size_t i = 0; i < 16; i++) {
    size_t pad = -(uintptr_t)block_payload(h->top) & (LM_HEAP_SUPERBLOCK - 1);
    CHECK(lm_heap_alloc(h, pad + LM_HEAP_SUPERBLOCK / 2 - LM_WORD));
    p[i] = lm_heap_alloc(h, LM_HEAP_SUPERBLOCK + i * 480 - LM_WORD);
  }
  CHECK(lm_heap_alloc(h, 3000));
  for (size_t i = 16; i-- > 0;) CHECK(p[i] && lm_heap_free(h, p[i]) == LM_OK);
  h->size_classes[0].warmup = 0;
  uint8_t *q                = lm_heap_alloc(h, 1);
  CHECK(q > p[15] && h->superblocks.blocks == 1 && lm_heap_holds(h));
}

static void a_superblock_is_not_taken_from_a_free_block_whose_header_was_overwritten(void) {
  lm_heap *h = fixed_heap(POOL);
  void *big  = lm_heap_alloc(h, 4 * LM_HEAP_SUPERBLOCK);
  CHECK(big && lm_heap_alloc(h, 3000) && lm_heap_free(h, big) == LM_OK);
  lm_block *b               = block_of(big);
  size_t head               = b->head;
  b->head                   = (BLOCK_MIN ^ h->cookie) | FREE;
  h->size_classes[0].warmup = 0;
  void *p                   = lm_heap_alloc(h, 1);
  CHECK(p && in_superblock(h, p) && p > big && !lm_heap_holds(h));
  b->head = head;
  CHECK(lm_heap_holds(h));
}

// A current slab counts frees, not allocations, from SLAB_CURRENT down.
static void a_slab_stays_current_over_any_number_of_frees(void) {
  lm_heap *h                = fixed_heap(POOL);
  h->size_classes[0].warmup = 0;
  void *p                   = lm_heap_alloc(h, 1);
  lm_slab *s                = slab_of(p);
  CHECK(slab_is_current(h, s) && s->used == SLAB_CURRENT && !lm_heap_trim(h));
  s->used = 1;  // as after 2^30 - 1 frees
  CHECK(lm_heap_free(h, p) == LM_OK && slab_is_current(h, s) && s->used == SLAB_CURRENT);
  CHECK(lm_heap_holds(h) && lm_heap_alloc(h, 1) == p);
}

static void many_blocks_live_keep_their_bytes_through_slabs(void) {
  static uint32_t *objects[20000];
  static uint16_t sizes[20000];
  lm_heap *h = growing_heap(0);
  for (uint32_t i = 0; i < 20000; i++) objects[i] = NULL;
  for (uint32_t step = 0; step < 60000; step++) {
    uint32_t i = random_below(12000), phase = step / 15000;
    if (objects[i]) {
      CHECK(objects[i][0] == i && objects[i][sizes[i] / 4 - 1] == i);
      CHECK(lm_heap_free(h, objects[i]) == LM_OK);
    }
    sizes[i]   = (uint16_t)(8 + random_below(20u << (phase % 3)));
    objects[i] = lm_heap_alloc(h, sizes[i]);
    if (objects[i]) objects[i][0] = objects[i][sizes[i] / 4 - 1] = i;
    if (step % 4000 == 0) CHECK(lm_heap_holds(h));
  }
  walk_agrees(h);
  for (uint32_t i = 0; i < 12000; i++) CHECK(lm_heap_free(h, objects[i]) == LM_OK);
  lm_heap_trim(h);
  CHECK(lm_heap_holds(h) && h->superblocks.blocks == 0 && lm_heap_stats(h)->free_blocks == 1);
}

CHECK_MAIN(RUN(a_class_takes_a_slab_after_a_few_requests_and_releases_it);
           RUN(every_small_size_has_the_least_class_that_fits);
           RUN(memory_in_slabs_is_released_before_a_request_fails);
           RUN(realloc_of_a_small_block_stays_in_its_class_and_moves_out_of_it);
           RUN(realloc_to_a_smaller_class_that_has_no_memory_stays);
           RUN(aligned_requests_go_on_in_the_next_slab);
           RUN(aligned_requests_take_a_slab_after_a_few_too);
           RUN(a_superblock_is_taken_wherever_top_begins);
           RUN(a_superblock_that_the_map_has_no_space_for_is_released);
           RUN(the_cached_superblock_is_used_before_another_is_taken);
           RUN(a_superblock_is_found_where_two_were_behind_a_block_that_has_no_space_to_align_it);
           RUN(a_superblock_is_not_taken_from_a_free_block_whose_header_was_overwritten);
           RUN(a_superblock_is_taken_from_top_when_many_free_blocks_have_no_space_to_align_it);
           RUN(a_slab_stays_current_over_any_number_of_frees);
           RUN(many_blocks_live_keep_their_bytes_through_slabs););
