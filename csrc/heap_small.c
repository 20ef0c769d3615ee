// SPDX-License-Identifier: MIT
// heap_small.c: slabs: where they come from, and where they go when they are full or empty.
#include "heap_inner.h"

#define MAP_MOST (LM_WORD << (32 - LM_HEAP_BANK_LOG))  // bytes: a word for each bank of 4 GiB

// The queue of a class: slabs that have lent objects and have free ones, and are not current (S4).

static void queue_add(lm_heap *h, lm_slab *s) {
  lm_class *c = &h->classes[s->kind];
  s->next     = NULL;
  s->prev     = c->last;
  if (c->last)
    c->last->next = s;
  else
    c->first = s;
  c->last = s;
}

static void queue_remove(lm_heap *h, lm_slab *s) {
  lm_class *c = &h->classes[s->kind];
  if (s->next)
    s->next->prev = s->prev;
  else
    c->last = s->prev;
  if (s->prev)
    s->prev->next = s->next;
  else
    c->first = s->next;
}

// The list of banks that have a vacant slab (S5).

static void open_add(lm_heap *h, lm_bank *k) {
  k->prev = NULL;
  k->next = h->open;
  if (k->next) k->next->prev = k;
  h->open = k;
}

static void open_remove(lm_heap *h, lm_bank *k) {
  if (k->next) k->next->prev = k->prev;
  if (k->prev)
    k->prev->next = k->next;
  else
    h->open = k->next;
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
    if (old[i]) *map_at(h, (void *)old[i]) = old[i];
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
  for (unsigned i = 0; i < LM_HEAP_SLABS; i++)
    k->slabs[i] = (lm_slab){.number = (uint8_t)i, .base = (uintptr_t)base + i * LM_HEAP_SLAB};
  k->vacant        = SLABS_ALL;
  *map_at(h, base) = bank_last(base);
  h->banks++;
  h->changes++;
  open_add(h, k);
  return k;
}

static void bank_release(lm_heap *h, lm_bank *k) {
  open_remove(h, k);
  *map_at(h, k) = 0;
  h->banks--;
  lm_block_release(h, block_of((void *)bank_base(k)));
}

// Makes the objects of slab `s`, all of them free.
static void slab_fill(lm_slab *s) {
  uintptr_t at = s->base, end = at + s->limit, size = s->size;
  s->free = (lm_object *)at;
  for (; at < end; at += size) object_link((lm_object *)at, (lm_object *)(at + size));
  object_link((lm_object *)(at - size), list_end(s->base));
}

// Returns a slab of class `kind`, all its objects free; NULL iff there is none.
static lm_slab *slab_new(lm_heap *h, unsigned kind) {
  lm_bank *k = h->open ? h->open : bank_new(h);
  if (!k) return NULL;
  if (k == h->spare) h->spare = NULL;
  unsigned number = (unsigned)__builtin_ctz(k->vacant);
  k->vacant &= k->vacant - 1;
  if (!k->vacant) open_remove(h, k);
  lm_slab *s = &k->slabs[number];
  s->size    = (uint16_t)(class_units(kind) * LM_ALIGN);
  s->inverse = (uint32_t)(0xffffffffu / s->size) + 1;
  s->kind    = (uint8_t)kind;
  s->many    = (uint16_t)(slab_room(number) / s->size);
  s->limit   = (uint16_t)(s->many * s->size);
  h->changes++;
  h->slab_bytes += s->limit;
  account_note(h);
  slab_fill(s);
  return s;
}

// Makes slab `s`, which is in no queue and has nothing lent, vacant.
static void slab_retire(lm_heap *h, lm_slab *s) {
  lm_bank *k = bank_of(s);
  h->changes++;
  h->slab_bytes -= s->limit;
  s->size    = 0;
  s->inverse = 0;
  if (!k->vacant) open_add(h, k);
  k->vacant |= 1u << s->number;
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

void *lm_slab_refill(lm_heap *h, size_t units) {
  unsigned kind = class_of(units ? units : 1);
  lm_class *c   = &h->classes[kind];
  lm_slab *s    = h->current[units];
  if (s) s->used = s->many - SLAB_FULL;
  s = c->first;
  if (s) {
    queue_remove(h, s);
  } else if (c->wait == 0) {
    s = slab_new(h, kind);
  }
  current_set(h, kind, s);
  if (!s) return NULL;
  lm_object *o = s->free;
  s->free      = object_next(o);
  s->used      = SLAB_TAKEN;
  o->link      = 0;
  return o;
}

void lm_slab_wait(lm_heap *h, size_t units) {
  lm_class *c = &h->classes[class_of(units ? units : 1)];
  c->wait     = c->wait ? c->wait - 1 : WAIT_AGAIN;
}

NOINLINE lm_status lm_slab_turn(lm_heap *h, lm_slab *s) {
  if (s->used < 0) {
    s->used += SLAB_FULL;
    queue_add(h, s);
  } else if (slab_is_current(h, s)) {
    s->used = SLAB_TAKEN;
  } else {
    queue_remove(h, s);
    slab_retire(h, s);
  }
  return LM_OK;
}

bool lm_heap_trim(lm_heap *h) {
  size_t before = h->banks;
  for (unsigned kind = 0; kind < LM_HEAP_CLASSES; kind++) {
    lm_slab *s = h->current[class_units(kind)];
    if (!s || slab_free(s) != s->many) continue;
    current_set(h, kind, NULL);
    slab_retire(h, s);
  }
  if (h->spare) bank_release(h, h->spare);
  h->spare = NULL;
  if (!h->banks && h->map_from) {
    lm_block_release(h, block_of(map_start(h)));
    map_first(h);
    return true;
  }
  return h->banks < before;
}
