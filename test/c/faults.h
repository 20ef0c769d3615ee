// SPDX-License-Identifier: MIT
// faults.h: a page source that can fail and leave gaps. It returns pieces of one pool in ascending
// order, so an allocator that writes past a piece writes into a gap, which is checked.
#ifndef LM_TEST_FAULTS_H
#define LM_TEST_FAULTS_H
#include "linmem/pages.h"
#include "shadow.h"

enum { GAP_BYTE = 0x55 };

typedef struct faults {
  uint8_t *pool;     // the rest
  size_t size;       // bytes left
  size_t gap;        // bytes to skip before each piece
  size_t step;       // pieces are multiples of it
  uint32_t calls;    // number of calls
  uint32_t fail_at;  // the call that fails, counted from 1; 0: none
  bool for_ever;     // the later calls fail too
  shadow *shadow;    // notified of each piece; may be NULL
  uint8_t *gaps[256];
  uint32_t gap_count;
} faults;

static inline void *faults_more(lm_pages *self, size_t min, size_t *got) {
  faults *f = self->state;
  f->calls++;
  if (f->fail_at && (f->calls == f->fail_at || (f->for_ever && f->calls > f->fail_at))) return NULL;
  size_t size = min + (f->step - min % f->step) % f->step;
  if (min > f->size || f->gap > f->size - min || size > f->size - f->gap) return NULL;
  uint8_t *p = f->pool + f->gap;
  if (f->gap && f->gap_count < 256) {
    __builtin_memset(f->pool, GAP_BYTE, f->gap);
    f->gaps[f->gap_count++] = f->pool;
  }
  f->pool += f->gap + size;
  f->size -= f->gap + size;
  if (f->shadow) shadow_allow(f->shadow, p, size);
  *got = size;
  return p;
}

static inline bool faults_gaps_kept(const faults *f) {
  for (uint32_t g = 0; g < f->gap_count; g++)
    for (size_t i = 0; i < f->gap; i++)
      if (f->gaps[g][i] != GAP_BYTE) return false;
  return true;
}
#endif
