// SPDX-License-Identifier: MIT
#include "linmem/buddy.h"
#include "allocator_internal.h"

enum { FREE = 0x80, CELL = LM_BUDDY_CELL };

// Orders and the map. `b` is the address of a block, `k` its order: the block has 2^k bytes.

static size_t order_size(unsigned k) { return (size_t)1 << k; }

// Returns the order of the smallest block for a request, LM_BUDDY_ORDERS or more if there is none.
static unsigned order_of(size_t request) {
  if (request > LM_REQUEST_MAX) return LM_BUDDY_ORDERS;
  return lm_log2(request > CELL ? request - 1 : CELL - 1) + 1;
}

static uint8_t *map_at(const lm_buddy_region *r, uintptr_t b) {
  return &r->map[(b - r->first) / CELL];
}

static unsigned map_order(const lm_buddy_region *r, uintptr_t b) {
  return (*map_at(r, b) & (FREE - 1u)) - 1;
}

static void map_set(const lm_buddy_region *r, uintptr_t b, unsigned k, unsigned flag) {
  *map_at(r, b) = (uint8_t)((k + 1) | flag);
}

// True when a free block of order `k` lies at `b`, which may be any address.
static bool map_has_free(const lm_buddy_region *r, uintptr_t b, unsigned k) {
  return b - r->first < r->size && *map_at(r, b) == ((k + 1) | FREE);
}

// Returns the region of `b`, NULL iff none. Ends also when the chain of regions was overwritten and
// has a cycle.
static const lm_buddy_region *region_of(const lm_buddy *a, uintptr_t b) {
  size_t count = a->stats.regions;
  for (const lm_buddy_region *r = &a->region; r && count; r = r->next, count--)
    if (b - r->first < r->size) return r;
  return NULL;
}

// Lists.

static void list_insert(lm_buddy *a, const lm_buddy_region *r, uintptr_t at, unsigned k) {
  lm_buddy_block *b = (lm_buddy_block *)at;
  b->next           = a->lists[k];
  b->prev           = NULL;
  if (b->next) b->next->prev = b;
  a->lists[k] = b;
  a->orders |= order_size(k);
  a->free_count++;
  map_set(r, at, k, FREE);
}

static void list_remove(lm_buddy *a, uintptr_t at, unsigned k) {
  lm_buddy_block *b = (lm_buddy_block *)at;
  a->free_count--;
  if (b->next) b->next->prev = b->prev;
  if (b->prev) {
    b->prev->next = b->next;
  } else {
    a->lists[k] = b->next;
    if (!b->next) a->orders &= ~order_size(k);
  }
}

// Regions.

// Frees all cells of region `r`: as the largest blocks that tile them (Y2).
static void region_clear(lm_buddy *a, const lm_buddy_region *r) {
  __builtin_memset(r->map, 0, r->size / CELL);
  uintptr_t b = r->first;
  for (size_t left = r->size; left;) {
    unsigned k = lm_log2(b & -b), fits = lm_log2(left);
    if (k > fits) k = fits;
    if (k >= LM_BUDDY_ORDERS) k = LM_BUDDY_ORDERS - 1;
    list_insert(a, r, b, k);
    b += order_size(k);
    left -= order_size(k);
  }
}

// Makes `r` the last region, its map and cells in [start, start + size). Returns false iff that is
// too little for a cell.
static bool region_open(lm_buddy *a, lm_buddy_region *r, uintptr_t start, size_t size) {
  size_t cells = size / (CELL + 1);
  size_t own   = cells + (-(start + cells) & (CELL - 1));  // bytes of the map, up to the first cell
  if (cells == 0 || size < own + CELL) return false;
  r->next  = NULL;
  r->map   = (uint8_t *)start;
  r->first = start + own;
  r->size  = (size - own) / CELL < cells ? (size - own) / CELL * CELL : cells * CELL;
  if (a->last) a->last->next = r;
  a->last = r;
  a->spans += r->size;
  a->stats.regions++;
  region_clear(a, r);
  return true;
}

// Asks the page source once. Returns false iff it gave nothing that can be used.
static bool region_ask(lm_buddy *a, size_t min) {
  uintptr_t base = min > PTRDIFF_MAX ? 0 : (uintptr_t)a->pages.refill(&a->pages, min, &a->got);
  size_t got = a->got, pad = -base & (LM_WORD - 1);
  if (!base) return false;
  a->changes++;
  a->pages.taken += got;
  a->edge = base + got;
  if (got < pad + sizeof(lm_buddy_region)) return false;
  got -= pad + sizeof(lm_buddy_region);
  return region_open(a, (lm_buddy_region *)(base + pad), base + pad + sizeof(lm_buddy_region), got);
}

