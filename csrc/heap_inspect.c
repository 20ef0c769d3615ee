// SPDX-License-Identifier: MIT
// heap_inspect.c: walk and holds, which look at a heap and change nothing.
#include "heap_inner.h"

// Returns the number of objects lent of slab `s`, whatever its state (S4).
static size_t slab_used(const lm_heap *h, const lm_slab *s) {
  if (s->used < 0) return (size_t)(s->used + SLAB_FULL);
  return slab_is_current(h, s) ? s->many - slab_free(s) : (size_t)s->used;
}

// Accounts.

// Returns the bytes from first to end, of all regions.
static size_t regions_span(const lm_heap *h) {
  size_t span = 0;
  for (const lm_region *r = &h->region; r; r = r->next)
    span += (uintptr_t)r->end - (uintptr_t)r->first;
  return span;
}

const lm_stats *lm_heap_stats(lm_heap *h) {
  lm_stats *s    = &h->stats;
  size_t inner   = h->banks.blocks + (h->map_from != 0);  // blocks that are the heap's own
  size_t own     = 0;  // usable bytes of those; a bank's block may be a little larger than the bank
  s->live_bytes  = h->large.bytes;
  s->live_blocks = h->large.blocks;
  s->free_blocks = h->binned + (h->top != h->last->end);
  s->free_bytes  = 0;
  for (size_t i = 0; i < map_words(h); i++) {
    if (!map_start(h)[i]) continue;
    const lm_bank *k = bank_of((void *)map_start(h)[i]);
    own += block_size(h, block_of((void *)bank_base(k))) - LM_WORD;
    for (unsigned j = 0; j < LM_HEAP_SLABS; j++) {
      const lm_slab *slab = &k->slabs[j];
      if (!slab->size) {
        s->free_blocks++;
        s->free_bytes += slab_room(j);
        continue;
      }
      size_t used = slab_used(h, slab);
      s->live_blocks += used;
      s->live_bytes += used * slab->size;
      s->free_blocks += slab->many - used;
      s->free_bytes += slab->limit - used * slab->size;
    }
  }
  if (h->map_from != 0) own += block_size(h, block_of(map_start(h))) - LM_WORD;
  size_t blocks = h->large.blocks + inner + h->binned + (h->top != h->last->end);
  s->free_bytes += regions_span(h) - own - blocks * LM_WORD - h->large.bytes;
  s->taken_bytes = h->pages.taken;
  return s;
}

// Walk.

static inline bool bank_block(const lm_heap *h, const lm_block *b) {
  const void *p = (const void *)((uintptr_t)b + LM_WORD);
  return ((uintptr_t)p & (LM_HEAP_BANK - 1)) == 0 && in_bank(h, p);
}

// Returns the block of region `r` the cursor stands at or in: as noted if the heap has not changed,
// else the first that ends above the note.
static lm_block *cursor_block(const lm_heap *h, const lm_region *r, const lm_cursor *c) {
  uintptr_t at = c->address - LM_WORD, end = (uintptr_t)r->end;
  lm_block *b = r->first;
  if (c->address == 0) return b;
  bool same = c->changes == h->changes && at - (uintptr_t)b <= end - (uintptr_t)b;
  if (same && !in_bank(h, (void *)c->address)) return block_at(at);
  if (same && bank_base((void *)c->address) - (uintptr_t)b <= end - (uintptr_t)b)
    return block_of((void *)bank_base((void *)c->address));
  while (b != r->end && block_sane(h, r, b)) {
    lm_block *next = block_next(h, b);
    if ((uintptr_t)b >= at || (bank_block(h, b) && (uintptr_t)next > at)) break;
    b = next;
  }
  return b;
}

static void record_fill(const lm_heap *h, lm_block_record *record, lm_block *b) {
  size_t size        = block_size(h, b);
  record->address    = (uintptr_t)block_payload(b);
  record->size       = size - LM_WORD;
  record->state      = b == h->top ? LM_BLOCK_TOP : b->head & FREE ? LM_BLOCK_FREE : LM_BLOCK_LIVE;
  record->size_class = bin_of(size);
}

