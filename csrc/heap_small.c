// SPDX-License-Identifier: MIT
// heap_small.c: slabs: where they come from, and where they go when they are full or empty.
#include "heap_inner.h"

#define MAP_MOST (LM_WORD << (32 - LM_HEAP_BANK_LOG))  // bytes: a word for each bank of 4 GiB

// Rings.

// Puts `l` before `ring`, that is last.
static void link_add(lm_link *ring, lm_link *l) {
  l->next          = ring;
  l->prev          = ring->prev;
  ring->prev->next = l;
  ring->prev       = l;
}

static void link_remove(lm_link *l) {
  l->prev->next = l->next;
  l->next->prev = l->prev;
}

// Makes the map twice as large. Returns false iff it cannot be.
static bool map_grow(lm_heap *h) {
  uintptr_t *old = map_start(h);
  size_t words = map_words(h), room = 2 * words * LM_WORD;
  lm_block *b = room <= MAP_MOST ? lm_block_take(h, block_need(room)) : NULL;
  if (!b) return false;
  h->map_from = (uintptr_t)block_payload(b) - (uintptr_t)h->near;
  h->map_mask = room - LM_WORD;
  __builtin_memset(map_start(h), 0, room);
  for (size_t i = 0; i < words; i++)
    if (old[i]) *map_at(h, (void *)old[i]) = old[i], old[i] = 0;
  if (old != h->near) lm_block_release(h, block_of(old));
  return true;
}

static lm_bank *bank_new(lm_heap *h) {
  lm_block *b = lm_block_take_bank(h);
  if (!b) return NULL;
  void *base = block_payload(b);
  while (*map_at(h, base)) {
    if (map_grow(h)) continue;
    lm_block_release(h, b);
    return NULL;
  }
  lm_bank *k = bank_of(base);
  __builtin_memset(k, 0, offsetof(lm_bank, header));
  k->vacant        = SLABS_ALL;
  *map_at(h, base) = bank_last(base);
  account(h, &h->banks, 1, 0);
  link_add(h->open.next, &k->link);
  return k;
}

static void bank_release(lm_heap *h, lm_bank *k) {
  link_remove(&k->link);
  *map_at(h, k) = 0;
  account(h, &h->banks, (size_t)-1, 0);
  lm_block_release(h, block_of((void *)bank_base(k)));
}

// Makes vacant slab `s` one of class `kind`, all its objects free. Upwards: downwards
// costs a caller who goes on to use them a twentieth of his time.
static NOINLINE void slab_start(lm_slab *s, unsigned kind) {
  uint32_t size = (uint32_t)(class_units(kind) * LM_ALIGN);
  uint32_t many = (uint32_t)slab_room(slab_number(s)) / size;
  s->kind       = (uint16_t)kind;
  s->size       = size;
  s->many       = (uint16_t)many;
  s->limit      = many * size;
  if (CHECKS) s->inverse = slab_inverse(size);
  uintptr_t base = slab_base(s), at = base, end = at + many * size;
  s->free = (lm_object *)at;
  for (; at < end; at += size) object_link((lm_object *)at, (lm_object *)(at + size));
  object_link((lm_object *)(at - size), list_end(base));
}

// Returns a slab of class `kind`, all its objects free; NULL iff there is none.
static lm_slab *slab_new(lm_heap *h, unsigned kind) {
  lm_bank *k = h->open.next == &h->open ? bank_new(h) : bank_of(h->open.next);
  if (!k) return NULL;
  if (k == h->spare) h->spare = NULL;
  unsigned number = (unsigned)__builtin_ctz(k->vacant);
  k->vacant &= k->vacant - 1;
  if (!k->vacant) link_remove(&k->link);
  lm_slab *s = &k->slabs[number];
  slab_start(s, kind);
  account(h, &h->banks, 0, s->limit);
  return s;
}

// Makes slab `s`, which is in no queue and has nothing lent, vacant.
static void slab_retire(lm_heap *h, lm_slab *s) {
  lm_bank *k = bank_of(s);
  account(h, &h->banks, 0, (size_t)0 - s->limit);
  s->size    = 0;
  s->inverse = 0;
  if (!k->vacant) link_add(h->open.next, &k->link);
  k->vacant |= 1u << slab_number(s);
  if (k->vacant != SLABS_ALL) return;
  if (h->spare) {
    bank_release(h, k);
  } else {
    h->spare = k;
  }
}

static void current_set(lm_heap *h, unsigned kind, lm_slab *s) {
  size_t most = class_units(kind), units = kind ? class_units(kind - 1) + 1 : 0;
  for (; units <= most; units++) h->current[units] = s;
}

lm_class *lm_slab_refill(lm_heap *h, size_t units) {
  unsigned kind = class_of(units);
  lm_class *c   = &h->classes[kind];
  lm_slab *s    = h->current[units];
  if (s) s->used = s->many - SLAB_FULL;
  if (c->queue.next != &c->queue) {
    s = (lm_slab *)c->queue.next;
    link_remove(&s->link);
  } else {
    s = c->wait ? NULL : slab_new(h, kind);
  }
  current_set(h, kind, s);
  if (s) s->used = SLAB_TAKEN;
  return c;
}

NOINLINE lm_status lm_slab_turn(lm_heap *h, lm_slab *s) {
  if (s->used < 0) {
    s->used += SLAB_FULL;
    link_add(&h->classes[s->kind].queue, &s->link);
  } else if (slab_is_current(h, s)) {
    s->used = SLAB_TAKEN;
  } else {
    link_remove(&s->link);
    slab_retire(h, s);
  }
  return LM_OK;
}

bool lm_heap_trim(lm_heap *h) {
  size_t before = h->banks.blocks;
  for (unsigned kind = 0; kind < LM_HEAP_CLASSES; kind++) {
    lm_slab *s = h->current[class_units(kind)];
    if (!s || slab_free(s) != s->many) continue;
    current_set(h, kind, NULL);
    slab_retire(h, s);
  }
  if (h->spare) bank_release(h, h->spare);
  h->spare = NULL;
  if (!h->banks.blocks && h->map_from) {
    lm_block_release(h, block_of(map_start(h)));
    map_first(h);
    return true;
  }
  return h->banks.blocks < before;
}