// Adds a region with a free block of order `k`. Returns false iff there is no memory. Asks first
// for the bytes that suffice if they are adjacent to the newest memory, and for at least half of all
// memory, so that regions stay few; then for no more than the former; and if those were not
// adjacent, for the bytes that suffice anywhere.
static bool region_grow(lm_buddy *a, unsigned k) {
  size_t size = order_size(k);
  if (size > PTRDIFF_MAX) return false;  // no source has so much, and the sums below would wrap
  size_t own      = size / 8 + 8 * LM_BUDDY_CELL;  // more than a region's header and map
  size_t adjacent = ((a->edge + own + size - 1) & -size) + size - a->edge;
  size_t half     = a->pages.taken / 2;
  if (!region_ask(a, adjacent > half ? adjacent : half) &&
      (adjacent >= half || !region_ask(a, adjacent)))
    return false;
  return a->orders >> k || (region_ask(a, 2 * size + 2 * own) && a->orders >> k);
}

// Blocks.

// Frees [b, b + 2^k) and merges it with its buddies (Y4).
static void block_release(lm_buddy *a, const lm_buddy_region *r, uintptr_t b, unsigned k) {
  for (; k + 1 < LM_BUDDY_ORDERS && map_has_free(r, b ^ order_size(k), k); k++) {
    list_remove(a, b ^ order_size(k), k);
    *map_at(r, b | order_size(k)) = 0;
    b &= ~order_size(k);
  }
  list_insert(a, r, b, k);
}

// Splits allocated block [b, b + 2^from) down to order `k` and frees the upper halves.
static void block_split(lm_buddy *a, const lm_buddy_region *r, uintptr_t b, unsigned from,
                        unsigned k) {
  while (from > k) {
    from--;
    list_insert(a, r, b + order_size(from), from);
  }
  map_set(r, b, k, 0);
}

// Merges allocated block `b` of order `from` with the free buddies above it up to order `k`.
// Returns false, and changes nothing, iff they are not all free.
static bool block_extend(lm_buddy *a, const lm_buddy_region *r, uintptr_t b, unsigned from,
                         unsigned k) {
  if (b & (order_size(k) - 1)) return false;
  for (unsigned i = from; i < k; i++)
    if (!map_has_free(r, b + order_size(i), i)) return false;
  for (unsigned i = from; i < k; i++) {
    list_remove(a, b + order_size(i), i);
    *map_at(r, b + order_size(i)) = 0;
  }
  map_set(r, b, k, 0);
  return true;
}

static void *order_alloc(lm_buddy *a, unsigned k) {
  if (k >= LM_BUDDY_ORDERS || !(a->orders >> k || region_grow(a, k))) return NULL;
  size_t fit  = a->orders >> k;
  unsigned j  = k + lm_log2(fit & -fit);
  uintptr_t b = (uintptr_t)a->lists[j];
  list_remove(a, b, j);
  block_split(a, region_of(a, b), b, j, k);
  a->changes++;
  account_add(&a->stats, 1, order_size(k));
  return (void *)b;
}

// The functions of the allocator.

lm_buddy *lm_buddy_init(void *base, size_t size, lm_refill *refill, void *state) {
  uintptr_t start = (uintptr_t)base;
  size_t pad      = -start & 15;
  if (!range_allowed(base, size) || size < pad + sizeof(lm_buddy) + 3 * CELL) return NULL;
  lm_buddy *a = (lm_buddy *)(start + pad);
  __builtin_memset(a, 0, sizeof *a);
  a->magic        = LM_BUDDY_MAGIC ^ (size_t)a;
  a->pages.refill = refill;
  a->pages.state  = state;
  a->pages.taken  = size;
  a->edge         = start + size;
  region_open(a, &a->region, (uintptr_t)(a + 1), size - pad - sizeof(lm_buddy));
  return a;
}

bool lm_buddy_is(const lm_buddy *a) { return a->magic == (LM_BUDDY_MAGIC ^ (size_t)a); }

void *lm_buddy_alloc(lm_buddy *a, size_t size) { return order_alloc(a, order_of(size)); }

void *lm_buddy_alloc_aligned(lm_buddy *a, size_t size, size_t align) {
  if (!align_allowed(align)) return NULL;
  unsigned k = order_of(size), min = lm_log2(align);
  return order_alloc(a, k > min ? k : min);
}

