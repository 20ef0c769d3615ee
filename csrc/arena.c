// SPDX-License-Identifier: MIT
#include "linmem/arena.h"

static bool align_is_power(size_t align) { return align != 0 && (align & (align - 1)) == 0; }

static uint32_t arena_magic(const lm_arena *a) { return LM_ARENA_MAGIC ^ (uint32_t)(uintptr_t)a; }

// Begins the next epoch. After 2^64 - 1 comes 1 (A2).
static void epoch_advance(lm_arena *a) {
  if (++a->epoch_low == 0) a->epoch_high++;
  if (a->epoch_low == 0 && a->epoch_high == 0) a->epoch_low = 1;
}

// In a shared build `top` is atomic. top_write fails, and reads it again into `*old`, iff it is no
// longer `*old`.
#ifdef LM_SHARED
static uintptr_t top_read(const lm_arena *a) { return __atomic_load_n(&a->top, __ATOMIC_RELAXED); }
static bool top_write(lm_arena *a, uintptr_t *old, uintptr_t top) {
  return __atomic_compare_exchange_n(&a->top, old, top, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
}
#else
static uintptr_t top_read(const lm_arena *a) { return a->top; }
static bool top_write(lm_arena *a, const uintptr_t *old, uintptr_t top) {
  (void)old;
  a->top = top;
  return true;
}
#endif

// Frees the newest chunk and restores the range before it.
static void chunk_pop(lm_arena *a) {
  lm_arena_chunk *chunk = a->chunk;
  a->chunk              = chunk->below;
  a->base               = chunk->base;
  a->top                = chunk->top;
  a->end                = chunk->end;
  a->below -= a->top - a->base;
  a->chunks--;
  if (a->release) a->release(a->state, chunk);
}

// Allocates a chunk for `size` bytes aligned to `align`: twice as large as the newest range if
// there is memory for it. Returns false, and changes nothing, iff there is no memory.
static bool chunk_push(lm_arena *a, size_t size, size_t align) {
  if (!a->refill || align > PTRDIFF_MAX - size - sizeof(lm_arena_chunk)) return false;
  size_t need = sizeof(lm_arena_chunk) + align + size, have = a->end - a->base;
  size_t want           = have < PTRDIFF_MAX / 2 && 2 * have > need ? 2 * have : need;
  lm_arena_chunk *chunk = a->refill(a->state, want);
  if (!chunk && want > need) chunk = a->refill(a->state, want = need);
  if (!chunk) return false;
  *chunk = (lm_arena_chunk){a->chunk, a->base, a->top, a->end};
  a->below += a->top - a->base;
  a->chunk = chunk;
  a->chunks++;
  a->base = a->top = (uintptr_t)(chunk + 1);
  a->end           = (uintptr_t)chunk + want - ((uintptr_t)chunk + want == 0);
  return true;
}

// Moves `top` past the padding and the request. Keeps A1: the subtractions show that both fit
// before `top` moves.
static void *arena_bump(lm_arena *a, size_t size, size_t align) {
  uintptr_t top = top_read(a), p;
  do {
    size_t left = a->end - top, pad = -top & (align - 1);
    if (pad > left || size > left - pad) return NULL;
    p = top + pad;
  } while (!top_write(a, &top, p + size));
  return (void *)p;
}

bool lm_arena_init(lm_arena *a, void *block, size_t size, lm_arena_refill *refill,
                   lm_arena_release *release, void *state) {
  uintptr_t base = (uintptr_t)block;
  if (!block || size - 1 > UINTPTR_MAX - base) return false;  // size 0 wraps, and fails too
  uint32_t low = a->epoch_low, high = a->epoch_high;
  bool again = a->magic == arena_magic(a);
  *a = (lm_arena){.base = base, .top = base, .refill = refill, .release = release, .state = state};
  a->end   = base + size - (base + size == 0);
  a->magic = arena_magic(a);
  if (again) a->epoch_low = low, a->epoch_high = high;
  epoch_advance(a);
  return true;
}

void *lm_arena_alloc(lm_arena *a, size_t size, size_t align) {
  if (!align_is_power(align) || size > LM_REQUEST_MAX || !a->base) return NULL;
  void *p = arena_bump(a, size, align);
  if (p || !chunk_push(a, size, align)) return p;
  return arena_bump(a, size, align);
}

void lm_arena_note(const lm_arena *a, lm_arena_mark *mark) {
  *mark = (lm_arena_mark){a->chunk, a->top, a->epoch_low, a->epoch_high};
}

bool lm_arena_rewind(lm_arena *a, const lm_arena_mark *mark) {
  if (!lm_arena_is_at(a, mark->epoch_low, mark->epoch_high)) return false;
  const lm_arena_chunk *chunk = a->chunk;
  uintptr_t base = a->base, top = a->top;
  for (; chunk != mark->chunk; chunk = chunk->below) {
    if (!chunk) return false;
    base = chunk->base, top = chunk->top;
  }
  if (mark->top < base || mark->top > top) return false;
  while (a->chunk != mark->chunk) chunk_pop(a);
  a->top = mark->top;
  return true;
}

void lm_arena_reset(lm_arena *a) {
  if (!a->base) return;
  while (a->chunk) chunk_pop(a);
  a->top = a->base;
  epoch_advance(a);
}

void lm_arena_destroy(lm_arena *a) {
  lm_arena_reset(a);
  a->base = a->top = a->end = 0;
}

size_t lm_arena_used(const lm_arena *a) { return a->below + (a->top - a->base); }

bool lm_arena_is_at(const lm_arena *a, uint32_t epoch_low, uint32_t epoch_high) {
  return a->base && a->epoch_low == epoch_low && a->epoch_high == epoch_high;
}

bool lm_arena_holds(const lm_arena *a) {
  if (a->magic != arena_magic(a) || !(a->epoch_low | a->epoch_high)) return false;
  if (a->base > a->top || a->top > a->end) return false;
  if (!a->base) return !a->end && !a->chunk && !a->chunks && !a->below;
  size_t below = 0, chunks = 0;
  for (const lm_arena_chunk *c = a->chunk; c; c = c->below, chunks++) {
    if (chunks == a->chunks || !c->base || c->base > c->top || c->top > c->end) return false;
    below += c->top - c->base;
  }
  return chunks == a->chunks && below == a->below;
}
