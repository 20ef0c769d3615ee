// SPDX-License-Identifier: MIT
#include "faults.h"
#include "linmem/heap.h"

enum { POOL = 1 << 20, FIRST = 16384, STEPS = 3000 };

static _Alignas(65536) uint8_t pool[POOL];
static uint8_t copy[POOL];
static shadow lent;
static faults source;
static lm_block_record records[8192];

// Returns a heap that has the first `size` bytes of the pool and can have no more.
static lm_heap *fixed_heap(size_t size) {
  __builtin_memset(pool, 0xa5, sizeof pool);
  shadow_reset(&lent);
  shadow_allow(&lent, pool, size);
  return lm_heap_init(pool, size, lm_pages_none, NULL);
}

// Returns a heap that has the first FIRST bytes of the pool and takes the rest in steps of 4 KiB,
// each after `gap` bytes of someone else's.
static lm_heap *growing_heap(size_t gap) {
  lm_heap *h = fixed_heap(FIRST);
  __builtin_memset(&source, 0, sizeof source);
  source.pool    = pool + FIRST;
  source.size    = POOL - FIRST;
  source.gap     = gap;
  source.step    = 4096;
  source.shadow  = &lent;
  h->pages.more  = faults_more;
  h->pages.state = &source;
  return h;
}

static void pool_save(void) { __builtin_memcpy(copy, pool, sizeof pool); }

static bool pool_same(void) {
  for (size_t i = 0; i < sizeof pool; i++)
    if (pool[i] != copy[i]) return false;
  return true;
}

static uint32_t some_size(void) {
  switch (random_below(8)) {
  case 0:
    return random_below(4);
  case 1:
    return random_below(20000);
  case 2:
    return random_below(3000);
  default:
    return random_below(300);
  }
}

static void step_alloc(lm_heap *h, size_t i) {
  size_t size = some_size(), align = (size_t)1 << random_below(13);
  uint32_t how = random_below(3);
  uint8_t *p   = how == 0   ? lm_heap_alloc_aligned(h, size, align)
                 : how == 1 ? lm_heap_calloc(h, size, 1)
                            : lm_heap_alloc(h, size);
  if (!p) return;
  CHECK((uintptr_t)p % (how == 0 && align > LM_ALIGN ? align : LM_ALIGN) == 0);
  CHECK(lm_heap_usable_size(h, p) >= size && lm_heap_check(h, p) == LM_OK);
  size_t dirty = 0;
  for (size_t k = 0; how == 1 && k < size; k++) dirty += p[k] != 0;
  CHECK(dirty == 0);
  shadow_lend(&lent, i, p, size);
}

static void step_realloc(lm_heap *h, size_t i) {
  shadow_block old = lent.blocks[i];
  size_t size      = some_size();
  uint8_t *p       = lm_heap_realloc(h, old.p, size);
  if (!p) return;
  CHECK((uintptr_t)p % LM_ALIGN == 0 && lm_heap_usable_size(h, p) >= size);
  CHECK(shadow_kept(&old, p, size < old.size ? size : old.size));
  shadow_lend(&lent, i, p, size);
}

static void step_free(lm_heap *h, size_t i) {
  CHECK(lm_heap_free(h, lent.blocks[i].p) == LM_OK);
  lent.blocks[i].p = NULL;
}

// Checks that a walk counts what the accounts say.
static void walk_agrees(lm_heap *h) {
  size_t live = 0, live_bytes = 0, freed = 0, free_bytes = 0, top = 0, n;
  lm_cursor cursor = {0};
  while ((n = lm_heap_walk(h, &cursor, records, 100)) > 0) {
    for (size_t i = 0; i < n; i++) {
      bool is_live = records[i].state == LM_BLOCK_LIVE;
      live += is_live, live_bytes += is_live ? records[i].size : 0;
      freed += !is_live, free_bytes += is_live ? 0 : records[i].size;
      top += records[i].state == LM_BLOCK_TOP;
    }
  }
  const lm_stats *s = lm_heap_stats(h);
  CHECK(live == s->live_blocks && live_bytes == s->live_bytes);
  CHECK(freed == s->free_blocks && free_bytes == s->free_bytes && top <= 1);
  CHECK(s->taken_bytes >= live_bytes + free_bytes + (live + freed) * LM_WORD);
}

