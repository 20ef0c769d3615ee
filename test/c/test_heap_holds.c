// SPDX-License-Identifier: MIT
// test_heap_holds.c: holds() sees all damage to what the heap keeps for itself.
#include "../../csrc/heap_fast.h"
#include "heap_fixture.h"

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

static void holds_sees_a_list_entry_that_is_no_block(void) {
  lm_heap *h = fixed_heap(FIRST);
  uint8_t *p = lm_heap_alloc(h, 1000);
  __builtin_memset(p, 0, 1000);
  lm_block *fake = (lm_block *)(void *)(p + 2 * LM_ALIGN - LM_WORD);
  fake->head     = (4 * LM_ALIGN ^ h->cookie) | 1;
  h->bins[4]     = fake;  // the list of that size, all its bits as they should be
  h->filled[0] |= 1u << 4;
  CHECK(!lm_heap_holds(h));
  h->free_count++;
  CHECK(!lm_heap_holds(h));
}

static void holds_sees_two_free_neighbours(void) {
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

// Flips each bit of what the heap knows of its slabs.
static void holds_sees_every_bit_of_a_slab_that_is_wrong(void) {
  lm_heap *h = fixed_heap(POOL);
  void *p[600];
  for (size_t i = 0; i < 600; i++) p[i] = lm_heap_alloc(h, 100);
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
      if (says_nothing && bit % 32 != 31) continue;  // only that it is above 0
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

// What no single bit that is wrong shows: words that are made to agree with their neighbours.

static void holds_sees_regions_and_maps_that_cannot_be(void) {
  lm_heap *h   = fixed_heap(FIRST);
  lm_region *r = &h->region;
  uint8_t *p   = lm_heap_alloc(h, 128);
  __builtin_memset(p, 0, 128);
  DETECTS(lm_heap_holds(h), r->first, block_at((uintptr_t)r->first + LM_WORD));
  DETECTS(lm_heap_holds(h), r->first, block_of(h));
  DETECTS(lm_heap_holds(h), r->end, block_at((uintptr_t)r->end + LM_WORD));
  DETECTS(lm_heap_holds(h), r->end, r->first);
  DETECTS(lm_heap_holds(h), r->end, block_of(NULL));  // the last word that there can be
  DETECTS(lm_heap_holds(h), h->pages.taken, 0);
  DETECTS(lm_heap_holds(h), h->stats.peak_live_bytes, 0);
  // A map in the block that was the caller's.
  h->large.blocks--, h->large.bytes -= lm_heap_usable_size(h, p);
  h->map_offset = (uintptr_t)p - (uintptr_t)h->inline_map;
  h->map_mask   = 128 - LM_WORD;
  DETECTS(lm_heap_holds(h), h->map_mask, 256 - LM_WORD);
  DETECTS(lm_heap_holds(h), h->map_mask, ((size_t)1 << 30) - LM_WORD);
  DETECTS(lm_heap_holds(h), h->map_offset, h->map_offset + 1);
  DETECTS(lm_heap_holds(h), h->map_offset, (uintptr_t)&lent - (uintptr_t)h->inline_map);
}

static void holds_sees_links_of_blocks_that_do_not_agree(void) {
  lm_heap *h = growing_heap(24);
  uint8_t *b[5];
  for (size_t i = 0; i < 5; i++) b[i] = lm_heap_alloc(h, 200);
  lm_heap_free(h, b[3]), lm_heap_free(h, b[1]);
  CHECK(block_of(b[1])->next == block_of(b[3]));
  DETECTS(lm_heap_holds(h), block_of(b[3])->prev, NULL);
  CHECK(lm_heap_alloc(h, FIRST) != NULL && h->region.next);
  lm_block *rest = h->region.first;  // what was top before there was another region
  while (block_next(h, rest) != h->region.end) rest = block_next(h, rest);
  CHECK(rest->head & FREE);
  DETECTS(lm_heap_holds(h), h->top, rest);
  CHECK(!h->bins[1] && !(h->filled[0] & 2));  // no block is so small
  h->bins[1] = block_of(&lent), h->filled[0] |= 2;
  CHECK(!lm_heap_holds(h));
}

// Returns a heap with three slabs of one class in its queue; `slabs` are those, first to last.
static lm_heap *heap_with_a_queue(lm_slab **slabs) {
  static void *p[700];
  lm_heap *h = fixed_heap(POOL - LM_HEAP_SLAB);
  for (size_t i = 0; i < 700; i++) p[i] = lm_heap_alloc(h, 100);
  while (h->partial.next == &h->partial) lm_heap_alloc(h, 100);  // a bank is to have vacant slabs
  for (size_t i = 0; i < 3; i++) {
    slabs[i]         = slab_of(p[100 + 200 * i]);
    const lm_slab *s = slabs[i];
    for (size_t k = 0, left = 2; left; k++)
      if (in_superblock(h, p[k]) && slab_of(p[k]) == s) lm_heap_free(h, p[k]), left--;
  }
  CHECK(h->superblocks.blocks > 2 && lm_heap_holds(h));
  return h;
}

// Puts all objects of slab `s`, which is in a queue, into its list.
static void slab_all_free(lm_slab *s) {
  s->free = list_end(slab_base(s));
  s->used = s->count;
  for (size_t at = 0; at < s->limit; at += s->size)
    object_push(s, (lm_object *)(slab_base(s) + at));
}

static void holds_sees_objects_and_queues_that_do_not_agree(void) {
  lm_slab *s[3];
  lm_heap *h    = heap_with_a_queue(s);
  lm_slab *b    = s[1];
  lm_link *ring = &h->size_classes[b->size_class].queue;
  CHECK(ring->next == &s[0]->link && s[0]->link.next == &b->link && b->link.next == &s[2]->link);
  lm_object *newer = b->free, *older = object_next(newer);
  DETECTS(lm_heap_holds(h), newer->link, 0);            // leads nowhere
  DETECTS(lm_heap_holds(h), older->link, newer->link);  // to itself
  lm_link *wrong[] = {ring, (lm_link *)(void *)&lent, (lm_link *)superblock_base(b),
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
  // A ring of three that does not come back to its own place.
  s[2]->link.next = &s[0]->link, s[0]->link.prev = &s[2]->link;
  CHECK(!lm_heap_holds(h));
  s[2]->link.next = ring, s[0]->link.prev = ring;
  lm_object *list = b->free;
  b->free = list_end(slab_base(b)), b->used = b->count;  // all lent, and not full
  CHECK(!lm_heap_holds(h));
  b->free = list, b->used = b->count - 2;
  CHECK(lm_heap_holds(h));
  slab_all_free(b);  // and not vacant
  CHECK(!lm_heap_holds(h));
}

static void holds_sees_classes_whose_slab_is_none_of_theirs(void) {
  lm_slab *s[3];
  lm_heap *h = heap_with_a_queue(s);
  DETECTS(lm_heap_holds(h), h->current[0], s[0]);
  lm_slab *wrong[] = {s[0], (lm_slab *)(void *)&lent, (lm_slab *)superblock_base(s[0])};
  for (size_t i = 0; i < 3; i++) {
    h->current[0] = h->current[1] = wrong[i];
    CHECK(!lm_heap_holds(h));
  }
  h->current[0] = h->current[1]             = NULL;
  h->size_classes[size_class_of(17)].warmup = 0;
  CHECK(lm_heap_alloc(h, 17 * LM_ALIGN) && h->current[17] && h->current[17] == h->current[18]);
  DETECTS(lm_heap_holds(h), h->current[17], NULL);
}

static void holds_sees_banks_that_are_not_what_the_lists_say(void) {
  lm_slab *s[3];
  lm_heap *h       = heap_with_a_queue(s);
  lm_superblock *k = superblock_of(h->partial.next), *full = superblock_of(s[0]);
  CHECK(k->vacant && !full->vacant && h->partial.next == h->partial.prev);
  DETECTS(lm_heap_holds(h), k->vacant, k->vacant | 1u << 31);
  DETECTS(lm_heap_holds(h), k->vacant, k->vacant & (k->vacant - 1));
  DETECTS(lm_heap_holds(h), k->link.prev, NULL);
  lm_link *wrong[] = {&h->partial, &full->link, &k->slabs[0].link, (lm_link *)(void *)&lent};
  for (size_t i = 0; i < 4; i++) {
    DETECTS(lm_heap_holds(h), h->partial.next, wrong[i]);
    if (i) DETECTS(lm_heap_holds(h), h->partial.prev, wrong[i]);
    if (i) DETECTS(lm_heap_holds(h), k->link.next, wrong[i]);
  }
  DETECTS(lm_heap_holds(h), h->superblocks.blocks, h->superblocks.blocks + 1);
  // Banks where none are: below all regions, at the region's end, in the middle of top, and twice.
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
  // And one more than there are that looks as the cached one does.
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

static void holds_sees_a_bank_in_a_block_that_is_free_or_too_small(void) {
  lm_heap *h = fixed_heap(POOL / 2);
  uint8_t *p = lm_heap_alloc_aligned(h, 2000, LM_HEAP_SUPERBLOCK), *wall = lm_heap_alloc(h, 20000);
  size_t below  = lm_heap_stats(h)->free_blocks;
  uint8_t *fill = lm_heap_alloc(h, block_size(h, h->region.first) - LM_WORD);
  CHECK(p && wall && fill < p && lm_heap_stats(h)->free_blocks == below - 1 && lm_heap_holds(h));
  DETECTS(lm_heap_holds(h), *map_at(h, p), superblock_last(p));
  CHECK(lm_heap_free(h, p) == LM_OK);
  DETECTS(lm_heap_holds(h), *map_at(h, p), superblock_last(p));
}

static void holds_sees_a_bank_without_slabs_that_is_not_the_spare_one(void) {
  static void *p[600];
  lm_heap *h = fixed_heap(POOL);
  for (size_t i = 0; i < 600; i++) p[i] = lm_heap_alloc(h, 100);
  for (size_t i = 0; i < 600; i++) lm_heap_free(h, p[i]);
  CHECK(h->cached && h->cached->vacant == ALL_SLABS);
  DETECTS(lm_heap_holds(h), h->cached, NULL);
}

CHECK_MAIN(RUN(holds_sees_every_bit_that_is_wrong); RUN(holds_sees_a_list_entry_that_is_no_block);
           RUN(holds_sees_two_free_neighbours); RUN(holds_sees_every_bit_of_a_slab_that_is_wrong);
           RUN(holds_sees_regions_and_maps_that_cannot_be);
           RUN(holds_sees_links_of_blocks_that_do_not_agree);
           RUN(holds_sees_objects_and_queues_that_do_not_agree);
           RUN(holds_sees_classes_whose_slab_is_none_of_theirs);
           RUN(holds_sees_banks_that_are_not_what_the_lists_say);
           RUN(holds_sees_a_bank_in_a_block_that_is_free_or_too_small);
           RUN(holds_sees_a_bank_without_slabs_that_is_not_the_spare_one););