// Fills the records of slab `s` that begin at or above `from`; returns how many.
static size_t slab_walk(const lm_slab *s, uintptr_t from, lm_block_record *records, size_t room) {
  size_t size = s->size ? s->size : slab_room(slab_number(s)), count = 0;
  uintptr_t at = slab_base(s), end = at + (s->size ? s->limit : size);
  if (from > at) at += (from - at + size - 1) / size * size;
  uintptr_t first = at;
  for (; at < end && count < room; at += size)
    records[count++] =
        (lm_block_record){at, size, s->size ? LM_BLOCK_LIVE : LM_BLOCK_FREE, s->kind};
  for (const lm_object *o = s->free; s->size && !is_end(o); o = object_next(o)) {
    size_t i = ((uintptr_t)o - first) / size;
    if ((uintptr_t)o >= first && i < count) records[i].state = LM_BLOCK_FREE;
  }
  return count;
}

// As slab_walk, of the bank in block `b`.
static size_t bank_walk(const lm_block *b, uintptr_t from, lm_block_record *records, size_t room) {
  const lm_bank *k = bank_of((void *)((uintptr_t)b + LM_WORD));
  size_t count     = 0;
  for (unsigned i = 0; i < LM_HEAP_SLABS; i++)
    if (from < slab_base(&k->slabs[i]) + LM_HEAP_SLAB)
      count += slab_walk(&k->slabs[i], from, records + count, room - count);
  return count;
}

size_t lm_heap_walk(const lm_heap *h, lm_cursor *c, lm_block_record *records, size_t capacity) {
  size_t count = 0;
  if (c->over || !capacity) return 0;
  const lm_region *r = &h->region;
  while (c->region && r && (uintptr_t)r != c->region) r = r->next;
  for (; r; r = r->next) {
    lm_block *b = cursor_block(h, r, c);
    for (; b != r->end && block_sane(h, r, b); b = block_next(h, b)) {
      uintptr_t from = (uintptr_t)block_payload(b);
      bool bank      = bank_block(h, b);
      if (bank && count < capacity) {
        if (c->address > from) from = c->address;
        count += bank_walk(b, from, records + count, capacity - count);
        if (count == capacity) from = records[count - 1].address + 1;
      }
      if (count == capacity) {
        c->region  = (uintptr_t)r;
        c->address = from;
        c->changes = h->changes;
        return count;
      }
      if (!bank && block_payload(b) != map_start(h)) record_fill(h, &records[count++], b);
    }
    c->address = 0;
  }
  c->over = 1;
  return count;
}

// Holds: blocks.

// True when `b` leads to a place where a block can be, so that it may be followed.
static bool link_sane(const lm_heap *h, const lm_block *b) {
  uintptr_t p = (uintptr_t)b + LM_WORD;
  return (p & FLAGS) == 0 && region_of(h, (const void *)p) != NULL;
}

// H4 of free block `b`.
static bool free_holds(const lm_heap *h, const lm_block *b) {
  size_t size = block_size(h, b);
  if (*block_footer(b, size) != size) return false;
  if (b->next && (!link_sane(h, b->next) || b->next->prev != b)) return false;
  if (!b->prev) return h->bins[bin_of(size)] == b;
  return link_sane(h, b->prev) && b->prev->next == b;
}

// H5, and that the lists have as many blocks as the walk met (with free_holds: the same ones,
// once).
static bool bins_hold(const lm_heap *h) {
  size_t count  = 0;
  uint64_t over = h->filled[LM_HEAP_WORDS - 1] >> (LM_HEAP_BINS - 1) % 64 >> 1;  // bits of no list
  if (over) return false;
  for (unsigned bin = 0; bin < LM_HEAP_BINS; bin++) {
    if ((h->filled[bin / 64] >> (bin % 64) & 1) != (h->bins[bin] != NULL)) return false;
    for (const lm_block *b = h->bins[bin]; b; b = b->next)
      if (!link_sane(h, b) || ++count > h->binned) return false;
  }
  return count == h->binned;
}

// H2 of region `r`'s own words.
static bool region_holds(const lm_heap *h, const lm_region *r) {
  uintptr_t first = (uintptr_t)r->first, end = (uintptr_t)r->end;
  if (((first + LM_WORD) & FLAGS) || ((end + LM_WORD) & FLAGS)) return false;
  if (first <= (uintptr_t)r || end <= first || !lm_memory_holds(first, end - first + LM_WORD))
    return false;
  return (r == h->last) == (r->next == NULL);
}

// Holds: slabs.

