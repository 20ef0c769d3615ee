// SPDX-License-Identifier: MIT
// heap_large.c: blocks: the lists of free ones, the top one, and the regions they lie in.
#include "heap_inner.h"

enum { TRIES = 8 };  // blocks that a request looks at before it takes one that surely suits
#define REGION_EXTRA (8 * LM_ALIGN)  // at least a region's own words and paddings
_Static_assert(REGION_EXTRA >= sizeof(lm_region) + 2 * LM_ALIGN + 2 * LM_WORD,
               "a region's own words");

// Sets the size of block `b`, which is lent from here on; the flag about the block below stays.
static void block_set(const lm_heap *h, lm_block *b, size_t size) {
  b->head = (size ^ h->key) | (b->head & PREV_FREE);
}

// Bins.

// Makes [b, b + size) a free block in its list. Its neighbours are lent (H3).
static void bin_insert(lm_heap *h, lm_block *b, size_t size) {
  unsigned bin           = bin_of(size);
  lm_block *first        = h->bins[bin];
  b->head                = (size ^ h->key) | FREE;
  b->next                = first;
  b->prev                = NULL;
  *block_footer(b, size) = size;
  block_next(h, b)->head |= PREV_FREE;
  if (first) first->prev = b;
  h->bins[bin] = b;
  h->rows |= 1u << (bin / LM_HEAP_COLS);
  h->cols[bin / LM_HEAP_COLS] |= (uint16_t)(1u << (bin % LM_HEAP_COLS));
  h->binned++;
}

// Takes a free block out of its list; its header and the one above still say that it is free.
static void bin_remove(lm_heap *h, lm_block *b) {
  h->binned--;
  if (b->next) b->next->prev = b->prev;
  if (b->prev) {
    b->prev->next = b->next;
    return;
  }
  unsigned bin = bin_of(block_size(h, b)), row = bin / LM_HEAP_COLS;
  h->bins[bin] = b->next;
  if (b->next) return;
  h->cols[row] &= (uint16_t) ~(1u << (bin % LM_HEAP_COLS));
  if (h->cols[row] == 0) h->rows &= ~(1u << row);
}

// Returns a free block of at least `size` bytes that is found at once, NULL iff there is none such.
// One of the first blocks of the request's own list may be large enough; every block of a higher
// list is.
static lm_block *bin_find(const lm_heap *h, size_t size) {
  unsigned bin = bin_of(size), row = bin / LM_HEAP_COLS;
  lm_block *b = h->bins[bin];
  for (unsigned tries = TRIES; b && tries; b = b->next, tries--)
    if (block_size(h, b) >= size) return b;
  unsigned cols = h->cols[row] & (~0u << (bin % LM_HEAP_COLS) << 1);
  if (!cols) {
    unsigned rows = h->rows & (~0u << row << 1);
    if (!rows) return NULL;
    row  = (unsigned)__builtin_ctz(rows);
    cols = h->cols[row];
  }
  return h->bins[row * LM_HEAP_COLS + (unsigned)__builtin_ctz(cols)];
}

// Returns a free block of at least `size` bytes from the request's own list, NULL iff it has none.
// Cost: O(blocks of the list). Asked only before memory would grow.
static lm_block *bin_search(const lm_heap *h, size_t size) {
  lm_block *b = h->bins[bin_of(size)];
  while (b && block_size(h, b) < size) b = b->next;
  return b;
}

// Top (H6). With nothing left it is the end mark, whose size reads 0.

static void top_set(lm_heap *h, lm_block *b, size_t size) {
  h->top  = b;
  b->head = (size ^ h->key) | FREE;
  h->last->end->head |= PREV_FREE;
}

// Cuts `size` bytes, or a few more, off the low end of top; the caller saw that top has them.
static lm_block *top_take(lm_heap *h, size_t size) {
  lm_block *b = h->top;
  size_t all  = block_size(h, b);
  if (all - size < BLOCK_MIN) {
    h->top       = h->last->end;
    h->top->head = h->key;
    size         = all;
  } else {
    top_set(h, block_at((uintptr_t)b + size), all - size);
  }
  b->head = size ^ h->key;
  return b;
}

