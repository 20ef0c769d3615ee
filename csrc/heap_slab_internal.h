// SPDX-License-Identifier: MIT
// heap_slab_internal.h: the heap's size classes, superblocks, slabs and objects. Private.
#ifndef LM_HEAP_SLAB_INTERNAL_H
#define LM_HEAP_SLAB_INTERNAL_H
#include "heap_block_internal.h"

enum {
  WARMUP       = 16,                        // requests of a size class before it takes a slab
  WARMUP_RETRY = 256,                       // the same after no superblock could be allocated
  SLAB_FULL    = 4096,                      // S4: more than the number of objects of any slab
  SLAB_CURRENT = 8191,                      // `used` of a slab that becomes current
  ALL_SLABS    = (1 << LM_HEAP_SLABS) - 1,  // every bit of `vacant`
};
_Static_assert(sizeof(lm_superblock) < LM_HEAP_SLAB / 2, "the last slab has objects too");

#define SLAB_GRANULES (LM_HEAP_SLAB / LM_ALIGN)

static inline void list_init(lm_link *list) { list->next = list->prev = list; }

// Size classes.

// Returns the size class of a request of up to LM_HEAP_GRANULES granules; 0 is as 1.
static inline unsigned size_class_of(size_t granules) {
  if (granules <= 16) return (unsigned)granules - (granules != 0);
  if (granules <= 32) return (unsigned)(granules + 15) / 2;
  return (unsigned)(24 + LM_HEAP_COUNT_MAX - SLAB_GRANULES / granules);
}

// Returns the granules of an object of this size class.
static inline size_t size_class_granules(unsigned size_class) {
  if (size_class < 16) return size_class + 1;
  if (size_class < 24) return 2 * size_class - 14;
  return SLAB_GRANULES / (24 + LM_HEAP_COUNT_MAX - size_class);
}

// The map of superblocks.

static LM_ALWAYS_INLINE uintptr_t superblock_last(const void *p) {
  return (uintptr_t)p | (LM_HEAP_SUPERBLOCK - 1);
}

static inline uintptr_t *map_start(const lm_heap *h) {
  return (uintptr_t *)((uintptr_t)h->inline_map + h->map_offset);
}

// Returns the map's word for the superblock of `p`, if there is one.
static inline uintptr_t *map_at(const lm_heap *h, const void *p) {
  size_t index = (uintptr_t)p / (LM_HEAP_SUPERBLOCK / LM_WORD) & h->map_mask;
  return (uintptr_t *)((uintptr_t)h->inline_map + (h->map_offset + index));
}

static inline bool in_superblock(const lm_heap *h, const void *p) {
  return *map_at(h, p) == superblock_last(p);
}

// Makes the inline map, whose words are 0, the map.
static inline void map_use_inline(lm_heap *h) {
  h->map_offset = 0;
  h->map_mask   = sizeof h->inline_map - LM_WORD;
}

static inline size_t map_words(const lm_heap *h) { return h->map_mask / LM_WORD + 1; }

// Superblocks and slabs.

static LM_ALWAYS_INLINE uintptr_t superblock_base(const void *p) {
  return (uintptr_t)p & ~(LM_HEAP_SUPERBLOCK - 1);
}

// Returns the superblock of `p`. Computed from the address and not from the map's word, so that a
// processor need not wait for that word.
static inline lm_superblock *superblock_of(const void *p) {
  uint8_t *base = (uint8_t *)superblock_base(p);
  return (lm_superblock *)(void *)(base + (LM_HEAP_SUPERBLOCK - sizeof(lm_superblock)));
}

// Returns the slab of `p`, which lies in a superblock.
static inline lm_slab *slab_of(const void *p) {
  size_t offset = (uintptr_t)p & (LM_HEAP_SUPERBLOCK - 1);
  return &superblock_of(p)->slabs[offset / LM_HEAP_SLAB];
}

