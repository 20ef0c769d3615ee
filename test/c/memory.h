// SPDX-License-Identifier: MIT
// memory.h: a wasm memory for native tests, so that code that grows the memory runs under the
// sanitizers too. The number of a page is its native address / LM_PAGE.
#ifndef LM_TEST_MEMORY_H
#define LM_TEST_MEMORY_H
#include "check.h"

enum { RAM_PAGES = 64 };
static _Alignas(65536) uint8_t ram[RAM_PAGES * 65536];
static size_t ram_pages;   // current size
static size_t ram_most;    // maximum size
static uint32_t ram_asks;  // number of attempts to grow

size_t lm_memory_pages(void) { return (uintptr_t)ram / LM_PAGE + ram_pages; }

size_t lm_memory_grow(size_t pages) {
  ram_asks++;
  if (pages > ram_most - ram_pages) return SIZE_MAX;
  ram_pages += pages;
  return lm_memory_pages() - pages;
}

// Resets the memory to `pages`; it may grow to `most`.
static inline void ram_start(size_t pages, size_t most) {
  __builtin_memset(ram, 0, sizeof ram);
  ram_pages = pages;
  ram_most  = most;
  ram_asks  = 0;
}

static inline uintptr_t ram_end(void) { return lm_memory_pages() * LM_PAGE; }
#endif