// Regions.

// Makes `r` the last region, its blocks in [start, start + size) and all of them top. The old top,
// if any, becomes a free block as others. Returns false iff one block does not fit.
bool lm_region_open(lm_heap *h, lm_region *r, uintptr_t start, size_t size) {
  size_t pad = -(start + LM_WORD) & FLAGS;
  if (size < pad + BLOCK_MIN + LM_WORD) return false;
  size_t span = (size - pad - LM_WORD) & ~(size_t)FLAGS;
  if (span > SPAN_MAX) span = SPAN_MAX;
  if (h->top && h->top != h->last->end) bin_insert(h, h->top, block_size(h, h->top));
  r->next  = NULL;
  r->first = block_at(start + pad);
  r->end   = block_at(start + pad + span);
  if (h->last) h->last->next = r;
  h->last      = r;
  r->end->head = h->key;
  top_set(h, r->first, span);
  h->spans += span;
  h->stats.regions++;
  return true;
}

// Adds `size` bytes that begin where the last region's end mark ends to that region, and to top.
static void region_extend(lm_heap *h, size_t size) {
  size_t span   = size & ~(size_t)FLAGS;
  lm_block *end = block_at((uintptr_t)h->last->end + span);
  h->last->end  = end;
  end->head     = h->key;
  h->spans += span;
  top_set(h, h->top, (uintptr_t)end - (uintptr_t)h->top);
}

// Asks the page source once. Returns false iff it gave nothing that can be used.
static bool region_ask(lm_heap *h, size_t min) {
  uintptr_t base = (uintptr_t)h->pages.more(&h->pages, min, &h->got);
  size_t got     = h->got;
  if (!base) return false;
  h->changes++;
  h->pages.taken += got;
  lm_region *last = h->last;
  bool touches    = base == (uintptr_t)last->end + LM_WORD;
  if (touches && got <= SPAN_MAX - ((uintptr_t)last->end - (uintptr_t)last->first)) {
    region_extend(h, got);
    return true;
  }
  size_t pad = -base & (LM_WORD - 1);
  if (got < pad + sizeof(lm_region)) return false;
  got -= pad + sizeof(lm_region);
  return lm_region_open(h, (lm_region *)(base + pad), base + pad + sizeof(lm_region), got);
}

// Makes top at least `size` bytes. First asks for what top lacks, which is enough when it is given
// where the last region ends; if it was not, top is a new region and the second ask is for all.
static bool region_grow(lm_heap *h, size_t size) {
  size_t top = block_size(h, h->top);
  size_t min = size - top > 2 * REGION_EXTRA ? size - top : 2 * REGION_EXTRA;
  if (!region_ask(h, min)) return false;
  if (block_size(h, h->top) >= size) return true;
  return region_ask(h, size + REGION_EXTRA) && block_size(h, h->top) >= size;
}

// Lending and giving back.

// Makes lent block `b` free and joins it with its free neighbours. A header that is absorbed says
// FREE from then on, so that a second free of it is seen for what it is.
static INLINE void block_release(lm_heap *h, lm_block *b) {
  size_t size    = block_size(h, b);
  lm_block *next = block_at((uintptr_t)b + size);
  if (b->head & PREV_FREE) {
    size_t below = *((size_t *)b - 1);
    b->head |= FREE;
    b = block_at((uintptr_t)b - below);
    bin_remove(h, b);
    size += below;
  }
  if (next == h->top) {
    top_set(h, b, size + block_size(h, next));
    return;
  }
  if (next->head & FREE) {
    bin_remove(h, next);
    size += block_size(h, next);
  }
  bin_insert(h, b, size);
}

NOINLINE void lm_block_release(lm_heap *h, lm_block *b) { block_release(h, b); }

// Cuts lent block `b` down to `size` bytes and frees the rest, if it is enough for a block.
void lm_block_shrink(lm_heap *h, lm_block *b, size_t size) {
  size_t rest = block_size(h, b) - size;
  if (rest < BLOCK_MIN) return;
  block_set(h, b, size);
  lm_block *tail = block_at((uintptr_t)b + size);
  tail->head     = rest ^ h->key;
  lm_block_release(h, tail);
}

