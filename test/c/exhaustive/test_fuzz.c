// SPDX-License-Identifier: MIT
// test_fuzz.c: the operations of operations.h, natively, as the bytes of an input choose them. With
// LM_FUZZ libFuzzer makes the inputs, for the strategy that the environment variable STRATEGY
// names, until there were OPERATIONS of them; without it they are random, in every strategy.
//
// The allocator's memory comes in pieces with gaps; what it was not given is poisoned, so that
// AddressSanitizer sees a step outside.
#include "../strategies.h"

#if defined(__has_feature)
#define FUZZ_FEATURE(x) __has_feature(x)
#else
#define FUZZ_FEATURE(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || FUZZ_FEATURE(address_sanitizer)
void __asan_poison_memory_region(const volatile void *base, size_t size);
void __asan_unpoison_memory_region(const volatile void *base, size_t size);
#define POISON(base, size) __asan_poison_memory_region(base, size)
#define UNPOISON(base, size) __asan_unpoison_memory_region(base, size)
#else
#define POISON(base, size) ((void)0)
#define UNPOISON(base, size) ((void)0)
#endif

static const uint8_t *input;
static size_t input_left;
static void *allocator;
enum { FUZZ_POOL = 256 * 1024 };  // bytes of the pool; small, so that inputs start quickly

// Returns a number in [0, below) from the next bytes of the input; 0 when there are none.
static uint32_t choose(uint32_t below) {
  uint32_t value = 0;
  for (uint32_t reach = 1; reach < below && input_left;
       reach          = reach > 1u << 23 ? below : reach << 8)
    value = value << 8 | *input++, input_left--;
  return value % below;
}

static void *op_alloc(size_t size) { return on->alloc(allocator, size); }
static void *op_alloc_aligned(size_t size, size_t align) {
  return on->alloc_aligned(allocator, size, align);
}
static void *op_calloc(size_t count, size_t size) { return on->calloc(allocator, count, size); }
static void *op_realloc(void *p, size_t size) { return on->realloc(allocator, p, size); }
static lm_status op_free(void *p) { return on->free(allocator, p); }
static lm_status op_check(void *p) { return on->check(allocator, p); }
static size_t op_usable(void *p) { return on->usable_size(allocator, p); }
static const lm_stats *op_stats(void) { return on->stats(allocator); }
static bool op_holds(void) { return on->holds(allocator); }
static bool op_reset(void) {
  if (on->reset) on->reset(allocator);
  return on->reset;
}

#define MODEL_REACH ((size_t)FUZZ_POOL)
#define MODEL_SLOTS 32u
#include "operations.h"

// The page source: that of faults.h, which also tells the model and AddressSanitizer of each piece.
static void *fuzz_more(lm_pages *self, size_t min, size_t *got) {
  UNPOISON(source.pool, source.size);
  uint8_t *p = faults_more(self, min, got);
  POISON(source.pool, source.size);
  if (!p) return NULL;
  POISON(p - source.gap, source.gap);
  model_allow(p, *got);
  return p;
}

// Creates an allocator and a page source with sizes from the input. Returns false iff it is refused.
static bool fuzz_start(void) {
  size_t first = on->state + 1024 + choose(32768);
  UNPOISON(pool, FUZZ_POOL);
  __builtin_memset(&source, 0, sizeof source);
  source.gap      = choose(3) ? 0 : choose(4096);
  source.step     = (size_t)1 << (4 + choose(10));
  source.fail_at  = choose(8);
  source.for_ever = choose(2);
  source.pool     = pool + first;
  source.size     = choose(4) ? FUZZ_POOL - first : 0;
  if (!choose(4)) source.size = source.size / 8;
  model_start(pool, on->reuses);
  model_allow(pool, first);
  allocator = on->init(pool, first, fuzz_more, &source);
  POISON(pool + first, FUZZ_POOL - first);
  return allocator != NULL;
}

static void fuzz_input(const uint8_t *data, size_t size) {
  input      = data;
  input_left = size;
  if (!fuzz_start()) return;
  for (uint32_t phase = 0; input_left && !check_failed; phase--) {
    if (phase == 0) model_phase(), phase = 256;
    model_step();
    if (model.steps % 16 == 0) CHECK(op_holds());
  }
  model_check();
  model_drain(0);
  UNPOISON(pool, FUZZ_POOL);
}

#ifdef LM_FUZZ
static uint32_t goal;

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerInitialize(int *argc, char ***argv) {
  const char *name = getenv("STRATEGY"), *count = getenv("OPERATIONS");
  for (size_t i = 0; i < sizeof strategies / sizeof *strategies; i++)
    if (name && __builtin_strcmp(name, strategies[i].name) == 0) on = &strategies[i];
  goal = count ? (uint32_t)strtoul(count, NULL, 0) : UINT32_MAX;
  return (void)argc, (void)argv, on ? 0 : 1;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  static uint32_t inputs;
  inputs++;
  fuzz_input(data, size);
  if (check_failed) __builtin_trap();
  if (model.steps < goal) return 0;
  printf(
      "%s: %u operations in %u inputs, %u checks, 0 failed; %u allocated, %u refused, %u moved\n",
      on->name, model.steps, inputs, check_total, model.allocated, model.refused, model.moved);
  fflush(stdout);
  _Exit(0);
}
#else
static void inputs_of_random_bytes_do_no_harm(void) {
  static uint8_t bytes[4096];
  for (uint32_t run = 0; run < 60; run++) {
    for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (uint8_t)random_below(256);
    fuzz_input(bytes, 64 + random_below(sizeof bytes - 64));
  }
  CHECK(model.steps > 1000 && model.allocated > 100);
}

CHECK_MAIN(for (size_t i = 0; i < sizeof strategies / sizeof *strategies; i++) {
  on = &strategies[i];
  RUN(inputs_of_random_bytes_do_no_harm);
});
#endif