void *lm_buddy_calloc(lm_buddy *a, size_t count, size_t size) {
  size_t bytes = product_of(count, size);
  void *p      = lm_buddy_alloc(a, bytes);
  return p ? __builtin_memset(p, 0, bytes) : NULL;
}

// Returns the region of live block `p`, NULL iff `p` is not one.
static const lm_buddy_region *region_live(const lm_buddy *a, const void *p) {
  uintptr_t b              = (uintptr_t)p;
  const lm_buddy_region *r = b % CELL ? NULL : region_of(a, b);
  return r && (uint8_t)(*map_at(r, b) - 1) < FREE - 1 ? r : NULL;
}

lm_status lm_buddy_check(const lm_buddy *a, const void *p) {
  if (region_live(a, p)) return LM_OK;
  uintptr_t b              = (uintptr_t)p;
  const lm_buddy_region *r = region_of(a, b);
  return r && b % CELL == 0 && *map_at(r, b) ? LM_ALREADY_FREE : LM_NOT_A_BLOCK;
}

size_t lm_buddy_usable_size(const lm_buddy *a, const void *p) {
  const lm_buddy_region *r = region_live(a, p);
  return r ? order_size(map_order(r, (uintptr_t)p)) : 0;
}

lm_status lm_buddy_free(lm_buddy *a, void *p) {
  if (!p) return LM_OK;
  const lm_buddy_region *r = region_live(a, p);
  if (!r) return lm_buddy_check(a, p);
  unsigned k = map_order(r, (uintptr_t)p);
  a->changes++;
  account_add(&a->stats, (size_t)-1, -order_size(k));
  block_release(a, r, (uintptr_t)p, k);
  return LM_OK;
}

void *lm_buddy_realloc(lm_buddy *a, void *p, size_t size) {
  if (!p) return lm_buddy_alloc(a, size);
  unsigned k               = order_of(size);
  const lm_buddy_region *r = region_live(a, p);
  if (k >= LM_BUDDY_ORDERS || !r) return NULL;
  uintptr_t b  = (uintptr_t)p;
  unsigned old = map_order(r, b);
  if (k > old && !block_extend(a, r, b, old, k)) {
    void *q = order_alloc(a, k);
    if (!q) return NULL;
    __builtin_memcpy(q, p, order_size(old));
    lm_buddy_free(a, p);
    return q;
  }
  if (k < old) block_split(a, r, b, old, k);
  a->changes++;
  account_add(&a->stats, 0, order_size(k) - order_size(old));
  return p;
}

void lm_buddy_reset(lm_buddy *a) {
  __builtin_memset(a->lists, 0, sizeof a->lists);
  a->orders = a->free_count = a->stats.live_blocks = a->stats.live_bytes = 0;
  a->changes++;
  size_t count = a->stats.regions;
  for (const lm_buddy_region *r = &a->region; r && count; r = r->next, count--) region_clear(a, r);
}

const lm_stats *lm_buddy_stats(lm_buddy *a) {
  lm_stats *s    = &a->stats;
  s->free_blocks = a->free_count;
  s->free_bytes  = a->spans - s->live_bytes;
  s->taken_bytes = a->pages.taken;
  return s;
}

// Walk and holds.

// True when the numbers of region `r`, which may be any address, are ones that it can have.
static bool region_sane(const lm_buddy *a, const lm_buddy_region *r) {
  if (((uintptr_t)r & (LM_WORD - 1)) || !lm_memory_holds((uintptr_t)r, sizeof *r)) return false;
  if (r->first % CELL || r->size % CELL || !lm_memory_holds(r->first, r->size)) return false;
  uintptr_t map = (uintptr_t)r->map;
  if (map <= (uintptr_t)r || map > r->first || r->size / CELL > r->first - map) return false;
  return (r == a->last) == !r->next;
}

// True when the chain of regions has as many as the statistics say.
static bool regions_hold(const lm_buddy *a) {
  size_t count = 0;
  for (const lm_buddy_region *r = &a->region; r; r = r->next)
    if (++count > a->stats.regions || !region_sane(a, r)) return false;
  return count == a->stats.regions;
}

// True when a block of an order that there can be lies at offset `at` of region `r`.
static bool block_sane(const lm_buddy_region *r, size_t at) {
  unsigned k = map_order(r, r->first + at);
  return k < LM_BUDDY_ORDERS && order_size(k) >= CELL && order_size(k) <= r->size - at;
}

