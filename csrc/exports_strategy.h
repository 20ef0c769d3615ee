// SPDX-License-Identifier: MIT
// exports_strategy.h: the exports of a strategy's wasm module, lm_<strategy>_<operation>, as
// exports.c has them for the heap. Each checks its arguments, then makes one call. Private.
#ifndef LM_EXPORTS_STRATEGY_H
#define LM_EXPORTS_STRATEGY_H
#include "linmem/allocator.h"

#define LM_EXPORT_OPERATION(x, operation, result, ...)                                             \
  result js_##x##_##operation(__VA_ARGS__);                                                        \
  LM_EXPORT(lm_##x##_##operation) result js_##x##_##operation(__VA_ARGS__)

// Defines the exports of strategy `x`. An `a` that is not the address of one results in 0, or in
// the status LM_NOT_A_BLOCK.
#define LM_EXPORT_STRATEGY(x)                                                                      \
  static lm_##x *x##_at(uintptr_t address) {                                                       \
    if (address % 16 || !lm_memory_holds(address, sizeof(lm_##x))) return NULL;                    \
    return lm_##x##_is((lm_##x *)address) ? (lm_##x *)address : NULL;                              \
  }                                                                                                \
  LM_EXPORT_OPERATION(x, open, uintptr_t, uintptr_t base, size_t size, unsigned grow) {            \
    size_t skip = base < 16 ? 16 - base : 0; /* address 0 is NULL */                               \
    if (size <= skip || !lm_memory_holds(base + skip, size - skip)) return 0;                      \
    lm_refill *refill = grow ? lm_pages_wasm : lm_pages_none;                                      \
    return (uintptr_t)lm_##x##_init((void *)(base + skip), size - skip, refill, NULL);             \
  }                                                                                                \
  LM_EXPORT_OPERATION(x, alloc, uintptr_t, uintptr_t a, size_t size) {                             \
    return x##_at(a) ? (uintptr_t)lm_##x##_alloc(x##_at(a), size) : 0;                             \
  }                                                                                                \
  LM_EXPORT_OPERATION(x, alloc_aligned, uintptr_t, uintptr_t a, size_t size, size_t align) {       \
    return x##_at(a) ? (uintptr_t)lm_##x##_alloc_aligned(x##_at(a), size, align) : 0;              \
  }                                                                                                \
  LM_EXPORT_OPERATION(x, calloc, uintptr_t, uintptr_t a, size_t count, size_t size) {              \
    return x##_at(a) ? (uintptr_t)lm_##x##_calloc(x##_at(a), count, size) : 0;                     \
  }                                                                                                \
  LM_EXPORT_OPERATION(x, realloc, uintptr_t, uintptr_t a, uintptr_t p, size_t size) {              \
    return x##_at(a) ? (uintptr_t)lm_##x##_realloc(x##_at(a), (void *)p, size) : 0;                \
  }                                                                                                \
  LM_EXPORT_OPERATION(x, free, unsigned, uintptr_t a, uintptr_t p) {                               \
    return x##_at(a) ? lm_##x##_free(x##_at(a), (void *)p) : LM_NOT_A_BLOCK;                       \
  }                                                                                                \
  LM_EXPORT_OPERATION(x, check, unsigned, uintptr_t a, uintptr_t p) {                              \
    return x##_at(a) ? lm_##x##_check(x##_at(a), (void *)p) : LM_NOT_A_BLOCK;                      \
  }                                                                                                \
  LM_EXPORT_OPERATION(x, usable_size, size_t, uintptr_t a, uintptr_t p) {                          \
    return x##_at(a) ? lm_##x##_usable_size(x##_at(a), (void *)p) : 0;                             \
  }                                                                                                \
  LM_EXPORT_OPERATION(x, stats, uintptr_t, uintptr_t a) {                                          \
    return x##_at(a) ? (uintptr_t)lm_##x##_stats(x##_at(a)) : 0;                                   \
  }                                                                                                \
  LM_EXPORT_OPERATION(x, walk, size_t, uintptr_t a, uintptr_t cursor, uintptr_t records,           \
                      size_t n) {                                                                  \
    if (!x##_at(a) || n == 0 || n > SIZE_MAX / sizeof(lm_block_record)) return 0;                  \
    if (cursor % LM_WORD || !lm_memory_holds(cursor, sizeof(lm_cursor))) return 0;                 \
    if (records % LM_WORD || !lm_memory_holds(records, n * sizeof(lm_block_record))) return 0;     \
    return lm_##x##_walk(x##_at(a), (lm_cursor *)cursor, (lm_block_record *)records, n);           \
  }                                                                                                \
  LM_EXPORT_OPERATION(x, holds, unsigned, uintptr_t a) {                                           \
    return x##_at(a) && lm_##x##_holds(x##_at(a));                                                 \
  }                                                                                                \
  LM_EXPORT_OPERATION(x, reset, void, uintptr_t a) {                                               \
    if (x##_at(a)) lm_##x##_reset(x##_at(a));                                                      \
  }                                                                                                \
  _Static_assert(1, "")
#endif