// True when a slab descriptor can lie at `s`, so that it may be followed.
static bool slab_sane(const lm_heap *h, const lm_slab *s) {
  if (!in_bank(h, s)) return false;
  size_t at = (uintptr_t)s - (uintptr_t)bank_of(s);
  return at < sizeof(lm_slab) * LM_HEAP_SLABS && at % sizeof(lm_slab) == 0;
}

// S3 of slab `s`: what is free is in its list, once, and the rest is lent.
static bool slab_free_holds(const lm_heap *h, const lm_slab *s) {
  size_t count       = 0;
  uintptr_t base     = slab_base(s);
  const lm_object *o = s->free;
  for (; o != list_end(base); o = object_next(o)) {
    if ((uintptr_t)o - base >= s->limit || object_misfits(s, o) || !object_looks_free(o))
      return false;
    if (++count > s->many) return false;
  }
  return count + slab_used(h, s) == s->many;
}

// S2 to S4 of slab `s`; it is not vacant.
static bool slab_holds(const lm_heap *h, const lm_slab *s) {
  if (s->kind >= LM_HEAP_CLASSES || s->size != class_units(s->kind) * LM_ALIGN) return false;
  if (s->inverse != slab_inverse(s->size)) return false;
  if (s->many != slab_room(slab_number(s)) / s->size || s->limit != s->many * s->size) return false;
  if (!slab_free_holds(h, s)) return false;
  if (s->used < 0) return s->used + SLAB_FULL == s->many;
  if (slab_is_current(h, s)) return s->used > 0;
  const lm_link *ring = &h->classes[s->kind].queue, *next = s->link.next, *prev = s->link.prev;
  if ((prev != ring && !slab_sane(h, (const lm_slab *)prev)) || prev->next != &s->link)
    return false;
  if ((next != ring && !slab_sane(h, (const lm_slab *)next)) || next->prev != &s->link)
    return false;
  return s->used > 0 && !is_end(s->free);
}

// S1 to S5 of bank `k`.
static bool bank_holds(const lm_heap *h, const lm_bank *k) {
  if ((k->vacant & ~(uint32_t)SLABS_ALL) != 0) return false;
  for (unsigned i = 0; i < LM_HEAP_SLABS; i++) {
    const lm_slab *s = &k->slabs[i];
    if ((s->size == 0) != (k->vacant >> i & 1)) return false;
    if (s->size == 0 ? s->inverse != 0 : !slab_holds(h, s)) return false;
  }
  return k->vacant != SLABS_ALL || k == h->spare;
}

// S4 of the classes: what they say is current or queued is a slab of theirs.
static bool classes_hold(const lm_heap *h) {
  if (h->current[0] != h->current[1]) return false;
  for (size_t units = 1; units <= LM_HEAP_UNITS; units++) {
    const lm_slab *s = h->current[units];
    if (s && (!slab_sane(h, s) || s->kind != class_of(units))) return false;
    if (h->current[class_units(class_of(units))] != h->current[units]) return false;
  }
  for (unsigned kind = 0; kind < LM_HEAP_CLASSES; kind++) {
    const lm_link *ring = &h->classes[kind].queue, *prev = ring;
    size_t most = h->banks.blocks * LM_HEAP_SLABS;
    for (const lm_link *l = ring->next; l != ring; prev = l, l = l->next) {
      const lm_slab *s = (const lm_slab *)l;
      if (!most-- || !slab_sane(h, s) || s->kind != kind || !s->size) return false;
    }
    if (ring->prev != prev) return false;
  }
  return true;
}

// S5: the list has just the banks with a vacant slab; `count` of them there are.
static bool open_holds(const lm_heap *h, size_t count) {
  const lm_link *prev = &h->open;
  for (const lm_link *l = prev->next; l != &h->open; prev = l, l = l->next) {
    if (!count-- || !in_bank(h, l)) return false;
    const lm_bank *k = bank_of(l);
    if (l != &k->link || !k->vacant || l->prev != prev) return false;
  }
  return count == 0 && h->open.prev == prev;
}

