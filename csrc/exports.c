// SPDX-License-Identifier: MIT
// exports.c: the exports of the heap's wasm module. Each checks its arguments, then calls the
// function of the same name.
#include "exports_internal.h"

#include "heap_fast.h"

LM_EXPORT(lm_abi_version) LM_COLD unsigned js_abi_version(void) { return LM_ABI_VERSION; }

// Returns the heap at `address`, NULL iff there is none.
static lm_heap *heap_at(uintptr_t address) {
  if (address % 16 || !lm_memory_holds(address, sizeof(lm_heap))) return NULL;
  lm_heap *heap = (lm_heap *)address;
  return heap_is(heap) ? heap : NULL;
}

LM_EXPORT(lm_heap_open) LM_COLD uintptr_t js_heap_open(uintptr_t base, size_t size, unsigned grow) {
  size_t skip = base < 16 ? 16 - base : 0;  // address 0 is NULL
  if (size <= skip || !lm_memory_holds(base + skip, size - skip)) return 0;
  lm_refill *refill = grow ? lm_pages_wasm : lm_pages_none;
  return (uintptr_t)lm_heap_init((void *)(base + skip), size - skip, refill, NULL);
}

LM_EXPORT(lm_heap_alloc)
uintptr_t js_heap_alloc(uintptr_t heap, size_t size) {
  lm_heap *h = heap_at(heap);
  return h ? (uintptr_t)heap_alloc(h, size) : 0;
}

LM_EXPORT(lm_heap_alloc_aligned)
LM_COLD uintptr_t js_heap_alloc_aligned(uintptr_t heap, size_t size, size_t align) {
  lm_heap *h = heap_at(heap);
  return h ? (uintptr_t)lm_heap_alloc_aligned(h, size, align) : 0;
}

LM_EXPORT(lm_heap_calloc)
uintptr_t js_heap_calloc(uintptr_t heap, size_t count, size_t size) {
  lm_heap *h = heap_at(heap);
  return h ? (uintptr_t)lm_heap_calloc(h, count, size) : 0;
}

LM_EXPORT(lm_heap_realloc)
uintptr_t js_heap_realloc(uintptr_t heap, uintptr_t p, size_t size) {
  lm_heap *h = heap_at(heap);
  return h ? (uintptr_t)lm_heap_realloc(h, (void *)p, size) : 0;
}

LM_EXPORT(lm_heap_free)
unsigned js_heap_free(uintptr_t heap, uintptr_t p) {
  lm_heap *h = heap_at(heap);
  return h ? heap_free(h, (void *)p) : LM_NOT_A_BLOCK;
}

LM_EXPORT(lm_heap_check) LM_COLD unsigned js_heap_check(uintptr_t heap, uintptr_t p) {
  const lm_heap *h = heap_at(heap);
  return h ? lm_heap_check(h, (void *)p) : LM_NOT_A_BLOCK;
}

LM_EXPORT(lm_heap_usable_size) LM_COLD size_t js_heap_usable_size(uintptr_t heap, uintptr_t p) {
  const lm_heap *h = heap_at(heap);
  return h ? lm_heap_usable_size(h, (void *)p) : 0;
}

LM_EXPORT(lm_heap_stats) LM_COLD uintptr_t js_heap_stats(uintptr_t heap) {
  lm_heap *h = heap_at(heap);
  return h ? (uintptr_t)lm_heap_stats(h) : 0;
}

LM_EXPORT(lm_heap_walk)
LM_COLD size_t js_heap_walk(uintptr_t heap, uintptr_t cursor, uintptr_t records, size_t capacity) {
  const lm_heap *h = heap_at(heap);
  if (!h || capacity == 0 || capacity > SIZE_MAX / sizeof(lm_block_record)) return 0;
  if (cursor % LM_WORD || !lm_memory_holds(cursor, sizeof(lm_cursor))) return 0;
  if (records % LM_WORD || !lm_memory_holds(records, capacity * sizeof(lm_block_record))) return 0;
  return lm_heap_walk(h, (lm_cursor *)cursor, (lm_block_record *)records, capacity);
}

LM_EXPORT(lm_heap_holds) LM_COLD unsigned js_heap_holds(uintptr_t heap) {
  const lm_heap *h = heap_at(heap);
  return h && lm_heap_holds(h);
}
