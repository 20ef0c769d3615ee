// SPDX-License-Identifier: MIT
// boundary_tag_internal.h: operations on blocks, bins and regions (boundary_tag.h), written once
// for heap, tlsf and bestfit. Private. Each defines, then includes it once:
//
//   #define BLOCK_HEAP lm_heap        the type of the state
//   #define BLOCK_OVERHEAD LM_WORD    bytes from a block's start to its payload
//   #define BLOCK_TOP                 if the state has a top block: the free block at the end of
//                                     the last region, which is in no bin
//   #define BLOCK_RELEASE, REGION_OPEN   if there are copies of block_release and region_open that
//                                        are not inlined
//
// The state has the fields cookie, changes, last, region, pages, got, free_count, stats, filled and
// bins; with BLOCK_TOP also top, without it low, high and spans.
// A block `b` is the address of its header word. Every size is a whole block's, header included.
#ifndef LM_BOUNDARY_TAG_INTERNAL_H
#define LM_BOUNDARY_TAG_INTERNAL_H
#include "allocator_internal.h"
#include "linmem/boundary_tag.h"

enum { FREE = 1, PREV_FREE = 2, FLAGS = LM_ALIGN - 1 };

#define BLOCK_MIN ((BLOCK_OVERHEAD + 3 * LM_WORD + FLAGS) & ~(size_t)FLAGS)
#define EXACT_BIN_LIMIT (LM_BINS_PER_POWER * LM_ALIGN)  // below it each size has a bin
#if SIZE_MAX > 0xffffffffu
#define REGION_MAX (((size_t)1 << 39) - LM_ALIGN)  // the largest block that has a bin
#else
#define REGION_MAX ((size_t)0 - LM_ALIGN)
#endif
#define REGION_EXTRA (8 * LM_ALIGN)  // no less than a region's header and padding
_Static_assert(REGION_EXTRA >= sizeof(lm_region) + 2 * LM_ALIGN + 2 * LM_WORD,
               "a region's header and padding");
_Static_assert(LM_BINS_PER_POWER == 16, "bin_of takes 4 bits of the size");

// Blocks.

static inline lm_block *block_at(uintptr_t address) {
  LM_STEP();
  return (lm_block *)address;
}

static LM_ALWAYS_INLINE lm_block *block_of(const void *p) {
  return block_at((uintptr_t)p - LM_WORD);
}

static LM_ALWAYS_INLINE void *block_payload(const lm_block *b) {
  return (void *)((uintptr_t)b + LM_WORD);
}

static inline size_t block_size(const BLOCK_HEAP *h, const lm_block *b) {
  return (b->head ^ h->cookie) & ~(size_t)FLAGS;
}

static LM_ALWAYS_INLINE lm_block *block_next(const BLOCK_HEAP *h, const lm_block *b) {
  return block_at((uintptr_t)b + block_size(h, b));
}

static inline size_t *block_footer(const lm_block *b, size_t size) {
  return (size_t *)((uintptr_t)b + size - BLOCK_OVERHEAD);
}

// Returns the size of the free block below `b`, from its footer.
static inline size_t block_size_below(const lm_block *b) { return *block_footer(b, 0); }

// Sets the size of block `b` and marks it as allocated; the flag about the block below stays.
static inline void block_set(const BLOCK_HEAP *h, lm_block *b, size_t size) {
  b->head = (size ^ h->cookie) | (b->head & PREV_FREE);
}

// Returns the block size for a request, 0 iff it can never be met.
static inline size_t block_need(size_t request) {
  if (request > LM_REQUEST_MAX) return 0;
  size_t size = (request + BLOCK_OVERHEAD + FLAGS) & ~(size_t)FLAGS;
  if (size > REGION_MAX) return 0;
  return size > BLOCK_MIN ? size : BLOCK_MIN;
}

// Bins.

// Returns the bin for blocks of this size. In granules: below 16 the size itself, from there on
// the highest bit and the next four bits.
static inline unsigned bin_of(size_t size) {
  size_t granules = size / LM_ALIGN;
  unsigned shift  = lm_log2(granules | LM_BINS_PER_POWER) - 4;
  return shift * LM_BINS_PER_POWER + (unsigned)(granules >> shift);
}

static inline void bin_toggle(BLOCK_HEAP *h, unsigned bin) {
  h->filled[bin / 64] ^= (uint64_t)1 << (bin % 64);
}

// Makes [b, b + size) a free block in its bin. Its neighbours are allocated (T3, H3).
static inline void bin_insert(BLOCK_HEAP *h, lm_block *b, size_t size) {
  unsigned bin    = bin_of(size);
  lm_block *first = h->bins[bin];
  b->head         = (size ^ h->cookie) | FREE;
  b->next         = first;
  b->prev         = NULL;
  h->bins[bin]    = b;
  if (first) {
    first->prev = b;
  } else {
    bin_toggle(h, bin);
  }
  *block_footer(b, size) = size;
  block_at((uintptr_t)b + size)->head |= PREV_FREE;
  h->free_count++;
}

