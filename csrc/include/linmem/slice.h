// SPDX-License-Identifier: MIT
// slice.h: a typed array in linear memory: address, length, element type, owner, and the epoch in
// which it is alive. Its struct is a public ABI, like lm_arena.
//
//   L1  type is one of LM_ELEMENTS; kind is an lm_slice_kind.
//   L2  The elements fit the memory: length <= PTRDIFF_MAX / element size.
//   L3  A dead slice (LM_SLICE_NONE) has address, length, type and epoch 0.
#ifndef LM_SLICE_H
#define LM_SLICE_H
#include "linmem/arena.h"
#include "linmem/heap.h"

// The element types: name, number, bytes. The numbers are part of the ABI.
// clang-format off
#define LM_ELEMENTS(X) \
  X(i8, 1, 1) \
  X(u8, 2, 1) \
  X(u8c, 3, 1) \
  X(i16, 4, 2) \
  X(u16, 5, 2) \
  X(i32, 6, 4) \
  X(u32, 7, 4) \
  X(i64, 8, 8) \
  X(u64, 9, 8) \
  X(f16, 10, 2) \
  X(f32, 11, 4) \
  X(f64, 12, 8) \
  X(ptr32, 13, 4) \
  X(ptr53, 14, 8) \
  X(ptr64, 15, 8) \
  X(i128, 16, 16) \
  X(u128, 17, 16) \
  X(i256, 18, 32) \
  X(u256, 19, 32)
// clang-format on

typedef enum lm_element {
#define ELEMENT(name, number, size) LM_##name = (number),
  LM_ELEMENTS(ELEMENT)
#undef ELEMENT
} lm_element;

typedef enum lm_slice_kind {
  LM_SLICE_NONE     = 0,  // dead
  LM_SLICE_HEAP     = 1,  // a block of a heap; alive until it is freed
  LM_SLICE_ARENA    = 2,  // of an arena; alive until the arena's epoch ends or a rewind
  LM_SLICE_BORROWED = 3,  // of memory that another owner manages; always alive here
} lm_slice_kind;

typedef struct lm_slice {
  uintptr_t address;
  size_t length;       // elements
  uint32_t type;       // an lm_element
  uint32_t kind;       // an lm_slice_kind
  uint32_t epoch_low;  // the arena's epoch at creation; 0 for other kinds
  uint32_t epoch_high;
} lm_slice;
_Static_assert(sizeof(lm_slice) == 2 * LM_WORD + 16, "no padding: layout.c exports it");

// Returns the bytes of one element, 0 iff `type` is not one of LM_ELEMENTS.
size_t lm_element_size(uint32_t type);

// Each makes `s` a slice of `length` elements, not zeroed, aligned to their size. Returns false,
// and makes `s` dead, iff type is not one of LM_ELEMENTS, the bytes are over PTRDIFF_MAX, or there
// is no memory.
bool lm_slice_of_heap(lm_slice *s, lm_heap *heap, uint32_t type, size_t length);
bool lm_slice_of_arena(lm_slice *s, lm_arena *arena, uint32_t type, size_t length);
// Also false when `address` is NULL, not a multiple of the element size, or the bytes wrap.
bool lm_slice_of(lm_slice *s, void *address, uint32_t type, size_t length);

// Returns the bytes of all elements.
size_t lm_slice_bytes(const lm_slice *s);

// True when the elements may be used. For a slice of an arena, `arena` is that arena: it must be in
// the epoch of the slice, and the bytes must still be allocated: a rewind frees those above the
// mark, chunks included. Cost: O(chunks).
bool lm_slice_alive(const lm_slice *s, const lm_arena *arena);

// Frees a slice of `heap` and makes it dead. Returns LM_NOT_A_BLOCK for a slice of another kind,
// which is unchanged, and for a dead one.
lm_status lm_slice_free(lm_slice *s, lm_heap *heap);

// True when L1 to L3 hold.
bool lm_slice_holds(const lm_slice *s);
#endif
