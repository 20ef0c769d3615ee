// SPDX-License-Identifier: MIT
// heap.h: the general-purpose allocator. Small requests are objects of slabs; larger ones are
// blocks in two-level segregated bins with boundary tags (boundary_tag.h), and a top block.
//
//   region:  | header | block | block | ... | block | top | end mark |
//
//   Block headers are xored with the heap's cookie, so that neither user data nor the blocks of a
//   heap that lives inside a block of this heap look like headers of this heap.
//
//   H1  `magic` and `cookie` are derived from the heap's address.
//   H2  The blocks of a region tile it from `first` to `end`. `end` is a header of size 0 that is
//       not FREE.
//   H3  PREV_FREE is set iff the block below is free. No two free blocks are adjacent.
//   H4  A free block other than top has its size in its footer, and is in the bin of its size
//       exactly once.
//   H5  A bit of `filled` is set iff its bin is not empty.
//   H6  top is the last block of the last region and in no bin. When no byte is left there, it is
//       the end mark.
//   H7  The statistics (live, free, taken, regions) equal what a walk counts.
//
//   A request of up to LM_HEAP_SMALL bytes is an object of its size class, without a header:
//
//     superblock:  | slab | slab | slab | slab ... lm_superblock |
//     slab:        | object | object | ... all of one size ... | less than an object |
//
//   A superblock is an allocated block, aligned to its size. The first requests of a size class
//   are served as blocks (warm-up), so that a small program needs no superblock. The map tells
//   whether an address lies in a superblock.
//
//   S1  A word of the map is 0, or the last address of a superblock, at the index that is the
//       superblock's number modulo the map's size. Each superblock is in the map. The map and the
//       superblocks are allocated blocks that no caller owns.
//   S2  A slab is vacant, or its numbers follow from its size class and its place.
//   S3  An object is allocated, or in its slab's free list exactly once. The link of a free object
//       leads into its own page.
//   S4  A slab that is not vacant is in one of three states. Current: objects are taken from it;
//       `used` only counts frees down and is above 0. Queued in its size class: `used` is the
//       number of allocated objects, which is not 0. Full: `used` is that number less SLAB_FULL.
//       Objects are taken from the current slab until it is full, so only free has to count.
//   S5  The partial list has exactly the superblocks with a vacant slab. At most one superblock is
//       vacant as a whole: `cached`.
//
// The state lies at the start of the first region. Not thread-safe: one thread uses a heap.
// Sources: two-level segregated fit from Masmano et al., "TLSF: a new dynamic memory allocator for
// real-time systems" (ECRTS 2004); slabs from Bonwick, "The slab allocator" (USENIX 1994).
#ifndef LM_HEAP_H
#define LM_HEAP_H
#include "linmem/boundary_tag.h"

#define LM_HEAP_MAGIC ((size_t)0x484d4c31)

// Slabs. A granule is LM_ALIGN bytes.

#define LM_HEAP_SMALL 1024           // bytes; larger requests are blocks
#define LM_HEAP_SLAB ((size_t)4096)  // bytes of a slab
#define LM_HEAP_SUPERBLOCK_LOG 14
#define LM_HEAP_SUPERBLOCK ((size_t)1 << LM_HEAP_SUPERBLOCK_LOG)  // its bytes and its alignment
#define LM_HEAP_SLABS ((unsigned)(LM_HEAP_SUPERBLOCK / LM_HEAP_SLAB))
#define LM_HEAP_GRANULES (LM_HEAP_SMALL / LM_ALIGN)  // of the largest object

// One size class per granule up to 16 granules and per two granules up to 32, then one per number
// of objects in a slab: from LM_HEAP_COUNT_MAX down to LM_HEAP_COUNT_MIN.
#define LM_HEAP_COUNT_MAX (LM_HEAP_SLAB / LM_ALIGN / 33)
#define LM_HEAP_COUNT_MIN (LM_HEAP_SLAB / LM_HEAP_SMALL)
#define LM_HEAP_SIZE_CLASSES                                                                       \
  (LM_HEAP_GRANULES <= 16   ? LM_HEAP_GRANULES                                                     \
   : LM_HEAP_GRANULES <= 32 ? LM_HEAP_GRANULES / 2 + 8                                             \
                            : 24 + LM_HEAP_COUNT_MAX - LM_HEAP_COUNT_MIN + 1)
#define LM_HEAP_INLINE_MAP 8  // words of the first map

typedef struct lm_object {
  uintptr_t link;  // the next one in its slab's free list, with all bits inverted; only while free
} lm_object;

// A member of a circular list, or the list's head, which is alone when the list is empty.
typedef struct lm_link {
  struct lm_link *next, *prev;
} lm_link;

typedef struct lm_slab {
  lm_link link;      // in the queue of its size class (S4)
  lm_object *free;   // first free object (S3); base + 1 ends the list
  int32_t used;      // S4
  uint32_t inverse;  // 2^32 / size, rounded up: offset * inverse is below it iff size divides the
                     // offset; 0 in a vacant slab, and in the lean build
  uint32_t size;     // bytes of an object; 0 in a vacant slab
  uint32_t limit;    // bytes of all objects
  uint16_t count;    // number of objects
  uint16_t size_class;
} lm_slab;

// Lies at the end of a superblock. The last slab is shorter by it.
typedef struct lm_superblock {
  lm_slab slabs[LM_HEAP_SLABS];
  lm_link link;     // in the partial list (S5)
  uint32_t vacant;  // bit i: slabs[i] is vacant
  size_t header;    // of the block above
} lm_superblock;

typedef struct lm_size_class {
  lm_link queue;  // S4
  size_t warmup;  // requests to serve as blocks before the class takes a slab
} lm_size_class;

