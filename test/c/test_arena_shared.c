// SPDX-License-Identifier: MIT
// test_arena_shared.c: threads allocate from one arena that does not grow (LM_SHARED).
#ifndef LM_SHARED
#define LM_SHARED 1
#endif
#include "../../csrc/arena.c"
#include "check.h"
#include <pthread.h>

enum { THREADS = 4, EACH = 200000, SIZE = 24, ALIGN = 8 };
static _Alignas(16) uint8_t pool[THREADS * EACH * SIZE];
static lm_arena arena;
static uint8_t *given[THREADS][EACH];
static unsigned waiting;  // threads that have not arrived yet

static void *allocate(void *number) {
  uint8_t **mine = given[(uintptr_t)number];
  __atomic_sub_fetch(&waiting, 1, __ATOMIC_SEQ_CST);
  while (__atomic_load_n(&waiting, __ATOMIC_SEQ_CST))
    ;
  for (uint32_t i = 0; i < EACH; i++) {
    mine[i] = lm_arena_alloc(&arena, SIZE - (i & 7), ALIGN);
    if (mine[i]) __builtin_memset(mine[i], (int)(uintptr_t)number + 1, SIZE - (i & 7));
  }
  return NULL;
}

// One round: every byte of the pool is allocated once and keeps what its thread wrote, and the arena
// is full.
static void allocate_all(void) {
  CHECK(lm_arena_init(&arena, pool, sizeof pool, NULL, NULL, NULL));
  pthread_t threads[THREADS];
  waiting = THREADS;
  for (uintptr_t i = 0; i < THREADS; i++)
    CHECK(pthread_create(&threads[i], NULL, allocate, (void *)i) == 0);
  for (unsigned i = 0; i < THREADS; i++) CHECK(pthread_join(threads[i], NULL) == 0);
  uint32_t kept = 0;
  for (uint32_t t = 0; t < THREADS; t++)
    for (uint32_t i = 0; i < EACH; i++) {
      const uint8_t *p = given[t][i];
      kept += p >= pool && p < pool + sizeof pool && (uintptr_t)p % ALIGN == 0 && p[0] == t + 1 &&
              p[SIZE - (i & 7) - 1] == t + 1;
    }
  CHECK(kept == THREADS * EACH);
  // The last request of each thread may end up to 7 bytes short of the next multiple of 8.
  CHECK(lm_arena_used(&arena) > sizeof pool - 8 && lm_arena_holds(&arena));
  CHECK(lm_arena_alloc(&arena, SIZE, ALIGN) == NULL);
}

static void threads_that_allocate_at_the_same_time_get_ranges_of_their_own(void) {
  for (int round = 0; round < 5; round++) allocate_all();
}

CHECK_MAIN(RUN(threads_that_allocate_at_the_same_time_get_ranges_of_their_own););