// Takes free block `b` out of its list. `size` bytes of it are lent from here on, and the rest is
// freed, if it is enough for a block; its neighbours are lent (H3).
static INLINE lm_block *block_claim(lm_heap *h, lm_block *b, size_t size) {
  size_t all = block_size(h, b);
  bin_remove(h, b);
  if (all - size >= BLOCK_MIN) {
    b->head = size ^ h->key;
    bin_insert(h, block_at((uintptr_t)b + size), all - size);
  } else {
    b->head &= ~(size_t)FREE;
    block_next(h, b)->head &= ~(size_t)PREV_FREE;
  }
  return b;
}

// As lm_block_take, when no list has a block that is found at once.
static NOINLINE lm_block *block_take_slow(lm_heap *h, size_t size) {
  if (block_size(h, h->top) >= size) return top_take(h, size);
  lm_block *b = bin_search(h, size);
  if (b) return block_claim(h, b, size);
  return region_grow(h, size) ? top_take(h, size) : NULL;
}

// Returns a lent block of at least `size` bytes; NULL iff none is left and none can be had.
static INLINE lm_block *block_take(lm_heap *h, size_t size) {
  lm_block *b = bin_find(h, size);
  return b ? block_claim(h, b, size) : block_take_slow(h, size);
}
NOINLINE lm_block *lm_block_take(lm_heap *h, size_t size) { return block_take(h, size); }

// Gives back the bytes of lent block `b` below the first payload aligned to `align`. Returns the
// block that is left.
lm_block *lm_block_align(lm_heap *h, lm_block *b, size_t align) {
  uintptr_t p = (uintptr_t)block_payload(b);
  if ((p & (align - 1)) == 0) return b;
  size_t pad     = ((p + BLOCK_MIN + align - 1) & ~(align - 1)) - p;
  lm_block *kept = block_at((uintptr_t)b + pad);
  kept->head     = (block_size(h, b) - pad) ^ h->key;
  block_set(h, b, pad);
  lm_block_release(h, b);
  return kept;
}

// Returns the size a block at `b` must have to hold a bank.
static size_t bank_need(const lm_block *b) {
  size_t pad = -((uintptr_t)b + LM_WORD) & (LM_HEAP_BANK - 1);
  if (pad && pad < BLOCK_MIN) pad += LM_HEAP_BANK;
  return pad + LM_HEAP_BANK;
}

// Returns a lent block of a bank's size whose payload is aligned to it, NULL iff there is none.
lm_block *lm_block_take_bank(lm_heap *h) {
  lm_block *b    = bin_find(h, LM_HEAP_BANK);
  unsigned tries = TRIES;
  while (b && block_size(h, b) < bank_need(b))
    b = bin_find(h, tries-- ? block_size(h, b) + LM_ALIGN : 3 * LM_HEAP_BANK);
  if (b) {
    block_claim(h, b, block_size(h, b));
  } else {
    size_t need = bank_need(h->top);
    if (block_size(h, h->top) < need && !region_grow(h, need)) return NULL;
    need = bank_need(h->top);  // top may be another
    if (block_size(h, h->top) < need) return NULL;
    b = top_take(h, need);
  }
  b = lm_block_align(h, b, LM_HEAP_BANK);
  lm_block_shrink(h, b, LM_HEAP_BANK);
  return b;
}

// Makes lent block `b` at least `size` bytes where it is. Returns false iff it cannot be.
bool lm_block_extend(lm_heap *h, lm_block *b, size_t size) {
  size_t old     = block_size(h, b);
  lm_block *next = block_at((uintptr_t)b + old);
  if (next == h->top) {
    if (block_size(h, next) < size - old && !region_grow(h, size - old)) return false;
    if (next != h->top) return false;  // the memory that came is a new region
    top_take(h, size - old);
  } else {
    if (!(next->head & FREE) || block_size(h, next) < size - old) return false;
    block_claim(h, next, block_size(h, next));
  }
  block_set(h, b, old + block_size(h, next));
  next->head |= FREE;  // as in lm_block_release: an absorbed header
  return true;
}
