// SPDX-License-Identifier: MIT
#include "linmem/slice.h"

size_t lm_element_size(uint32_t type) {
  switch (type) {
#define ELEMENT(name, number, size)                                                                \
  case number:                                                                                     \
    return size;
    LM_ELEMENTS(ELEMENT)  // NOLINT(bugprone-branch-clone): some types have one size
#undef ELEMENT
  default:
    return 0;
  }
}

// Returns the bytes of `length` elements, SIZE_MAX when they are over PTRDIFF_MAX or type is none.
static size_t elements_bytes(uint32_t type, size_t length) {
  size_t size = lm_element_size(type);
  return size && length <= PTRDIFF_MAX / size ? length * size : SIZE_MAX;
}

// Makes `s` a slice at `p`, or dead when `p` is NULL.
static bool slice_make(lm_slice *s, void *p, uint32_t type, size_t length, uint32_t kind) {
  __builtin_memset(s, 0, sizeof *s);
  if (!p) return false;
  s->address = (uintptr_t)p;
  s->length  = length;
  s->type    = type;
  s->kind    = kind;
  return true;
}

bool lm_slice_of_heap(lm_slice *s, lm_heap *heap, uint32_t type, size_t length) {
  size_t bytes = elements_bytes(type, length);
  void *p = bytes == SIZE_MAX ? NULL : lm_heap_alloc_aligned(heap, bytes, lm_element_size(type));
  return slice_make(s, p, type, length, LM_SLICE_HEAP);
}

bool lm_slice_of_arena(lm_slice *s, lm_arena *arena, uint32_t type, size_t length) {
  size_t bytes = elements_bytes(type, length);
  void *p      = bytes == SIZE_MAX ? NULL : lm_arena_alloc(arena, bytes, lm_element_size(type));
  if (!slice_make(s, p, type, length, LM_SLICE_ARENA)) return false;
  s->epoch_low  = arena->epoch_low;
  s->epoch_high = arena->epoch_high;
  return true;
}

bool lm_slice_of(lm_slice *s, void *address, uint32_t type, size_t length) {
  size_t bytes = elements_bytes(type, length), at = (uintptr_t)address;
  bool fits = bytes != SIZE_MAX && at % lm_element_size(type) == 0 && bytes <= UINTPTR_MAX - at;
  return slice_make(s, fits ? address : NULL, type, length, LM_SLICE_BORROWED);
}

size_t lm_slice_bytes(const lm_slice *s) { return s->length * lm_element_size(s->type); }

// True when `size` bytes at `address` lie in a range that the arena has allocated: in the newest
// chunk, in one below it, or in the first block.
static bool arena_contains(const lm_arena *a, uintptr_t address, size_t size) {
  uintptr_t base = a->base, top = a->top;
  const lm_arena_chunk *chunk = a->chunk;
  for (;; chunk = chunk->below) {
    if (address >= base && address <= top && size <= top - address) return true;
    if (!chunk) return false;
    base = chunk->base, top = chunk->top;
  }
}

bool lm_slice_alive(const lm_slice *s, const lm_arena *arena) {
  if (s->kind != LM_SLICE_ARENA) return s->kind != LM_SLICE_NONE;
  if (!arena || !lm_arena_is_at(arena, s->epoch_low, s->epoch_high)) return false;
  return arena_contains(arena, s->address, lm_slice_bytes(s));
}

lm_status lm_slice_free(lm_slice *s, lm_heap *heap) {
  if (s->kind != LM_SLICE_HEAP) return LM_NOT_A_BLOCK;
  lm_status status = lm_heap_free(heap, (void *)s->address);
  if (status == LM_OK) __builtin_memset(s, 0, sizeof *s);
  return status;
}

bool lm_slice_holds(const lm_slice *s) {
  bool epoch = (s->epoch_low | s->epoch_high) != 0;
  if (s->kind == LM_SLICE_NONE) return !s->address && !s->length && !s->type && !epoch;
  if (s->kind > LM_SLICE_BORROWED || epoch != (s->kind == LM_SLICE_ARENA)) return false;
  return s->address && elements_bytes(s->type, s->length) != SIZE_MAX;
}
