// SPDX-License-Identifier: MIT
// arena.h: a bump allocator with an epoch. Its struct is a public ABI: JavaScript reads it and
// allocates from it through a DataView, at the offsets that layout.c prints. On wasm32 every field
// is 32 bits.
//
//   base             top            end
//   |<- allocated ->|<--- free --->|
//
//   A1  base <= top <= end; end does not wrap.
//   A2  The epoch is never 0 and never repeats.
//   A3  A destroyed arena has base = top = end = 0.
//   A4  chunk -> chunk -> ... -> NULL has `chunks` members. Each keeps the range that the arena had
//       before it; `below` is the sum of the bytes allocated in those ranges.
//
// JavaScript allocates `size` bytes aligned to `align` as lm_arena_alloc does while they fit:
// p = (top + align - 1) & -align; if p >= top, p <= end and size <= end - p, it sets top to
// p + size and returns p; otherwise it calls lm_arena_alloc.
//
// Allocated bytes belong to the epoch they were allocated in. Reset and destroy end the epoch. A
// rewind does not: the caller must not use what was allocated since the mark.
//
// An arena that JavaScript created (createHeapArena) has no `refill` and no `release`: JavaScript
// allocates and frees its chunks, also after a reset in C.
//
// Not thread-safe, with one exception: in a build with LM_SHARED lm_arena_alloc is atomic, so
// threads may allocate from one arena that does not grow.
#ifndef LM_ARENA_H
#define LM_ARENA_H
#include "linmem/allocator.h"

#define LM_ARENA_MAGIC ((uint32_t)0x4e455241)

// Allocates a chunk, and frees one.
typedef void *lm_arena_refill(void *state, size_t size);  // NULL iff there is no memory
typedef void lm_arena_release(void *state, void *chunk);

// The header of a chunk: the range that the arena had before it.
typedef struct lm_arena_chunk {
  struct lm_arena_chunk *below;
  uintptr_t base, top, end;
} lm_arena_chunk;

typedef struct lm_arena {
  _Alignas(8) uint32_t epoch_low;  // the epoch, 64 bits in two words that can be read as one
  uint32_t epoch_high;             //
  uintptr_t base;                  // first byte of the newest range
  uintptr_t top;                   // first free byte
  uintptr_t end;                   // one past the last byte
  uint32_t magic;                  // LM_ARENA_MAGIC xor the low 32 bits of this struct's address
  uint32_t chunks;                 // length of the list `chunk`
  lm_arena_chunk *chunk;           // the newest chunk; NULL while the first block suffices
  lm_arena_refill *refill;         // NULL: the arena does not grow in C
  lm_arena_release *release;       // NULL: C does not free chunks
  void *state;                     // for refill and release
  size_t below;  // bytes allocated in the first block and all chunks but the newest
} lm_arena;
// JavaScript computes these offsets: see ts/arena/arena-layout.ts.
_Static_assert(offsetof(lm_arena, base) == 8 && offsetof(lm_arena, magic) == 8 + 3 * LM_WORD &&
                   offsetof(lm_arena, chunk) == 16 + 3 * LM_WORD &&
                   offsetof(lm_arena, below) == 16 + 7 * LM_WORD &&
                   sizeof(lm_arena) == 16 + 8 * LM_WORD,
               "no padding");

// A position to rewind to.
typedef struct lm_arena_mark {
  lm_arena_chunk *chunk;
  uintptr_t top;
  uint32_t epoch_low, epoch_high;
} lm_arena_mark;
_Static_assert(LM_WORD != 4 || sizeof(lm_arena_mark) == 16, "no padding: layout.c exports it");

// Makes `a` an empty arena over `size` bytes at `block`, which the caller keeps owning. With
// `refill` the arena grows by chunks when the block is full, and frees them by `release`. If `a`
// was an arena before, live or destroyed, its epochs continue, so that no old slice becomes alive.
// Returns false, and changes nothing, iff the range wraps, is empty or begins at NULL.
bool lm_arena_init(lm_arena *a, void *block, size_t size, lm_arena_refill *refill,
                   lm_arena_release *release, void *state);

// Returns `size` bytes aligned to `align`, not zeroed, valid until reset, destroy or a rewind to an
// earlier mark. A size of 0 returns an address without bytes. Returns NULL iff align is not a power
// of two, the arena was destroyed, or the bytes do not fit and there is no memory for a chunk; then
// nothing changed.
void *lm_arena_alloc(lm_arena *a, size_t size, size_t align);

// Stores the current position in `mark`.
void lm_arena_note(const lm_arena *a, lm_arena_mark *mark);
// Frees all bytes allocated since the mark. Returns false, and changes nothing, iff the mark is of
// another epoch or lies above `top`: rewind to marks in the reverse order of their creation.
bool lm_arena_rewind(lm_arena *a, const lm_arena_mark *mark);

// Frees all bytes and all chunks, and begins a new epoch.
void lm_arena_reset(lm_arena *a);
// Like reset; afterwards the arena cannot allocate. Idempotent.
void lm_arena_destroy(lm_arena *a);

// Returns the allocated bytes, padding included.
size_t lm_arena_used(const lm_arena *a);
// True when `a` is in this epoch and not destroyed.
bool lm_arena_is_at(const lm_arena *a, uint32_t epoch_low, uint32_t epoch_high);
// True when A1 to A4 hold.
bool lm_arena_holds(const lm_arena *a);
#endif
