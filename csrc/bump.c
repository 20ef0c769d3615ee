// SPDX-License-Identifier: MIT
#include "linmem/bump.h"
#include "allocator_internal.h"

enum { LOST = 1, FLAGS = LM_ALIGN - 1 };

#define BLOCK_MIN LM_ALIGN
#define REGION_EXTRA (8 * LM_ALIGN)  // no less than a region's header and padding
_Static_assert(REGION_EXTRA >= sizeof(lm_bump_region) + 2 * LM_ALIGN + LM_WORD,
               "a region's header and padding");

// Blocks. `b` is the address of the header word. Every size is a whole block's, header included.

static size_t *block_head(uintptr_t b) { return (size_t *)b; }

static size_t block_size(const lm_bump *a, uintptr_t b) {
  return (*block_head(b) ^ a->cookie) & ~(size_t)FLAGS;
}

static size_t block_need(size_t request) {
  return request > LM_REQUEST_MAX ? 0 : (request + LM_WORD + FLAGS) & ~(size_t)FLAGS;
}

// True when `b` may be a header in region `r`.
static bool block_sane(const lm_bump *a, const lm_bump_region *r, uintptr_t b) {
  size_t head = *block_head(b) ^ a->cookie;
  size_t size = head & ~(size_t)FLAGS;
  if (head & FLAGS & ~(size_t)LOST) return false;
  return size >= BLOCK_MIN && size <= r->top - b;
}

static size_t cookie_now(const lm_bump *a) {
  return cookie_of((uintptr_t)a + a->resets * LM_ALIGN);
}

// Regions.

// Sets the end of region `r`, whose memory ends at `edge`. The last byte of the address space is
// never part of a region.
static void region_close(lm_bump_region *r, uintptr_t edge) {
  r->edge = edge;
  r->end  = r->first + ((edge - (edge == 0) - r->first) & ~(size_t)FLAGS);
}

// Makes `r` the newest region, empty, over [start, start + size).
static bool region_open(lm_bump *a, lm_bump_region *r, uintptr_t start, size_t size) {
  size_t pad = -(start + LM_WORD) & FLAGS;
  if (size <= pad + BLOCK_MIN) return false;
  r->next  = NULL;
  r->first = r->top = start + pad;
  region_close(r, start + size);
  if (a->newest) a->newest->next = r;
  a->newest = r;
  a->stats.regions++;
  return true;
}

// Calls the page source once. Returns false if it added no usable byte.
static bool region_ask(lm_bump *a, size_t min) {
  uintptr_t base = (uintptr_t)a->pages.refill(&a->pages, min, &a->got);
  size_t got     = a->got;
  if (!base) return false;
  a->changes++;
  a->pages.taken += got;
  if (base == a->newest->edge) {
    region_close(a->newest, base + got);
    return true;
  }
  size_t pad = -base & (LM_WORD - 1);
  if (got < pad + sizeof(lm_bump_region)) return false;
  got -= pad + sizeof(lm_bump_region);
  return region_open(a, (lm_bump_region *)(base + pad), base + pad + sizeof(lm_bump_region), got);
}

// Returns the bytes below the first header of region `r` whose payload is aligned to `align`.
static size_t region_pad(const lm_bump_region *r, size_t align) {
  return -(r->top + LM_WORD) & (align - 1);
}

static bool region_fits(const lm_bump_region *r, size_t size, size_t align) {
  size_t left = r->end - r->top, pad = region_pad(r, align);
  return pad <= left && size <= left - pad;
}

// Returns a region that fits the request, NULL iff there is none and no memory. Asks first for the
// bytes that the newest region lacks, which suffices if they are adjacent; otherwise for all. The
// subtraction does not wrap: a region with `all` bytes free would fit the request.
static lm_bump_region *region_find(lm_bump *a, size_t size, size_t align) {
  size_t count = a->stats.regions;
  for (lm_bump_region *r = a->last; r && count; r = r->next, count--)
    if (region_fits(r, size, align)) return r;
  size_t left = a->newest->end - a->newest->top, all = size + align + REGION_EXTRA;
  if (!region_ask(a, all - left)) return NULL;
  if (region_fits(a->newest, size, align)) return a->newest;
  return region_ask(a, all) && region_fits(a->newest, size, align) ? a->newest : NULL;
}

// Adds a block of `size` bytes to region `r`; `lost` is LOST or 0.
static uintptr_t region_add(lm_bump *a, lm_bump_region *r, size_t size, size_t lost) {
  uintptr_t b    = r->top;
  *block_head(b) = (size | lost) ^ a->cookie;
  r->top += size;
  return b;
}

// Makes `r` the region `last`; the bytes left in those before it are lost (P3).
static void region_advance(lm_bump *a, lm_bump_region *r) {
  for (; a->last != r; a->last = a->last->next)
    if (a->last->top != a->last->end) region_add(a, a->last, a->last->end - a->last->top, LOST);
}