// Frees everything, in random order, and checks that the heap is as it began, region by region.
static void drain(lm_heap *h) {
  for (size_t i = 0, at = random_below(SHADOW_BLOCKS); i < SHADOW_BLOCKS; i++) {
    at = (at + 101) % SHADOW_BLOCKS;
    if (lent.blocks[at].p) step_free(h, at);
  }
  const lm_stats *s = lm_heap_stats(h);
  CHECK(lm_heap_holds(h) && s->live_blocks == 0 && s->live_bytes == 0);
  CHECK(s->free_blocks == s->regions);
}

static void random_run(lm_heap *h) {
  for (uint32_t step = 0; step < STEPS; step++) {
    size_t i = random_below(SHADOW_BLOCKS);
    if (!lent.blocks[i].p) {
      step_alloc(h, i);
    } else if (random_below(3) == 0) {
      step_realloc(h, i);
    } else {
      step_free(h, i);
    }
    CHECK(lm_heap_holds(h));
    if (step % 64 == 0) CHECK(shadow_holds(&lent));
    CHECK(h->stats.live_blocks == shadow_live(&lent));
    if (step % 256 == 0) walk_agrees(h);
  }
  CHECK(shadow_holds(&lent));
  drain(h);
}

static void blocks_keep_their_bytes_and_never_overlap_in_a_fixed_region(void) {
  random_run(fixed_heap(POOL));
  random_run(fixed_heap(60000));  // often full
}

static void blocks_keep_their_bytes_and_never_overlap_while_growing(void) {
  lm_heap *h = growing_heap(0);
  random_run(h);
  CHECK(h->stats.regions == 1 && source.calls > 0);
}

static void blocks_keep_their_bytes_and_never_overlap_across_gaps(void) {
  lm_heap *h = growing_heap(24);
  random_run(h);
  CHECK(h->stats.regions > 1 && faults_gaps_kept(&source));
  growing_heap(7);
  random_run(h);  // regions that begin at odd addresses
  CHECK(h->stats.regions > 1 && faults_gaps_kept(&source));
}

static void alloc_of_zero_gives_a_block_of_its_own(void) {
  lm_heap *h = fixed_heap(FIRST);
  void *a = lm_heap_alloc(h, 0), *b = lm_heap_calloc(h, 0, 5), *c = lm_heap_calloc(h, 5, 0);
  CHECK(a && b && c && a != b && b != c && a != c);
  CHECK(lm_heap_free(h, a) == LM_OK && lm_heap_free(h, b) == LM_OK && lm_heap_free(h, c) == LM_OK);
  CHECK(h->stats.live_blocks == 0);
}

static void requests_near_SIZE_MAX_fail_and_change_nothing(void) {
  lm_heap *h = fixed_heap(FIRST);
  void *p    = lm_heap_alloc(h, 100);
  pool_save();
  for (size_t k = 0; k <= 64; k++) {
    size_t sizes[] = {SIZE_MAX - k, (size_t)PTRDIFF_MAX - k, (size_t)PTRDIFF_MAX + k + 1,
                      LM_REQUEST_MAX - k, LM_REQUEST_MAX + k};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
      CHECK(lm_heap_alloc(h, sizes[i]) == NULL);
      CHECK(lm_heap_calloc(h, sizes[i], 1) == NULL && lm_heap_calloc(h, 1, sizes[i]) == NULL);
      CHECK(lm_heap_realloc(h, p, sizes[i]) == NULL && lm_heap_realloc(h, NULL, sizes[i]) == NULL);
      CHECK(lm_heap_alloc_aligned(h, sizes[i], 65536) == NULL);
    }
  }
  CHECK(pool_same());
}

