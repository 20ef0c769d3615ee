// SPDX-License-Identifier: MIT
// exports_internal.h: the exports of the heap's wasm module, for tests. JavaScript calls them by
// their export names: `lm_` and the name here without `js_`. Addresses are numbers; 0 is NULL.
// Private.
//
// A `heap` that is not the address of a heap results in 0, or in the status LM_NOT_A_BLOCK.
#ifndef LM_EXPORTS_INTERNAL_H
#define LM_EXPORTS_INTERNAL_H
#include "linmem/heap.h"

// Returns LM_ABI_VERSION, for JavaScript of another version of linmem.
unsigned js_abi_version(void);
// Returns the address of a new heap over [base, base + size), base rounded up to 16 and never below
// 16. If `grow` is not 0, the heap grows by memory.grow. Returns 0 iff the range is not all memory
// or is too small (see lm_heap_init).
uintptr_t js_heap_open(uintptr_t base, size_t size, unsigned grow);
// Like the functions of heap.h.
uintptr_t js_heap_alloc(uintptr_t heap, size_t size);
uintptr_t js_heap_alloc_aligned(uintptr_t heap, size_t size, size_t align);
uintptr_t js_heap_calloc(uintptr_t heap, size_t count, size_t size);
uintptr_t js_heap_realloc(uintptr_t heap, uintptr_t p, size_t size);
unsigned js_heap_free(uintptr_t heap, uintptr_t p);
unsigned js_heap_check(uintptr_t heap, uintptr_t p);
size_t js_heap_usable_size(uintptr_t heap, uintptr_t p);
// Returns the address of an lm_stats inside the heap, which this call updates; 0 on a damaged heap.
uintptr_t js_heap_stats(uintptr_t heap);
// Like lm_heap_walk; 0 also when the cursor or the records are misaligned or not all memory.
size_t js_heap_walk(uintptr_t heap, uintptr_t cursor, uintptr_t records, size_t capacity);
unsigned js_heap_holds(uintptr_t heap);
#endif
