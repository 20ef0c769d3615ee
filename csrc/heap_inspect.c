// SPDX-License-Identifier: MIT
// heap_inspect.c: statistics, walk and holds. They read a heap and change nothing else than its
// statistics; walk and holds are safe on a heap that was overwritten.
#include "heap_fast.h"

// Returns the number of allocated objects of slab `s` in any state (S4).
static size_t slab_used(const lm_heap *h, const lm_slab *s) {
  if (s->used < 0) return (size_t)(s->used + SLAB_FULL);
  return slab_is_current(h, s) ? s->count - slab_free_count(s) : (size_t)s->used;
}

// Statistics.

// Adds the objects and the vacant slabs of superblock `k`.
static void superblock_count(const lm_heap *h, lm_stats *s, const lm_superblock *k) {
  for (unsigned i = 0; i < LM_HEAP_SLABS; i++) {
    const lm_slab *slab = &k->slabs[i];
    if (!slab->size) {
      s->free_blocks++;
      s->free_bytes += slab_space(i);
      continue;
    }
    size_t used = slab_used(h, slab);
    s->live_blocks += used;
    s->live_bytes += used * slab->size;
    s->free_blocks += slab->count - used;
    s->free_bytes += slab->limit - used * slab->size;
  }
}

const lm_stats *lm_heap_stats(lm_heap *h) {
  lm_stats *s      = &h->stats;
  bool has_map     = h->map_offset != 0;
  size_t top       = h->top != h->last->end;
  size_t own_bytes = 0;  // usable bytes of superblocks and map; their blocks may be a bit larger
  s->live_bytes    = h->large.bytes;
  s->live_blocks   = h->large.blocks;
  s->free_blocks   = h->free_count + top;
  s->free_bytes    = 0;
  for (size_t i = 0; i < map_words(h); i++) {
    if (!map_start(h)[i]) continue;
    const lm_superblock *k = superblock_of((void *)map_start(h)[i]);
    own_bytes += block_size(h, block_of((void *)superblock_base(k))) - LM_WORD;
    superblock_count(h, s, k);
  }
  if (has_map) own_bytes += block_size(h, block_of(map_start(h))) - LM_WORD;
  size_t blocks = h->large.blocks + h->superblocks.blocks + has_map + h->free_count + top;
  s->free_bytes += regions_span(h) - own_bytes - blocks * LM_WORD - h->large.bytes;
  s->taken_bytes = h->pages.taken;
  return s;
}

// Walk.

// True when the map lies in memory and has a size that it can have.
static bool map_sane(const lm_heap *h) {
  if ((h->map_mask + LM_WORD) & h->map_mask) return false;  // a power of two, less a word
  if (!h->map_offset) return h->map_mask == sizeof h->inline_map - LM_WORD;
  if (h->map_offset & (LM_WORD - 1)) return false;
  const lm_region *r = region_of(h, map_start(h));
  return r && h->map_mask < (uintptr_t)r->end - (uintptr_t)map_start(h);
}

// True when block `b` is a superblock, by the map.
static inline bool is_superblock(const lm_heap *h, const lm_block *b) {
  const void *p = block_payload(b);
  return ((uintptr_t)p & (LM_HEAP_SUPERBLOCK - 1)) == 0 && in_superblock(h, p);
}

// Returns the block of region `r` that the cursor stands at or in: the one noted if the heap has
// not changed, otherwise the first that ends above it.
static lm_block *cursor_block(const lm_heap *h, const lm_region *r, const lm_cursor *c) {
  uintptr_t at = c->address - LM_WORD, end = (uintptr_t)r->end;
  lm_block *b = r->first;
  if (c->address == 0) return b;
  bool same = c->changes == h->changes && at - (uintptr_t)b <= end - (uintptr_t)b;
  if (same && !in_superblock(h, (void *)c->address)) return block_at(at);
  if (same && superblock_base((void *)c->address) - (uintptr_t)b <= end - (uintptr_t)b)
    return block_of((void *)superblock_base((void *)c->address));
  while (b != r->end && block_sane(h, r, b)) {
    lm_block *next = block_next(h, b);
    if ((uintptr_t)b >= at || (is_superblock(h, b) && (uintptr_t)next > at)) break;
    b = next;
  }
  return b;
}

// Fills the records of slab `s` that begin at or above `from`; returns their number. A slab whose
// numbers were overwritten is one allocated block.
static size_t slab_walk(const lm_slab *s, uintptr_t from, lm_block_record *records,
                        size_t capacity) {
  size_t space = slab_space(slab_index(s)), count = 0;
  bool objects = s->size && s->size <= s->limit && s->limit <= space;
  size_t size = objects ? s->size : space, limit = objects ? s->limit : space;
  uintptr_t base = slab_base(s), at = base, end = base + limit;
  if (from > at) at += (from - at + size - 1) / size * size;
  uintptr_t first      = at;
  lm_block_state state = s->size ? LM_BLOCK_LIVE : LM_BLOCK_FREE;
  for (; at < end && count < capacity; at += size)
    records[count++] = (lm_block_record){at, size, state, s->size_class};
  size_t left = objects ? s->count : 0;
  for (const lm_object *o = s->free; left && (uintptr_t)o - base < limit && !is_end(o);
       o                  = object_next(o), left--) {
    size_t i = ((uintptr_t)o - first) / size;
    if ((uintptr_t)o >= first && i < count) records[i].state = LM_BLOCK_FREE;
  }
  return count;
}