static void calloc_refuses_products_that_do_not_fit(void) {
  lm_heap *h  = fixed_heap(FIRST);
  size_t half = (size_t)1 << (sizeof(size_t) * 4);
  pool_save();
  CHECK(lm_heap_calloc(h, half, half) == NULL);
  CHECK(lm_heap_calloc(h, SIZE_MAX / 4 + 2, 4) == NULL &&
        lm_heap_calloc(h, 4, SIZE_MAX / 4 + 2) == NULL);
  CHECK(lm_heap_calloc(h, SIZE_MAX / 3, 4) == NULL &&
        lm_heap_calloc(h, SIZE_MAX, SIZE_MAX) == NULL);
  CHECK(lm_heap_calloc(h, SIZE_MAX, 2) == NULL && lm_heap_calloc(h, 2, SIZE_MAX / 2 + 1) == NULL);
  CHECK(pool_same());
}

static void calloc_zeroes_memory_that_was_used(void) {
  lm_heap *h = fixed_heap(FIRST);
  uint8_t *p = lm_heap_alloc(h, 5000);
  __builtin_memset(p, 0xff, 5000);
  lm_heap_free(h, p);
  uint8_t *q = lm_heap_calloc(h, 50, 100);
  size_t sum = 0;
  for (size_t i = 0; i < 5000; i++) sum += q[i];
  CHECK(q == p && sum == 0);
}

static void every_power_of_two_to_64_KiB_is_an_alignment(void) {
  lm_heap *h = fixed_heap(POOL);
  for (size_t align = 1; align <= 65536; align *= 2) {
    for (size_t i = 0; i < 6; i++) {
      size_t size = i * 29;
      void *p     = lm_heap_alloc_aligned(h, size, align);
      CHECK(p && (uintptr_t)p % align == 0);
      if (p) shadow_lend(&lent, i, p, size);
      CHECK(lm_heap_holds(h));
    }
    CHECK(shadow_holds(&lent));
    drain(h);
  }
  CHECK(h->top == h->region.first);
}

static void other_alignments_fail_and_change_nothing(void) {
  lm_heap *h = fixed_heap(POOL);
  pool_save();
  size_t wrong[] = {0, 3, 6, 24, 65535, 65537, 131072, (size_t)1 << 31, SIZE_MAX, SIZE_MAX / 2 + 1};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    CHECK(lm_heap_alloc_aligned(h, 8, wrong[i]) == NULL);
    CHECK(lm_heap_alloc_aligned(h, SIZE_MAX - 8, wrong[i]) == NULL);
  }
  CHECK(pool_same());
}

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
  CHECK(lm_heap_free(h, p) == LM_OK && lm_heap_free(h, q) == LM_OK && lm_heap_holds(h));
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

static void realloc_stays_in_place_when_it_can(void) {
  lm_heap *h = fixed_heap(FIRST);
  uint8_t *a = lm_heap_alloc(h, 1000), *b = lm_heap_alloc(h, 1000), *c = lm_heap_alloc(h, 1000);
  shadow_lend(&lent, 0, a, 1000);
  CHECK(lm_heap_realloc(h, a, 0) == a && lm_heap_usable_size(h, a) < 64);
  CHECK(lm_heap_realloc(h, a, 1000) == a);  // into what it gave back
  lm_heap_free(h, b);
  CHECK(lm_heap_realloc(h, a, 2000) == a);  // and its right neighbour
  CHECK(lm_heap_realloc(h, c, 4000) == c);  // into top
  size_t rest = lm_heap_stats(h)->free_bytes;
  CHECK(lm_heap_realloc(h, c, 4000 + rest) == c && h->top == h->last->end);  // all of top
  CHECK(lm_heap_holds(h));
  CHECK(lm_heap_realloc(h, c, 10) == c && h->top != h->last->end && lm_heap_holds(h));
}

static void realloc_grows_memory_at_the_heaps_end(void) {
  lm_heap *h = growing_heap(0);
  uint8_t *p = lm_heap_alloc(h, 100);
  shadow_lend(&lent, 0, p, 100);
  for (size_t size = 200; size < POOL / 2; size += size / 3)
    CHECK(lm_heap_realloc(h, p, size) == p);
  CHECK(shadow_holds(&lent) && lm_heap_holds(h) && h->stats.live_blocks == 1);
}

