// SPDX-License-Identifier: MIT
// heap_inner.h: how a heap reads its own blocks, bins, regions and slabs, and what its files offer
// each other. Private to heap*.c.
#ifndef LM_HEAP_INNER_H
#define LM_HEAP_INNER_H
#include "linmem/heap.h"

#define LIKELY(x) __builtin_expect(!!(x), 1)
#define NOINLINE __attribute__((noinline))
#ifndef TINY  // the build that counts branches wants one copy of each
#define TINY inline __attribute__((always_inline))  // no longer than a call, in any build
#endif
// In code that is compiled for size a short way is no copy of what the long way does as well.
#ifdef __OPTIMIZE_SIZE__
#define SMALL_CODE true
#define INLINE inline
#else
#define SMALL_CODE false
#define INLINE TINY
#endif

#ifdef LM_LEAN
#define CHECKS false
#else
#define CHECKS true
#endif

enum { FREE = 1, PREV_FREE = 2, FLAGS = LM_ALIGN - 1 };

#define BLOCK_MIN (4 * LM_WORD > LM_ALIGN ? 4 * LM_WORD : LM_ALIGN)
#if SIZE_MAX > 0xffffffffu
#define SPAN_MAX (((size_t)1 << 39) - LM_ALIGN)  // what the lists reach
#else
#define SPAN_MAX ((size_t)0 - LM_ALIGN)
#endif
#define SMALL_SIZE (LM_HEAP_COLS * LM_ALIGN)  // below it a list holds one size
_Static_assert(LM_HEAP_COLS == 16, "bin_of takes 4 bits of the size");

// Blocks. Every size here is a whole block's, header included.

static inline lm_block *block_at(uintptr_t address) { return (lm_block *)address; }

static TINY lm_block *block_of(const void *p) { return block_at((uintptr_t)p - LM_WORD); }

static TINY void *block_payload(lm_block *b) { return (void *)((uintptr_t)b + LM_WORD); }

static inline size_t block_size(const lm_heap *h, const lm_block *b) {
  return (b->head ^ h->key) & ~(size_t)FLAGS;
}

