// SPDX-License-Identifier: MIT
// heap_inner.h: how a heap reads its own blocks, bins, regions and slabs, and what its files offer
// each other. Private to heap*.c.
#ifndef LM_HEAP_INNER_H
#define LM_HEAP_INNER_H
#include "linmem/heap.h"

enum { FREE = 1, PREV_FREE = 2, FLAGS = LM_ALIGN - 1 };

#define BLOCK_MIN (4 * LM_WORD > LM_ALIGN ? 4 * LM_WORD : LM_ALIGN)
#define SMALL_SIZE (LM_HEAP_COLS * LM_ALIGN)  // below it a list holds one size
#if SIZE_MAX > 0xffffffffu
#define SPAN_MAX (((size_t)1 << 39) - LM_ALIGN)  // what the rows reach
#else
#define SPAN_MAX ((size_t)0 - LM_ALIGN)
#endif
_Static_assert(LM_HEAP_COLS == 16, "cols is 16 bits wide and bin_of takes 4 bits of the size");

// Blocks. Every size here is a whole block's, header included.

static inline lm_block *block_at(uintptr_t address) { return (lm_block *)address; }

static inline lm_block *block_of(const void *p) { return block_at((uintptr_t)p - LM_WORD); }

static inline void *block_payload(lm_block *b) { return (void *)((uintptr_t)b + LM_WORD); }

static inline size_t block_size(const lm_heap *h, const lm_block *b) {
  return (b->head ^ h->key) & ~(size_t)FLAGS;
}

static inline lm_block *block_next(const lm_heap *h, const lm_block *b) {
  return block_at((uintptr_t)b + block_size(h, b));
}

static inline size_t *block_footer(const lm_block *b, size_t size) {
  return (size_t *)((uintptr_t)b + size - LM_WORD);
}

// Returns the block size for a request, 0 iff it can never be met.
static inline size_t block_need(size_t request) {
  if (request > LM_REQUEST_MAX) return 0;
  size_t size = (request + LM_WORD + FLAGS) & ~(size_t)FLAGS;
  if (size > SPAN_MAX) return 0;
  return size > BLOCK_MIN ? size : BLOCK_MIN;
}

// Returns the number of the list for blocks of this size.
static inline unsigned bin_of(size_t size) {
  if (size < SMALL_SIZE) return (unsigned)(size / LM_ALIGN);
  unsigned log = lm_log2(size);
  unsigned row = log - lm_log2(SMALL_SIZE) + 1;
  return row * LM_HEAP_COLS + ((unsigned)(size >> (log - 4)) & 15);
}

// Returns the region that has a block whose payload could begin at `p`, NULL iff none.
static inline const lm_region *region_of(const lm_heap *h, const void *p) {
  uintptr_t b = (uintptr_t)p - LM_WORD;
  for (const lm_region *r = &h->region; r; r = r->next)
    if (b - (uintptr_t)r->first < (uintptr_t)r->end - (uintptr_t)r->first) return r;
  return NULL;
}

// True when `b` may be a header in region `r`: a size that a block can have there, and no odd
// flags.
static inline bool block_sane(const lm_heap *h, const lm_region *r, const lm_block *b) {
  size_t head = b->head ^ h->key;
  size_t size = head & ~(size_t)FLAGS;
  if (head & FLAGS & ~(size_t)(FREE | PREV_FREE)) return false;
  if (b == r->end) return size == 0;
  return size >= BLOCK_MIN && size <= (uintptr_t)r->end - (uintptr_t)b;
}

static inline size_t heap_key(const lm_heap *h) {
  size_t mixed = (size_t)h * 0x9e3779b1u;  // 2^32 / golden ratio: near addresses get far keys
  return (mixed | (size_t)1 << 30) & ~(size_t)FLAGS;  // bit 30: a word of 0 reads as a huge size
}

// Slabs.