// Returns the region block `p` is in, NULL iff none. As all functions that walk the chain, it ends
// also when the chain was overwritten and has a cycle.
static const lm_bump_region *region_of(const lm_bump *a, const void *p) {
  uintptr_t b  = (uintptr_t)p - LM_WORD;
  size_t count = a->stats.regions;
  for (const lm_bump_region *r = &a->region; r && count; r = r->next, count--)
    if (b - r->first < r->top - r->first) return r;
  return NULL;
}

// The functions of the allocator.

lm_bump *lm_bump_init(void *base, size_t size, lm_refill *refill, void *state) {
  uintptr_t start = (uintptr_t)base;
  size_t pad      = -start & 15;
  if (!range_allowed(base, size) || size <= pad + sizeof(lm_bump) + FLAGS + BLOCK_MIN) return NULL;
  lm_bump *a = (lm_bump *)(start + pad);
  __builtin_memset(a, 0, sizeof *a);
  a->magic        = LM_BUMP_MAGIC ^ (size_t)a;
  a->cookie       = cookie_now(a);
  a->pages.refill = refill;
  a->pages.state  = state;
  a->pages.taken  = size;
  region_open(a, &a->region, (uintptr_t)(a + 1), size - pad - sizeof(lm_bump));
  a->last = &a->region;
  return a;
}

bool lm_bump_is(const lm_bump *a) { return a->magic == (LM_BUMP_MAGIC ^ (size_t)a); }

void *lm_bump_alloc_aligned(lm_bump *a, size_t size, size_t align) {
  size_t need = block_need(size);
  if (!need || !align_allowed(align)) return NULL;
  if (align < LM_ALIGN) align = LM_ALIGN;
  lm_bump_region *r = region_find(a, need, align);
  if (!r) return NULL;
  region_advance(a, r);
  size_t pad = region_pad(r, align);
  if (pad) region_add(a, r, pad, LOST);
  a->changes++;
  account_add(&a->stats, 1, need - LM_WORD);
  return (void *)(region_add(a, r, need, 0) + LM_WORD);
}

void *lm_bump_alloc(lm_bump *a, size_t size) { return lm_bump_alloc_aligned(a, size, LM_ALIGN); }

void *lm_bump_calloc(lm_bump *a, size_t count, size_t size) {
  size_t bytes = product_of(count, size);
  void *p      = lm_bump_alloc(a, bytes);
  return p ? __builtin_memset(p, 0, bytes) : NULL;
}

lm_status lm_bump_check(const lm_bump *a, const void *p) {
  const lm_bump_region *r = region_of(a, p);
  uintptr_t b             = (uintptr_t)p - LM_WORD;
  if (!r || ((uintptr_t)p & FLAGS) || !block_sane(a, r, b)) return LM_NOT_A_BLOCK;
  if ((*block_head(b) ^ a->cookie) & LOST) return LM_ALREADY_FREE;
  uintptr_t next = b + block_size(a, b);
  return next == r->top || block_sane(a, r, next) ? LM_OK : LM_NOT_A_BLOCK;
}

size_t lm_bump_usable_size(const lm_bump *a, const void *p) {
  return lm_bump_check(a, p) == LM_OK ? block_size(a, (uintptr_t)p - LM_WORD) - LM_WORD : 0;
}

lm_status lm_bump_free(lm_bump *a, void *p) {
  if (!p) return LM_OK;
  lm_status status = lm_bump_check(a, p);
  if (status != LM_OK) return status;
  uintptr_t b = (uintptr_t)p - LM_WORD;
  a->changes++;
  account_add(&a->stats, (size_t)-1, LM_WORD - block_size(a, b));
  *block_head(b) ^= LOST;
  return LM_OK;
}

void *lm_bump_realloc(lm_bump *a, void *p, size_t size) {
  if (!p) return lm_bump_alloc(a, size);
  size_t need = block_need(size);
  if (!need || lm_bump_check(a, p) != LM_OK) return NULL;
  uintptr_t b = (uintptr_t)p - LM_WORD;
  size_t old = block_size(a, b), extra = need - old;
  lm_bump_region *r = a->last;
  if (b + old == r->top && (need <= old || extra <= r->end - r->top)) {
    r->top += extra;
    *block_head(b) = need ^ a->cookie;
    a->changes++;
    account_add(&a->stats, 0, extra);
    return p;
  }
  if (need <= old) return p;
  void *q = lm_bump_alloc(a, size);
  if (!q) return NULL;
  __builtin_memcpy(q, p, old - LM_WORD);
  lm_bump_free(a, p);
  return q;
}

