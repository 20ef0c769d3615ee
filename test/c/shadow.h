// SPDX-License-Identifier: MIT
// shadow.h: a record of the allocated blocks and of their content, independent of the allocator
// under test.
#ifndef LM_TEST_SHADOW_H
#define LM_TEST_SHADOW_H
#include "check.h"

enum { SHADOW_BLOCKS = 256, SHADOW_SPANS = 256 };

typedef struct shadow_block {
  uint8_t *p;     // NULL: unused
  size_t size;    // requested bytes
  uint32_t mark;  // seed of the pattern
} shadow_block;

typedef struct shadow {
  shadow_block blocks[SHADOW_BLOCKS];
  struct {
    const uint8_t *base;
    size_t size;
  } spans[SHADOW_SPANS];  // memory of the allocator
  uint32_t span_count;
  uint32_t mark;
} shadow;

static inline void shadow_reset(shadow *s) { __builtin_memset(s, 0, sizeof *s); }

// Adds [base, base + size) to the memory of the allocator; adjacent spans are merged.
static inline void shadow_allow(shadow *s, const uint8_t *base, size_t size) {
  if (s->span_count) {
    const uint8_t *last = s->spans[s->span_count - 1].base;
    if (last + s->spans[s->span_count - 1].size == base) {
      s->spans[s->span_count - 1].size += size;
      return;
    }
  }
  CHECK(s->span_count < SHADOW_SPANS);
  if (s->span_count == SHADOW_SPANS) return;
  s->spans[s->span_count].base   = base;
  s->spans[s->span_count++].size = size;
}

static inline uint8_t shadow_byte(uint32_t mark, size_t i) {
  return (uint8_t)(mark * 37 + (uint32_t)i * 11 + ((uint32_t)i >> 8));
}

static inline void shadow_fill(const shadow_block *b) {
  for (size_t i = 0; i < b->size; i++) b->p[i] = shadow_byte(b->mark, i);
}

// True when the first `count` bytes at `p` are the pattern of block `b`.
static inline bool shadow_kept(const shadow_block *b, const uint8_t *p, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (p[i] != shadow_byte(b->mark, i)) return false;
  return true;
}

// True when [p, p + size) lies in one span of the allocator and overlaps no block other than slot
// `except`.
static inline bool shadow_may_allocate(const shadow *s, const uint8_t *p, size_t size,
                                       size_t except) {
  bool inside = false;
  for (uint32_t i = 0; i < s->span_count; i++) {
    size_t at = (uintptr_t)p - (uintptr_t)s->spans[i].base;
    if (at < s->spans[i].size && size <= s->spans[i].size - at) inside = true;
  }
  for (size_t i = 0; i < SHADOW_BLOCKS; i++) {
    const shadow_block *b = &s->blocks[i];
    if (!b->p || i == except) continue;
    if ((uintptr_t)p < (uintptr_t)b->p + b->size && (uintptr_t)b->p < (uintptr_t)p + size)
      return false;
  }
  return inside;
}

// Records a block at `p` in slot `i` and fills it.
static inline void shadow_allocate(shadow *s, size_t i, void *p, size_t size) {
  CHECK(shadow_may_allocate(s, p, size, i));
  s->blocks[i] = (shadow_block){.p = p, .size = size, .mark = ++s->mark};
  shadow_fill(&s->blocks[i]);
}

static inline bool shadow_holds(const shadow *s) {
  for (size_t i = 0; i < SHADOW_BLOCKS; i++)
    if (s->blocks[i].p && !shadow_kept(&s->blocks[i], s->blocks[i].p, s->blocks[i].size))
      return false;
  return true;
}

static inline size_t shadow_live(const shadow *s) {
  size_t count = 0;
  for (size_t i = 0; i < SHADOW_BLOCKS; i++) count += s->blocks[i].p != NULL;
  return count;
}
#endif
