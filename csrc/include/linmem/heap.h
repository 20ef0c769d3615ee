// SPDX-License-Identifier: MIT
// heap.h: the general-purpose allocator. Small blocks are objects of slabs; the rest lie in
// two-level segregated bins with boundary tags, and a top block.
//
//   region:  | own words | block | block | ... | block | top | end |
//
//   a block is a header word and what follows it, up to the next header:
//
//     lent  | size,flags | usable bytes ................................ |   payload address %
//     LM_ALIGN == 0 free  | size,flags | next | prev | ......................... | size |   the
//     last word is the footer
//
//   The header holds the block's whole size (a multiple of LM_ALIGN) xor the heap's key, and in the
//   low bits FREE (this block) and PREV_FREE (the one below it). The key makes plain user data, and
//   the blocks of a heap that lives inside this heap's block, look unlike a header.
//
//   H1  magic and key are those of this address.
//   H2  The blocks of a region tile it: from `first`, block by block, one comes exactly to `end`.
//       `end` is a header of size 0, not free.
//   H3  PREV_FREE is set iff the block below is free. No two neighbours are free.
//   H4  A free block except top has its size in its footer, and is in the list of its size, once.
//   H5  A list's bit is set iff it is not empty.
//   H6  top is the last block of the last region and is in no list. With nothing left it is `end`.
//   H7  The accounts (live, free, taken, regions) are what a walk would count.
//
//   A request of up to LM_HEAP_SMALL bytes is an object of its class, without a header, in a slab:
//
//     bank (a lent block, aligned to its size):  | slab | slab | slab | slab ... lm_bank |
//     slab:  | object | object | ... all of one size ... | less than an object |
//
//   A class serves its first requests as blocks of their own, so a small program takes no bank. The
//   map says whether an address is in a bank.
//
//   S1  A word of the map is 0, or the last address of a bank whose number, cut to the map's size,
//       is its place. Each bank is in it. Map and banks are lent blocks that no caller has.
//   S2  A slab is vacant, or all its numbers follow from its class and its place.
//   S3  An object is lent or in its slab's list, once; a free one's link leads into its own page.
//   S4  A slab that is not vacant is current (used says nothing, but is above 0), in the queue of
//       its class (used is what is lent, which is not 0), or full (used is SLAB_FULL less). Objects
//       are taken from current slabs only, until one is full; so only free needs to count.
//   S5  The open list has just the banks with a vacant slab. At most one is vacant as a whole:
//   spare.
//
// The state lives at the start of the first region. Not thread-safe: a heap belongs to one thread.
// Sources: two-level segregated fit from Masmano et al., "TLSF: a new dynamic memory allocator for
// real-time systems" (ECRTS 2004); boundary tags from Knuth, TAOCP vol. 1, section 2.5.
#ifndef LM_HEAP_H
#define LM_HEAP_H
#include "linmem/allocator.h"

// 16 lists per power of two; below 16 * LM_ALIGN one list per size. The lists reach the largest
// block: 2^32 on 32-bit targets, 2^39 or 2^40 on others.
#define LM_HEAP_COLS 16
#define LM_HEAP_BINS (LM_HEAP_COLS * (LM_WORD == 4 ? 26 : 32))
#define LM_HEAP_WORDS ((LM_HEAP_BINS + 63) / 64)
#define LM_HEAP_MAGIC ((size_t)0x484d4c31)

typedef struct lm_block {
  size_t head;            // (size ^ key) | flags
  struct lm_block *next;  // in its list; only while free
  struct lm_block *prev;  // NULL in the first of a list; only while free
} lm_block;

typedef struct lm_region {
  struct lm_region *next;  // the region that came after it
  lm_block *first;         // lowest block
  lm_block *end;           // the end mark: one word
} lm_region;

// Small blocks.

