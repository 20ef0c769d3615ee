// SPDX-License-Identifier: MIT
// heap_slab.c: where slabs come from, and their changes of state when they are full or empty.
#include "heap_slab_internal.h"

#define MAP_MAX (LM_WORD << (32 - LM_HEAP_SUPERBLOCK_LOG))  // bytes: a word per superblock of 4 GiB

// Inserts `l` before `list`: as its last member.
static void list_add(lm_link *list, lm_link *l) {
  l->next          = list;
  l->prev          = list->prev;
  list->prev->next = l;
  list->prev       = l;
}

static void list_remove(lm_link *l) {
  l->prev->next = l->next;
  l->next->prev = l->prev;
}

// Doubles the map. Returns false iff it cannot grow.
LM_COLD static LM_NOINLINE bool map_grow(lm_heap *h) {
  uintptr_t *old = map_start(h);
  size_t words = map_words(h), bytes = 2 * words * LM_WORD;
  lm_block *b = LM_WORD == 4 || bytes <= MAP_MAX ? lm_block_acquire(h, bytes + LM_ALIGN) : NULL;
  if (!b) return false;
  h->map_offset = (uintptr_t)block_payload(b) - (uintptr_t)h->inline_map;
  h->map_mask   = bytes - LM_WORD;
  __builtin_memset(map_start(h), 0, bytes);
  for (size_t i = 0; i < words; i++)
    if (old[i]) *map_at(h, (void *)old[i]) = old[i], old[i] = 0;
  if (old != h->inline_map) lm_block_release(h, block_of(old));
  return true;
}

LM_COLD static LM_NOINLINE lm_superblock *superblock_new(lm_heap *h) {
  lm_block *b = lm_block_acquire_superblock(h);
  if (!b) return NULL;
  void *base = block_payload(b);
  while (*map_at(h, base)) {
    if (map_grow(h)) continue;
    lm_block_release(h, b);
    return NULL;
  }
  lm_superblock *k = superblock_of(base);
  __builtin_memset(k, 0, offsetof(lm_superblock, header));
  k->vacant        = ALL_SLABS;
  *map_at(h, base) = superblock_last(base);
  account(h, &h->superblocks, 1, 0);
  list_add(h->partial.next, &k->link);
  return k;
}

LM_COLD static LM_NOINLINE void superblock_release(lm_heap *h, lm_superblock *k) {
  list_remove(&k->link);
  *map_at(h, k) = 0;
  account(h, &h->superblocks, (size_t)-1, 0);
  lm_block_release(h, block_of((void *)superblock_base(k)));
}

// Makes vacant slab `s` one of `size_class` with all objects free. The free list ascends, because
// a descending one makes programs that then use the objects 5 % slower.
static LM_NOINLINE void slab_start(lm_slab *s, unsigned size_class) {
  uint32_t size  = (uint32_t)(size_class_granules(size_class) * LM_ALIGN);
  uint32_t count = (uint32_t)slab_space(slab_index(s)) / size;
  s->size_class  = (uint16_t)size_class;
  s->size        = size;
  s->count       = (uint16_t)count;
  s->limit       = count * size;
  if (LM_CHECKED) s->inverse = slab_inverse(size);
  uintptr_t base = slab_base(s), at = base, end = at + count * size;
  s->free = (lm_object *)at;
  for (; at < end; at += size) object_link((lm_object *)at, (lm_object *)(at + size));
  object_link((lm_object *)(at - size), list_end(base));
}

// Returns a slab of `size_class` with all objects free; NULL iff there is no memory.
static lm_slab *slab_new(lm_heap *h, unsigned size_class) {
  lm_link *first   = h->partial.next;
  lm_superblock *k = first == &h->partial ? superblock_new(h) : superblock_of(first);
  if (!k) return NULL;
  if (k == h->cached) h->cached = NULL;
  unsigned index = (unsigned)__builtin_ctz(k->vacant);
  k->vacant &= k->vacant - 1;
  if (!k->vacant) list_remove(&k->link);
  lm_slab *s = &k->slabs[index];
  slab_start(s, size_class);
  account(h, &h->superblocks, 0, s->limit);
  return s;
}

// Makes slab `s`, which is in no queue and has no allocated object, vacant.
static void slab_retire(lm_heap *h, lm_slab *s) {
  lm_superblock *k = superblock_of(s);
  account(h, &h->superblocks, 0, (size_t)0 - s->limit);
  s->size    = 0;
  s->inverse = 0;
  if (!k->vacant) list_add(h->partial.next, &k->link);
  k->vacant |= 1u << slab_index(s);
  if (k->vacant != ALL_SLABS) return;
  if (h->cached) {
    superblock_release(h, k);
  } else {
    h->cached = k;
  }
}

// Makes `s` the current slab for all requests of `size_class`.
static void current_set(lm_heap *h, unsigned size_class, lm_slab *s) {
  size_t max = size_class_granules(size_class);
  size_t min = size_class ? size_class_granules(size_class - 1) + 1 : 0;
  for (size_t granules = min; granules <= max; granules++) h->current[granules] = s;
}

LM_NOINLINE lm_size_class *lm_slab_refill(lm_heap *h, size_t granules) {
  unsigned size_class = size_class_of(granules);
  lm_size_class *c    = &h->size_classes[size_class];
  lm_slab *s          = h->current[granules];
  if (s) s->used = s->count - SLAB_FULL;
  if (c->queue.next != &c->queue) {
    s = (lm_slab *)c->queue.next;
    list_remove(&s->link);
  } else {
    s = c->warmup ? NULL : slab_new(h, size_class);
  }
  current_set(h, size_class, s);
  if (s) s->used = SLAB_CURRENT;
  return c;
}

LM_NOINLINE lm_status lm_slab_transition(lm_heap *h, lm_slab *s) {
  if (s->used < 0) {
    s->used += SLAB_FULL;
    list_add(&h->size_classes[s->size_class].queue, &s->link);
  } else if (slab_is_current(h, s)) {
    s->used = SLAB_CURRENT;
  } else {
    list_remove(&s->link);
    slab_retire(h, s);
  }
  return LM_OK;
}

LM_COLD LM_NOINLINE bool lm_heap_trim(lm_heap *h) {
  size_t before = h->superblocks.blocks;
  for (unsigned size_class = 0; size_class < LM_HEAP_SIZE_CLASSES; size_class++) {
    lm_slab *s = h->current[size_class_granules(size_class)];
    if (!s || slab_free_count(s) != s->count) continue;
    current_set(h, size_class, NULL);
    slab_retire(h, s);
  }
  if (h->cached) superblock_release(h, h->cached);
  h->cached = NULL;
  if (!h->superblocks.blocks && h->map_offset) {
    lm_block_release(h, block_of(map_start(h)));
    map_use_inline(h);
    return true;
  }
  return h->superblocks.blocks < before;
}
