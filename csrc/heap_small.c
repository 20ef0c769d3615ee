// SPDX-License-Identifier: MIT
// heap_small.c: slabs: where they come from, and where they go when they are full or empty.
#include "heap_inner.h"

enum {
  CARVE = 16,  // objects to make at a time: memory not lent yet is not touched
};
#define MAP_MOST ((size_t)1 << (32 - LM_HEAP_BANK_LOG))  // banks lie within 4 GiB of each other

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

// Makes the map know page `page`, an absolute number. Returns false iff it cannot be.
static bool map_reach(lm_heap *h, size_t page) {
  if (page - h->map_base < h->map_count) return true;
  size_t first = h->map && h->map_base < page ? h->map_base : page;
  size_t last = h->map && h->map_base + h->map_count > page ? h->map_base + h->map_count - 1 : page;
  size_t count = last - first + 1;
  if (count > MAP_MOST) return false;
  lm_block *b = lm_block_take(h, block_need(count + count / 2 + 28));
  if (!b) return false;
  uint8_t *map = block_payload(b);
  size_t room  = block_size(h, b) - LM_WORD;
  __builtin_memset(map, 0, room);
  if (h->map) {
    __builtin_memcpy(map + (h->map_base - first), h->map, h->map_count);
    lm_block_release(h, block_of(h->map));
  }
  h->map       = map;
  h->map_base  = first;
  h->map_count = room;
  return true;
}

static lm_bank *bank_new(lm_heap *h) {
  lm_block *b = lm_block_take_bank(h);
  if (!b) return NULL;
  uintptr_t base = (uintptr_t)block_payload(b);
  if (!map_reach(h, base >> LM_HEAP_BANK_LOG)) {
    lm_block_release(h, b);
    return NULL;
  }
  lm_bank *k = bank_at(base);
  for (unsigned i = 0; i < LM_HEAP_SLABS; i++)
    k->slabs[i] = (lm_slab){.number = (uint8_t)i, .base = base + i * LM_HEAP_SLAB};
  k->vacant                                        = SLABS_ALL;
  h->map[(base >> LM_HEAP_BANK_LOG) - h->map_base] = 1;
  h->banks++;
  h->changes++;
  open_add(h, k);
  return k;
}

static void bank_release(lm_heap *h, lm_bank *k) {
  uintptr_t base = bank_base(k);
  open_remove(h, k);
  h->map[(base >> LM_HEAP_BANK_LOG) - h->map_base] = 0;
  h->banks--;
  lm_block_release(h, block_of((void *)base));
}

// Makes the next objects of slab `s`; it has none free, and is not carved to its limit.
static void slab_carve(const lm_heap *h, lm_slab *s) {
  size_t size = s->size, many = CARVE * size, left = (size_t)s->limit - s->carved;
  uintptr_t at = s->base + s->carved, end = at + (left < many ? left : many);
  s->free   = (lm_object *)at;
  s->carved = (uint16_t)(s->carved + (end - at));
  for (; at < end; at += size) {
    lm_object *o = (lm_object *)at;
    o->next      = (lm_object *)(at + size);
    o->mark      = object_mark(h, o);
  }
  ((lm_object *)(at - size))->next = NULL;
}

// Returns a slab of class `kind` with free objects, none of them lent; NULL iff there is none.
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
  s->limit   = (uint16_t)(slab_room(number) / s->size * s->size);
  s->carved  = 0;
  s->used    = 0;
  h->changes++;
  slab_carve(h, s);
  return s;
}

// Makes slab `s`, which is in no queue and has nothing lent, vacant.
static void slab_retire(lm_heap *h, lm_slab *s) {
  lm_bank *k = bank_at(bank_base(s));
  h->changes++;
  s->size = s->carved = 0;
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
  size_t units = class_units(kind);
  do h->current[units--] = (uintptr_t)s - (uintptr_t)&h->none;
  while (units > 0 && class_of(units) == kind);
  if (kind == 0) h->current[0] = h->current[1];
}

void *lm_slab_refill(lm_heap *h, size_t units) {
  unsigned kind = class_of(units ? units : 1);
  lm_class *c   = &h->classes[kind];
  lm_slab *s    = slab_current(h, units);
  if (s != &h->none && s->carved < s->limit) {
    slab_carve(h, s);
  } else {
    if (s != &h->none) s->used -= 1 + SLAB_FULL;
    s = c->first;
    if (s) {
      queue_remove(h, s);
    } else if (c->wait == 0) {
      s = slab_new(h, kind);
    }
    current_set(h, kind, s ? s : &h->none);
    if (!s) return NULL;
    s->used++;
  }
  lm_object *o = s->free;
  s->free      = o->next;
  s->used++;
  o->mark = 0;
  return o;
}

void lm_slab_wait(lm_heap *h, size_t units) {
  lm_class *c = &h->classes[class_of(units ? units : 1)];
  c->wait     = c->wait ? c->wait - 1 : WAIT_AGAIN;
}

lm_status lm_slab_turn(lm_heap *h, lm_slab *s) {
  if (s->used < 0) {
    s->used += SLAB_FULL;
    queue_add(h, s);
  } else {
    queue_remove(h, s);
    slab_retire(h, s);
  }
  return LM_OK;
}

bool lm_heap_trim(lm_heap *h) {
  size_t before = h->banks;
  for (unsigned kind = 0; kind < LM_HEAP_CLASSES; kind++) {
    lm_slab *s = slab_current(h, class_units(kind));
    if (s == &h->none || s->used != 1) continue;
    current_set(h, kind, &h->none);
    s->used = 0;
    slab_retire(h, s);
  }
  if (h->spare) bank_release(h, h->spare);
  h->spare = NULL;
  if (!h->banks && h->map) {
    lm_block_release(h, block_of(h->map));
    h->map       = NULL;
    h->map_count = 0;
    return true;
  }
  return h->banks < before;
}
