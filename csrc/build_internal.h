// SPDX-License-Identifier: MIT
// build_internal.h: every macro that a build option or a compiler decides, except those that the
// public headers need (config.h). Private.
//
//   LM_LEAN          the heap does not check the addresses given to free and realloc
//   LM_STATIC_HEAP   one translation unit holds the heap, see heap_static.h
//   -Os, -Oz         one copy of each path instead of an inlined fast path
#ifndef LM_BUILD_INTERNAL_H
#define LM_BUILD_INTERNAL_H
#include "linmem/config.h"

#define LM_LIKELY(x) __builtin_expect(!!(x), 1)
#define LM_NOINLINE __attribute__((noinline))

// For a function whose body is no longer than a call of it. The coverage build defines it as
// `inline`, so that each branch is counted once, where it is written.
#ifndef LM_ALWAYS_INLINE
#define LM_ALWAYS_INLINE inline __attribute__((always_inline))
#endif

// LM_HOT_INLINE: inlined when the file is optimized for speed, the compiler's choice otherwise.
#ifdef __OPTIMIZE_SIZE__
#define LM_SIZE_OPTIMIZED true
#define LM_HOT_INLINE inline
#else
#define LM_SIZE_OPTIMIZED false
#define LM_HOT_INLINE LM_ALWAYS_INLINE
#endif

// LM_COLD: a rarely called function in a file that is optimized for speed: its size counts.
// LM_NO_UNROLL: before a loop that is short at run time, so that unrolling it only adds code.
#ifdef __clang__
#define LM_COLD __attribute__((minsize))
#define LM_NO_UNROLL _Pragma("clang loop unroll(disable)")
#else
#define LM_COLD
#define LM_NO_UNROLL
#endif

// True when free and realloc check the addresses that they are given.
#ifdef LM_LEAN
#define LM_CHECKED false
#else
#define LM_CHECKED true
#endif

// The linkage of functions that one file of the heap offers another. A static heap makes them
// private, so that the compiler can inline each where it is called.
#ifdef LM_STATIC_HEAP
#define LM_PRIVATE __attribute__((unused)) static
#else
#define LM_PRIVATE
#endif

// Called at each step of the strategies that promise a bound. A test counts the calls.
#ifndef LM_STEP
#define LM_STEP() ((void)0)
#endif
#endif
