// SPDX-License-Identifier: MIT
// test_heap_inspect.c: walk visits every block once, and holds() detects damage to the state of the
// heap.
#include "../../csrc/heap_fast.h"
#include "heap_fixture.h"

// Walk.
static void a_walk_in_any_steps_visits_every_block_once_in_order(void) {
  lm_heap *h = growing_heap(24);
  for (size_t i = 0; i < 200; i++) tracked.blocks[i].p = lm_heap_alloc(h, some_size());
  for (size_t i = 0; i < 200; i += 3) lm_heap_free(h, tracked.blocks[i].p);
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
  CHECK(lm_heap_walk(h, &cursor, records, 0) == 0 && cursor.done == 0);
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
    tracked.blocks[at].p ? step_free(h, at) : step_alloc(h, at);
  }
  CHECK(cursor.done == 1 && last > (uintptr_t)pool);
}

static void a_walk_finds_its_place_after_the_block_it_stood_at_is_gone(void) {
  lm_heap *h = fixed_heap(FIRST);
  uint8_t *b[5];
  for (size_t i = 0; i < 5; i++) b[i] = lm_heap_alloc(h, 200);
  lm_cursor cursor = {0};
  CHECK(lm_heap_walk(h, &cursor, records, 2) == 2);  // stands at b[2]
  lm_heap_free(h, b[1]), lm_heap_free(h, b[2]);
  size_t both = 2 * (size_t)(b[2] - b[1]) - LM_WORD;
  CHECK(lm_heap_alloc(h, both) == b[1]);  // one block over both
  for (size_t i = 0; i < 400; i += LM_WORD)
    *(size_t *)(void *)(b[1] + i) = h->cookie ^ (4 * LM_ALIGN);
  CHECK(lm_heap_walk(h, &cursor, records, 1) == 1 && records[0].address == (uintptr_t)b[3]);
  CHECK(lm_heap_walk(h, &cursor, records, 9) == 2 && records[0].address == (uintptr_t)b[4]);
  CHECK(lm_heap_walk(h, &cursor, records, 9) == 0);
}

static void a_walk_finds_its_place_after_the_heap_grew_and_its_block_was_freed(void) {
  lm_heap *h = growing_heap(16);
  uint8_t *a = lm_heap_alloc(h, 2000), *b = lm_heap_alloc(h, 2000), *wall = lm_heap_alloc(h, 2000);
  lm_heap_free(h, a);
  lm_cursor cursor = {0};
  CHECK(lm_heap_walk(h, &cursor, records, 1) == 1);  // stands at b
  uint32_t calls = source.calls;
  CHECK(lm_heap_alloc(h, 30000) && source.calls == calls + 2);  // two regions
  lm_heap_free(h, b);                                           // now a part of a
  CHECK(lm_heap_walk(h, &cursor, records, 1) == 1 && records[0].address == (uintptr_t)wall);
}

static void a_walk_over_what_was_overwritten_leads_nowhere_bad(void) {
  lm_heap *h = fixed_heap(FIRST);
  uint8_t *b[5];
  for (size_t i = 0; i < 5; i++) b[i] = lm_heap_alloc(h, 200);
  lm_cursor cursor = {0};
  CHECK(lm_heap_walk(h, &cursor, records, 3) == 3);  // stands at b[3]
  lm_cursor again = cursor;
  *map_at(h, pool) =
      superblock_last(pool);  // a superblock that begins below the region's first block
  CHECK(lm_heap_walk(h, &cursor, records, 1) == 1 && records[0].address == (uintptr_t)b[3]);
  *map_at(h, pool) = 0;
  h->changes++;  // the walk searches for its place, from the first block on
  block_of(b[1])->head = 0;
  CHECK(lm_heap_walk(h, &again, records, 9) == 0 && again.done);
}

// Returns the number of records of a walk in steps of 16, POOL if it does not end.
static size_t walk_all(const lm_heap *h) {
  lm_cursor cursor = {0};
  size_t n, total = 0;
  while ((n = lm_heap_walk(h, &cursor, records, 16)) > 0 && total < POOL) total += n;
  return total;
}

