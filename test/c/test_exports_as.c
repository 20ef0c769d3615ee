// SPDX-License-Identifier: MIT
// test_exports_as.c: AssemblyScript's exports over a simulated memory; built once for each strategy
// that has them, which LM_AS_FILE names.
#include "memory.h"

static uintptr_t heap_base;
#define LM_AS_BASE heap_base
#include LM_AS_FILE

static void blocks_lie_above_heap_base_and_memory_grows(void) {
  ram_start(1, RAM_PAGES);
  heap_base = (uintptr_t)ram + 5003;
  for (size_t size = 1; size < 3000; size += 7) {
    uintptr_t p = allocate_memory(size);
    CHECK(p > heap_base && p % LM_ALIGN == 0);
    __builtin_memset((void *)p, 0xff, size);
  }
  CHECK(ram_pages > 1);
  for (size_t i = 0; i < 5003; i++) CHECK(ram[i] == 0);
  CHECK(!allocate_memory(0) && !allocate_memory(LM_AS_MAX + 1) && !allocate_memory(SIZE_MAX));
}

static void address_0_is_never_the_state(void) {
  heap_base = 3;
  CHECK(as_base() == 16);
}

static void free_and_reset_give_back(void) {
  ram_start(1, RAM_PAGES);
  heap_base       = (uintptr_t)ram + 1024;
  uintptr_t first = allocate_memory(100);
  for (size_t i = 0; i < 1000; i++) free_memory(allocate_memory(200));
  free_memory(0), free_memory(first + 8), free_memory(ram_end() + 4096);
  reset_memory();
  CHECK(allocate_memory(100) == first);
}

static void a_full_memory_that_cannot_grow_gives_0(void) {
  ram_start(1, 1);
  heap_base = (uintptr_t)ram + LM_PAGE;
  CHECK(!allocate_memory(8));
  free_memory(heap_base), reset_memory();
  ram_start(1, 2);
  CHECK(allocate_memory(8) >= heap_base && ram_pages == 2 && !allocate_memory(2 * LM_PAGE));
  ram_start(1, RAM_PAGES);
  heap_base = (uintptr_t)ram + 3 * LM_PAGE;  // one page more is not enough
  CHECK(!allocate_memory(8));
}

CHECK_MAIN(RUN(blocks_lie_above_heap_base_and_memory_grows); RUN(free_and_reset_give_back);
           RUN(address_0_is_never_the_state); RUN(a_full_memory_that_cannot_grow_gives_0););
