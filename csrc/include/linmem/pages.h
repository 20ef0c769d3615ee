// SPDX-License-Identifier: MIT
// pages.h: where an allocator gets more memory. Asked only when the allocator has run out.
#ifndef LM_PAGES_H
#define LM_PAGES_H
#include "linmem/config.h"

typedef struct lm_pages lm_pages;

// Returns the first byte of at least `min` fresh bytes, and their number in `*got`; the caller owns
// them for ever. They may or may not begin where the last ones ended, and their content is unknown.
// Never address 0; the end may be the end of the address space (first byte + *got == 2^32 on
// wasm32), so keep lengths, not ends. `min` is at most PTRDIFF_MAX.
// Returns NULL iff there is no more; then nothing changed and `*got` is not written.
typedef void *lm_more(lm_pages *self, size_t min, size_t *got);

struct lm_pages {
  lm_more *more;  // the source
  void *state;    // whatever the source needs; the allocator does not look at it
  size_t taken;   // bytes the allocator manages so far; the allocator keeps it, the source reads it
};
_Static_assert(sizeof(lm_pages) == 3 * LM_WORD, "no padding");

// A source with nothing to give: the allocator has its first region and no more.
void *lm_pages_none(lm_pages *self, size_t min, size_t *got);

// A source that lends one fixed block piece by piece; `state` is an lm_span. Each piece begins
// where the last one ended and is `min` bytes rounded up to 4 KiB, or all that is left if that is
// less.
typedef struct lm_span {
  uint8_t *base;  // first byte not given yet
  size_t size;    // bytes not given yet
} lm_span;
void *lm_pages_span(lm_pages *self, size_t min, size_t *got);

// The pages of this wasm memory, by memory.grow: `min` in whole pages of 64 KiB or an eighth of
// what the allocator has, whichever is more; exactly `min` in pages when so much is refused.
// `state` is not used. In a native build it has nothing to give.
void *lm_pages_wasm(lm_pages *self, size_t min, size_t *got);
#endif
