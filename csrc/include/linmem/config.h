// SPDX-License-Identifier: MIT
// config.h: integer types, LM_ASSERT, and every #if about the platform. Nothing else asks what it
// runs on.
#ifndef LM_CONFIG_H
#define LM_CONFIG_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Changes whenever the layout of a public struct or the meaning of an export does.
#define LM_ABI_VERSION 1

// Bytes of one machine word: a header word, a link, a size.
#define LM_WORD sizeof(size_t)

// Every address an allocator returns is a multiple of this. Two words unless the build asks for
// more: 8 on wasm32 (alignof(max_align_t) under emcc), 16 on 64-bit targets. A SIMD build sets 16.
#ifndef LM_ALIGN
#define LM_ALIGN (2 * LM_WORD)
#endif
_Static_assert(LM_ALIGN >= 2 * LM_WORD && (LM_ALIGN & (LM_ALIGN - 1)) == 0 && LM_ALIGN <= 64,
               "LM_ALIGN: a power of two from two words to 64");

// The largest alignment on request.
#define LM_ALIGN_MAX ((size_t)65536)

// The largest request. The slack below PTRDIFF_MAX pays for a header, the padding of the largest
// alignment and a region's own words, so no sum made from a request that passed can wrap.
#define LM_REQUEST_MAX ((size_t)PTRDIFF_MAX - 4 * LM_ALIGN_MAX)

// LM_ASSERT guards our own invariants; it is gone from release builds, and never a hint to the
// compiler.
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

// On a function that is called rarely, in a file that is compiled for speed: its size counts.
#if defined(__clang__)
#define LM_RARE __attribute__((minsize))
#else
#define LM_RARE
#endif

// Before a loop that is short at run time too: the compiler is not to write its body out many
// times.
#if defined(__clang__)
#define LM_ROLLED _Pragma("clang loop unroll(disable)")
#else
#define LM_ROLLED
#endif

// What errno is set to: WASI's numbers under Emscripten, Linux's elsewhere.
#if defined(__wasm__)
enum { LM_ENOMEM = 48, LM_EINVAL = 28 };
#else
enum { LM_ENOMEM = 12, LM_EINVAL = 22 };
#endif

// Returns the place of the highest bit set in `x`. `x` must not be 0.
static inline unsigned lm_log2(size_t x) {
#if SIZE_MAX > 0xffffffffu
  return 63u - (unsigned)__builtin_clzll((unsigned long long)x);
#else
  return 31u - (unsigned)__builtin_clz((unsigned)x);
#endif
}

// Pages of 64 KiB: what the memory has, and asking for more. Both answer as the instructions do
// (`lm_memory_grow`: the size before, or SIZE_MAX when refused). A native build has no such memory:
// it has 0 pages and refuses.
#define LM_PAGE ((size_t)65536)
#if defined(LM_TEST_MEMORY)  // a test's own memory in the place of the module's
size_t lm_memory_pages(void);
size_t lm_memory_grow(size_t pages);
#elif defined(__wasm__)
static inline size_t lm_memory_pages(void) { return __builtin_wasm_memory_size(0); }
static inline size_t lm_memory_grow(size_t pages) { return __builtin_wasm_memory_grow(0, pages); }
#else
static inline size_t lm_memory_pages(void) { return 0; }
static inline size_t lm_memory_grow(size_t pages) { return (void)pages, SIZE_MAX; }
#endif

// Returns true when all of [address, address + size) is memory, and address is not 0. A process
// cannot ask cheaply: natively only address 0 and a range that wraps are known to be wrong.
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
