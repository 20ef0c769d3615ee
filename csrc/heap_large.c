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

// Notes that a list has its first block, or lost its last one.
static void bin_turn(lm_heap *h, unsigned bin) { h->filled[bin / 64] ^= (uint64_t)1 << (bin % 64); }

// Makes [b, b + size) a free block in its list. Its neighbours are lent (H3).
static void bin_insert(lm_heap *h, lm_block *b, size_t size) {
  unsigned bin    = bin_of(size);
  lm_block *first = h->bins[bin];
  b->head         = (size ^ h->key) | FREE;
  b->next         = first;
  b->prev         = NULL;
  h->bins[bin]    = b;
  if (first) {
    first->prev = b;
  } else {
    bin_turn(h, bin);
  }
  *block_footer(b, size) = size;
  block_at((uintptr_t)b + size)->head |= PREV_FREE;
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
  unsigned bin = bin_of(block_size(h, b));
  h->bins[bin] = b->next;
  if (!b->next) bin_turn(h, bin);
}

// Returns a free block of at least `size` bytes; NULL iff no higher list than the request's own has
// a block, each of which is large enough, and none of the first `tries` of its own is.
static lm_block *bin_find(const lm_heap *h, size_t size, size_t tries) {
  unsigned bin = bin_of(size), word = bin / 64;
  lm_block *b = h->bins[bin];
  for (; b && tries; b = b->next, tries--)
    if (block_size(h, b) >= size) return b;
  uint64_t higher = h->filled[word] & (~(uint64_t)1 << (bin % 64));
  while (!higher) {
    if (++word == LM_HEAP_WORDS) return NULL;
    higher = h->filled[word];
  }
  return h->bins[word * 64 + (unsigned)__builtin_ctzll(higher)];
}

// Top (H6). With nothing left it is the end mark, whose size reads 0.

// Makes [b, end mark) top. The mark is written last: it may be `b`.
static void top_set(lm_heap *h, lm_block *b, size_t size) {
  h->top             = b;
  b->head            = (size ^ h->key) | FREE;
  h->last->end->head = h->key | (size ? PREV_FREE : 0);
}

// Cuts `size` bytes, or a few more, off the low end of top; the caller saw that top has them.
static lm_block *top_take(lm_heap *h, size_t size) {
  lm_block *b = h->top;
  size_t all  = block_size(h, b);
  if (all - size < BLOCK_MIN) size = all;
  top_set(h, block_at((uintptr_t)b + size), all - size);
  b->head = size ^ h->key;
  return b;
}

// Regions.

// Makes the last region of [base, base + size): its own words, then blocks, all of them top. The
// old top, if any, becomes a free block as others. Returns false iff one block does not fit.
bool lm_region_open(lm_heap *h, uintptr_t base, size_t size) {
  lm_region *r    = (lm_region *)((base + LM_WORD - 1) & ~(LM_WORD - 1));
  uintptr_t first = (((uintptr_t)(r + 1) + LM_WORD + FLAGS) & ~(uintptr_t)FLAGS) - LM_WORD;
  if (size < first - base + BLOCK_MIN + LM_WORD) return false;
  size_t span = (size - (first - base) - LM_WORD) & ~(size_t)FLAGS;
  if (span > SPAN_MAX) span = SPAN_MAX;
  r->next  = NULL;
  r->first = block_at(first);
  r->end   = block_at(first + span);
  if (h->last) {
    if (h->top != h->last->end) bin_insert(h, h->top, block_size(h, h->top));
    h->last->next = r;
  }
  h->last = r;
  top_set(h, r->first, span);
  h->stats.regions++;
  return true;
}

// Adds `size` bytes that begin where the last region's end mark ends to that region, and to top.
static void region_extend(lm_heap *h, size_t size) {
  size_t span  = size & ~(size_t)FLAGS;
  size_t top   = block_size(h, h->top);
  h->last->end = block_at((uintptr_t)h->last->end + span);
  top_set(h, h->top, top + span);
}

// Asks the page source once. Returns false iff it gave nothing that can be used.
static bool region_ask(lm_heap *h, size_t min) {
  uintptr_t base = (uintptr_t)h->pages.more(&h->pages, min, &h->got);
  size_t got     = h->got;
  if (!base) return false;
  h->pages.taken += got;
  lm_region *last = h->last;
  size_t span     = (uintptr_t)last->end - (uintptr_t)last->first;
  bool touches    = base == (uintptr_t)last->end + LM_WORD;
  if (!touches || (SPAN_MAX < SIZE_MAX / 2 && got > SPAN_MAX - span))
    return lm_region_open(h, base, got);
  region_extend(h, got);
  return true;
}

