// SPDX-License-Identifier: MIT
#include "linmem/pages.h"

enum { SPAN_STEP = 4096 };

void *lm_pages_none(lm_pages *self, size_t min, size_t *got) {
  (void)self, (void)min, (void)got;
  return NULL;
}

void *lm_pages_span(lm_pages *self, size_t min, size_t *got) {
  lm_span *span = self->state;
  if (min > span->size) return NULL;
  size_t excess = span->size - min;                           // bytes that rounding up can use
  size_t round  = (SPAN_STEP - min % SPAN_STEP) % SPAN_STEP;  // bytes to the next multiple
  size_t size   = min + (round < excess ? round : excess);
  uint8_t *p    = span->base;
  span->base += size;
  span->size -= size;
  *got = size;
  return p;
}

void *lm_pages_wasm(lm_pages *self, size_t min, size_t *got) {
  size_t need = min / LM_PAGE + (min % LM_PAGE != 0);
  size_t want = self->taken / 8 / LM_PAGE;
  size_t size = want > need ? want : need;
  size_t last = lm_memory_grow(size);
  if (last == SIZE_MAX && size > need) last = lm_memory_grow(size = need);
  if (last == SIZE_MAX) return NULL;
  LM_ASSERT(last != 0);  // `self` lies in this memory, so the memory was not empty
  *got = size * LM_PAGE;
  return (void *)(last * LM_PAGE);
}
