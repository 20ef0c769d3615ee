// SPDX-License-Identifier: MIT
// allocator_tags_inner.h: what tlsf and bestfit do with their blocks, lists and regions. Private:
// each includes it once, after it has said how many bytes lie from a block's start to its payload:
//
//   #define TAGS_HEADER LM_WORD
//
// A block `b` is the address of its header word.
#ifndef LM_ALLOCATOR_TAGS_INNER_H
#define LM_ALLOCATOR_TAGS_INNER_H
#include "allocator_inner.h"
#include "linmem/allocator_tags.h"

enum { FREE = 1, PREV_FREE = 2, FLAGS = LM_ALIGN - 1 };

#define TAG_MIN ((TAGS_HEADER + 3 * LM_WORD + FLAGS) & ~(size_t)FLAGS)
#define SMALL_SIZE (LM_TAGS_COLS * LM_ALIGN)  // below it a list holds one size
#if SIZE_MAX > 0xffffffffu
#define SPAN_MAX (((size_t)1 << 39) - LM_ALIGN)  // what the rows reach
#else
#define SPAN_MAX ((size_t)0 - LM_ALIGN)
#endif
#define REGION_EXTRA (8 * LM_ALIGN)  // at least a region's own words and paddings
_Static_assert(REGION_EXTRA >= sizeof(lm_tags_region) + 2 * LM_ALIGN + 2 * LM_WORD,
               "a region's own words");

// Blocks. Every size here is a whole block's, header included.

static inline lm_tag *tag_at(uintptr_t address) {
  LM_STEP();
  return (lm_tag *)address;
}

static inline void *tag_payload(const lm_tag *b) { return (void *)((uintptr_t)b + LM_WORD); }

static inline lm_tag *tag_of(const void *p) { return tag_at((uintptr_t)p - LM_WORD); }

static inline size_t tag_size(const lm_tags *t, const lm_tag *b) {
  return (b->head ^ t->key) & ~(size_t)FLAGS;
}

static inline lm_tag *tag_next(const lm_tags *t, const lm_tag *b) {
  return tag_at((uintptr_t)b + tag_size(t, b));
}

static inline size_t *tag_footer(const lm_tag *b, size_t size) {
  return (size_t *)((uintptr_t)b + size - TAGS_HEADER);
}

// Returns the size of the free block below `b`, from its footer.
static inline size_t tag_below(const lm_tag *b) { return *tag_footer(b, 0); }

// Sets the size of block `b`, which is lent from here on; the flag about the block below stays.
static inline void tag_set(const lm_tags *t, lm_tag *b, size_t size) {
  b->head = (size ^ t->key) | (b->head & PREV_FREE);
}

// Returns the block size for a request, 0 iff it can never be met.
static inline size_t tag_need(size_t request) {
  if (request > LM_REQUEST_MAX) return 0;
  size_t size = (request + TAGS_HEADER + FLAGS) & ~(size_t)FLAGS;
  if (size > SPAN_MAX) return 0;
  return size > TAG_MIN ? size : TAG_MIN;
}

// Lists.

// Returns the number of the list for blocks of this size.
static inline unsigned list_of(size_t size) {
  if (size < SMALL_SIZE) return (unsigned)(size / LM_ALIGN);
  unsigned log = lm_log2(size);
  unsigned row = log - lm_log2(SMALL_SIZE) + 1;
  return row * LM_TAGS_COLS + ((unsigned)(size >> (log - 4)) & 15);
}

// Makes [b, b + size) a free block in its list. Its neighbours are lent (T3).
static inline void list_insert(lm_tags *t, lm_tag *b, size_t size) {
  unsigned list        = list_of(size);
  lm_tag *first        = t->lists[list];
  b->head              = (size ^ t->key) | FREE;
  b->next              = first;
  b->prev              = NULL;
  *tag_footer(b, size) = size;
  tag_next(t, b)->head |= PREV_FREE;
  if (first) first->prev = b;
  t->lists[list] = b;
  t->rows |= 1u << (list / LM_TAGS_COLS);
  t->cols[list / LM_TAGS_COLS] |= (uint16_t)(1u << (list % LM_TAGS_COLS));
  t->listed++;
}

