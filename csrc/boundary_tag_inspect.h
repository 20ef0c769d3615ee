// SPDX-License-Identifier: MIT
// boundary_tag_inspect.h: the parts of walk and holds that heap, tlsf and bestfit have in common.
// They read a state that may be damaged and change nothing. Private: included after
// boundary_tag_internal.h, under the same definitions.
#ifndef LM_BOUNDARY_TAG_INSPECT_H
#define LM_BOUNDARY_TAG_INSPECT_H
#include "boundary_tag_internal.h"

// True when `b` may be a header in region `r`.
static inline bool block_sane(const BLOCK_HEAP *h, const lm_region *r, const lm_block *b) {
  return header_sane(h, b, (uintptr_t)r->end, true);
}

static inline void record_fill(const BLOCK_HEAP *h, lm_block_record *record, const lm_block *b) {
  size_t size        = block_size(h, b);
  record->address    = (uintptr_t)block_payload(b);
  record->size       = size - BLOCK_OVERHEAD;
  record->state      = is_top(h, b) ? LM_BLOCK_TOP : b->head & FREE ? LM_BLOCK_FREE : LM_BLOCK_LIVE;
  record->size_class = bin_of(size);
}

// True when a header can lie at `b`, so that reading it is safe.
static inline bool link_sane(const BLOCK_HEAP *h, const lm_block *b) {
  uintptr_t p = (uintptr_t)b + LM_WORD;
  return (p & FLAGS) == 0 && region_of(h, (const void *)p) != NULL;
}

// T4 (H4) of free block `b`.
static inline bool free_block_holds(const BLOCK_HEAP *h, const lm_block *b) {
  size_t size = block_size(h, b);
  if (*block_footer(b, size) != size) return false;
  if (b->next && (!link_sane(h, b->next) || b->next->prev != b)) return false;
  if (!b->prev) return h->bins[bin_of(size)] == b;
  return link_sane(h, b->prev) && b->prev->next == b;
}

// T5 (H5), and that the bins have as many blocks as `free_count` says. With free_block_holds these
// are the free blocks, each once.
static inline bool bins_hold(const BLOCK_HEAP *h) {
  size_t count = 0;
  if (h->filled[LM_BIN_WORDS - 1] >> (LM_BINS - 1) % 64 >> 1) return false;  // bits without a bin
  for (unsigned bin = 0; bin < LM_BINS; bin++) {
    if ((h->filled[bin / 64] >> (bin % 64) & 1) != (h->bins[bin] != NULL)) return false;
    for (const lm_block *b = h->bins[bin]; b; b = b->next)
      if (!link_sane(h, b) || ++count > h->free_count) return false;
  }
  return count == h->free_count;
}

// T2 (H2) of the header of region `r`, which may be any address.
static inline bool region_holds(const BLOCK_HEAP *h, const lm_region *r) {
  if (((uintptr_t)r & (LM_WORD - 1)) || !lm_memory_holds((uintptr_t)r, sizeof *r)) return false;
  uintptr_t first = (uintptr_t)r->first, end = (uintptr_t)r->end;
  if (((first + LM_WORD) & FLAGS) || ((end + LM_WORD) & FLAGS)) return false;
  if (first <= (uintptr_t)r || end <= first || !lm_memory_holds(first, end - first + LM_WORD))
    return false;
#ifndef BLOCK_TOP
  if (first < h->low || end > h->high) return false;
#endif
  return (r == h->last) == (r->next == NULL);
}

// T2 to T4 (H2 to H4, H6) of block `b`; `below` is FREE iff the block below it is free.
static inline bool block_holds(const BLOCK_HEAP *h, const lm_region *r, const lm_block *b,
                               size_t below) {
  if (!block_sane(h, r, b) || !(b->head & PREV_FREE) != !below) return false;
  if (b == r->end) return true;
  if (below && (b->head & FREE)) return false;
  if (is_top(h, b)) return (b->head & FREE) && r == h->last && block_next(h, b) == r->end;
  return !(b->head & FREE) || free_block_holds(h, b);
}

// True when the chain of regions has as many as the statistics say. Functions that walk the chain
// are then safe, and end.
static inline bool regions_hold(const BLOCK_HEAP *h) {
  size_t count = 0;
  for (const lm_region *r = &h->region; r; r = r->next)
    if (++count > h->stats.regions || !region_holds(h, r)) return false;
  return count == h->stats.regions;
}

// Returns the bytes from first to end, of all regions.
static inline size_t regions_span(const BLOCK_HEAP *h) {
  size_t span = 0, count = h->stats.regions;
  for (const lm_region *r = &h->region; r && count; r = r->next, count--)
    span += (uintptr_t)r->end - (uintptr_t)r->first;
  return span;
}
#endif
