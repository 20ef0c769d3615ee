// SPDX-License-Identifier: MIT
// heap_inspect.c: walk and holds, which look at a heap and change nothing.
#include "heap_inner.h"

// Walk.

// Returns the block of region `r` the cursor stands at: as noted if the heap has not changed, else
// the first at or above the note.
static lm_block *cursor_block(const lm_heap *h, const lm_region *r, const lm_cursor *c) {
  uintptr_t end = (uintptr_t)r->end;
  lm_block *b   = r->first;
  if (c->changes == h->changes && c->address - (uintptr_t)b <= end - (uintptr_t)b)
    return block_at(c->address);
  while ((uintptr_t)b < c->address && b != r->end && block_sane(h, r, b)) b = block_next(h, b);
  return b;
}

static void record_fill(const lm_heap *h, lm_block_record *record, lm_block *b) {
  size_t size        = block_size(h, b);
  record->address    = (uintptr_t)block_payload(b);
  record->size       = size - LM_WORD;
  record->state      = b == h->top ? LM_BLOCK_TOP : b->head & FREE ? LM_BLOCK_FREE : LM_BLOCK_LIVE;
  record->size_class = bin_of(size);
}

size_t lm_heap_walk(const lm_heap *h, lm_cursor *c, lm_block_record *records, size_t capacity) {
  size_t count = 0;
  if (c->over || !capacity) return 0;
  const lm_region *r = &h->region;
  while (c->region && r && (uintptr_t)r != c->region) r = r->next;
  for (; r; r = r->next) {
    lm_block *b = cursor_block(h, r, c);
    for (; b != r->end && block_sane(h, r, b); b = block_next(h, b)) {
      if (count == capacity) {
        c->region  = (uintptr_t)r;
        c->address = (uintptr_t)b;
        c->changes = h->changes;
        return count;
      }
      record_fill(h, &records[count++], b);
    }
    c->address = 0;
  }
  c->over = 1;
  return count;
}

// Holds.

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
  size_t count = 0;
  for (unsigned bin = 0; bin < LM_HEAP_ROWS * LM_HEAP_COLS; bin++) {
    unsigned cols = h->cols[bin / LM_HEAP_COLS];
    if ((cols >> (bin % LM_HEAP_COLS) & 1) != (h->bins[bin] != NULL)) return false;
    if ((h->rows >> (bin / LM_HEAP_COLS) & 1) != (cols != 0)) return false;
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

bool lm_heap_holds(const lm_heap *h) {
  size_t live = 0, bytes = 0, binned = 0, spans = 0, regions = 0;
  if (!lm_heap_is(h) || h->key != heap_key(h)) return false;
  for (const lm_region *r = &h->region; r; r = r->next) {
    if (++regions > h->stats.regions || !region_holds(h, r)) return false;
    spans += (uintptr_t)r->end - (uintptr_t)r->first;
    size_t below = 0;  // FREE iff the block below is free
    for (const lm_block *b = r->first;; b = block_next(h, b)) {
      if (!block_sane(h, r, b) || !(b->head & PREV_FREE) != !below) return false;
      if (b == r->end) break;
      if (below && (b->head & FREE)) return false;
      below = b->head & FREE;
      if (!below) live++, bytes += block_size(h, b) - LM_WORD;
      if (b == h->top && (!below || r != h->last || block_next(h, b) != r->end)) return false;
      if (below && b != h->top && (++binned, !free_holds(h, b))) return false;
    }
    if (r->end->head & FREE) return false;
  }
  const lm_stats *s = &h->stats;
  if (regions != s->regions || spans != h->spans || binned != h->binned) return false;
  if (live != s->live_blocks || bytes != s->live_bytes || bytes > s->peak_live_bytes) return false;
  return spans <= h->pages.taken && bins_hold(h);
}