// S1 to S5. `banks` is how many the blocks are: each of them is in the map, or it would be none.
static bool slabs_hold(const lm_heap *h, size_t banks) {
  size_t count = 0, open = 0, bytes = 0;
  for (size_t i = 0; i < map_words(h); i++) {
    uintptr_t last = map_start(h)[i];
    if (!last) continue;
    if (last != bank_last((void *)last) || map_at(h, (void *)last) != &map_start(h)[i])
      return false;
    const void *base   = (const void *)bank_base((void *)last);
    const lm_region *r = region_of(h, base);
    if (!r || (uintptr_t)r->end - (uintptr_t)base < LM_HEAP_BANK - LM_WORD || ++count > banks)
      return false;
    const lm_bank *k = bank_of((void *)last);
    if (!bank_holds(h, k)) return false;
    open += k->vacant != 0;
    for (unsigned j = 0; j < LM_HEAP_SLABS; j++) bytes += k->slabs[j].size ? k->slabs[j].limit : 0;
  }
  if (bytes != h->banks.bytes) return false;
  return banks == h->banks.blocks && classes_hold(h) && open_holds(h, open);
}

// H2 to H4, H6 of block `b`; `below` is FREE iff the one below it is free.
static bool block_holds(const lm_heap *h, const lm_region *r, const lm_block *b, size_t below) {
  if (!block_sane(h, r, b) || !(b->head & PREV_FREE) != !below) return false;
  if (b == r->end) return !(b->head & FREE);
  if (below && (b->head & FREE)) return false;
  if (b == h->top) return (b->head & FREE) && r == h->last && block_next(h, b) == r->end;
  return !(b->head & FREE) || free_holds(h, b);
}

// H2 to H4 and H6. Returns false also when there are more regions than the accounts say.
static bool blocks_hold(const lm_heap *h) {
  size_t regions = 0;
  for (const lm_region *r = &h->region; r; r = r->next) {
    if (++regions > h->stats.regions || !region_holds(h, r)) return false;
    size_t below = 0;
    for (const lm_block *b = r->first;; b = block_next(h, b)) {
      if (!block_holds(h, r, b, below)) return false;
      if (b == r->end) break;
      below = b->head & FREE;
      if (bank_block(h, b) && (below || block_size(h, b) < LM_HEAP_BANK)) return false;
    }
  }
  return regions == h->stats.regions;
}

typedef enum sum { LARGE, LARGE_BYTES, BINNED, BANKS, MAPS } sum;

// Returns one sum over the blocks; they hold. One at a time: many at once would need a stack.
static size_t blocks_sum(const lm_heap *h, sum what) {
  size_t total = 0;
  for (const lm_region *r = &h->region; r; r = r->next) {
    for (const lm_block *b = r->first; b != r->end; b = block_next(h, b)) {
      bool lent = !(b->head & FREE), bank = bank_block(h, b),
           map = (uintptr_t)b + LM_WORD == (uintptr_t)map_start(h);
      bool own = bank || map;  // the heap's
      if (what == BINNED) total += !lent && b != h->top;
      if (what == BANKS) total += bank;
      if (what == MAPS) total += map && h->map_mask < block_size(h, b) - LM_WORD;
      if (what == LARGE) total += lent && !own;
      if (what == LARGE_BYTES && lent && !own) total += block_size(h, b) - LM_WORD;
    }
  }
  return total;
}

// True when the map is the first one or lies in a region, so that it may be read.
static bool map_sane(const lm_heap *h) {
  if ((h->map_mask + LM_WORD) & h->map_mask) return false;  // a power of two, less a word
  if (!h->map_from) return h->map_mask == sizeof h->near - LM_WORD;
  if (h->map_from & (LM_WORD - 1)) return false;
  const lm_region *r = region_of(h, map_start(h));
  return r && h->map_mask < (uintptr_t)r->end - (uintptr_t)map_start(h);
}

bool lm_heap_holds(const lm_heap *h) {
  if (!lm_heap_is(h) || h->key != heap_key(h) || !map_sane(h)) return false;
  if (!blocks_hold(h)) return false;
  if (blocks_sum(h, BINNED) != h->binned || blocks_sum(h, LARGE) != h->large.blocks) return false;
  if (blocks_sum(h, MAPS) != (h->map_from != 0)) return false;
  if (blocks_sum(h, LARGE_BYTES) != h->large.bytes) return false;
  if (h->large.bytes > h->stats.peak_live_bytes || !slabs_hold(h, blocks_sum(h, BANKS)))
    return false;
  return regions_span(h) <= h->pages.taken && bins_hold(h);
}