// Takes a free block out of its list; its header and the one above still say that it is free.
static inline void list_remove(lm_tags *t, lm_tag *b) {
  LM_STEP();
  t->listed--;
  if (b->next) b->next->prev = b->prev;
  if (b->prev) {
    b->prev->next = b->next;
    return;
  }
  unsigned list = list_of(tag_size(t, b)), row = list / LM_TAGS_COLS;
  t->lists[list] = b->next;
  if (b->next) return;
  t->cols[row] &= (uint16_t) ~(1u << (list % LM_TAGS_COLS));
  if (t->cols[row] == 0) t->rows &= ~(1u << row);
}

// Returns the first block of the lowest list above `list` that is not empty, NULL iff there is
// none.
static inline lm_tag *list_above(const lm_tags *t, unsigned list) {
  LM_STEP();
  unsigned row  = list / LM_TAGS_COLS;
  unsigned cols = t->cols[row] & (~0u << (list % LM_TAGS_COLS) << 1);
  if (!cols) {
    unsigned rows = t->rows & (~0u << row << 1);
    if (!rows) return NULL;
    row  = (unsigned)__builtin_ctz(rows);
    cols = t->cols[row];
  }
  return t->lists[row * LM_TAGS_COLS + (unsigned)__builtin_ctz(cols)];
}

// Giving back, cutting and joining.

// Makes lent block `b` free and joins it with its free neighbours. A header that is absorbed says
// FREE from then on, so that a second free of it is seen for what it is.
static inline void tag_release(lm_tags *t, lm_tag *b) {
  size_t size  = tag_size(t, b);
  lm_tag *next = tag_next(t, b);
  if (b->head & PREV_FREE) {
    size_t below = tag_below(b);
    b->head |= FREE;
    b = tag_at((uintptr_t)b - below);
    list_remove(t, b);
    size += below;
  }
  if (next->head & FREE) {
    list_remove(t, next);
    size += tag_size(t, next);
  }
  list_insert(t, b, size);
}

// Cuts lent block `b` down to `size` bytes and frees the rest, if it is enough for a block.
static inline void tag_shrink(lm_tags *t, lm_tag *b, size_t size) {
  size_t rest = tag_size(t, b) - size;
  if (rest < TAG_MIN) return;
  tag_set(t, b, size);
  lm_tag *tail = tag_next(t, b);
  tail->head   = rest ^ t->key;
  tag_release(t, tail);
}

// Takes free block `b` out of its list; it is lent from here on, whole.
static inline void tag_claim(lm_tags *t, lm_tag *b) {
  list_remove(t, b);
  b->head &= ~(size_t)FREE;
  tag_next(t, b)->head &= ~(size_t)PREV_FREE;
}

// Makes lent block `b` at least `size` bytes where it is, by all of the free block above it. That
// block's header goes on saying FREE. Returns false iff it cannot be.
static inline bool tag_extend(lm_tags *t, lm_tag *b, size_t size) {
  size_t whole = tag_size(t, b);
  lm_tag *next = tag_at((uintptr_t)b + whole);
  whole += tag_size(t, next);
  if (!(next->head & FREE) || whole < size) return false;
  list_remove(t, next);
  tag_set(t, b, whole);
  tag_at((uintptr_t)b + whole)->head &= ~(size_t)PREV_FREE;
  return true;
}

// Gives back the bytes of lent block `b` below the first payload aligned to `align`. Returns the
// block that is left.
static inline lm_tag *tag_align(lm_tags *t, lm_tag *b, size_t align) {
  uintptr_t p = (uintptr_t)tag_payload(b);
  if ((p & (align - 1)) == 0) return b;
  size_t pad   = ((p + TAG_MIN + align - 1) & ~(align - 1)) - p;
  lm_tag *kept = tag_at((uintptr_t)b + pad);
  kept->head   = (tag_size(t, b) - pad) ^ t->key;
  tag_set(t, b, pad);
  tag_release(t, b);
  return kept;
}

