// SPDX-License-Identifier: MIT
// exports_walle.c: bestfit as a replacement for WALL-E's module, which exports its memory as
// `memory`, and `nil`, which is 0.
//
//   allocate(size)        8-byte aligned; nil iff size is 0 or there is no memory
//   deallocate(p)         ignores nil and addresses that are not live blocks
//   reallocate(p, size)   nil allocates; size 0 deallocates; nil when it fails, and p is unchanged
//   size(p)               the requested bytes; 0 iff p is not a live block
//
// `nil` is the first byte of the module's only data, which the linker places at address 0; it is
// exported as a global that holds its address. The allocator's state follows it.
#include "linmem/bestfit.h"

enum { NIL_SIZE = 16 };

extern uint8_t nil[];
#ifndef LM_TEST_MEMORY  // a test defines it at the start of its memory
uint8_t nil[NIL_SIZE];
#endif
uintptr_t walle_allocate(size_t size);
void walle_deallocate(uintptr_t p);
uintptr_t walle_reallocate(uintptr_t p, size_t size);
size_t walle_size(uintptr_t p);

static lm_bestfit *walle_state(void) {
  lm_bestfit *a = (lm_bestfit *)(nil + NIL_SIZE);
  if (lm_bestfit_is(a)) return a;
  return lm_bestfit_init(a, lm_memory_pages() * LM_PAGE - (uintptr_t)a, lm_pages_wasm, NULL);
}

LM_EXPORT(allocate) uintptr_t walle_allocate(size_t size) {
  return size ? (uintptr_t)lm_bestfit_alloc(walle_state(), size) : 0;
}

LM_EXPORT(deallocate) void walle_deallocate(uintptr_t p) {
  lm_bestfit_free(walle_state(), (void *)p);
}

LM_EXPORT(reallocate) uintptr_t walle_reallocate(uintptr_t p, size_t size) {
  lm_bestfit *a = walle_state();
  if (size) return (uintptr_t)lm_bestfit_realloc(a, (void *)p, size);
  return lm_bestfit_free(a, (void *)p), 0;
}

LM_EXPORT(size) size_t walle_size(uintptr_t p) { return lm_bestfit_size(walle_state(), (void *)p); }