static TINY lm_block *block_next(const lm_heap *h, const lm_block *b) {
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

// Returns the number of the list for blocks of this size: in units below 16, one for each; from
// there on the first bit and the next four say.
static inline unsigned bin_of(size_t size) {
  size_t units   = size / LM_ALIGN;
  unsigned above = lm_log2(units | LM_HEAP_COLS) - 4;  // powers of two above those
  return above * LM_HEAP_COLS + (unsigned)(units >> above);
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

static inline void ring_start(lm_link *ring) { ring->next = ring->prev = ring; }

enum {
  WAIT       = 16,    // requests of a class before it takes a slab
  WAIT_AGAIN = 256,   // and after there was no bank to be had
  SLAB_FULL  = 4096,  // S4: more than a slab has objects
  SLAB_TAKEN = 8191,  // used of a slab that becomes current: frees until it is asked
  SLABS_ALL  = (1 << LM_HEAP_SLABS) - 1,  // every bit of a bank's mask
};
_Static_assert(sizeof(lm_bank) < LM_HEAP_SLAB / 2, "the last slab is still one");

#define SLAB_UNITS (LM_HEAP_SLAB / LM_ALIGN)

// Returns the class of a request of `units`, at most LM_HEAP_UNITS; 0 is as 1.
static inline unsigned class_of(size_t units) {
  if (units <= 16) return (unsigned)units - (units != 0);
  if (units <= 32) return (unsigned)(units + 15) / 2;
  return (unsigned)(24 + LM_HEAP_MANY - SLAB_UNITS / units);
}

// Returns the units of the objects of class `kind`.
static inline size_t class_units(unsigned kind) {
  if (kind < 16) return kind + 1;
  if (kind < 24) return 2 * kind - 14;
  return SLAB_UNITS / (24 + LM_HEAP_MANY - kind);
}

// The map.

static TINY uintptr_t bank_last(const void *p) { return (uintptr_t)p | (LM_HEAP_BANK - 1); }

static inline uintptr_t *map_start(const lm_heap *h) {
  return (uintptr_t *)((uintptr_t)h->near + h->map_from);
}

// Returns the word of the map that has the bank of `p`, if there is one.
static inline uintptr_t *map_at(const lm_heap *h, const void *p) {
  size_t place = (uintptr_t)p / (LM_HEAP_BANK / LM_WORD) & h->map_mask;
  return (uintptr_t *)((uintptr_t)h->near + (h->map_from + place));
}

// True when `p` lies in a bank.
static inline bool in_bank(const lm_heap *h, const void *p) {
  return *map_at(h, p) == bank_last(p);
}

// Makes the map the one of the heap's own words, which are 0.
static inline void map_first(lm_heap *h) {
  h->map_from = 0;
  h->map_mask = sizeof h->near - LM_WORD;
}

static inline size_t map_words(const lm_heap *h) { return h->map_mask / LM_WORD + 1; }

static TINY uintptr_t bank_base(const void *p) { return (uintptr_t)p & ~(LM_HEAP_BANK - 1); }

// Returns the bank that `p` lies in. By the base: an engine should not wait for the map's word.
static inline lm_bank *bank_of(const void *p) {
  uint8_t *base = (uint8_t *)bank_base(p);
  return (lm_bank *)(void *)(base + (LM_HEAP_BANK - sizeof(lm_bank)));
}

// Returns the slab of `p`, which lies in a bank.
static inline lm_slab *slab_of(const void *p) {
  return &bank_of(p)->slabs[((uintptr_t)p & (LM_HEAP_BANK - 1)) / LM_HEAP_SLAB];
}

// Returns the place of slab `s` in its bank.
static inline unsigned slab_number(const lm_slab *s) {
  return (unsigned)((uintptr_t)s - (uintptr_t)bank_of(s)) / sizeof(lm_slab);
}

// Returns the address of its first object.
static inline uintptr_t slab_base(const lm_slab *s) {
  return bank_base(s) + slab_number(s) * LM_HEAP_SLAB;
}

// Returns the bytes of slab `number`, objects or not.
static inline size_t slab_room(unsigned number) {
  return number + 1 < LM_HEAP_SLABS ? LM_HEAP_SLAB : LM_HEAP_SLAB - sizeof(lm_bank);
}

// The objects of a slab.

#ifdef LM_LEAN
#define LINK_BITS ((uintptr_t)0)
#else
#define LINK_BITS (~(uintptr_t)0)  // plain data rarely looks like a near address with these turned
#endif

static TINY lm_object *object_next(const lm_object *o) {
  return (lm_object *)(o->link ^ LINK_BITS);
}

static TINY void object_link(lm_object *o, const lm_object *next) {
  o->link = (uintptr_t)next ^ LINK_BITS;
}

// The end of the list of the slab at `base`. No object has an odd address.
static inline lm_object *list_end(uintptr_t base) { return (lm_object *)(base + 1); }
static TINY bool is_end(const lm_object *o) { return (uintptr_t)o & 1; }

// True when `p`, which lies in a slab, may be free: its first word leads into its own page. It may
// be misaligned.
static inline bool object_looks_free(const void *p) {
  typedef uintptr_t __attribute__((aligned(1))) word;
  return (*(const word *)p ^ LINK_BITS ^ (uintptr_t)p) < LM_HEAP_SLAB;
}

// Returns the inverse of a slab whose objects have `size` bytes; none where no free asks for it.
static inline uint32_t slab_inverse(uint32_t size) { return CHECKS ? 0xffffffffu / size + 1 : 0; }

// Returns 0 when an object of slab `s` could begin at `p`, by where it lies. Numbers and no
// branches: this is asked at every free.
static inline unsigned object_misfits(const lm_slab *s, const void *p) {
  uint32_t at = (uint32_t)((uintptr_t)p & (LM_HEAP_SLAB - 1));
  if (!CHECKS) return !s->size || at % s->size || at >= s->limit;
  return (unsigned)(at * s->inverse >= s->inverse) | (unsigned)(at >= s->limit);
}

// True when `p` is surely an object of slab `s` that is lent; another may be one too, if its owner
// wrote what looks free.
static inline bool object_is_plain(const lm_slab *s, const void *p) {
  return !(object_misfits(s, p) | (unsigned)object_looks_free(p));
}

// Returns the number of objects in the list of slab `s`.
static inline size_t slab_free(const lm_slab *s) {
  size_t count = 0;
  for (const lm_object *o = s->free; !is_end(o); o = object_next(o)) count++;
  return count;
}

// True when slab `s`, which is not vacant, is the current one of its class.
static inline bool slab_is_current(const lm_heap *h, const lm_slab *s) {
  return h->current[s->size / LM_ALIGN] == s;
}

// Adds to what is lent for one purpose; a negative number takes from it.
static inline void account(lm_heap *h, lm_count *of, size_t blocks, size_t bytes) {
  h->changes++;
  of->blocks += blocks;
  of->bytes += bytes;
  if (!SMALL_CODE && (ptrdiff_t)blocks < 0) return;  // the peak is as it was
  size_t live = h->large.bytes + h->banks.bytes;
  if (live > h->stats.peak_live_bytes) h->stats.peak_live_bytes = live;
}

// What the files offer each other. A build that has them all in one file makes these private to it,
// so that the compiler may put them where they are called.
#ifndef LM_INNER
#define LM_INNER
#endif

// heap_large.c: blocks.

LM_INNER lm_block *lm_block_take(lm_heap *h, size_t size);
LM_INNER lm_block *lm_block_take_bank(lm_heap *h);
LM_INNER void lm_block_release(lm_heap *h, lm_block *b);
LM_INNER void lm_block_shrink(lm_heap *h, lm_block *b, size_t size);
LM_INNER lm_block *lm_block_align(lm_heap *h, lm_block *b, size_t align);
LM_INNER bool lm_block_extend(lm_heap *h, lm_block *b, size_t size);
LM_INNER bool lm_region_open(lm_heap *h, uintptr_t base, size_t size);

// heap_small.c: slabs. What is rare.

// Makes another slab than the current one of `units`, which has no object, the current one; none
// iff the request is to be a block of its own. Returns its class.
LM_INNER lm_class *lm_slab_refill(lm_heap *h, size_t units);
// Slab `s` has just become free of objects, or was full until now. Returns LM_OK.
LM_INNER lm_status lm_slab_turn(lm_heap *h, lm_slab *s);

// heap.c: the long ways of alloc and free.

LM_INNER void *lm_alloc_slow(lm_heap *h, size_t size);
LM_INNER lm_status lm_free_slow(lm_heap *h, void *p);

// The short ways. Every other way ends in a call, and nothing happens after it: then an engine
// keeps nothing across it, and the short way is short.

static inline bool heap_is(const lm_heap *h) { return h->magic == (LM_HEAP_MAGIC ^ (size_t)h); }

// Returns a free object of the current slab for `units`, NULL iff it has none.
static INLINE void *object_take(lm_heap *h, size_t units) {
  lm_slab *s = h->current[units];
  if (!LIKELY(s != NULL)) return NULL;  // a heap of zeros has none
  lm_object *o = s->free;
  if (!LIKELY(!is_end(o))) return NULL;
  s->free = object_next(o);
#ifndef LM_LEAN
  o->link = 0;
#endif
  return o;
}

static INLINE void *alloc_fast(lm_heap *h, size_t size) {
  return LIKELY(size <= LM_HEAP_SMALL) ? object_take(h, (size + LM_ALIGN - 1) / LM_ALIGN) : NULL;
}

static TINY void *heap_alloc(lm_heap *h, size_t size) {
  void *p = SMALL_CODE ? NULL : alloc_fast(h, size);
  return LIKELY(p != NULL) ? p : lm_alloc_slow(h, size);
}

// Puts `o` into the list of slab `s`. Returns true when that is all there is to do.
static TINY bool object_give(lm_slab *s, lm_object *o) {
  object_link(o, s->free);
  s->free = o;
  return --s->used > 0;
}

static TINY lm_status heap_free(lm_heap *h, void *p) {
  if (!SMALL_CODE && LIKELY(in_bank(h, p))) {
    lm_slab *s = slab_of(p);
#ifdef LM_LEAN
    bool plain = true;
#else
    bool plain = object_is_plain(s, p);
#endif
    if (LIKELY(plain)) {
      return LIKELY(object_give(s, p)) ? LM_OK : lm_slab_turn(h, s);
    }
  }
  return lm_free_slow(h, p);
}
#endif
