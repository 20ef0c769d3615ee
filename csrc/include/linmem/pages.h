// SPDX-License-Identifier: MIT
// pages.h: page sources. An allocator asks its page source for more memory when it is full.
#ifndef LM_PAGES_H
#define LM_PAGES_H
#include "linmem/config.h"

typedef struct lm_pages lm_pages;

// Returns the first byte of at least `min` fresh bytes, and their number in `*got`. The allocator
// keeps them; they are never returned to the source. They may or may not be adjacent to the bytes
// returned before, and their content is unknown.
// Never returns address 0. The bytes may end at the end of the address space (first byte + *got is
// 2^32 on wasm32), so an allocator stores lengths, not ends. `min` is at most PTRDIFF_MAX.
// Returns NULL iff there is no more memory; then nothing changed and `*got` is not written.
typedef void *lm_refill(lm_pages *self, size_t min, size_t *got);

struct lm_pages {
  lm_refill *refill;  // the source
  void *state;        // for the source; the allocator does not read it
  size_t taken;  // bytes that the allocator manages; the allocator writes it, the source reads it
};
_Static_assert(sizeof(lm_pages) == 3 * LM_WORD, "no padding");

// The empty source: the allocator keeps its first region and never grows.
void *lm_pages_none(lm_pages *self, size_t min, size_t *got);

// A source over one fixed block; `state` is an lm_span. Each piece begins where the last one ended
// and has `min` bytes rounded up to 4 KiB, or all bytes that are left if they are fewer.
typedef struct lm_span {
  uint8_t *base;  // first byte that is left
  size_t size;    // bytes that are left
} lm_span;
void *lm_pages_span(lm_pages *self, size_t min, size_t *got);

// The pages of this wasm memory, by memory.grow: `min` in whole pages of 64 KiB or an eighth of
// `taken`, whichever is more; exactly `min` in whole pages when that much is refused. `state` is
// not used. In a native build it is empty.
void *lm_pages_wasm(lm_pages *self, size_t min, size_t *got);
#endif
