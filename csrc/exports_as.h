// SPDX-License-Identifier: MIT
// exports_as.h: a strategy with the functions of AssemblyScript's allocators of 2018, over the
// memory of a program:
//
//   allocate_memory(size)  8-byte aligned; 0 iff size is 0, over 1 GiB, or there is no memory
//   free_memory(address)   ignores 0 and addresses that are not live blocks
//   reset_memory()         frees all blocks
//
// The module imports the memory and an immutable global, env.heap_base. The strategy owns the
// memory from there on and grows it. Its state lies at heap_base rounded up to 16, so that all
// instances over one memory are one allocator. Nothing traps. Private.
#ifndef LM_EXPORTS_AS_H
#define LM_EXPORTS_AS_H
#include "linmem/allocator.h"

#define LM_AS_MAX ((size_t)1 << 30)

// The end of the program's data. A test defines it in C.
#ifndef LM_AS_BASE
__asm__(".globaltype heap_base, i32, immutable\n");

static inline uintptr_t as_heap_base(void) {
  uintptr_t base;
  __asm__("global.get heap_base\nlocal.set %0" : "=r"(base));
  return base;
}
#define LM_AS_BASE as_heap_base()
#endif

static inline uintptr_t as_base(void) {
  uintptr_t base = LM_AS_BASE;
  return base < 16 ? 16 : (base + 15) & ~(uintptr_t)15;
}

uintptr_t allocate_memory(size_t size);
void free_memory(uintptr_t address);
void reset_memory(void);

#define LM_EXPORT_AS(x)                                                                            \
  static lm_##x *as_state(void) {                                                                  \
    uintptr_t base = as_base(), size = lm_memory_pages() * LM_PAGE - base;                         \
    size_t min = sizeof(lm_##x) + 256; /* the program's data may end where memory ends */          \
    if (!lm_memory_holds(base, min)) {                                                             \
      if (lm_memory_grow(1) == SIZE_MAX || !lm_memory_holds(base, min)) return NULL;               \
      size += LM_PAGE;                                                                             \
    }                                                                                              \
    if (lm_##x##_is((lm_##x *)base)) return (lm_##x *)base;                                        \
    return lm_##x##_init((void *)base, size, lm_pages_wasm, NULL);                                 \
  }                                                                                                \
  LM_EXPORT(allocate_memory) uintptr_t allocate_memory(size_t size) {                              \
    lm_##x *a = size - 1 < LM_AS_MAX ? as_state() : NULL;                                          \
    return a ? (uintptr_t)lm_##x##_alloc(a, size) : 0;                                             \
  }                                                                                                \
  LM_EXPORT(free_memory) void free_memory(uintptr_t address) {                                     \
    lm_##x *a = as_state();                                                                        \
    if (a) lm_##x##_free(a, (void *)address);                                                      \
  }                                                                                                \
  LM_EXPORT(reset_memory) void reset_memory(void) {                                                \
    lm_##x *a = as_state();                                                                        \
    if (a) lm_##x##_reset(a);                                                                      \
  }                                                                                                \
  _Static_assert(1, "")
#endif