void lm_bump_reset(lm_bump *a) {
  size_t count = a->stats.regions;
  for (lm_bump_region *r = &a->region; r && count; r = r->next, count--) r->top = r->first;
  a->last              = &a->region;
  a->stats.live_blocks = a->stats.live_bytes = 0;
  a->changes++;
  a->resets++;
  a->cookie = cookie_now(a);
}

const lm_stats *lm_bump_stats(lm_bump *a) {
  lm_stats *s    = &a->stats;
  size_t count   = s->regions;
  s->free_blocks = s->free_bytes = 0;
  for (const lm_bump_region *r = a->last; r && count; r = r->next, count--) {
    if (r->top == r->end) continue;
    s->free_blocks++;
    s->free_bytes += r->end - r->top - LM_WORD;
  }
  s->taken_bytes = a->pages.taken;
  return s;
}

// Walk and holds.

// P2 of the header of region `r`, which may be any address.
static bool region_sane(const lm_bump *a, const lm_bump_region *r) {
  if (((uintptr_t)r & (LM_WORD - 1)) || !lm_memory_holds((uintptr_t)r, sizeof *r)) return false;
  if (((r->first + LM_WORD) & FLAGS) || ((r->end - r->first) & FLAGS)) return false;
  if (r->first <= (uintptr_t)r || r->top < r->first || r->top > r->end) return false;
  return lm_memory_holds(r->first, r->end - r->first) && (r == a->newest) == !r->next;
}

// True when the chain of regions has as many as the statistics say.
static bool regions_hold(const lm_bump *a) {
  size_t count = 0;
  for (const lm_bump_region *r = &a->region; r; r = r->next)
    if (++count > a->stats.regions || !region_sane(a, r)) return false;
  return count == a->stats.regions;
}

static void record_fill(const lm_bump *a, const lm_bump_region *r, lm_block_record *record,
                        uintptr_t b) {
  bool open          = b == r->top;
  record->address    = b + LM_WORD;
  record->size       = (open ? r->end - b : block_size(a, b)) - LM_WORD;
  record->size_class = 0;
  if (open) {
    record->state = r == a->last ? LM_BLOCK_TOP : LM_BLOCK_FREE;
  } else {
    record->state = (*block_head(b) ^ a->cookie) & LOST ? LM_BLOCK_LOST : LM_BLOCK_LIVE;
  }
}

// Returns the header at the cursor in region `r`, or the first one above it.
static uintptr_t cursor_block(const lm_bump *a, const lm_bump_region *r, const lm_cursor *c) {
  uintptr_t b = r->first;
  if (c->changes == a->changes && c->address - b <= r->end - b) return c->address;
  while (b < c->address && b != r->top && block_sane(a, r, b)) b += block_size(a, b);
  return b < c->address && b == r->top ? r->end : b;
}

size_t lm_bump_walk(const lm_bump *a, lm_cursor *c, lm_block_record *records, size_t capacity) {
  size_t count = 0;
  if (c->done || !capacity) return 0;
  if (!regions_hold(a)) return c->done = 1, 0;
  const lm_bump_region *r = &a->region;
  while (c->region && r && (uintptr_t)r != c->region) r = r->next;
  for (; r; r = r->next) {
    for (uintptr_t b = cursor_block(a, r, c); b != r->end;) {
      if (b != r->top && !block_sane(a, r, b)) break;
      if (count == capacity) {
        c->region  = (uintptr_t)r;
        c->address = b;
        c->changes = a->changes;
        return count;
      }
      record_fill(a, r, &records[count++], b);
      b = b == r->top ? r->end : b + block_size(a, b);
    }
    c->address = 0;
  }
  c->done = 1;
  return count;
}

// P2 and P3 of the blocks of region `r`.
static bool region_holds(const lm_bump *a, const lm_bump_region *r, bool after) {
  uintptr_t b = r->first;
  while (b != r->top) {
    if (!block_sane(a, r, b)) return false;
    b += block_size(a, b);
  }
  return !after || r->top == r->first;
}

bool lm_bump_holds(const lm_bump *a) {
  size_t live = 0, bytes = 0;
  bool after = false;  // past `last`
  if (!lm_bump_is(a) || a->cookie != cookie_now(a) || !regions_hold(a)) return false;
  for (const lm_bump_region *r = &a->region; r; r = r->next) {
    if (!region_holds(a, r, after)) return false;
    if (r == a->last) after = true;
    if (!after && r->top != r->end) return false;
    for (uintptr_t b = r->first; b != r->top; b += block_size(a, b)) {
      if ((*block_head(b) ^ a->cookie) & LOST) continue;
      live++, bytes += block_size(a, b) - LM_WORD;
    }
  }
  const lm_stats *s = &a->stats;
  return after && live == s->live_blocks && bytes == s->live_bytes && bytes <= s->peak_live_bytes;
}