enum {
  WAIT       = 16,                        // requests of a class before it takes a slab
  WAIT_AGAIN = 256,                       // and after there was no bank to be had
  SLAB_FULL  = 65536,                     // S4
  SLABS_ALL  = (1 << LM_HEAP_SLABS) - 1,  // every bit of a bank's mask
};
_Static_assert(sizeof(lm_bank) < LM_HEAP_SLAB / 2, "the last slab is still one");

// Returns the class of a request of `units`, which is in [1, LM_HEAP_UNITS].
static inline unsigned class_of(size_t units) {
  if (units <= 16) return (unsigned)units - 1;
  unsigned log = lm_log2(units - 1);
  return (log - 4) * 8 + 8 + (unsigned)((units - 1) >> (log - 3));
}

// Returns the units of the objects of class `kind`.
static inline size_t class_units(unsigned kind) {
  if (kind < 16) return kind + 1;
  return (size_t)(9 + kind % 8) << (kind / 8 - 1);
}

// True when page `page`, counted from the map's first, is a bank.
static inline bool page_is_bank(const lm_heap *h, size_t page) {
  return page < h->map_count && h->map[page];
}

static inline size_t page_of(const lm_heap *h, const void *p) {
  return ((uintptr_t)p >> LM_HEAP_BANK_LOG) - h->map_base;
}

static inline uintptr_t bank_base(const void *p) { return (uintptr_t)p & ~(LM_HEAP_BANK - 1); }

static inline lm_bank *bank_at(uintptr_t base) {
  return (lm_bank *)(base + LM_HEAP_BANK - sizeof(lm_bank));
}

static inline lm_slab *slab_of(const void *p) {
  return &bank_at(bank_base(p))->slabs[((uintptr_t)p & (LM_HEAP_BANK - 1)) / LM_HEAP_SLAB];
}

// Returns the bytes of slab `number`, objects or not.
static inline size_t slab_room(unsigned number) {
  return number + 1 < LM_HEAP_SLABS ? LM_HEAP_SLAB : LM_HEAP_SLAB - sizeof(lm_bank);
}

static inline size_t object_mark(const lm_heap *h, const lm_object *o) {
  return (size_t)o ^ ~h->key;
}

// True when an object of slab `s` could begin at `p`, by where it lies.
static inline bool object_fits(const lm_slab *s, const void *p) {
  size_t at = (uintptr_t)p & (LM_HEAP_SLAB - 1);
  return at < s->carved && (uint32_t)at * s->inverse < s->inverse;
}

static inline lm_slab *slab_current(const lm_heap *h, size_t units) {
  return (lm_slab *)((uintptr_t)&h->none + h->current[units]);
}

// Returns the number of objects lent of slab `s`, whatever its state (S4).
static inline size_t slab_used(const lm_heap *h, const lm_slab *s) {
  if (s->used < 0) return (size_t)(s->used + SLAB_FULL);
  bool current = s->size && slab_current(h, s->size / LM_ALIGN) == s;
  return (size_t)s->used - current;
}

// heap_large.c: blocks.

lm_block *lm_block_take(lm_heap *h, size_t size);
lm_block *lm_block_take_bank(lm_heap *h);
void lm_block_release(lm_heap *h, lm_block *b);
void lm_block_shrink(lm_heap *h, lm_block *b, size_t size);
lm_block *lm_block_align(lm_heap *h, lm_block *b, size_t align);
bool lm_block_extend(lm_heap *h, lm_block *b, size_t size);
bool lm_region_open(lm_heap *h, lm_region *r, uintptr_t start, size_t size);

// heap_small.c: slabs. All but object_take are for what is rare.

// Returns an object from a slab that is not the current one of `units`, or from the part of it not
// carved; NULL iff the request is to be a block of its own.
void *lm_slab_refill(lm_heap *h, size_t units);
// Counts a request of `units` that was served as a block of its own.
void lm_slab_wait(lm_heap *h, size_t units);
// Slab `s` has just become free of objects, or was full until now. Returns LM_OK.
lm_status lm_slab_turn(lm_heap *h, lm_slab *s);
#endif