// Removes a free block from its bin. Its own header and the next one still say that it is free.
static inline void bin_remove(BLOCK_HEAP *h, lm_block *b) {
  LM_STEP();
  h->free_count--;
  if (b->next) b->next->prev = b->prev;
  if (b->prev) {
    b->prev->next = b->next;
    return;
  }
  unsigned bin = bin_of(block_size(h, b));
  h->bins[bin] = b->next;
  if (!b->next) bin_toggle(h, bin);
}

// Returns the first block of the lowest bin above `bin` that is not empty, NULL iff there is none.
static inline lm_block *bin_above(const BLOCK_HEAP *h, unsigned bin) {
  LM_STEP();
  unsigned word   = bin / 64;
  uint64_t higher = h->filled[word] & (~(uint64_t)1 << (bin % 64));
  while (!higher) {
    if (++word == LM_BIN_WORDS) return NULL;
    higher = h->filled[word];
  }
  return h->bins[word * 64 + (unsigned)__builtin_ctzll(higher)];
}

// Top.

#ifdef BLOCK_TOP
// Makes [b, end mark) the top block. The end mark is written last, because `b` may be the end mark.
static inline void top_set(BLOCK_HEAP *h, lm_block *b, size_t size) {
  h->top             = b;
  b->head            = (size ^ h->cookie) | FREE;
  h->last->end->head = h->cookie | (size ? PREV_FREE : 0);
}
static LM_ALWAYS_INLINE bool is_top(const BLOCK_HEAP *h, const lm_block *b) { return b == h->top; }
#else
static LM_ALWAYS_INLINE bool is_top(const BLOCK_HEAP *h, const lm_block *b) {
  return (void)h, (void)b, false;
}
#endif

// Release, split and merge.

// Frees allocated block `b` and merges it with its free neighbours. The header of a block that is
// merged into another says FREE from then on, so that a double free is recognized.
static LM_HOT_INLINE void block_release(BLOCK_HEAP *h, lm_block *b) {
  size_t size    = block_size(h, b);
  lm_block *next = block_at((uintptr_t)b + size);
  if (b->head & PREV_FREE) {
    size_t below = block_size_below(b);
    b->head |= FREE;
    b = block_at((uintptr_t)b - below);
    bin_remove(h, b);
    size += below;
  }
#ifdef BLOCK_TOP
  if (is_top(h, next)) {
    top_set(h, b, size + block_size(h, next));
    return;
  }
#endif
  if (next->head & FREE) {
    bin_remove(h, next);
    size += block_size(h, next);
  }
  bin_insert(h, b, size);
}

#ifndef BLOCK_RELEASE
#define BLOCK_RELEASE block_release
#endif

// Splits allocated block `b`; the lower part gets `size` bytes. Returns the upper part.
static inline lm_block *block_split(BLOCK_HEAP *h, lm_block *b, size_t size) {
  lm_block *upper = block_at((uintptr_t)b + size);
  upper->head     = (block_size(h, b) - size) ^ h->cookie;
  block_set(h, b, size);
  return upper;
}

// Shrinks allocated block `b` to `size` bytes and frees the rest, if that is enough for a block.
static inline void block_shrink(BLOCK_HEAP *h, lm_block *b, size_t size) {
  if (block_size(h, b) - size >= BLOCK_MIN) BLOCK_RELEASE(h, block_split(h, b, size));
}

// Removes free block `b` from its bin and marks it as allocated.
static inline void block_take(BLOCK_HEAP *h, lm_block *b) {
  bin_remove(h, b);
  b->head &= ~(size_t)FREE;
  block_next(h, b)->head &= ~(size_t)PREV_FREE;
}

// Merges allocated block `b` with `next`, the allocated block above it. As in block_release, the
// merged header says FREE.
static inline void block_absorb(BLOCK_HEAP *h, lm_block *b, lm_block *next) {
  block_set(h, b, block_size(h, b) + block_size(h, next));
  next->head |= FREE;
}

// Merges allocated block `b` with the free block above it. Returns false, and changes nothing, iff
// both together have less than `size` bytes.
static inline bool block_merge_above(BLOCK_HEAP *h, lm_block *b, size_t size) {
  lm_block *next = block_next(h, b);
  if (!(next->head & FREE) || block_size(h, b) + block_size(h, next) < size) return false;
  block_take(h, next);
  block_absorb(h, b, next);
  return true;
}

// Frees the bytes of allocated block `b` below the first payload that is aligned to `align`.
// Returns the block that is left.
static inline lm_block *block_align(BLOCK_HEAP *h, lm_block *b, size_t align) {
  uintptr_t p = (uintptr_t)block_payload(b);
  if ((p & (align - 1)) == 0) return b;
  size_t pad     = ((p + BLOCK_MIN + align - 1) & ~(align - 1)) - p;
  lm_block *kept = block_split(h, b, pad);
  BLOCK_RELEASE(h, b);
  return kept;
}

// Regions.

// Moves the end mark of the last region to `end`, `span` bytes up.
static inline void region_set_end(BLOCK_HEAP *h, uintptr_t end, size_t span) {
  h->last->end = block_at(end);
#ifndef BLOCK_TOP
  h->last->end->head = h->cookie;
  if (end > h->high) h->high = end;
  h->spans += span;
#else
  (void)span;
#endif
}