// Like slab_walk, for the superblock that block `b` is.
static size_t superblock_walk(const lm_block *b, uintptr_t from, lm_block_record *records,
                              size_t capacity) {
  const lm_superblock *k = superblock_of(block_payload(b));
  size_t count           = 0;
  for (unsigned i = 0; i < LM_HEAP_SLABS; i++)
    if (from < slab_base(&k->slabs[i]) + LM_HEAP_SLAB)
      count += slab_walk(&k->slabs[i], from, records + count, capacity - count);
  return count;
}

size_t lm_heap_walk(const lm_heap *h, lm_cursor *c, lm_block_record *records, size_t capacity) {
  size_t count = 0;
  if (c->done || !capacity) return 0;
  if (!regions_hold(h) || !map_sane(h)) return c->done = 1, 0;
  const lm_region *r = &h->region;
  while (c->region && r && (uintptr_t)r != c->region) r = r->next;
  for (; r; r = r->next) {
    lm_block *b = cursor_block(h, r, c);
    for (; b != r->end && block_sane(h, r, b); b = block_next(h, b)) {
      uintptr_t from = (uintptr_t)block_payload(b);
      bool super     = is_superblock(h, b) && block_size(h, b) >= LM_HEAP_SUPERBLOCK;
      if (super && count < capacity) {
        if (c->address > from) from = c->address;
        count += superblock_walk(b, from, records + count, capacity - count);
        if (count == capacity) from = records[count - 1].address + 1;
      }
      if (count == capacity) {
        c->region  = (uintptr_t)r;
        c->address = from;
        c->changes = h->changes;
        return count;
      }
      if (!super && block_payload(b) != map_start(h)) record_fill(h, &records[count++], b);
    }
    c->address = 0;
  }
  c->done = 1;
  return count;
}

// Holds: slabs.

// True when a slab descriptor can lie at `s`, so that reading it is safe.
static bool slab_sane(const lm_heap *h, const lm_slab *s) {
  if (!in_superblock(h, s)) return false;
  size_t offset = (uintptr_t)s - (uintptr_t)superblock_of(s);
  return offset < sizeof(lm_slab) * LM_HEAP_SLABS && offset % sizeof(lm_slab) == 0;
}

// S3 of slab `s`.
static bool slab_objects_hold(const lm_heap *h, const lm_slab *s) {
  size_t count       = 0;
  uintptr_t base     = slab_base(s);
  const lm_object *o = s->free;
  for (; o != list_end(base); o = object_next(o)) {
    if ((uintptr_t)o - base >= s->limit || object_misplaced(s, o) || !object_looks_free(o))
      return false;
    if (++count > s->count) return false;
  }
  return count + slab_used(h, s) == s->count;
}

// S2 to S4 of slab `s`, which is not vacant.
static bool slab_holds(const lm_heap *h, const lm_slab *s) {
  if (s->size_class >= LM_HEAP_SIZE_CLASSES) return false;
  if (s->size != size_class_granules(s->size_class) * LM_ALIGN) return false;
  if (s->inverse != slab_inverse(s->size)) return false;
  if (s->count != slab_space(slab_index(s)) / s->size || s->limit != s->count * s->size)
    return false;
  if (!slab_objects_hold(h, s)) return false;
  if (s->used < 0) return s->used + SLAB_FULL == s->count;
  if (slab_is_current(h, s)) return s->used > 0;
  const lm_link *queue = &h->size_classes[s->size_class].queue;
  const lm_link *next = s->link.next, *prev = s->link.prev;
  if ((prev != queue && !slab_sane(h, (const lm_slab *)prev)) || prev->next != &s->link)
    return false;
  if ((next != queue && !slab_sane(h, (const lm_slab *)next)) || next->prev != &s->link)
    return false;
  return s->used > 0 && !is_end(s->free);
}

// S2 to S5 of superblock `k`.
static bool superblock_holds(const lm_heap *h, const lm_superblock *k) {
  if ((k->vacant & ~(uint32_t)ALL_SLABS) != 0) return false;
  for (unsigned i = 0; i < LM_HEAP_SLABS; i++) {
    const lm_slab *s = &k->slabs[i];
    if ((s->size == 0) != (k->vacant >> i & 1)) return false;
    if (s->size == 0 ? s->inverse != 0 : !slab_holds(h, s)) return false;
  }
  return (k->vacant == ALL_SLABS) == (k == h->cached);
}

