// SPDX-License-Identifier: MIT
// sbrk.c: the functions that the allocators call: sbrk, memcpy, memset and few others. The same for
// all allocators.
#include <stddef.h>
#include <stdint.h>

#define EXPORT(name) __attribute__((export_name(#name)))

extern uint8_t __heap_base;
static uintptr_t end;  // the break; it never goes down, so it is also the peak

void *sbrk(intptr_t more) {
  if (!end) end = ((uintptr_t)&__heap_base + 15) & ~(uintptr_t)15;
  uintptr_t old = end, want = old + (size_t)more;
  size_t have = __builtin_wasm_memory_size(0) * 65536;
  if (want > have && __builtin_wasm_memory_grow(0, (want - have + 65535) / 65536) == SIZE_MAX)
    return (void *)-1;
  end = want;
  return (void *)old;
}

EXPORT(heap_size) size_t heap_size(void) {
  return end ? end - (((uintptr_t)&__heap_base + 15) & ~(uintptr_t)15) : 0;
}

// Short copies by words, long ones by the instruction, which is the fastest way in V8.
void *memcpy(void *restrict to, const void *restrict from, size_t size) {
  if (size > 256) return __builtin_memcpy(to, from, size);
  uint8_t *t       = to;
  const uint8_t *f = from;
  typedef uint64_t __attribute__((aligned(1))) word;
  for (; size >= 8; size -= 8, t += 8, f += 8) *(word *)t = *(const word *)f;
  while (size--) *t++ = *f++;
  return to;
}

void *memset(void *to, int byte, size_t size) { return __builtin_memset(to, byte, size); }

int *__errno_location(void) {
  static int number;
  return &number;
}

_Noreturn void abort(void) { __builtin_trap(); }
EXPORT(emscripten_notify_memory_growth) void emscripten_notify_memory_growth(size_t i) { (void)i; }
