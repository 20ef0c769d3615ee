// SPDX-License-Identifier: MIT
// memory.h: a wasm memory for native tests, so that what grows one runs under the sanitizers too.
// Its pages lie where they lie: the first one has the number that its address says.
#ifndef LM_TEST_MEMORY_H
#define LM_TEST_MEMORY_H
#include "check.h"

enum { RAM_PAGES = 64 };
static _Alignas(65536) uint8_t ram[RAM_PAGES * 65536];
static size_t ram_pages;   // there are
static size_t ram_most;    // there may be
static uint32_t ram_asks;  // how often it was to grow

size_t lm_memory_pages(void) { return (uintptr_t)ram / LM_PAGE + ram_pages; }

size_t lm_memory_grow(size_t pages) {
  ram_asks++;
  if (pages > ram_most - ram_pages) return SIZE_MAX;
  ram_pages += pages;
  return lm_memory_pages() - pages;
}

// Begins with a memory of `pages` that may grow to `most`.
static inline void ram_start(size_t pages, size_t most) {
  __builtin_memset(ram, 0, sizeof ram);
  ram_pages = pages;
  ram_most  = most;
  ram_asks  = 0;
}

static inline uintptr_t ram_end(void) { return lm_memory_pages() * LM_PAGE; }
#endif