// Regions.

// Makes the last region end `span` bytes after header `b`.
static inline void region_close(lm_tags *t, const lm_tag *b, size_t span) {
  lm_tag *end  = tag_at((uintptr_t)b + span);
  t->last->end = end;
  end->head    = t->key;
  if ((uintptr_t)end > t->high) t->high = (uintptr_t)end;
  t->spans += span;
}

// Makes `r` the last region, its bytes in [start, start + size) and all of them one free block.
// Returns false iff one block does not fit.
static inline bool region_open(lm_tags *t, lm_tags_region *r, uintptr_t start, size_t size) {
  size_t own = (-(start + TAGS_HEADER) & FLAGS) + TAGS_HEADER - LM_WORD;  // below a header
  if (size < own + TAG_MIN + LM_WORD) return false;
  size_t span = (size - own - LM_WORD) & ~(size_t)FLAGS;
  if (span > SPAN_MAX) span = SPAN_MAX;
  r->next  = NULL;
  r->first = tag_at(start + own);
  if (t->last) t->last->next = r;
  t->last = r;
  if ((uintptr_t)r->first < t->low) t->low = (uintptr_t)r->first;
  t->stats.regions++;
  region_close(t, r->first, span);
  list_insert(t, r->first, span);
  return true;
}

// Adds `size` bytes that begin where the last region's end mark ends to that region. Returns false
// iff they are too few for a block.
static inline bool region_extend(lm_tags *t, size_t size) {
  size_t span = size & ~(size_t)FLAGS;
  if (span < TAG_MIN) return false;
  lm_tag *b = t->last->end;
  region_close(t, b, span);
  tag_set(t, b, span);
  tag_release(t, b);
  return true;
}

// True when the last region may have `more` bytes. On 32-bit targets it may have all there are.
static inline bool region_spans(const lm_tags *t, size_t more) {
  const lm_tags_region *r = t->last;
  return LM_WORD == 4 || more <= SPAN_MAX - ((uintptr_t)r->end - (uintptr_t)r->first);
}

// Asks the page source once. Returns false iff it gave nothing that can be used.
static inline bool region_ask(lm_tags *t, size_t min) {
  uintptr_t base = (uintptr_t)t->pages.more(&t->pages, min, &t->got);
  size_t got     = t->got;
  if (!base) return false;
  t->changes++;
  t->pages.taken += got;
  if (base == (uintptr_t)t->last->end + LM_WORD && region_spans(t, got))
    return region_extend(t, got);
  size_t own = (-base & (LM_WORD - 1)) + sizeof(lm_tags_region);
  if (got < own) return false;
  lm_tags_region *r = (lm_tags_region *)(base + own) - 1;
  return region_open(t, r, base + own, got - own);
}

// Returns the size of the free block that ends the last region, 0 iff its last block is lent.
static inline size_t region_spare(const lm_tags *t) {
  const lm_tag *end = t->last->end;
  return end->head & PREV_FREE ? tag_below(end) : 0;
}

// Returns a free block of at least `size` bytes at the end of the last region, NULL iff the page
// source gave too little. First asks for what the region lacks, which is enough when it is given
// where the region ends; if it was not, the second ask is for all.
static inline lm_tag *region_grow(lm_tags *t, size_t size) {
  size_t ask = size + REGION_EXTRA - region_spare(t);
  for (unsigned asks = 0; region_spare(t) < size; ask = size + REGION_EXTRA)
    if (asks++ == 2 || !region_ask(t, ask)) return NULL;
  return tag_at((uintptr_t)t->last->end - region_spare(t));
}

// The one check of addresses that come from outside.

// True when `b` may be a header: a size that a block can have there, and no odd flags.
static inline bool tag_sane(const lm_tags *t, const lm_tag *b) {
  size_t head = b->head ^ t->key;
  size_t size = head & ~(size_t)(FREE | PREV_FREE);
  if (size == 0) return !(head & FREE);
  return !(size & FLAGS) && size >= TAG_MIN && size <= t->high - (uintptr_t)b;
}

