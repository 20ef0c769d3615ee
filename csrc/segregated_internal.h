// SPDX-License-Identifier: MIT
// segregated_internal.h: the operations that tlsf and bestfit have in common, over
// lm_boundary_tags. Private. Each defines BLOCK_OVERHEAD, then includes it once.
#ifndef LM_SEGREGATED_INTERNAL_H
#define LM_SEGREGATED_INTERNAL_H
#define BLOCK_HEAP lm_boundary_tags
#include "boundary_tag_inspect.h"

// Regions.

// Returns the size of the free block that ends the last region, 0 iff its last block is allocated.
static inline size_t region_spare(const lm_boundary_tags *t) {
  const lm_block *end = t->last->end;
  return end->head & PREV_FREE ? block_size_below(end) : 0;
}

// Returns a free block of at least `size` bytes at the end of the last region, NULL iff the page
// source gave too little. Asks first for the bytes that the region lacks, which is enough when they
// are adjacent to it; otherwise for all bytes.
static inline lm_block *region_grow(lm_boundary_tags *t, size_t size) {
  size_t ask = size + REGION_EXTRA - region_spare(t);
  for (unsigned asks = 0; region_spare(t) < size; ask = size + REGION_EXTRA)
    if (asks++ == 2 || !region_ask(t, ask)) return NULL;
  return block_at((uintptr_t)t->last->end - region_spare(t));
}

// Parts of the allocator's functions.

static inline size_t tags_cookie(const lm_boundary_tags *t) {
  return cookie_of((uintptr_t)t + t->resets * LM_ALIGN);
}

// Makes the state at `base`, rounded up to 16, and the first region of the rest. Returns NULL iff
// the range is not allowed or too small.
static inline lm_boundary_tags *tags_init(void *base, size_t size, lm_refill *refill, void *state,
                                          size_t magic) {
  uintptr_t start = (uintptr_t)base;
  size_t pad      = -start & 15;
  size_t min      = FLAGS + BLOCK_OVERHEAD - LM_WORD + BLOCK_MIN + LM_WORD;  // of a region
  if (!range_allowed(base, size) || size < pad + sizeof(lm_boundary_tags) + min) return NULL;
  lm_boundary_tags *t = (lm_boundary_tags *)(start + pad);
  __builtin_memset(t, 0, sizeof *t);
  t->magic  = magic ^ (size_t)t;
  t->cookie = tags_cookie(t);
  t->low    = UINTPTR_MAX;
  t->pages  = (lm_pages){refill, state, size};
  region_open(t, (uintptr_t)&t->region, size - pad - offsetof(lm_boundary_tags, region));
  return t;
}

// Checks an address that comes from outside. O(1): reads memory between regions that are not
// adjacent.
static inline lm_status tags_check(const lm_boundary_tags *t, const void *p) {
  uintptr_t at = (uintptr_t)p - LM_WORD;
  if (at - t->low >= t->high - t->low || ((uintptr_t)p & FLAGS)) return LM_NOT_A_BLOCK;
  const lm_block *b = block_at(at);
  if (!header_sane(t, b, t->high, false) || block_size(t, b) == 0) return LM_NOT_A_BLOCK;
  return block_status(t, b, t->low, t->high, false);
}

// Adds to the statistics of allocated blocks.
static inline void tags_account(lm_boundary_tags *t, size_t blocks, size_t bytes) {
  t->changes++;
  account_add(&t->stats, blocks, bytes);
}

// Counts block `b` as allocated and returns its payload.
static inline void *tags_allocated(lm_boundary_tags *t, lm_block *b) {
  tags_account(t, 1, block_size(t, b) - BLOCK_OVERHEAD);
  return block_payload(b);
}

// Frees live block `p`.
static inline void tags_free(lm_boundary_tags *t, void *p) {
  tags_account(t, (size_t)-1, BLOCK_OVERHEAD - block_size(t, block_of(p)));
  block_release(t, block_of(p));
}

