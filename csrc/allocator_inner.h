// SPDX-License-Identifier: MIT
// allocator_inner.h: what every strategy does with a request before it looks at a block. Private.
#ifndef LM_ALLOCATOR_INNER_H
#define LM_ALLOCATOR_INNER_H
#include "linmem/allocator.h"

// Steps of a strategy that promises a bound; a test counts them.
#ifndef LM_STEP
#define LM_STEP() ((void)0)
#endif

static inline bool align_allowed(size_t align) {
  return align != 0 && (align & (align - 1)) == 0 && align <= LM_ALIGN_MAX;
}

// True when [base, base + size) is not empty, does not begin at NULL and does not wrap.
static inline bool range_allowed(const void *base, size_t size) {
  return base && size - 1 <= UINTPTR_MAX - (uintptr_t)base;
}

// Returns count * size, or more than can be had when it does not fit a size_t.
static inline size_t product_of(size_t count, size_t size) {
  return size && count > SIZE_MAX / size ? SIZE_MAX : count * size;
}

// Returns what every header is xored with: near addresses get far keys, and a word of 0 reads as a
// huge size. The low bits are 0.
static inline size_t key_of(uintptr_t address) {
  size_t mixed = (size_t)address * 0x9e3779b1u;  // 2^32 / golden ratio
  return (mixed | (size_t)1 << 30) & ~(size_t)(LM_ALIGN - 1);
}

static inline void account_add(lm_stats *s, size_t blocks, size_t bytes) {
  s->live_blocks += blocks;
  s->live_bytes += bytes;
  if (s->live_bytes > s->peak_live_bytes) s->peak_live_bytes = s->live_bytes;
}
#endif