static inline lm_status tag_check(const lm_tags *t, const void *p) {
  uintptr_t at = (uintptr_t)p - LM_WORD;
  if (at - t->low >= t->high - t->low || ((uintptr_t)p & FLAGS)) return LM_NOT_A_BLOCK;
  lm_tag *b = tag_at(at);
  if (!tag_sane(t, b) || tag_size(t, b) == 0) return LM_NOT_A_BLOCK;
  if (b->head & FREE) return LM_ALREADY_FREE;
  lm_tag *next = tag_next(t, b);
  if (!tag_sane(t, next) || (next->head & PREV_FREE)) return LM_NOT_A_BLOCK;
  if (!(b->head & PREV_FREE)) return LM_OK;
  size_t below = tag_below(b);
  if (below > at - t->low || (below & FLAGS)) return LM_NOT_A_BLOCK;
  bool agrees = tag_at(at - below)->head == ((below ^ t->key) | FREE);
  return agrees ? LM_OK : LM_NOT_A_BLOCK;
}

// The parts of verbs that do not depend on the strategy.

static inline size_t tags_key(const lm_tags *t) {
  return key_of((uintptr_t)t + t->resets * LM_ALIGN);
}

// Makes the state at `base`, rounded up to 16, and the first region of what is left. Returns NULL
// iff the range is not allowed or too small.
static inline lm_tags *tags_init(void *base, size_t size, lm_more *more, void *state,
                                 size_t magic) {
  uintptr_t start = (uintptr_t)base;
  size_t pad      = -start & 15;
  size_t most     = FLAGS + TAGS_HEADER - LM_WORD + TAG_MIN + LM_WORD;  // of the smallest region
  if (!range_allowed(base, size) || size < pad + sizeof(lm_tags) + most) return NULL;
  lm_tags *t = (lm_tags *)(start + pad);
  __builtin_memset(t, 0, sizeof *t);
  t->magic = magic ^ (size_t)t;
  t->key   = key_of((uintptr_t)t);
  t->low   = UINTPTR_MAX;
  t->pages = (lm_pages){more, state, size};
  region_open(t, &t->region, (uintptr_t)(t + 1), size - pad - sizeof(lm_tags));
  return t;
}

// Notes a change of the accounts.
static inline void tags_account(lm_tags *t, size_t blocks, size_t bytes) {
  t->changes++;
  account_add(&t->stats, blocks, bytes);
}

// Lends block `b` and returns its payload.
static inline void *tags_lend(lm_tags *t, lm_tag *b) {
  tags_account(t, 1, tag_size(t, b) - TAGS_HEADER);
  return tag_payload(b);
}

// Frees live block `p`.
static inline void tags_free(lm_tags *t, void *p) {
  tags_account(t, (size_t)-1, TAGS_HEADER - tag_size(t, tag_of(p)));
  tag_release(t, tag_of(p));
}

static inline const lm_stats *tags_stats(lm_tags *t) {
  lm_stats *s    = &t->stats;
  s->free_blocks = t->listed;
  s->free_bytes  = t->spans - s->live_bytes - (s->live_blocks + s->free_blocks) * TAGS_HEADER;
  s->taken_bytes = t->pages.taken;
  return s;
}

// Frees every block at once.
static inline void tags_reset(lm_tags *t) {
  __builtin_memset(t->lists, 0, sizeof t->lists);
  __builtin_memset(t->cols, 0, sizeof t->cols);
  t->rows   = 0;
  t->listed = t->stats.live_blocks = t->stats.live_bytes = 0;
  t->changes++;
  t->resets++;
  t->key = tags_key(t);
  for (lm_tags_region *r = &t->region; r; r = r->next) {
    r->end->head = t->key;
    list_insert(t, r->first, (uintptr_t)r->end - (uintptr_t)r->first);
  }
}
#endif