#ifndef LM_HEAP_SMALL
#define LM_HEAP_SMALL 1024  // bytes; larger requests are blocks of their own
#endif
#define LM_HEAP_SLAB ((size_t)4096)  // bytes of a slab
#ifndef LM_HEAP_BANK_LOG
#define LM_HEAP_BANK_LOG 14
#endif
#define LM_HEAP_BANK ((size_t)1 << LM_HEAP_BANK_LOG)  // bytes and alignment of a bank
#define LM_HEAP_SLABS ((unsigned)(LM_HEAP_BANK / LM_HEAP_SLAB))
#define LM_HEAP_UNITS (LM_HEAP_SMALL / LM_ALIGN)  // 128, or 64 when LM_ALIGN is 16
// One class per unit up to 16 units, per two up to 32, then one per number of objects in a slab.
#define LM_HEAP_MANY (LM_HEAP_SLAB / LM_ALIGN / 33)  // objects in a slab of the first such class
#define LM_HEAP_FEW (LM_HEAP_SLAB / LM_HEAP_SMALL)   // and of the last one
#define LM_HEAP_CLASSES (24 + LM_HEAP_MANY - LM_HEAP_FEW + 1)
#define LM_HEAP_NEAR 8  // words of the first map

typedef struct lm_object {
  uintptr_t link;  // the next in its slab's list, all bits turned; only while free
} lm_object;

// A member of a list that is a ring, or the ring's own place in it: alone when the list is empty.
typedef struct lm_link {
  struct lm_link *next, *prev;
} lm_link;

typedef struct lm_slab {
  lm_link link;      // in the queue of its class (S4)
  lm_object *free;   // S3; the last one's next, and that of an empty list, is base + 1
  int32_t used;      // S4
  uint32_t inverse;  // 2^32 / size, rounded up: an offset times it is below it iff size divides it;
                     // 0 in a vacant slab, and in the lean build
  uint32_t size;     // of its objects; 0 in a vacant slab
  uint32_t limit;    // bytes of all of them
  uint16_t many;     // and their number
  uint16_t kind;     // number of the class
} lm_slab;

// The end of a bank. The last slab is shorter by it.
typedef struct lm_bank {
  lm_slab slabs[LM_HEAP_SLABS];
  lm_link link;     // in the list of banks that have a vacant slab (S5)
  uint32_t vacant;  // bit i: slabs[i] is vacant
  size_t header;    // of the block above
} lm_bank;

typedef struct lm_class {
  lm_link queue;  // S4
  size_t wait;    // requests to serve as blocks of their own before a slab is taken
} lm_class;

// Blocks that are lent for one purpose, and the usable bytes that count.
typedef struct lm_count {
  size_t blocks;
  size_t bytes;
} lm_count;

// What was being done when something was refused, and who may be told: the hook sees each refusal
// before the verb returns; it must not call into the heap.
typedef enum lm_verb { LM_IN_FREE = 0, LM_IN_REALLOC = 1 } lm_verb;
typedef struct lm_heap lm_heap;
typedef void lm_hook(lm_heap *heap, lm_verb where, lm_status what, const void *block);

struct lm_heap {
  size_t magic;     // LM_HEAP_MAGIC xor the heap's address
  size_t key;       // xor of every header; the low bits are 0
  size_t changes;   // counts what moved a block, so that a walk can tell
  lm_block *top;    // H6
  lm_region *last;  // the newest region
  lm_pages pages;   // where more comes from
  size_t got;       // where the page source answers: a local would need a shadow stack
  size_t binned;    // blocks in the lists
  lm_count large;   // what is lent to callers, slab objects aside
  lm_count banks;   // banks there are; objects, lent or not, of slabs that are not vacant
  lm_stats stats;
  lm_hook *hook;                 // called on each refusal; may be NULL
  size_t map_from;               // the map's address less that of near: a heap of zeros has one
  size_t map_mask;               // its size less one word, in bytes
  uintptr_t near[LM_HEAP_NEAR];  // the first map
  lm_link open;                  // S5
  lm_bank *spare;                // one bank that is vacant as a whole, or NULL
  lm_slab *current[LM_HEAP_UNITS + 1];  // by units of the request; NULL when there is none
  lm_class classes[LM_HEAP_CLASSES];
  uint64_t filled[LM_HEAP_WORDS];  // bit b of word w: bins[w * 64 + b] is not empty
  lm_block *bins[LM_HEAP_BINS];    // first of each list
  lm_region region;                // the first region; its blocks come after it
};