// True when a walk has `all` records, or does not end.
static bool walk_is(const lm_heap *h, size_t all) {
  size_t total = walk_all(h);
  return total == all || total >= POOL;
}

static void a_walk_over_regions_or_slabs_that_were_overwritten_ends(void) {
  lm_heap *h = growing_heap(24);
  uint8_t *p = NULL;
  for (size_t i = 0; i < 100; i++) p = lm_heap_alloc(h, 100);
  while (h->stats.regions < 4) CHECK(lm_heap_alloc(h, 6000));
  size_t all         = walk_all(h);
  lm_region *regions = &h->region, *third = regions->next->next;
  DETECTS(walk_is(h, all), third->next, regions);
  DETECTS(walk_is(h, all), third->next, third);
  DETECTS(walk_is(h, all), third->next, NULL);
  DETECTS(walk_is(h, all), third->next, (lm_region *)((uintptr_t)third->next + 1));
  DETECTS(walk_is(h, all), third->next, (lm_region *)((uintptr_t)0 - LM_WORD));
  DETECTS(walk_is(h, all), h->map_mask, ((size_t)1 << 30) - LM_WORD);
  lm_slab *s = slab_of(p);
  CHECK(in_superblock(h, p) && s->size >= 100);
  DETECTS(walk_is(h, all), s->limit, UINT32_MAX);
  DETECTS(walk_is(h, all), s->size, UINT32_MAX);
  lm_object *free = s->free;
  s->free         = (lm_object *)(void *)pool;  // of no slab, and what it says leads nowhere
  CHECK(walk_all(h) == all && !lm_heap_holds(h));
  s->free = free;
  CHECK(walk_all(h) == all && lm_heap_holds(h));
}