static void realloc_moves_the_bytes_when_it_must(void) {
  lm_heap *h = growing_heap(16);
  uint8_t *p = lm_heap_alloc(h, 5000), *wall = lm_heap_alloc(h, 8);
  shadow_lend(&lent, 0, p, 5000);
  shadow_block old = lent.blocks[0];
  uint8_t *q       = lm_heap_realloc(h, p, 9000);
  CHECK(q && q != p && shadow_kept(&old, q, 5000));
  CHECK(lm_heap_check(h, p) == LM_ALREADY_FREE && lm_heap_holds(h));
  uint8_t *r = lm_heap_realloc(h, q, 100000);  // at the end, but the new memory does not touch
  CHECK(r && shadow_kept(&old, r, 5000) && h->stats.regions > 1 && lm_heap_holds(h));
  CHECK(lm_heap_realloc(h, NULL, 10) != NULL && lm_heap_free(h, wall) == LM_OK);
}

static void realloc_that_fails_leaves_the_block(void) {
  lm_heap *h = fixed_heap(FIRST);
  uint8_t *p = lm_heap_alloc(h, 3000);
  shadow_lend(&lent, 0, p, 3000);
  pool_save();
  CHECK(lm_heap_realloc(h, p, FIRST) == NULL);
  CHECK(pool_same() && shadow_holds(&lent) && lm_heap_free(h, p) == LM_OK);
}

static void a_full_heap_fails_keeps_its_blocks_and_frees_to_one_block(void) {
  lm_heap *h   = fixed_heap(FIRST);
  size_t whole = lm_heap_stats(h)->free_bytes, n = 0;
  for (; n < SHADOW_BLOCKS; n++) {
    void *p = lm_heap_alloc(h, 56);
    if (!p) break;
    shadow_lend(&lent, n, p, 56);
  }
  CHECK(n > 100 && n < SHADOW_BLOCKS);
  while (lm_heap_alloc(h, 0)) {
  }
  pool_save();
  CHECK(lm_heap_alloc(h, 0) == NULL && lm_heap_alloc_aligned(h, 1, 4096) == NULL);
  CHECK(pool_same() && shadow_holds(&lent) && h->top == h->last->end && lm_heap_holds(h));
  lm_cursor cursor = {0};
  size_t count     = lm_heap_walk(h, &cursor, records, 8192);
  for (size_t i = 0; i < count; i++)
    CHECK(lm_heap_free(h, (void *)records[i].address) == LM_OK && lm_heap_holds(h));
  CHECK(lm_heap_stats(h)->free_blocks == 1 && h->stats.free_bytes == whole);
  CHECK(lm_heap_alloc(h, whole) != NULL && lm_heap_alloc(h, 0) == NULL);
}

static void what_is_left_can_be_had_to_the_last_byte_and_not_one_more(void) {
  for (size_t used = 0; used < 200; used++) {
    lm_heap *h = fixed_heap(FIRST);
    lm_heap_alloc(h, used);
    size_t left = lm_heap_stats(h)->free_bytes;
    CHECK(lm_heap_alloc(h, left + 1) == NULL);
    void *p = lm_heap_alloc(h, left);
    CHECK(p && h->stats.live_blocks == 2 && lm_heap_holds(h));
    CHECK(lm_heap_free(h, p) == LM_OK && lm_heap_stats(h)->free_bytes == left);
  }
}

static void a_hole_is_found_behind_smaller_ones_of_its_list(void) {
  lm_heap *h = fixed_heap(60000);
  void *fits = lm_heap_alloc(h, 1060), *wall = lm_heap_alloc(h, 0), *small = lm_heap_alloc(h, 1040);
  CHECK(wall && lm_heap_alloc(h, 0) && lm_heap_alloc(h, lm_heap_stats(h)->free_bytes - 64));
  while (lm_heap_alloc(h, 0)) {
  }
  lm_heap_free(h, fits), lm_heap_free(h, small);
  CHECK(lm_heap_alloc(h, 1060) == fits && lm_heap_holds(h));
}

