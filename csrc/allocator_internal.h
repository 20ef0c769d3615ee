// SPDX-License-Identifier: MIT
// allocator_internal.h: the arithmetic of requests that all strategies share. Private.
#ifndef LM_ALLOCATOR_INTERNAL_H
#define LM_ALLOCATOR_INTERNAL_H
#include "build_internal.h"
#include "linmem/allocator.h"

static inline bool align_allowed(size_t align) {
  return align != 0 && (align & (align - 1)) == 0 && align <= LM_ALIGN_MAX;
}

// True when [base, base + size) is not empty, does not begin at NULL and does not wrap.
static inline bool range_allowed(const void *base, size_t size) {
  return base && size - 1 <= UINTPTR_MAX - (uintptr_t)base;  // a size of 0 wraps, and fails too
}

// Returns count * size, or SIZE_MAX, which no allocator can meet, when that does not fit a size_t.
static inline size_t product_of(size_t count, size_t size) {
  return size && count > SIZE_MAX / size ? SIZE_MAX : count * size;
}

// Returns the cookie that headers are xored with. Nearby addresses get very different cookies, and
// bit 30 makes a word of 0 read as a huge size. The low bits are 0.
static inline size_t cookie_of(uintptr_t address) {
  size_t mixed = (size_t)address * 0x9e3779b1u;  // 2^32 / golden ratio
  return (mixed | (size_t)1 << 30) & ~(size_t)(LM_ALIGN - 1);
}

static inline void account_add(lm_stats *s, size_t blocks, size_t bytes) {
  s->live_blocks += blocks;
  s->live_bytes += bytes;
  if (s->live_bytes > s->peak_live_bytes) s->peak_live_bytes = s->live_bytes;
}
#endif