// Frees all blocks at once.
static inline void tags_reset(lm_boundary_tags *t) {
  __builtin_memset(t->bins, 0, sizeof t->bins);
  __builtin_memset(t->filled, 0, sizeof t->filled);
  t->free_count = t->stats.live_blocks = t->stats.live_bytes = 0;
  t->changes++;
  t->resets++;
  t->cookie = tags_cookie(t);
  for (lm_region *r = &t->region; r; r = r->next) {
    r->end->head = t->cookie;
    bin_insert(t, r->first, (uintptr_t)r->end - (uintptr_t)r->first);
  }
}

// Statistics, walk and holds.

static inline const lm_stats *tags_stats(lm_boundary_tags *t) {
  lm_stats *s    = &t->stats;
  s->free_blocks = t->free_count;
  s->free_bytes  = t->spans - s->live_bytes - (s->live_blocks + s->free_blocks) * BLOCK_OVERHEAD;
  s->taken_bytes = t->pages.taken;
  return s;
}

// Returns the block of region `r` at the cursor: the one noted if nothing has changed, otherwise
// the first at or above it.
static inline lm_block *cursor_block(const lm_boundary_tags *t, const lm_region *r,
                                     const lm_cursor *c) {
  uintptr_t end = (uintptr_t)r->end;
  lm_block *b   = r->first;
  if (c->changes == t->changes && c->address - (uintptr_t)b <= end - (uintptr_t)b)
    return block_at(c->address);
  while ((uintptr_t)b < c->address && b != r->end && block_sane(t, r, b)) b = block_next(t, b);
  return b;
}

static inline size_t tags_walk(const lm_boundary_tags *t, lm_cursor *c, lm_block_record *records,
                               size_t capacity) {
  size_t count = 0;
  if (c->done || !capacity) return 0;
  if (!regions_hold(t)) return c->done = 1, 0;
  const lm_region *r = &t->region;
  while (c->region && r && (uintptr_t)r != c->region) r = r->next;
  for (; r; r = r->next) {
    lm_block *b = cursor_block(t, r, c);
    for (; b != r->end && block_sane(t, r, b); b = block_next(t, b)) {
      if (count == capacity) {
        c->region  = (uintptr_t)r;
        c->address = (uintptr_t)b;
        c->changes = t->changes;
        return count;
      }
      record_fill(t, &records[count++], b);
    }
    c->address = 0;
  }
  c->done = 1;
  return count;
}

// T2 to T4 of the blocks of region `r`.
static inline bool blocks_hold(const lm_boundary_tags *t, const lm_region *r) {
  size_t below = 0;  // FREE iff the block below is free
  for (const lm_block *b = r->first; block_holds(t, r, b, below); b = block_next(t, b)) {
    if (b == r->end) return true;
    below = b->head & FREE;
  }
  return false;
}

// Returns the number of blocks of region `r` that are free (`state` FREE) or allocated (0).
static inline size_t blocks_count(const lm_boundary_tags *t, const lm_region *r, size_t state) {
  size_t count = 0;
  for (const lm_block *b = r->first; b != r->end; b = block_next(t, b))
    count += (b->head & FREE) == state;
  return count;
}

// Returns the usable bytes of the allocated blocks of region `r`.
static inline size_t blocks_bytes(const lm_boundary_tags *t, const lm_region *r) {
  size_t bytes = 0;
  for (const lm_block *b = r->first; b != r->end; b = block_next(t, b))
    bytes += b->head & FREE ? 0 : block_size(t, b) - BLOCK_OVERHEAD;
  return bytes;
}

// T1 to T6.
static inline bool tags_hold(const lm_boundary_tags *t, size_t magic) {
  size_t live = 0, bytes = 0, free = 0;
  if (t->magic != (magic ^ (size_t)t) || t->cookie != tags_cookie(t) || !regions_hold(t))
    return false;
  for (const lm_region *r = &t->region; r; r = r->next) {
    if (!blocks_hold(t, r)) return false;
    live += blocks_count(t, r, 0);
    free += blocks_count(t, r, FREE);
    bytes += blocks_bytes(t, r);
  }
  const lm_stats *s = &t->stats;
  if (regions_span(t) != t->spans || free != t->free_count) return false;
  if (live != s->live_blocks || bytes != s->live_bytes || bytes > s->peak_live_bytes) return false;
  return t->spans <= t->pages.taken && bins_hold(t);
}
#endif