// Returns what the run got done: a fixed list of steps over a heap whose source fails at call `k`.
static uint32_t faulty_run(uint32_t k, bool for_ever, size_t gap) {
  lm_heap *h      = growing_heap(gap);
  source.fail_at  = k;
  source.for_ever = for_ever;
  for (size_t i = 0; i < 24; i++) {
    size_t size       = 1000 + i * 700;
    size_t before     = h->stats.live_blocks;
    uint32_t calls    = source.calls;
    uint8_t *p        = i % 3 == 2   ? lm_heap_alloc_aligned(h, size, 256)
                        : i % 3 == 1 ? lm_heap_calloc(h, size, 1)
                                     : lm_heap_alloc(h, size);
    bool asked_failed = k && source.calls >= k && (calls < k || for_ever) && source.calls > calls;
    CHECK(p || asked_failed);
    if (p) shadow_lend(&lent, i, p, size);
    CHECK(h->stats.live_blocks == before + (p != NULL));
    CHECK(lm_heap_holds(h) && shadow_holds(&lent));
  }
  for (size_t i = 0; i < 24; i += 5) {
    if (!lent.blocks[i].p) continue;
    shadow_block old = lent.blocks[i];
    uint8_t *p       = lm_heap_realloc(h, old.p, 40000);
    CHECK(shadow_kept(&old, p ? p : old.p, old.size));
    if (p) shadow_lend(&lent, i, p, 40000);
    CHECK(lm_heap_holds(h) && shadow_holds(&lent));
  }
  drain(h);
  CHECK(faults_gaps_kept(&source));
  CHECK(lm_heap_alloc(h, 10000) || for_ever);  // a failure that has passed leaves nothing behind
  return source.calls;
}

static void every_call_of_the_page_source_may_fail(void) {
  for (size_t gap = 0; gap <= 40; gap += 20) {
    for (uint32_t how = 0; how < 2; how++) {
      uint32_t calls = 1, k = 1;
      for (; k <= calls + 1; k++) calls = faulty_run(k, how == 1, gap);
      CHECK(how == 1 || k > 10);
    }
  }
}

static void the_smallest_region_holds_one_block_and_one_byte_less_is_refused(void) {
  size_t size = 0;
  while (size < FIRST && !lm_heap_init(pool, size, lm_pages_none, NULL)) size++;
  CHECK(size > sizeof(lm_heap) && size < sizeof(lm_heap) + 96);
  pool_save();
  CHECK(lm_heap_init(pool, size - 1, lm_pages_none, NULL) == NULL && pool_same());
  for (size_t at = 0; at < 64; at++) {
    for (size_t more = 0; more < 48; more++) {
      __builtin_memset(pool, 0xa5, FIRST);
      lm_heap *h = lm_heap_init(pool + at, size + more, lm_pages_none, NULL);
      CHECK((at % 16 + more >= 16 || at % 16 == 0) || !h || lm_heap_holds(h));
      if (!h) continue;
      void *p = lm_heap_alloc(h, 0);
      CHECK(p && lm_heap_holds(h) && lm_heap_free(h, p) == LM_OK && lm_heap_holds(h));
      for (size_t i = 0; i < 64; i++) CHECK(pool[at + size + more + i] == 0xa5);
      for (size_t i = 0; i < at; i++) CHECK(pool[i] == 0xa5);
    }
  }
}

