// SPDX-License-Identifier: MIT
// arena.h: a bump region with an epoch. Its struct is a public ABI: JavaScript reads and bumps it
// through a DataView, at the offsets that layout.c prints. On wasm32 every field is 32 bits.
//
//   base           top             end       A1  base <= top <= end; end does not wrap
//   |<--- lent --->|<--- free ---->|         A2  the epoch is never 0 and never repeats
//                                            A3  an arena that was destroyed has base = top = end =
//                                            0
//   chunk -> chunk -> ... -> NULL            A4  there are as many as `chunks` says; each keeps
//   what
//                                                the arena had before it; `below` is their sum
//
// To lend `size` bytes aligned to `align`, JavaScript does what lm_arena_alloc does while they fit:
// p = (top + align - 1) & -align; when p >= top, p <= end and size <= end - p, it sets top to p +
// size and has p; else it calls lm_arena_alloc.
//
// What was lent belongs to the epoch it was lent in. Reset and destroy end the epoch; a rewind does
// not: what was lent since the mark is the caller's to forget.
//
// With JavaScript as its maker (createHeapArena) an arena has no `more` and no `less`: chunks are
// taken and given back there, and a C reset leaves them to it.
//
// Not thread-safe, but for one thing: built with LM_SHARED, lm_arena_alloc bumps atomically, so
// that threads may lend from one arena that does not grow.
#ifndef LM_ARENA_H
#define LM_ARENA_H
#include "linmem/allocator.h"

#define LM_ARENA_MAGIC ((uint32_t)0x4e455241)

// Where an arena gets chunks, and gives them back.
typedef void *lm_arena_refill(void *state, size_t size);  // NULL iff there is no more
typedef void lm_arena_release(void *state, void *chunk);

// The first words of a chunk: what the arena had before it.
typedef struct lm_arena_chunk {
  struct lm_arena_chunk *below;
  uintptr_t base, top, end;
} lm_arena_chunk;

typedef struct lm_arena {
  _Alignas(8) uint32_t epoch_low;  // the epoch, 64 bits in two words that can be read as one
  uint32_t epoch_high;             //
  uintptr_t base;                  // first byte of what it bumps through
  uintptr_t top;                   // first byte not lent
  uintptr_t end;                   // one past the last byte
  uint32_t magic;                  // LM_ARENA_MAGIC xor the low 32 bits of this struct's address
  uint32_t chunks;                 // chunks taken
  lm_arena_chunk *chunk;           // the newest one; NULL when it bumps through the caller's block
  lm_arena_refill *refill;         // NULL: C takes no chunk for it
  lm_arena_release *release;       // NULL: who took the chunks gives them back
  void *state;                     // whatever they need
  size_t below;                    // bytes lent from the block and the chunks below the newest one
} lm_arena;
// The places that JavaScript computes: see ts/arena/struct.ts.
_Static_assert(offsetof(lm_arena, base) == 8 && offsetof(lm_arena, magic) == 8 + 3 * LM_WORD &&
                   offsetof(lm_arena, chunk) == 16 + 3 * LM_WORD &&
                   offsetof(lm_arena, below) == 16 + 7 * LM_WORD &&
                   sizeof(lm_arena) == 16 + 8 * LM_WORD,
               "no padding");

// A place to rewind to.
typedef struct lm_arena_mark {
  lm_arena_chunk *chunk;
  uintptr_t top;
  uint32_t epoch_low, epoch_high;
} lm_arena_mark;
_Static_assert(LM_WORD != 4 || sizeof(lm_arena_mark) == 16, "no padding: layout.c exports it");

// Makes `a` an empty arena over `size` bytes at `block`, which stays the caller's to take back.
// With `more` it goes on in chunks when the block is full; `less` gets each of them back. Where an
// arena was before, live or destroyed, its epochs go on, so that no slice of it comes to life
// again. Returns false, and changes nothing, iff the range wraps, is empty or begins at NULL.
bool lm_arena_init(lm_arena *a, void *block, size_t size, lm_arena_refill *refill,
                   lm_arena_release *release, void *state);

// Returns `size` bytes aligned to `align`, not zeroed, until reset, destroy or a rewind to before
// it. A size of 0 gives an address and lends nothing. Returns NULL iff align is no power of two,
// the arena was destroyed, or the bytes do not fit and no chunk can be had; then nothing changed.
void *lm_arena_alloc(lm_arena *a, size_t size, size_t align);

// Notes in `mark` where the arena stands.
void lm_arena_note(const lm_arena *a, lm_arena_mark *mark);
// Takes back what was lent since the mark. Returns false, and changes nothing, iff the mark is of
// another epoch or lies above what is lent: marks are rewound to in the opposite order of their
// making.
bool lm_arena_rewind(lm_arena *a, const lm_arena_mark *mark);

// Takes everything back, gives back the chunks, and begins an epoch.
void lm_arena_reset(lm_arena *a);
// As reset, and the arena lends no more. Done twice it is done once.
void lm_arena_destroy(lm_arena *a);

// Returns the bytes lent, their paddings included.
size_t lm_arena_used(const lm_arena *a);
// True when `a` is of this epoch and not destroyed.
bool lm_arena_is_at(const lm_arena *a, uint32_t epoch_low, uint32_t epoch_high);
// True when A1 to A4 hold.
bool lm_arena_holds(const lm_arena *a);
#endif