// Returns the offset of the cursor in region `r`, or of the first block above it.
static size_t cursor_at(const lm_buddy *a, const lm_buddy_region *r, const lm_cursor *c) {
  size_t noted = c->address ? c->address - r->first : 0, at = 0;
  if (noted > r->size || noted % CELL) return 0;
  if (c->changes == a->changes && (noted == r->size || *map_at(r, r->first + noted))) return noted;
  while (at < noted && block_sane(r, at)) at += order_size(map_order(r, r->first + at));
  return at;
}

static void record_fill(const lm_buddy_region *r, lm_block_record *record, uintptr_t b) {
  unsigned k         = map_order(r, b);
  record->address    = b;
  record->size       = order_size(k);
  record->state      = *map_at(r, b) & FREE ? LM_BLOCK_FREE : LM_BLOCK_LIVE;
  record->size_class = k;
}

size_t lm_buddy_walk(const lm_buddy *a, lm_cursor *c, lm_block_record *records, size_t capacity) {
  size_t count = 0;
  if (c->done || !capacity) return 0;
  if (!regions_hold(a)) return c->done = 1, 0;
  const lm_buddy_region *r = &a->region;
  while (c->region && r && (uintptr_t)r != c->region) r = r->next;
  for (; r; r = r->next) {
    for (size_t at = cursor_at(a, r, c); at < r->size && block_sane(r, at);
         at += records[count - 1].size) {
      if (count == capacity) {
        c->region  = (uintptr_t)r;
        c->address = r->first + at;
        c->changes = a->changes;
        return count;
      }
      record_fill(r, &records[count++], r->first + at);
    }
    c->address = 0;
  }
  c->done = 1;
  return count;
}

// Y3 of the free block at `at` of order `k`: its links lead to free blocks of the same order.
static bool free_holds(const lm_buddy *a, uintptr_t at, unsigned k) {
  const lm_buddy_block *b  = (const lm_buddy_block *)at;
  const lm_buddy_region *n = region_of(a, (uintptr_t)b->next);
  const lm_buddy_region *p = region_of(a, (uintptr_t)b->prev);
  if (b->next && (!n || (uintptr_t)b->next % CELL || !map_has_free(n, (uintptr_t)b->next, k) ||
                  b->next->prev != b))
    return false;
  if (!b->prev) return a->lists[k] == b;
  return p && (uintptr_t)b->prev % CELL == 0 && map_has_free(p, (uintptr_t)b->prev, k) &&
         b->prev->next == b;
}

// Y2, Y3 and Y4 of the blocks of region `r`.
static bool region_holds(const lm_buddy *a, const lm_buddy_region *r) {
  for (size_t at = 0, step; at < r->size; at += step) {
    if (!block_sane(r, at)) return false;
    uintptr_t b = r->first + at;
    unsigned k  = map_order(r, b);
    step        = order_size(k);
    if (b & (step - 1)) return false;
    for (size_t i = CELL; i < step; i += CELL)
      if (*map_at(r, b + i)) return false;
    if (!(*map_at(r, b) & FREE)) continue;
    if (!free_holds(a, b, k)) return false;
    if (k + 1 < LM_BUDDY_ORDERS && map_has_free(r, b ^ step, k)) return false;
  }
  return true;
}

// Y3: the bits of `orders`, and `free` blocks in the lists.
static bool lists_hold(const lm_buddy *a, size_t free) {
  for (unsigned k = 0; k < LM_BUDDY_ORDERS; k++)
    if ((a->orders >> k & 1) != (a->lists[k] != NULL)) return false;
  return free == a->free_count && !(a->orders >> (LM_BUDDY_ORDERS - 1) >> 1);
}

bool lm_buddy_holds(const lm_buddy *a) {
  size_t live = 0, bytes = 0, free = 0, spans = 0;
  if (!lm_buddy_is(a) || !regions_hold(a)) return false;
  for (const lm_buddy_region *r = &a->region; r; r = r->next) {
    if (!region_holds(a, r)) return false;
    spans += r->size;
    for (size_t at = 0; at < r->size; at += order_size(map_order(r, r->first + at))) {
      bool is_free = *map_at(r, r->first + at) & FREE;
      size_t size  = order_size(map_order(r, r->first + at));
      free += is_free, live += !is_free, bytes += is_free ? 0 : size;
    }
  }
  const lm_stats *s = &a->stats;
  if (spans != a->spans || live != s->live_blocks) return false;
  return bytes == s->live_bytes && bytes <= s->peak_live_bytes && lists_hold(a, free);
}