// S4 of the size classes: their current and queued slabs belong to them.
static bool size_classes_hold(const lm_heap *h) {
  if (h->current[0] != h->current[1]) return false;
  for (size_t granules = 1; granules <= LM_HEAP_GRANULES; granules++) {
    const lm_slab *s    = h->current[granules];
    unsigned size_class = size_class_of(granules);
    if (s && (!slab_sane(h, s) || s->size_class != size_class)) return false;
    if (h->current[size_class_granules(size_class)] != s) return false;
  }
  for (unsigned size_class = 0; size_class < LM_HEAP_SIZE_CLASSES; size_class++) {
    const lm_link *queue = &h->size_classes[size_class].queue, *prev = queue;
    size_t max = h->superblocks.blocks * LM_HEAP_SLABS;
    for (const lm_link *l = queue->next; l != queue; prev = l, l = l->next) {
      const lm_slab *s = (const lm_slab *)l;
      if (!max-- || !slab_sane(h, s) || s->size_class != size_class || !s->size) return false;
    }
    if (queue->prev != prev) return false;
  }
  return true;
}

// S5: the partial list has exactly the `count` superblocks with a vacant slab.
static bool partial_holds(const lm_heap *h, size_t count) {
  const lm_link *prev = &h->partial;
  for (const lm_link *l = prev->next; l != &h->partial; prev = l, l = l->next) {
    if (!count-- || !in_superblock(h, l)) return false;
    const lm_superblock *k = superblock_of(l);
    if (l != &k->link || !k->vacant || l->prev != prev) return false;
  }
  return count == 0 && h->partial.prev == prev;
}

// S1 of the word of the map at index `i`, which is not 0.
static bool map_word_holds(const lm_heap *h, size_t i) {
  void *last = (void *)map_start(h)[i];
  if ((uintptr_t)last != superblock_last(last) || map_at(h, last) != &map_start(h)[i]) return false;
  uintptr_t base     = superblock_base(last);
  const lm_region *r = region_of(h, (const void *)base);
  return r && (uintptr_t)r->end - base >= LM_HEAP_SUPERBLOCK - LM_WORD;
}

// S1 to S5. `blocks` is the number of blocks that are superblocks, by the map.
static bool slabs_hold(const lm_heap *h, size_t blocks) {
  size_t count = 0, partial = 0, bytes = 0;
  bool has_cached = false;
  for (size_t i = 0; i < map_words(h); i++) {
    if (!map_start(h)[i]) continue;
    if (!map_word_holds(h, i) || ++count > blocks) return false;
    const lm_superblock *k = superblock_of((void *)map_start(h)[i]);
    if (!superblock_holds(h, k)) return false;
    partial += k->vacant != 0;
    has_cached |= k == h->cached;
    for (unsigned j = 0; j < LM_HEAP_SLABS; j++) bytes += k->slabs[j].size ? k->slabs[j].limit : 0;
  }
  if (bytes != h->superblocks.bytes || has_cached != (h->cached != NULL)) return false;
  return blocks == h->superblocks.blocks && size_classes_hold(h) && partial_holds(h, partial);
}

// Holds: blocks.

// H2 to H4 and H6 of the blocks of region `r`.
static bool blocks_hold(const lm_heap *h, const lm_region *r) {
  size_t below = 0;  // FREE iff the block below is free
  for (const lm_block *b = r->first; block_holds(h, r, b, below); b = block_next(h, b)) {
    if (b == r->end) return true;
    below = b->head & FREE;
    if (is_superblock(h, b) && (below || block_size(h, b) < LM_HEAP_SUPERBLOCK)) return false;
  }
  return false;
}

typedef enum sum { LARGE, LARGE_BYTES, FREES, SUPERBLOCKS, MAPS } sum;

// Returns one sum over the blocks, which hold; FREES: of the free blocks, less one for top, which is
// not counted as free. One at a time: a struct of all would need a shadow stack.
static size_t blocks_sum(const lm_heap *h, sum what) {
  size_t total = 0;
  for (const lm_region *r = &h->region; r; r = r->next) {
    for (const lm_block *b = r->first; b != r->end; b = block_next(h, b)) {
      bool live = !(b->head & FREE), super = is_superblock(h, b),
           map   = block_payload(b) == (void *)map_start(h);
      bool large = live && !super && !map;
      total += what == LARGE         ? large
               : what == LARGE_BYTES ? (large ? block_size(h, b) - LM_WORD : 0)
               : what == FREES       ? (b == h->top ? (size_t)-1 : !live)
               : what == SUPERBLOCKS ? super
                                     : map && live && h->map_mask < block_size(h, b) - LM_WORD;
    }
  }
  return total;
}

bool lm_heap_holds(const lm_heap *h) {
  if (!lm_heap_is(h) || h->cookie != cookie_of((uintptr_t)h) || !regions_hold(h) || !map_sane(h))
    return false;
  for (const lm_region *r = &h->region; r; r = r->next)
    if (!blocks_hold(h, r)) return false;
  if (blocks_sum(h, FREES) != h->free_count - (h->top != h->last->end)) return false;
  if (blocks_sum(h, LARGE) != h->large.blocks) return false;
  if (blocks_sum(h, LARGE_BYTES) != h->large.bytes) return false;
  if (blocks_sum(h, MAPS) != (h->map_offset != 0)) return false;
  if (h->large.bytes > h->stats.peak_live_bytes || !slabs_hold(h, blocks_sum(h, SUPERBLOCKS)))
    return false;
  return regions_span(h) <= h->pages.taken && bins_hold(h);
}