// Returns the index of slab `s` in its superblock.
static inline unsigned slab_index(const lm_slab *s) {
  return (unsigned)((uintptr_t)s - (uintptr_t)superblock_of(s)) / sizeof(lm_slab);
}

// Returns the address of the first object of slab `s`.
static inline uintptr_t slab_base(const lm_slab *s) {
  return superblock_base(s) + slab_index(s) * LM_HEAP_SLAB;
}

// Returns the bytes that the slab of this index has for objects.
static inline size_t slab_space(unsigned index) {
  return index + 1 < LM_HEAP_SLABS ? LM_HEAP_SLAB : LM_HEAP_SLAB - sizeof(lm_superblock);
}

// True when slab `s`, which is not vacant, is the current one of its size class.
static inline bool slab_is_current(const lm_heap *h, const lm_slab *s) {
  return h->current[s->size / LM_ALIGN] == s;
}

// Returns the inverse of a slab whose objects have `size` bytes; 0 when free does not use it.
static inline uint32_t slab_inverse(uint32_t size) {
  return LM_CHECKED ? 0xffffffffu / size + 1 : 0;
}

// Objects.

// The inversion makes a link unlike user data, which often holds addresses nearby.
#define LINK_BITS (LM_CHECKED ? ~(uintptr_t)0 : 0)

static LM_ALWAYS_INLINE lm_object *object_next(const lm_object *o) {
  return (lm_object *)(o->link ^ LINK_BITS);
}

static LM_ALWAYS_INLINE void object_link(lm_object *o, const lm_object *next) {
  o->link = (uintptr_t)next ^ LINK_BITS;
}

// The end of the free list of the slab at `base`. No object has an odd address.
static inline lm_object *list_end(uintptr_t base) { return (lm_object *)(base + 1); }
static LM_ALWAYS_INLINE bool is_end(const lm_object *o) { return (uintptr_t)o & 1; }

// True when `p`, which lies in a slab, may be a free object: its first word leads into its own
// page. `p` may be misaligned.
static inline bool object_looks_free(const void *p) {
  typedef uintptr_t __attribute__((aligned(1))) word;
  return (*(const word *)p ^ LINK_BITS ^ (uintptr_t)p) < LM_HEAP_SLAB;
}

// Returns 0 when an object of slab `s` can begin at `p`. Without branches, because every free calls it.
static inline unsigned object_misplaced(const lm_slab *s, const void *p) {
  uint32_t offset = (uint32_t)((uintptr_t)p & (LM_HEAP_SLAB - 1));
  if (!LM_CHECKED) return !s->size || offset % s->size || offset >= s->limit;
  return (unsigned)(offset * s->inverse >= s->inverse) | (unsigned)(offset >= s->limit);
}

// True when `p` is certainly an allocated object of slab `s`. False is no proof of the contrary: a
// caller may have written a word that looks like a link.
static inline bool object_is_plain(const lm_slab *s, const void *p) {
  return !(object_misplaced(s, p) | (unsigned)object_looks_free(p));
}

// Returns the number of free objects of slab `s` that come before `o` in its free list; of all of
// them when `o` is not in it. More than s->count when the list was overwritten and has a cycle.
__attribute__((unused)) LM_COLD static LM_NOINLINE size_t slab_free_before(const lm_slab *s,
                                                                           const lm_object *o) {
  size_t count = 0;
  for (const lm_object *f = s->free; !is_end(f) && f != o && count <= s->count; f = object_next(f))
    count++;
  return count;
}

static inline size_t slab_free_count(const lm_slab *s) { return slab_free_before(s, NULL); }

// heap_slab.c also defines lm_heap_trim.

// Replaces the current slab for requests of `granules`, which is full, by another, or by none when
// the request is to be served as a block. Returns the size class.
LM_PRIVATE lm_size_class *lm_slab_refill(lm_heap *h, size_t granules);
// Moves slab `s` to its next state (S4): its count has just become 0, or it was full. Returns
// LM_OK.
LM_PRIVATE lm_status lm_slab_transition(lm_heap *h, lm_slab *s);
#endif