// Makes [base, base + size) the last region: its header, then one free block. Returns false iff
// that is too little for a block.
static inline bool region_open(BLOCK_HEAP *h, uintptr_t base, size_t size) {
  lm_region *r    = (lm_region *)((base + LM_WORD - 1) & ~(LM_WORD - 1));
  uintptr_t first = (((uintptr_t)(r + 1) + BLOCK_OVERHEAD + FLAGS) & ~(uintptr_t)FLAGS) - LM_WORD;
  if (size < first - base + BLOCK_MIN + LM_WORD) return false;
  size_t span = (size - (first - base) - LM_WORD) & ~(size_t)FLAGS;
  if (span > REGION_MAX) span = REGION_MAX;
  r->next  = NULL;
  r->first = block_at(first);
  if (h->last) {
#ifdef BLOCK_TOP
    if (h->top != h->last->end) bin_insert(h, h->top, block_size(h, h->top));
#endif
    h->last->next = r;
  }
  h->last = r;
  h->stats.regions++;
  region_set_end(h, first + span, span);
#ifdef BLOCK_TOP
  top_set(h, r->first, span);
#else
  if (first < h->low) h->low = first;
  bin_insert(h, r->first, span);
#endif
  return true;
}

// Adds `span` bytes, which begin after its end mark, to the last region.
static inline void region_extend(BLOCK_HEAP *h, size_t span) {
  lm_block *b = h->last->end;
  region_set_end(h, (uintptr_t)b + span, span);
#ifdef BLOCK_TOP
  top_set(h, h->top, block_size(h, h->top) + span);
#else
  block_set(h, b, span);
  block_release(h, b);
#endif
}

#ifndef REGION_OPEN
#define REGION_OPEN region_open
#endif

// True when the last region may have `bytes` more. On 32-bit targets it may have all there are.
static inline bool region_may_extend(const BLOCK_HEAP *h, size_t bytes) {
  const lm_region *r = h->last;
  return LM_WORD == 4 || bytes <= REGION_MAX - ((uintptr_t)r->end - (uintptr_t)r->first);
}

// Asks the page source once. Returns false iff it gave nothing that can be used.
static inline bool region_ask(BLOCK_HEAP *h, size_t min) {
  uintptr_t base = (uintptr_t)h->pages.refill(&h->pages, min, &h->got);
  size_t got     = h->got;
  if (!base) return false;
  h->changes++;
  h->pages.taken += got;
  if (base == (uintptr_t)h->last->end + LM_WORD && region_may_extend(h, got)) {
    size_t span = got & ~(size_t)FLAGS;
    if (span < BLOCK_MIN) return false;
    region_extend(h, span);
    return true;
  }
  return REGION_OPEN(h, base, got);
}

// Returns the region that has a block whose payload could begin at `p`, NULL iff none. Ends also
// when the list of regions was overwritten and has a cycle.
static inline const lm_region *region_of(const BLOCK_HEAP *h, const void *p) {
  uintptr_t b  = (uintptr_t)p - LM_WORD;
  size_t count = h->stats.regions;
  for (const lm_region *r = &h->region; r && count; r = r->next, count--)
    if (b - (uintptr_t)r->first < (uintptr_t)r->end - (uintptr_t)r->first) return r;
  return NULL;
}

// Checks of headers that may have been overwritten.

// True when `b`, below or at `end`, may be a header. With `one_region` only `end` itself is an end
// mark; otherwise an end mark may lie anywhere.
static LM_HOT_INLINE bool header_sane(const BLOCK_HEAP *h, const lm_block *b, uintptr_t end,
                                      bool one_region) {
  size_t head = b->head ^ h->cookie;
  size_t size = head & ~(size_t)FLAGS;
  if (head & FLAGS & ~(size_t)(FREE | PREV_FREE)) return false;
  if (one_region ? (uintptr_t)b == end : size == 0) return size == 0 && !(head & FREE);
  return size >= BLOCK_MIN && size <= end - (uintptr_t)b;
}

// Returns whether `b`, a header that is sane and no end mark, is allocated, free, or damaged. Its
// neighbours tell; the lowest header they may lie at is `low`.
static LM_HOT_INLINE lm_status block_status(const BLOCK_HEAP *h, const lm_block *b, uintptr_t low,
                                            uintptr_t end, bool one_region) {
  if (b->head & FREE) return LM_ALREADY_FREE;
  const lm_block *next = block_next(h, b);
  if (!header_sane(h, next, end, one_region) || (next->head & PREV_FREE)) return LM_NOT_A_BLOCK;
  if (!(b->head & PREV_FREE)) return LM_OK;
  size_t below = block_size_below(b);
  if (below > (uintptr_t)b - low || (below & FLAGS)) return LM_NOT_A_BLOCK;
  bool agrees = block_at((uintptr_t)b - below)->head == ((below ^ h->cookie) | FREE);
  return agrees ? LM_OK : LM_NOT_A_BLOCK;
}
#endif