static void init_refuses_null_and_ranges_that_wrap(void) {
  CHECK(lm_heap_init(NULL, 100000, lm_pages_none, NULL) == NULL);
  CHECK(lm_heap_init(pool, 0, lm_pages_none, NULL) == NULL);
  CHECK(lm_heap_init(pool, SIZE_MAX, lm_pages_none, NULL) == NULL);
  CHECK(lm_heap_init((void *)(UINTPTR_MAX - 100), 200, lm_pages_none, NULL) == NULL);
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

static void the_first_small_block_needs_at_most_4_KiB(void) {
  lm_heap *h = fixed_heap(FIRST);
  uint8_t *p = lm_heap_alloc(h, 16);
  CHECK(p + 16 <= pool + (sizeof(void *) == 4 ? 4096 : 8192) && h->region.first->head != 0);
}

static void peak_is_the_most_that_was_live(void) {
  lm_heap *h = fixed_heap(FIRST);
  void *p = lm_heap_alloc(h, 1000), *q = lm_heap_alloc(h, 2000);
  size_t peak = lm_heap_stats(h)->live_bytes;
  CHECK(peak >= 3000 && h->stats.peak_live_bytes == peak);
  lm_heap_free(h, p), lm_heap_free(h, q);
  CHECK(lm_heap_stats(h)->peak_live_bytes == peak && h->stats.live_bytes == 0);
  CHECK(h->stats.taken_bytes == FIRST && h->stats.regions == 1);
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
  words[n++] = &h->stats.live_blocks;
  words[n++] = &h->stats.live_bytes;
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

static void *stingy_more(lm_pages *self, size_t min, size_t *got) {
  (void)self, (void)min;
  *got = 8;
  return pool + FIRST + 8;
}

static void a_source_that_gives_less_than_asked_for_is_not_believed(void) {
  lm_heap *h    = fixed_heap(FIRST);
  h->pages.more = stingy_more;
  CHECK(lm_heap_alloc(h, FIRST) == NULL && lm_heap_holds(h) && h->stats.regions == 1);
  CHECK(lm_heap_alloc(h, 100) != NULL);
}

CHECK_MAIN(RUN(blocks_keep_their_bytes_and_never_overlap_in_a_fixed_region);
           RUN(blocks_keep_their_bytes_and_never_overlap_while_growing);
           RUN(blocks_keep_their_bytes_and_never_overlap_across_gaps);
           RUN(alloc_of_zero_gives_a_block_of_its_own);
           RUN(requests_near_SIZE_MAX_fail_and_change_nothing);
           RUN(calloc_refuses_products_that_do_not_fit); RUN(calloc_zeroes_memory_that_was_used);
           RUN(every_power_of_two_to_64_KiB_is_an_alignment);
           RUN(other_alignments_fail_and_change_nothing);
           RUN(free_of_what_is_not_a_block_says_so_and_changes_nothing);
           RUN(free_of_a_freed_block_says_so_and_changes_nothing);
           RUN(free_sees_a_header_or_neighbour_that_was_overwritten);
           RUN(free_believes_no_forged_header_that_is_misaligned_or_disagrees_with_the_next);
           RUN(blocks_of_a_heap_inside_a_block_are_not_blocks_of_the_outer_heap);
           RUN(realloc_stays_in_place_when_it_can); RUN(realloc_grows_memory_at_the_heaps_end);
           RUN(realloc_moves_the_bytes_when_it_must); RUN(realloc_that_fails_leaves_the_block);
           RUN(a_full_heap_fails_keeps_its_blocks_and_frees_to_one_block);
           RUN(what_is_left_can_be_had_to_the_last_byte_and_not_one_more);
           RUN(a_hole_is_found_behind_smaller_ones_of_its_list);
           RUN(every_call_of_the_page_source_may_fail);
           RUN(the_smallest_region_holds_one_block_and_one_byte_less_is_refused);
           RUN(init_refuses_null_and_ranges_that_wrap);
           RUN(a_walk_in_any_steps_visits_every_block_once_in_order);
           RUN(a_walk_goes_on_over_a_heap_that_changes);
           RUN(a_walk_finds_its_place_after_the_block_it_stood_at_is_gone);
           RUN(a_cursor_that_was_scribbled_on_leads_nowhere_bad);
           RUN(the_first_small_block_needs_at_most_4_KiB); RUN(peak_is_the_most_that_was_live);
           RUN(holds_sees_every_bit_that_is_wrong); RUN(holds_sees_a_list_entry_that_is_no_block);
           RUN(holds_sees_two_free_neighbours);
           RUN(a_source_that_gives_less_than_asked_for_is_not_believed););