static TINY bool top_has(const lm_heap *h, size_t size) { return block_size(h, h->top) >= size; }

// Makes top at least `size` bytes, if it is less. First asks for what top lacks, which is enough
// when it is given where the last region ends; if it was not, top is a new region and the second
// ask is for all. Returns false iff it cannot be.
static bool top_grow(lm_heap *h, size_t size) {
  if (top_has(h, size)) return true;
  size_t lacks = size - block_size(h, h->top);
  if (!region_ask(h, lacks > 2 * REGION_EXTRA ? lacks : 2 * REGION_EXTRA)) return false;
  return top_has(h, size) || (region_ask(h, size + REGION_EXTRA) && top_has(h, size));
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

// Cuts lent block `b` in two; the lower one gets `size` bytes. Returns the upper one.
static lm_block *block_split(lm_heap *h, lm_block *b, size_t size) {
  lm_block *upper = block_at((uintptr_t)b + size);
  upper->head     = (block_size(h, b) - size) ^ h->key;
  block_set(h, b, size);
  return upper;
}

// Cuts lent block `b` down to `size` bytes and frees the rest, if it is enough for a block.
void lm_block_shrink(lm_heap *h, lm_block *b, size_t size) {
  if (block_size(h, b) - size >= BLOCK_MIN) lm_block_release(h, block_split(h, b, size));
}

// Takes free block `b` out of its list. `size` bytes of it are lent from here on, and the rest is
// freed, if it is enough for a block; its neighbours are lent (H3).
static INLINE lm_block *block_claim(lm_heap *h, lm_block *b, size_t size) {
  size_t all = block_size(h, b);
  bin_remove(h, b);
  if (!SMALL_CODE && all - size >= BLOCK_MIN) {
    b->head = size ^ h->key;
    bin_insert(h, block_at((uintptr_t)b + size), all - size);
    return b;
  }
  b->head &= ~(size_t)FREE;
  block_at((uintptr_t)b + all)->head &= ~(size_t)PREV_FREE;
  if (SMALL_CODE) lm_block_shrink(h, b, size);
  return b;
}

// As lm_block_take, when no list has a block that is found at once.
static NOINLINE lm_block *block_take_slow(lm_heap *h, size_t size) {
  if (top_has(h, size)) return top_take(h, size);
  lm_block *b = bin_find(h, size, SIZE_MAX);
  if (b) return block_claim(h, b, size);
  return top_grow(h, size) ? top_take(h, size) : NULL;
}

// Returns a lent block of at least `size` bytes; NULL iff none is left and none can be had.
static INLINE lm_block *block_take(lm_heap *h, size_t size) {
  lm_block *b = bin_find(h, size, TRIES);
  return b ? block_claim(h, b, size) : block_take_slow(h, size);
}
NOINLINE lm_block *lm_block_take(lm_heap *h, size_t size) { return block_take(h, size); }

// Gives back the bytes of lent block `b` below the first payload aligned to `align`. Returns the
// block that is left.
lm_block *lm_block_align(lm_heap *h, lm_block *b, size_t align) {
  uintptr_t p = (uintptr_t)block_payload(b);
  if ((p & (align - 1)) == 0) return b;
  size_t pad     = ((p + BLOCK_MIN + align - 1) & ~(align - 1)) - p;
  lm_block *kept = block_split(h, b, pad);
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
  size_t size = LM_HEAP_BANK, tries = TRIES;
  lm_block *b;
  while ((b = bin_find(h, size, TRIES)) && block_size(h, b) < bank_need(b))
    size = tries-- ? block_size(h, b) + LM_ALIGN : 3 * LM_HEAP_BANK;
  if (b) {
    block_claim(h, b, block_size(h, b));
  } else {
    size_t need;
    do {  // the second time only when top became another
      if (!top_grow(h, need = bank_need(h->top))) return NULL;
    } while (need < bank_need(h->top));
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
    if (!top_grow(h, size - old) || next != h->top) return false;  // or what came is a new region
    top_take(h, size - old);
  } else {
    if (!(next->head & FREE) || block_size(h, next) < size - old) return false;
    block_claim(h, next, size - old);
  }
  block_set(h, b, old + block_size(h, next));
  next->head |= FREE;  // as in lm_block_release: an absorbed header
  return true;
}