static void a_block_that_is_too_small_for_a_superblock_is_walked_as_a_block(void) {
  lm_heap *h = growing_heap(24);
  uint8_t *p = lm_heap_alloc_aligned(h, 100, LM_HEAP_SUPERBLOCK);
  size_t all = walk_all(h), was = *map_at(h, p);
  CHECK(p && !in_superblock(h, p));
  *map_at(h, p) = superblock_last(p);
  CHECK(walk_all(h) == all && !lm_heap_holds(h));
  *map_at(h, p) = was;
  CHECK(lm_heap_holds(h));
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

static void a_walk_in_any_steps_visits_every_object_once_in_order(void) {
  lm_heap *h = growing_heap(24);
  void *p[900];
  for (size_t i = 0; i < 900; i++) p[i] = lm_heap_alloc(h, some_size() % 300);
  for (size_t i = 0; i < 900; i += 3) lm_heap_free(h, p[i]);
  walk_agrees(h);
  lm_cursor all = {0};
  size_t total  = lm_heap_walk(h, &all, records, 4096);
  CHECK(total > 600 && total < 4096 && h->superblocks.blocks > 0);
  for (size_t i = 1; i < total; i++) CHECK(records[i].address > records[i - 1].address);
  for (size_t step = 1; step < 300; step += 41) {
    lm_cursor cursor = {0};
    size_t n, at = 0;
    records[4096 + step].state = LM_BLOCK_LIVE;  // of no record of the walk
    while ((n = lm_heap_walk(h, &cursor, records + 4096, step)) > 0)
      for (size_t i = 0; i < n; i++, at++, h->changes += step % 2)  // looks for its place, or knows
        CHECK(records[4096 + i].address == records[at].address &&
              records[4096 + i].state == records[at].state);
    CHECK(at == total && records[4096 + step].state == LM_BLOCK_LIVE);
  }
}

// Stops the walk in every block, also in those of the superblock that trim releases.
static void a_walk_that_goes_on_after_a_trim_tells_of_blocks_there_are(void) {
  static lm_block_record now[8192];
  for (size_t stop = 1; stop < 700; stop++) {
    lm_heap *h = growing_heap(0);
    uint8_t *p[600];
    for (size_t i = 0; i < 600; i++) p[i] = lm_heap_alloc(h, 40);
    for (size_t i = 0; i < 599; i++) CHECK(lm_heap_free(h, p[i]) == LM_OK);
    lm_cursor rest = {0}, whole = {0};
    if (lm_heap_walk(h, &rest, records, stop) < stop) return;
    CHECK(h->cached && lm_heap_trim(h) && !h->cached);
    size_t all = lm_heap_walk(h, &whole, now, 8192), left = lm_heap_walk(h, &rest, records, 8192);
    CHECK(left < all);
    for (size_t i = 0; i < left; i++) {
      lm_block_record *a = &records[i], *b = &now[all - left + i];
      CHECK(a->address == b->address && a->size == b->size && a->state == b->state);
    }
  }
  CHECK(false);  // the walk did not end
}

// Holds.

// Flips each bit of each word of the heap's state and block headers.
static void holds_detects_every_bit_that_is_wrong(void) {
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
  words[n++] = &h->cookie;
  words[n++] = (size_t *)(void *)&h->top;
  words[n++] = (size_t *)(void *)&h->last;
  words[n++] = (size_t *)(void *)&h->last->end;
  words[n++] = &h->free_count;
  words[n++] = &h->large.blocks;
  words[n++] = &h->large.bytes;
  words[n++] = &h->superblocks.bytes;
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
  for (uint32_t bit = 0; bit < LM_BIN_WORDS * 64; bit++) {
    h->filled[bit / 64] ^= (uint64_t)1 << (bit % 64);
    CHECK(!lm_heap_holds(h));
    h->filled[bit / 64] ^= (uint64_t)1 << (bit % 64);
  }
  CHECK(lm_heap_holds(h));
}

static void holds_detects_a_list_entry_that_is_no_block(void) {
  lm_heap *h = fixed_heap(FIRST);
  uint8_t *p = lm_heap_alloc(h, 1000);
  __builtin_memset(p, 0, 1000);
  lm_block *fake = (lm_block *)(void *)(p + 2 * LM_ALIGN - LM_WORD);
  fake->head     = (4 * LM_ALIGN ^ h->cookie) | 1;
  h->bins[4]     = fake;  // the bin of that size, whose bit of `filled` is set
  h->filled[0] |= 1u << 4;
  CHECK(!lm_heap_holds(h));
  h->free_count++;
  CHECK(!lm_heap_holds(h));
}

static void holds_detects_two_free_neighbours(void) {
  lm_heap *h = fixed_heap(FIRST);
  uint8_t *p = lm_heap_alloc(h, 8 * LM_ALIGN - LM_WORD), *q = lm_heap_alloc(h, 1000);
  CHECK(lm_heap_free(h, p) == LM_OK && lm_heap_holds(h) && q);
  lm_block *a                           = (lm_block *)(void *)(p - LM_WORD);
  lm_block *b                           = (lm_block *)(void *)(p - LM_WORD + 4 * LM_ALIGN);
  a->head                               = (4 * LM_ALIGN ^ h->cookie) | 1;
  b->head                               = (4 * LM_ALIGN ^ h->cookie) | 3;
  ((size_t *)(void *)b)[-1]             = 4 * LM_ALIGN;
  ((size_t *)(void *)(q - LM_WORD))[-1] = 4 * LM_ALIGN;
  a->next = b, a->prev = NULL, b->next = NULL, b->prev = a;
  h->bins[8] = NULL, h->bins[4] = a, h->filled[0] = 1u << 4, h->free_count = 2;
  CHECK(!lm_heap_holds(h));
}

// Flips each bit of the slabs' descriptors and of the map.
static void holds_detects_every_bit_of_a_slab_that_is_wrong(void) {
  lm_heap *h = fixed_heap(POOL);
  void *p[600];
  for (size_t i = 0; i < 600; i++) p[i] = __builtin_memset(lm_heap_alloc(h, 100), 0x41, 100);
  for (size_t i = 0; i < 600; i += 7) lm_heap_free(h, p[i]);
  for (size_t i = 100; i < 190; i++)
    if (i % 7) lm_heap_free(h, p[i]);
  CHECK(lm_heap_holds(h) && h->superblocks.blocks > 1);
  lm_slab *slab =
      (lm_slab *)(((uintptr_t)p[300] | (LM_HEAP_SUPERBLOCK - 1)) + 1 - sizeof(lm_superblock));
  for (size_t i = 0; i < LM_HEAP_SLABS; i++) {
    size_t from = offsetof(lm_slab, free) * 8, used = offsetof(lm_slab, used) * 8;
    size_t bits = (offsetof(lm_slab, size_class) + sizeof slab->size_class) * 8;
    for (size_t bit = from; bit < bits; bit++) {
      bool says_nothing = bit / 32 == used / 32 && h->current[slab[i].size / LM_ALIGN] == &slab[i];
      if (says_nothing && bit % 32 != 31)
        continue;  // of a current slab only the sign of `used` matters
      uint8_t *byte = (uint8_t *)&slab[i] + bit / 8;
      *byte ^= (uint8_t)(1u << bit % 8);
      CHECK(!lm_heap_holds(h));
      *byte ^= (uint8_t)(1u << bit % 8);
    }
  }
  for (size_t place = 0; place <= h->map_mask / sizeof(uintptr_t); place++) {
    for (size_t bit = 0; bit < sizeof(uintptr_t) * 8; bit++) {
      map_start(h)[place] ^= (uintptr_t)1 << bit;
      CHECK(!lm_heap_holds(h));
      map_start(h)[place] ^= (uintptr_t)1 << bit;
    }
  }
  for (size_t bit = 0; bit < sizeof(size_t) * 8; bit++) {
    h->map_mask ^= (size_t)1 << bit;
    CHECK(!lm_heap_holds(h));
    h->map_mask ^= (size_t)1 << bit;
  }
  CHECK(lm_heap_holds(h));
}

// Damage to whole words that agrees with their neighbours.

static void holds_detects_regions_and_maps_that_cannot_be(void) {
  lm_heap *h   = fixed_heap(FIRST);
  lm_region *r = &h->region;
  uint8_t *p   = lm_heap_alloc(h, 128);
  __builtin_memset(p, 0, 128);
  DETECTS(lm_heap_holds(h), r->first, block_at((uintptr_t)r->first + LM_WORD));
  DETECTS(lm_heap_holds(h), r->first, block_of(h));
  DETECTS(lm_heap_holds(h), r->end, block_at((uintptr_t)r->end + LM_WORD));
  DETECTS(lm_heap_holds(h), r->end, r->first);
  DETECTS(lm_heap_holds(h), r->end, block_of(NULL));  // the last word of the address space
  DETECTS(lm_heap_holds(h), h->pages.taken, 0);
  DETECTS(lm_heap_holds(h), h->stats.peak_live_bytes, 0);
  // A map in a block that a caller owned.
  h->large.blocks--, h->large.bytes -= lm_heap_usable_size(h, p);
  h->map_offset = (uintptr_t)p - (uintptr_t)h->inline_map;
  h->map_mask   = 128 - LM_WORD;
  DETECTS(lm_heap_holds(h), h->map_mask, 256 - LM_WORD);
  DETECTS(lm_heap_holds(h), h->map_mask, ((size_t)1 << 30) - LM_WORD);
  DETECTS(lm_heap_holds(h), h->map_offset, h->map_offset + 1);
  DETECTS(lm_heap_holds(h), h->map_offset, (uintptr_t)&tracked - (uintptr_t)h->inline_map);
}

// Every byte of the last region is allocated: no block says which one is top.
static void holds_detects_a_top_that_is_not_the_end_mark_of_a_full_heap(void) {
  lm_heap *h = fixed_heap(FIRST);
  uint8_t *p = lm_heap_alloc(h, block_size(h, h->top) - LM_WORD);
  CHECK(p && h->top == h->last->end && lm_heap_holds(h));
  DETECTS(lm_heap_holds(h), h->top, NULL);
  DETECTS(lm_heap_holds(h), h->top, block_of(p));
  DETECTS(lm_heap_holds(h), h->top, block_of(p + 64));
  DETECTS(lm_heap_holds(h), h->top, block_of(h));
  for (uint32_t bit = 0; bit < sizeof(size_t) * 8; bit++)
    DETECTS(lm_heap_holds(h), h->top, (lm_block *)((uintptr_t)h->top ^ (size_t)1 << bit));
}

static void holds_detects_links_of_blocks_that_do_not_agree(void) {
  lm_heap *h = growing_heap(24);
  uint8_t *b[5];
  for (size_t i = 0; i < 5; i++) b[i] = lm_heap_alloc(h, 200);
  lm_heap_free(h, b[3]), lm_heap_free(h, b[1]);
  CHECK(block_of(b[1])->next == block_of(b[3]));
  DETECTS(lm_heap_holds(h), block_of(b[3])->prev, NULL);
  CHECK(lm_heap_alloc(h, FIRST) != NULL && h->region.next);
  lm_block *rest = h->region.first;  // was top before there was another region
  while (block_next(h, rest) != h->region.end) rest = block_next(h, rest);
  CHECK(rest->head & FREE);
  DETECTS(lm_heap_holds(h), h->top, rest);
  CHECK(!h->bins[1] && !(h->filled[0] & 2));  // no block is that small
  h->bins[1] = block_of(&tracked), h->filled[0] |= 2;
  CHECK(!lm_heap_holds(h));
}

// Returns a heap with three slabs of one size class in its queue; `slabs` are those, in order.
static lm_heap *heap_with_a_queue(lm_slab **slabs) {
  static void *p[700];
  lm_heap *h = fixed_heap(POOL - LM_HEAP_SLAB);
  for (size_t i = 0; i < 700; i++) p[i] = lm_heap_alloc(h, 100);
  while (h->partial.next == &h->partial)
    lm_heap_alloc(h, 100);  // until a superblock has vacant slabs
  for (size_t i = 0; i < 3; i++) {
    slabs[i]         = slab_of(p[100 + 200 * i]);
    const lm_slab *s = slabs[i];
    for (size_t k = 0, left = 2; left; k++)
      if (in_superblock(h, p[k]) && slab_of(p[k]) == s) lm_heap_free(h, p[k]), left--;
  }
  CHECK(h->superblocks.blocks > 2 && lm_heap_holds(h));
  return h;
}

// Frees all objects of slab `s`, which is in a queue.
static void slab_all_free(lm_slab *s) {
  s->free = list_end(slab_base(s));
  s->used = s->count;
  for (size_t at = 0; at < s->limit; at += s->size)
    object_push(s, (lm_object *)(slab_base(s) + at));
}

static void holds_detects_objects_and_queues_that_do_not_agree(void) {
  lm_slab *s[3];
  lm_heap *h    = heap_with_a_queue(s);
  lm_slab *b    = s[1];
  lm_link *list = &h->size_classes[b->size_class].queue;
  CHECK(list->next == &s[0]->link && s[0]->link.next == &b->link && b->link.next == &s[2]->link);
  lm_object *newer = b->free, *older = object_next(newer);
  DETECTS(lm_heap_holds(h), newer->link, 0);            // leads to no object
  DETECTS(lm_heap_holds(h), older->link, newer->link);  // a cycle
  lm_link *wrong[] = {list, (lm_link *)(void *)&tracked, (lm_link *)superblock_base(b),
                      (lm_link *)((uintptr_t)superblock_of(b) + LM_WORD)};
  for (size_t i = 0; i < 4; i++) {
    for (size_t k = 0; k < 3; k++) {
      if (i || k > 0) DETECTS(lm_heap_holds(h), s[k]->link.prev, wrong[i]);
      if (i || k < 2) DETECTS(lm_heap_holds(h), s[k]->link.next, wrong[i]);
    }
    if (i) DETECTS(lm_heap_holds(h), h->size_classes[0].queue.next, wrong[i]);
    if (i) DETECTS(lm_heap_holds(h), h->size_classes[0].queue.prev, wrong[i]);
  }
  DETECTS(lm_heap_holds(h), s[0]->link.prev, &b->link);
  DETECTS(lm_heap_holds(h), s[2]->link.next, &b->link);
  DETECTS(lm_heap_holds(h), h->size_classes[0].queue.next, &b->link);  // of another class
  lm_slab *vacant = superblock_of(h->partial.next)->slabs + LM_HEAP_SLABS - 1;
  CHECK(vacant->size == 0 && vacant->size_class == 0);
  DETECTS(lm_heap_holds(h), h->size_classes[0].queue.next, &vacant->link);
  // A list of three that does not lead back to its head.
  s[2]->link.next = &s[0]->link, s[0]->link.prev = &s[2]->link;
  CHECK(!lm_heap_holds(h));
  s[2]->link.next = list, s[0]->link.prev = list;
  lm_object *objects = b->free;
  b->free = list_end(slab_base(b)), b->used = b->count;  // no free object, and not full
  CHECK(!lm_heap_holds(h));
  b->free = objects, b->used = b->count - 2;
  CHECK(lm_heap_holds(h));
  slab_all_free(b);  // and the slab is not vacant
  CHECK(!lm_heap_holds(h));
}

static void holds_detects_classes_whose_slab_is_none_of_theirs(void) {
  lm_slab *s[3];
  lm_heap *h = heap_with_a_queue(s);
  DETECTS(lm_heap_holds(h), h->current[0], s[0]);
  // Behind the last slab: its class would lie in the memory above the superblock.
  lm_slab *behind    = (lm_slab *)(void *)&superblock_of(s[0])->link;
  behind->size_class = 0;
  CHECK(lm_heap_holds(h));
  lm_slab *wrong[] = {s[0], (lm_slab *)(void *)&tracked, (lm_slab *)superblock_base(s[0]), behind};
  for (size_t i = 0; i < 4; i++) {
    h->current[0] = h->current[1] = wrong[i];
    CHECK(!lm_heap_holds(h));
  }
  h->current[0] = h->current[1] = NULL;
  if (LM_HEAP_GRANULES < 18) return;  // each size class serves one size
  h->size_classes[size_class_of(17)].warmup = 0;
  CHECK(lm_heap_alloc(h, 17 * LM_ALIGN) && h->current[17] && h->current[17] == h->current[18]);
  DETECTS(lm_heap_holds(h), h->current[17], NULL);
}

static void holds_detects_superblocks_that_are_not_what_the_lists_say(void) {
  lm_slab *s[3];
  lm_heap *h       = heap_with_a_queue(s);
  lm_superblock *k = superblock_of(h->partial.next), *full = superblock_of(s[0]);
  CHECK(k->vacant && !full->vacant && h->partial.next == h->partial.prev);
  DETECTS(lm_heap_holds(h), k->vacant, k->vacant | 1u << 31);
  DETECTS(lm_heap_holds(h), k->vacant, k->vacant & (k->vacant - 1));
  DETECTS(lm_heap_holds(h), k->link.prev, NULL);
  lm_link *wrong[] = {&h->partial, &full->link, &k->slabs[0].link, (lm_link *)(void *)&tracked};
  for (size_t i = 0; i < 4; i++) {
    DETECTS(lm_heap_holds(h), h->partial.next, wrong[i]);
    if (i) DETECTS(lm_heap_holds(h), h->partial.prev, wrong[i]);
    if (i) DETECTS(lm_heap_holds(h), k->link.next, wrong[i]);
  }
  DETECTS(lm_heap_holds(h), h->superblocks.blocks, h->superblocks.blocks + 1);
  // Superblocks in the map that do not exist: below all regions, at the region's end, inside top,
  // and twice.
  uintptr_t end = (uintptr_t)h->last->end, first = 0;
  for (size_t i = 0; i < map_words(h) && !first; i++) first = map_start(h)[i];
  size_t seen = 0;
  for (uintptr_t base = superblock_base((void *)end); base > (uintptr_t)h->top;
       base -= LM_HEAP_SUPERBLOCK) {
    uintptr_t *word = map_at(h, (void *)base);
    if (*word) continue;
    seen++;
    DETECTS(lm_heap_holds(h), *word, superblock_last((void *)base));
    DETECTS(lm_heap_holds(h), *word, superblock_last((void *)(base % (1u << 20))));
    DETECTS(lm_heap_holds(h), *word, first);
  }
  CHECK(seen > 1 && !h->cached);
  // A cached superblock that does not exist.
  uintptr_t base = superblock_base((void *)end) - LM_HEAP_SUPERBLOCK;
  while (*map_at(h, (void *)base)) base -= LM_HEAP_SUPERBLOCK;
  CHECK(base > (uintptr_t)h->top);
  h->cached = superblock_of((void *)base);
  for (unsigned i = 0; i < LM_HEAP_SLABS; i++) h->cached->slabs[i] = (lm_slab){0};
  h->cached->vacant = ALL_SLABS;
  CHECK(!lm_heap_holds(h));
  *map_at(h, (void *)base) = superblock_last((void *)base);
  CHECK(!lm_heap_holds(h));
}

static void holds_detects_a_superblock_in_a_block_that_is_free_or_too_small(void) {
  lm_heap *h = fixed_heap(POOL / 2);
  uint8_t *p = lm_heap_alloc_aligned(h, 2000, LM_HEAP_SUPERBLOCK), *wall = lm_heap_alloc(h, 20000);
  size_t below  = lm_heap_stats(h)->free_blocks;
  uint8_t *fill = lm_heap_alloc(h, block_size(h, h->region.first) - LM_WORD);
  CHECK(p && wall && fill < p && lm_heap_stats(h)->free_blocks == below - 1 && lm_heap_holds(h));
  DETECTS(lm_heap_holds(h), *map_at(h, p), superblock_last(p));
  CHECK(lm_heap_free(h, p) == LM_OK);
  DETECTS(lm_heap_holds(h), *map_at(h, p), superblock_last(p));
}

static void holds_detects_a_superblock_without_slabs_that_is_not_the_cached_one(void) {
  static void *p[600];
  lm_heap *h = fixed_heap(POOL);
  for (size_t i = 0; i < 600; i++) p[i] = lm_heap_alloc(h, 100);
  for (size_t i = 0; i < 600; i++) lm_heap_free(h, p[i]);
  CHECK(h->cached && h->cached->vacant == ALL_SLABS);
  DETECTS(lm_heap_holds(h), h->cached, NULL);
}

// A field of the heap or of a slab that holds() cannot check, and why damage to it is harmless or
// cannot be told.
typedef struct unchecked {
  size_t offset, size;
} unchecked;
#define UNCHECKED(type, field)                                                                     \
  { offsetof(type, field), sizeof((type *)0)->field }

// Flips each bit of `size` bytes at `at`. holds() must detect it, except in the `count` fields.
static void every_bit_is_checked(const lm_heap *h, void *at, size_t size, const unchecked *fields,
                                 size_t count) {
  uint8_t *bytes = at;
  for (size_t i = 0; i < size; i++) {
    bool skip = false;
    for (size_t k = 0; k < count; k++) skip |= i - fields[k].offset < fields[k].size;
    for (uint32_t bit = 0; bit < 8 && !skip; bit++) {
      bytes[i] ^= (uint8_t)(1u << bit);
      bool detected = !lm_heap_holds(h);
      bytes[i] ^= (uint8_t)(1u << bit);
      if (!detected) put_text("byte "), put_number((uint32_t)i), put_text(": ");
      CHECK(detected);
    }
  }
}

static void holds_detects_every_bit_of_the_state_that_matters(void) {
  static void *p[600];
  static const unchecked fields[] = {
      UNCHECKED(lm_heap, changes),                // any number will do
      UNCHECKED(lm_heap, pages),                  // the page source is opaque; taken is a bound
      UNCHECKED(lm_heap, got),                    // scratch
      UNCHECKED(lm_heap, hook),                   // opaque
      UNCHECKED(lm_heap, stats.live_blocks),      // computed by lm_heap_stats
      UNCHECKED(lm_heap, stats.live_bytes),       //
      UNCHECKED(lm_heap, stats.peak_live_bytes),  // a bound
      UNCHECKED(lm_heap, stats.free_blocks),      // computed by lm_heap_stats
      UNCHECKED(lm_heap, stats.free_bytes),       //
      UNCHECKED(lm_heap, stats.taken_bytes),      //
  };
  lm_heap *h = fixed_heap(POOL);
  for (size_t i = 0; i < 600; i++) p[i] = lm_heap_alloc(h, 40 + i % 3 * 50);
  for (size_t i = 0; i < 600; i += 3) lm_heap_free(h, p[i]);
  for (int cached = 0; cached < 2; cached++) {
    CHECK(lm_heap_holds(h) && (h->cached != NULL) == cached);
    size_t size = offsetof(lm_heap, size_classes);
    every_bit_is_checked(h, h, size, fields, sizeof fields / sizeof *fields);
    for (unsigned i = 0; i < LM_HEAP_SIZE_CLASSES; i++)
      every_bit_is_checked(h, &h->size_classes[i].queue, sizeof(lm_link), NULL, 0);
    every_bit_is_checked(h, &h->region, sizeof h->region, NULL, 0);
    for (size_t i = 0; i < 600; i++)
      if (!cached && i % 3) lm_heap_free(h, p[i]);
  }
}

// Operations on damaged lists end: a cycle is not followed endlessly.
static void no_operation_hangs_on_a_cycle(void) {
  lm_heap *h = fixed_heap(POOL);
  void *p[300];
  for (size_t i = 0; i < 300; i++) p[i] = lm_heap_alloc(h, 40);
  lm_object *o = p[40];
  CHECK(in_superblock(h, o) && lm_heap_free(h, p[41]) == LM_OK && lm_heap_free(h, o) == LM_OK);
  lm_object *next = object_next(o);
  object_link(o, o);  // a free list that leads to itself
  object_link(p[42], p[42]);
  CHECK(!lm_heap_holds(h) && lm_heap_check(h, p[42]) == LM_OK);
  lm_heap_trim(h);
  object_link(o, next);
  h->region.next = &h->region;  // regions that lead to themselves
  CHECK(!lm_heap_holds(h) && lm_heap_check(h, &tracked) == LM_NOT_A_BLOCK);
  h->region.next = NULL;
  uint8_t *low = lm_heap_alloc(h, 2000), *wall = lm_heap_alloc(h, 2000);
  CHECK(wall && lm_heap_alloc(h, lm_heap_stats(h)->free_bytes / 2) &&
        lm_heap_free(h, low) == LM_OK);
  lm_block *b     = block_of(low);
  lm_block *after = b->next;
  b->next         = b;  // a bin that leads to itself
  CHECK(!lm_heap_holds(h) && lm_heap_alloc(h, POOL) == NULL);
  CHECK(lm_heap_alloc(h, block_size(h, b) - LM_WORD + LM_ALIGN) != low);
  b->next = after;
}

CHECK_MAIN(RUN(holds_detects_every_bit_of_the_state_that_matters);
           RUN_REFUSAL(no_operation_hangs_on_a_cycle);
           RUN(a_walk_in_any_steps_visits_every_block_once_in_order);
           RUN(a_walk_goes_on_over_a_heap_that_changes);
           RUN(a_walk_finds_its_place_after_the_block_it_stood_at_is_gone);
           RUN(a_walk_finds_its_place_after_the_heap_grew_and_its_block_was_freed);
           RUN(a_walk_over_what_was_overwritten_leads_nowhere_bad);
           RUN(a_cursor_that_was_scribbled_on_leads_nowhere_bad);
           RUN(a_walk_over_regions_or_slabs_that_were_overwritten_ends);
           RUN(a_block_that_is_too_small_for_a_superblock_is_walked_as_a_block);
           RUN(holds_detects_a_top_that_is_not_the_end_mark_of_a_full_heap);
           RUN(a_walk_in_any_steps_visits_every_object_once_in_order);
           RUN(a_walk_that_goes_on_after_a_trim_tells_of_blocks_there_are);
           RUN(holds_detects_every_bit_that_is_wrong);
           RUN(holds_detects_a_list_entry_that_is_no_block); RUN(holds_detects_two_free_neighbours);
           RUN(holds_detects_every_bit_of_a_slab_that_is_wrong);
           RUN(holds_detects_regions_and_maps_that_cannot_be);
           RUN(holds_detects_links_of_blocks_that_do_not_agree);
           RUN(holds_detects_objects_and_queues_that_do_not_agree);
           RUN(holds_detects_classes_whose_slab_is_none_of_theirs);
           RUN(holds_detects_superblocks_that_are_not_what_the_lists_say);
           RUN(holds_detects_a_superblock_in_a_block_that_is_free_or_too_small);
           RUN(holds_detects_a_superblock_without_slabs_that_is_not_the_cached_one););
