// SPDX-License-Identifier: MIT
// config.h: integer types, limits, LM_ASSERT, and every #if about the platform.
#ifndef LM_CONFIG_H
#define LM_CONFIG_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Changes whenever the layout of a public struct or the meaning of an export does.
#define LM_ABI_VERSION 1

// Bytes of a machine word: a header word, a link, a size.
#define LM_WORD sizeof(size_t)

// Every address that an allocator returns is a multiple of this. Default: two words, which is 8 on
// wasm32 (alignof(max_align_t) under emcc) and 16 on 64-bit targets. A build that uses SIMD sets
// 16.
#ifndef LM_ALIGN
#define LM_ALIGN (2 * LM_WORD)
#endif
_Static_assert(LM_ALIGN >= 2 * LM_WORD && (LM_ALIGN & (LM_ALIGN - 1)) == 0 && LM_ALIGN <= 64,
               "LM_ALIGN: a power of two from two words to 64");
// True of a power of two, and of no expression that means another number here, as 8 + 8.
_Static_assert(64 / LM_ALIGN * LM_ALIGN == 64 && -LM_ALIGN + LM_ALIGN == 0,
               "LM_ALIGN: a power of two from two words to 64, an expression in parentheses");

// The switches. Each is tested by #ifdef, so that one that is defined as 0 would be on.
//
//   LM_DEBUG             LM_ASSERT checks invariants
//   LM_LEAN              the heap does not check the addresses given to free and realloc
//   LM_SHARED            threads may allocate from one arena
//   LM_ABORT_ON_REFUSAL  malloc.h: a refused free or realloc traps
#if (defined(LM_DEBUG) && LM_DEBUG + 0 != 1) || (defined(LM_LEAN) && LM_LEAN + 0 != 1) ||          \
    (defined(LM_SHARED) && LM_SHARED + 0 != 1) ||                                                  \
    (defined(LM_ABORT_ON_REFUSAL) && LM_ABORT_ON_REFUSAL + 0 != 1)
#error "LM_DEBUG, LM_LEAN, LM_SHARED, LM_ABORT_ON_REFUSAL: define each as 1 or not at all"
#endif

// The largest alignment on request.
#define LM_ALIGN_MAX ((size_t)65536)

// The largest request. The slack below PTRDIFF_MAX covers a block's header, the padding of the
// largest alignment and a region's header, so no sum made from an accepted request can wrap.
#define LM_REQUEST_MAX ((size_t)PTRDIFF_MAX - 4 * LM_ALIGN_MAX)

// LM_ASSERT checks an invariant of linmem in builds with LM_DEBUG. In others it compiles to
// nothing, and is no hint to the compiler.
#ifdef LM_DEBUG
#define LM_ASSERT(cond) ((cond) ? (void)0 : __builtin_trap())
#else
#define LM_ASSERT(cond) ((void)0)
#endif

#if defined(__wasm__)
#define LM_EXPORT(name) __attribute__((export_name(#name)))
#define LM_IMPORT(name) __attribute__((import_module("env"), import_name(#name)))
#else
#define LM_EXPORT(name)
#define LM_IMPORT(name)
#endif

// Values of errno: those of WASI under Emscripten, of Linux elsewhere.
#if defined(__wasm__)
enum { LM_ENOMEM = 48, LM_EINVAL = 28 };
#else
enum { LM_ENOMEM = 12, LM_EINVAL = 22 };
#endif

// Returns the index of the highest bit set in `x`, which must not be 0.
static inline unsigned lm_log2(size_t x) {
#if SIZE_MAX > 0xffffffffu
  return 63u - (unsigned)__builtin_clzll((unsigned long long)x);
#else
  return 31u - (unsigned)__builtin_clz((unsigned)x);
#endif
}

// The size of the wasm memory in pages of 64 KiB, and its growth. Both return what the instructions
// return (`lm_memory_grow`: the size before, or SIZE_MAX when refused). A native build has no such
// memory: 0 pages, and growth is refused.
#define LM_PAGE ((size_t)65536)
#if defined(LM_TEST_MEMORY)  // a test provides the memory
size_t lm_memory_pages(void);
size_t lm_memory_grow(size_t pages);
#elif defined(__wasm__)
static inline size_t lm_memory_pages(void) { return __builtin_wasm_memory_size(0); }
static inline size_t lm_memory_grow(size_t pages) { return __builtin_wasm_memory_grow(0, pages); }
#else
static inline size_t lm_memory_pages(void) { return 0; }
static inline size_t lm_memory_grow(size_t pages) { return (void)pages, SIZE_MAX; }
#endif

// Returns true when all of [address, address + size) is memory, and address is not 0. A native
// process cannot tell cheaply: there only address 0 and a range that wraps are refused.
#if defined(__wasm__) || defined(LM_TEST_MEMORY)
static inline bool lm_memory_holds(uintptr_t address, size_t size) {
  if (address == 0 || size == 0) return address != 0;
  if (size - 1 > UINTPTR_MAX - address) return false;
  return (address + (size - 1)) / LM_PAGE < lm_memory_pages();
}
#else
static inline bool lm_memory_holds(uintptr_t address, size_t size) {
  return address != 0 && (size == 0 || size - 1 <= UINTPTR_MAX - address);
}
#endif
#endif
