// SPDX-License-Identifier: MIT
// allocator_tags_inspect.h: walk and holds of tlsf and bestfit, which look and change nothing.
// Private.
#ifndef LM_ALLOCATOR_TAGS_INSPECT_H
#define LM_ALLOCATOR_TAGS_INSPECT_H
#include "allocator_tags_inner.h"

// True when `b` is in region `r` and may be a header there.
static inline bool tag_inside(const lm_tags *t, const lm_tags_region *r, const lm_tag *b) {
  if (b == r->end) return tag_sane(t, b) && tag_size(t, b) == 0;
  return tag_sane(t, b) && tag_size(t, b) && tag_size(t, b) <= (uintptr_t)r->end - (uintptr_t)b;
}

// Walk.

// Returns the block of region `r` the cursor stands at: as noted if nothing has changed, else the
// first at or above the note.
static inline lm_tag *cursor_block(const lm_tags *t, const lm_tags_region *r, const lm_cursor *c) {
  uintptr_t end = (uintptr_t)r->end;
  lm_tag *b     = r->first;
  if (c->changes == t->changes && c->address - (uintptr_t)b <= end - (uintptr_t)b)
    return tag_at(c->address);
  while ((uintptr_t)b < c->address && b != r->end && tag_inside(t, r, b)) b = tag_next(t, b);
  return b;
}

static inline void record_fill(const lm_tags *t, lm_block_record *record, const lm_tag *b) {
  size_t size        = tag_size(t, b);
  record->address    = (uintptr_t)tag_payload(b);
  record->size       = size - TAGS_HEADER;
  record->state      = b->head & FREE ? LM_BLOCK_FREE : LM_BLOCK_LIVE;
  record->size_class = list_of(size);
}

static inline size_t tags_walk(const lm_tags *t, lm_cursor *c, lm_block_record *records,
                               size_t capacity) {
  size_t count = 0;
  if (c->over || !capacity) return 0;
  const lm_tags_region *r = &t->region;
  while (c->region && r && (uintptr_t)r != c->region) r = r->next;
  for (; r; r = r->next) {
    lm_tag *b = cursor_block(t, r, c);
    for (; b != r->end && tag_inside(t, r, b); b = tag_next(t, b)) {
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
  c->over = 1;
  return count;
}

// Holds.

// True when `b` leads to a place where a block can be, so that it may be followed.
static inline bool link_sane(const lm_tags *t, const lm_tag *b) {
  if (((uintptr_t)b + LM_WORD) & FLAGS) return false;
  for (const lm_tags_region *r = &t->region; r; r = r->next)
    if ((uintptr_t)b - (uintptr_t)r->first < (uintptr_t)r->end - (uintptr_t)r->first) return true;
  return false;
}

// T4 of free block `b`.
static inline bool free_holds(const lm_tags *t, const lm_tag *b) {
  size_t size = tag_size(t, b);
  if (*tag_footer(b, size) != size) return false;
  if (b->next && (!link_sane(t, b->next) || b->next->prev != b)) return false;
  if (!b->prev) return t->lists[list_of(size)] == b;
  return link_sane(t, b->prev) && b->prev->next == b;
}

// T5, and that the lists have as many blocks as the walk met (with free_holds: the same ones,
// once).
static inline bool lists_hold(const lm_tags *t) {
  size_t count = 0;
  for (unsigned list = 0; list < LM_TAGS_ROWS * LM_TAGS_COLS; list++) {
    unsigned cols = t->cols[list / LM_TAGS_COLS];
    if ((cols >> (list % LM_TAGS_COLS) & 1) != (t->lists[list] != NULL)) return false;
    if ((t->rows >> (list / LM_TAGS_COLS) & 1) != (cols != 0)) return false;
    for (const lm_tag *b = t->lists[list]; b; b = b->next)
      if (!link_sane(t, b) || ++count > t->listed) return false;
  }
  return count == t->listed;
}

// T2 of region `r`'s own words.
static inline bool region_holds(const lm_tags *t, const lm_tags_region *r) {
  uintptr_t first = (uintptr_t)r->first, end = (uintptr_t)r->end;
  if (((first + LM_WORD) & FLAGS) || ((end + LM_WORD) & FLAGS)) return false;
  if (first <= (uintptr_t)r || end <= first || !lm_memory_holds(first, end - first + LM_WORD))
    return false;
  return first >= t->low && end <= t->high && (r == t->last) == (r->next == NULL);
}

// T2, T3 and T4 of the blocks of region `r`.
static inline bool blocks_hold(const lm_tags *t, const lm_tags_region *r) {
  size_t below = 0;  // FREE iff the block below is free
  for (const lm_tag *b = r->first;; b = tag_next(t, b)) {
    if (!tag_inside(t, r, b) || !(b->head & PREV_FREE) != !below) return false;
    if (b == r->end) return true;
    if (below && (b->head & FREE)) return false;
    below = b->head & FREE;
    if (below && !free_holds(t, b)) return false;
  }
}

// Returns the number of blocks of region `r` that are free (`state` FREE) or lent (0).
static inline size_t blocks_count(const lm_tags *t, const lm_tags_region *r, size_t state) {
  size_t count = 0;
  for (const lm_tag *b = r->first; b != r->end; b = tag_next(t, b))
    count += (b->head & FREE) == state;
  return count;
}

// Returns the usable bytes of the lent blocks of region `r`.
static inline size_t blocks_bytes(const lm_tags *t, const lm_tags_region *r) {
  size_t bytes = 0;
  for (const lm_tag *b = r->first; b != r->end; b = tag_next(t, b))
    bytes += b->head & FREE ? 0 : tag_size(t, b) - TAGS_HEADER;
  return bytes;
}

// T1 to T6.
static inline bool tags_hold(const lm_tags *t, size_t magic) {
  size_t live = 0, bytes = 0, listed = 0, spans = 0, regions = 0;
  if (t->magic != (magic ^ (size_t)t) || t->key != tags_key(t)) return false;
  for (const lm_tags_region *r = &t->region; r; r = r->next) {
    if (++regions > t->stats.regions || !region_holds(t, r) || !blocks_hold(t, r)) return false;
    spans += (uintptr_t)r->end - (uintptr_t)r->first;
    live += blocks_count(t, r, 0);
    listed += blocks_count(t, r, FREE);
    bytes += blocks_bytes(t, r);
  }
  const lm_stats *s = &t->stats;
  if (regions != s->regions || spans != t->spans || listed != t->listed) return false;
  if (live != s->live_blocks || bytes != s->live_bytes || bytes > s->peak_live_bytes) return false;
  return spans <= t->pages.taken && lists_hold(t);
}
#endif