// Allocated blocks of one purpose, and their usable bytes.
typedef struct lm_usage {
  size_t blocks;
  size_t bytes;
} lm_usage;

// The hook is told each time a free or realloc is refused, before that function returns. It must
// not call into the heap. LM_IN_USABLE_SIZE is of malloc.h.
typedef enum lm_operation {
  LM_IN_FREE        = 0,
  LM_IN_REALLOC     = 1,
  LM_IN_USABLE_SIZE = 2,
} lm_operation;
typedef struct lm_heap lm_heap;
typedef void lm_hook(lm_heap *heap, lm_operation where, lm_status what, const void *block);

struct lm_heap {
  size_t magic;          // LM_HEAP_MAGIC xor the heap's address
  size_t cookie;         // xor of every header; the low bits are 0
  size_t changes;        // counts changes of blocks, so that a walk can tell
  lm_block *top;         // H6
  lm_region *last;       // the newest region
  lm_pages pages;        // the page source
  size_t got;            // result of the page source: a local would need a shadow stack
  size_t free_count;     // free blocks in bins
  lm_usage large;        // blocks that callers own
  lm_usage superblocks;  // superblocks; bytes of the objects of their slabs, allocated or not
  lm_stats stats;
  lm_hook *hook;                             // may be NULL
  size_t map_offset;                         // address of the map less that of inline_map
  size_t map_mask;                           // the map's size less one word, in bytes
  uintptr_t inline_map[LM_HEAP_INLINE_MAP];  // the first map
  lm_link partial;                           // S5
  lm_superblock *cached;                     // S5; may be NULL
  lm_slab *current[LM_HEAP_GRANULES + 1];    // by granules of the request; may be NULL
  lm_size_class size_classes[LM_HEAP_SIZE_CLASSES];
  uint64_t filled[LM_BIN_WORDS];  // H5: bit b of word w is for bins[w * 64 + b]
  lm_block *bins[LM_BINS];        // first block of each bin
  lm_region region;               // the first region; its blocks follow
};

// Returns a heap over [base, base + size), at `base` rounded up to 16. The heap owns these bytes
// and overwrites them. `refill` and `state` are the page source (pages.h); with lm_pages_none the
// heap never grows.
// Returns NULL iff base is NULL, the range wraps, or it cannot hold the state and one block.
lm_heap *lm_heap_init(void *base, size_t size, lm_refill *refill, void *state);

// Returns true when `heap` is a heap that lm_heap_init made at this address (H1).
bool lm_heap_is(const lm_heap *heap);

// Returns a block of at least `size` usable bytes, not zeroed, aligned to LM_ALIGN. The caller owns
// it until free or realloc. A size of 0 returns a block that must be freed like any other.
// Returns NULL iff size > LM_REQUEST_MAX or no memory is left; then nothing changed.
// Cost: O(1), plus the page source when the heap is full.
void *lm_heap_alloc(lm_heap *heap, size_t size);

// Like alloc, aligned to `align`. NULL also when align is not a power of two or over LM_ALIGN_MAX.
void *lm_heap_alloc_aligned(lm_heap *heap, size_t size, size_t align);

// Like alloc of count * size, all bytes zero. NULL also when the product does not fit a size_t.
void *lm_heap_calloc(lm_heap *heap, size_t count, size_t size);

// Returns a block of at least `size` usable bytes that begins with the bytes of block `p`, as many
// as fit; `p` itself when it can shrink or grow in place. A `p` of NULL allocates; a size of 0
// shrinks, it does not free. The caller owns the returned block and no longer `p`. Returns NULL iff
// alloc would, or `p` is not a live block (see lm_heap_check); then `p` is unchanged.
// Cost: O(1) in place, otherwise one copy, during which both blocks count as live.
void *lm_heap_realloc(lm_heap *heap, void *p, size_t size);

// Frees block `p`. NULL is accepted, and LM_OK.
// Returns LM_NOT_A_BLOCK or LM_ALREADY_FREE when `p` is not a live block; then nothing changed.
// The check is cheap, not complete: it accepts an address inside a live block whose bytes were
// forged to look like headers of this heap. A build with LM_LEAN checks nothing here and in
// realloc. Cost: O(regions).
lm_status lm_heap_free(lm_heap *heap, void *p);

// Returns what lm_heap_free would for `p`, but LM_NOT_A_BLOCK for NULL; changes nothing.
lm_status lm_heap_check(const lm_heap *heap, const void *p);

// Returns the bytes that the owner of block `p` may write, at least those requested; 0 iff `p` is
// not a live block.
size_t lm_heap_usable_size(const lm_heap *heap, const void *p);

// Turns slabs without allocated objects back into blocks. Returns true iff there were any. alloc
// does this before it fails.
bool lm_heap_trim(lm_heap *heap);

// Returns the current statistics, valid until the next call. Cost: O(slabs). The peak counts slabs
// as a whole, because counting allocated objects at each call would cost too much.
const lm_stats *lm_heap_stats(lm_heap *heap);

// Fills `records` with up to `capacity` blocks, live and free, and moves the cursor past them; a
// zeroed cursor starts. Order: regions from oldest to newest, by address within each.
// Returns the number filled, 0 iff the walk is done (or capacity is 0). The heap may change between
// calls: then the walk continues at the first block at or above the cursor, which costs
// O(blocks of the region).
size_t lm_heap_walk(const lm_heap *heap, lm_cursor *cursor, lm_block_record *records,
                    size_t capacity);

// Returns true when H1 to H7 and S1 to S5 hold. Safe on any bytes: it follows no link that does not
// lead into a region. Cost: O(blocks * regions). The tests' oracle.
bool lm_heap_holds(const lm_heap *heap);
#endif
