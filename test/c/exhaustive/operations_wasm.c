// SPDX-License-Identifier: MIT
// operations_wasm.c: the operations of operations.h on a strategy's module as it is shipped. A
// module that lies in the same memory, below the allocator, and imports its exports
// (operations.mjs).
#include "../check.h"
#include "linmem/allocator.h"

LM_IMPORT(alloc) uintptr_t js_alloc(uintptr_t a, size_t size);
LM_IMPORT(alloc_aligned) uintptr_t js_alloc_aligned(uintptr_t a, size_t size, size_t align);
LM_IMPORT(calloc) uintptr_t js_calloc(uintptr_t a, size_t count, size_t size);
LM_IMPORT(realloc) uintptr_t js_realloc(uintptr_t a, uintptr_t p, size_t size);
LM_IMPORT(free) unsigned js_free(uintptr_t a, uintptr_t p);
LM_IMPORT(check) unsigned js_check(uintptr_t a, uintptr_t p);
LM_IMPORT(usable_size) size_t js_usable_size(uintptr_t a, uintptr_t p);
LM_IMPORT(stats) uintptr_t js_stats(uintptr_t a);
LM_IMPORT(holds) unsigned js_holds(uintptr_t a);
LM_IMPORT(reset) void js_reset(uintptr_t a);

static uintptr_t allocator;
static bool has_reset;
static uint64_t random_state;
static size_t pages_known;

// (splitmix64)
static uint32_t choose(uint32_t below) {
  uint64_t z = random_state += 0x9e3779b97f4a7c15u;
  z          = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z          = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return (uint32_t)((z >> 32) * below >> 32);
}

static void pages_note(void);

#define ALLOCATED(call) (pages_note_after((void *)(call)))
static void *pages_note_after(void *p) {
  if (lm_memory_pages() != pages_known) pages_note();
  return p;
}

static void *op_alloc(size_t size) { return ALLOCATED(js_alloc(allocator, size)); }
static void *op_alloc_aligned(size_t size, size_t align) {
  return ALLOCATED(js_alloc_aligned(allocator, size, align));
}
static void *op_calloc(size_t count, size_t size) {
  return ALLOCATED(js_calloc(allocator, count, size));
}
static void *op_realloc(void *p, size_t size) {
  return ALLOCATED(js_realloc(allocator, (uintptr_t)p, size));
}
static lm_status op_free(void *p) { return (lm_status)js_free(allocator, (uintptr_t)p); }
static lm_status op_check(void *p) { return (lm_status)js_check(allocator, (uintptr_t)p); }
static size_t op_usable(void *p) { return js_usable_size(allocator, (uintptr_t)p); }
static const lm_stats *op_stats(void) { return (const lm_stats *)js_stats(allocator); }
static bool op_holds(void) { return js_holds(allocator) == 1; }
static bool op_reset(void) {
  if (has_reset) js_reset(allocator);
  return has_reset;
}

#include "operations.h"

// Adds the pages that the memory has grown by to the memory of the allocator.
static void pages_note(void) {
  size_t now = lm_memory_pages();
  model_allow((void *)(pages_known * LM_PAGE), (now - pages_known) * LM_PAGE);
  pages_known = now;
}

// The largest request that succeeds when all is free. A buddy never merges blocks of two regions.
enum {
  LARGE = MODEL_REACH / 16,
  DRAIN = 8
};  // one drain in so many phases, and in so many refusals

void operations_start(uintptr_t at, uintptr_t base, uint32_t seed, bool reuses, bool reset);
uint32_t operations_run(uint32_t count);
uint32_t operations_count(uint32_t what);

// Starts with the allocator at `at`, which owns all memory from `base` on.
LM_EXPORT(start)
void operations_start(uintptr_t at, uintptr_t base, uint32_t seed, bool reuses, bool reset) {
  allocator    = at;
  has_reset    = reset;
  random_state = seed;
  pages_known  = lm_memory_pages();
  model_start((void *)base, reuses);
  model_allow((void *)base, pages_known * LM_PAGE - base);
}

// Does `count` operations. Returns how many checks failed.
LM_EXPORT(run) uint32_t operations_run(uint32_t count) {
  check_test      = "operations";
  check_total     = 0;
  model.allocated = model.refused = model.moved = 0;
  for (uint32_t step = 0, phase = 0; step < count && !check_failed; step++, phase--) {
    uint32_t refused = model.refused;
    if (phase == 0) {
      model_check();
      if (choose(DRAIN) == 0) model_drain(LARGE);
      phase = model_phase();
    }
    model_step();
    if (model.refused != refused && choose(DRAIN) == 0) model_drain(LARGE);
  }
  model_check();
  return check_failed;
}

// Of the last run: checks, allocated blocks, refused requests, blocks moved by realloc.
LM_EXPORT(count) uint32_t operations_count(uint32_t what) {
  const uint32_t counts[] = {check_total, model.allocated, model.refused, model.moved};
  return counts[what % 4];
}