// Returns a heap over [base, base + size), at `base` rounded up to 16; the caller's bytes there are
// lost, and are the heap's until the caller takes them back as a whole. `more` and `state` are the
// page source (pages.h); lm_pages_none keeps the heap in its region.
// Returns NULL iff base is NULL, the range wraps, or it cannot hold the state and one block.
lm_heap *lm_heap_init(void *base, size_t size, lm_more *more, void *state);

// Returns true when `heap` is a heap that lm_heap_init made at this address (H1).
bool lm_heap_is(const lm_heap *heap);

// Returns a block of at least `size` usable bytes, not zeroed, aligned to LM_ALIGN; the caller owns
// it until free or realloc. A size of 0 gives a block of its own, to be freed like any other.
// Returns NULL iff size > LM_REQUEST_MAX or no memory is left; then nothing changed.
// Cost: O(1), and the page source when the heap has run out.
void *lm_heap_alloc(lm_heap *heap, size_t size);

// As alloc, aligned to `align`. NULL also when align is not a power of two or over LM_ALIGN_MAX.
void *lm_heap_alloc_aligned(lm_heap *heap, size_t size, size_t align);

// As alloc of count * size, all zero. NULL also when the product does not fit a size_t.
void *lm_heap_calloc(lm_heap *heap, size_t count, size_t size);

// Returns a block of at least `size` usable bytes that begins with the bytes of block `p`, as many
// as fit; p itself when it can shrink or grow where it is. A p of NULL allocates; a size of 0
// shrinks, it does not free. The caller owns the block returned, and no more p. Returns NULL iff
// alloc would, or p is not a live block (lm_heap_check tells); then p is as before. Cost: O(1) in
// place, else one copy; while it copies both blocks count as live.
void *lm_heap_realloc(lm_heap *heap, void *p, size_t size);

// Gives block `p` back. NULL is no block and LM_OK.
// Returns LM_NOT_A_BLOCK or LM_ALREADY_FREE when p is not a live block; then nothing changed.
// What is checked is cheap, not complete: an address inside a live block whose bytes were made to
// look like headers of this heap passes. A build with LM_LEAN checks nothing here and in realloc.
// Cost: O(regions).
lm_status lm_heap_free(lm_heap *heap, void *p);

// Returns what lm_heap_free would for `p`, but LM_NOT_A_BLOCK for NULL; changes nothing.
lm_status lm_heap_check(const lm_heap *heap, const void *p);

// Returns the bytes the owner of block `p` may write, at least what was asked; 0 iff not a live
// block.
size_t lm_heap_usable_size(const lm_heap *heap, const void *p);

// Gives the slabs that hold nothing back to the blocks. Returns true iff there were any. What
// alloc does itself before it fails.
bool lm_heap_trim(lm_heap *heap);

// Returns the accounts as they stand, valid until the heap's next verb. Cost: O(slabs). The peak
// counts slabs as a whole: what is lent of them changes too often to look at each time.
const lm_stats *lm_heap_stats(lm_heap *heap);

// Fills `records` with up to `capacity` blocks, live and free, and moves the cursor past them; a
// zeroed cursor starts. Shape: region by region, oldest first, by address within each.
// Returns the number filled, 0 iff the walk is over (or capacity is 0). The heap may change between
// calls: then the walk goes on at the first block at or above where it stopped, after a search of
// O(blocks of the region).
size_t lm_heap_walk(const lm_heap *heap, lm_cursor *cursor, lm_block_record *records,
                    size_t capacity);

// Returns true when H1 to H7 hold. Total: it follows no link that does not lead into a region.
// Cost: O(blocks * regions). The test oracle.
bool lm_heap_holds(const lm_heap *heap);
#endif
