// SPDX-License-Identifier: MIT
// test_malloc.c: the malloc family by other names, over a simulated sbrk that can be missing, fail,
// and have other callers. With LM_TEST_MEMORY (natively) memory grows as that of a wasm module, and
// the program has no errno, and its linmem_refused does nothing except in some tests.
#include "check.h"
#ifdef LM_TEST_MEMORY
#include "memory.h"
#define __heap_base (*data_end_at)
#define __errno_location nobodys_errno
#define linmem_refused (*told)
uint8_t *data_end_at;
#endif

static _Alignas(16) uint8_t pool[1 << 20];
static size_t brk_most;  // bytes that sbrk can return
static size_t brk_at;    // bytes of the pool given
static bool brk_fails;   // from here on
static uint32_t resizes;
static bool resize_lies;  // reports a growth that did not happen

static void *brk_more(intptr_t size) {
  if (brk_fails || (size_t)size > brk_most - brk_at) return (void *)-1;
  brk_at += (size_t)size;
  return pool + brk_at - (size_t)size;
}

#define LM_MALLOC(name) my_##name
static void *(*brk_now)(intptr_t);  // NULL: the program links no sbrk
#define LM_SBRK brk_now
#include "../../csrc/malloc.c"

int emscripten_resize_heap(size_t size) {
  resizes++;
  if (resize_lies) return 1;
  size_t has = lm_memory_pages() * LM_PAGE;
  return size > has && lm_memory_grow((size - has + LM_PAGE - 1) / LM_PAGE) != SIZE_MAX;
}
#if !defined(__wasm__) && !defined(LM_TEST_MEMORY)
uint8_t __heap_base;
#endif

#ifdef LM_TEST_MEMORY
static void ignore_refusal(lm_operation where, lm_status what, const void *block) {
  (void)where, (void)what, (void)block;
}
#endif

static void start(bool with_sbrk) {
  __builtin_memset(&state, 0, sizeof state);
  __builtin_memset(pool, 0xa5, sizeof pool);
  brk_most = sizeof pool;
  brk_at = resizes = 0;
  brk_fails = resize_lies = false;
  brk_now                 = with_sbrk ? brk_more : NULL;
#ifdef LM_TEST_MEMORY
  ram_start(2, 40);
  data_end_at = ram + 1000;
  told        = ignore_refusal;
#endif
}

static void the_family_works_from_the_first_call_on(void) {
  start(true);
  my_free(NULL);
  uint8_t *p = my_malloc(100), *q = my_calloc(10, 10), *r = my_realloc(NULL, 10);
  CHECK(p && q && r && my_malloc_usable_size(p) >= 100 && q[0] == 0 && q[99] == 0);
  p[0] = 1, p[99] = 2;
  p = my_realloc(p, 100000);
  CHECK(p && p[0] == 1 && p[99] == 2 && my_malloc_usable_size(NULL) == 0);
  CHECK(my_reallocarray(r, 10, 10) != NULL && my_malloc_trim(0) == 0);
  my_free(p), my_free(q);
  CHECK(lm_heap_holds(HEAP) && lm_heap_stats(HEAP)->live_blocks == 1);
  struct mallinfo info = my_mallinfo();
  CHECK(info.uordblks >= 100 && info.uordblks < 200 && info.arena >= info.uordblks + info.fordblks);
}

static void a_small_program_takes_at_most_4_KiB_from_sbrk(void) {
  start(true);
  CHECK(my_malloc(16) != NULL && brk_at <= 4096);
}

static void aligned_blocks_are_aligned_and_wrong_alignments_refused(void) {
  start(true);
  for (size_t align = 1; align <= 65536; align *= 2) {
    void *p = my_memalign(align, 10), *q = my_aligned_alloc(align, align), *r = NULL;
    CHECK(p && q && (uintptr_t)p % align == 0 && (uintptr_t)q % align == 0);
    int error = my_posix_memalign(&r, align, 10);
    CHECK(align < sizeof(void *) ? error == LM_EINVAL && !r
                                 : error == 0 && (uintptr_t)r % align == 0);
    my_free(p), my_free(q), my_free(r);
  }
  size_t wrong[] = {0, 3, 24, SIZE_MAX, 65537};
  for (size_t i = 0; i < 5; i++) {
    void *p = pool;
    CHECK(!my_memalign(wrong[i], 8) && !my_aligned_alloc(wrong[i], 8));
    CHECK(my_posix_memalign(&p, wrong[i], 8) == LM_EINVAL && p == pool);
  }
  void *p = pool;
  CHECK(!my_memalign((size_t)1 << 31, 8) && my_posix_memalign(&p, (size_t)1 << 31, 8) == LM_ENOMEM);
  CHECK(my_posix_memalign(&p, 64, SIZE_MAX - 8) == LM_ENOMEM && p == pool);
  CHECK(lm_heap_stats(HEAP)->live_blocks == 0);
}

static void requests_that_wrap_are_refused(void) {
  start(true);
  void *p = my_malloc(10);
  for (size_t k = 0; k <= 64; k++) {
    CHECK(!my_malloc(SIZE_MAX - k) && !my_realloc(p, SIZE_MAX - k) && !my_calloc(SIZE_MAX - k, 2));
    CHECK(!my_reallocarray(p, SIZE_MAX / 8 + 1 + k, 8) && !my_memalign(64, SIZE_MAX - k));
  }
  CHECK(my_malloc_usable_size(p) >= 10 && brk_at <= 4096 && lm_heap_holds(HEAP));
}

static void reallocarray_of_elements_of_no_size_shrinks(void) {
  start(true);
  uint8_t *p = my_malloc(3000);
  CHECK(p && my_reallocarray(p, SIZE_MAX, 0) == p && my_malloc_usable_size(p) < 100);
}

static struct {
  uint32_t calls;
  lm_operation where;
  lm_status what;
  const void *block;
} refused;

static void note_refusal(lm_operation where, lm_status what, const void *block) {
  refused.calls++, refused.where = where, refused.what = what, refused.block = block;
}

#ifndef LM_TEST_MEMORY
void linmem_refused(lm_operation where, lm_status what, const void *block) {
  note_refusal(where, what, block);
}
#endif

static void what_is_no_block_is_refused_and_reported(void) {
  start(true);
#ifdef LM_TEST_MEMORY
  told = note_refusal;
#endif
  refused.calls = 0;
  my_free(pool + 64);  // before the first malloc
  CHECK(refused.calls == 1 && refused.where == LM_IN_FREE && refused.what == LM_NOT_A_BLOCK);
  uint8_t *p = my_malloc(1000);
  my_free(p + 8), my_free(pool), my_free(&brk_at), my_free((void *)(uintptr_t)8);
  CHECK(refused.calls == 5 && refused.block == (void *)(uintptr_t)8);
  CHECK(!my_realloc(p + 8, 10) && refused.calls == 6 && refused.where == LM_IN_REALLOC);
  CHECK(!my_realloc(p + 8, 10) && lm_heap_stats(HEAP)->live_blocks == 1);
  my_free(p), my_free(p);
  CHECK(refused.what == LM_ALREADY_FREE && refused.block == p && refused.calls == 8);
  CHECK(my_malloc_usable_size(NULL) == 0 && refused.calls == 8);
  CHECK(my_malloc_usable_size(p) == 0 && refused.calls == 9 && refused.what == LM_ALREADY_FREE);
  CHECK(refused.where == LM_IN_USABLE_SIZE && refused.block == p);
  CHECK(my_malloc_usable_size(&brk_at) == 0 && refused.what == LM_NOT_A_BLOCK);
  CHECK(!my_reallocarray(p, SIZE_MAX / 2, 4) && refused.calls == 11);
  CHECK(refused.where == LM_IN_REALLOC && refused.what == LM_ALREADY_FREE);
  CHECK(lm_heap_stats(HEAP)->live_blocks == 0 && lm_heap_holds(HEAP));
}

static void nothing_works_on_a_heap_that_nobody_made_yet(void) {
  start(true);
  CHECK(my_realloc(pool + 64, 8) == NULL && my_malloc_usable_size(pool + 64) == 0);
  my_free(NULL), my_free(pool + 64);
  CHECK(my_malloc_trim(0) == 0 && my_mallinfo().uordblks == 0 && brk_at == 0);
}

static void trim_gives_empty_slabs_to_larger_requests(void) {
  start(true);
  void *p[400];
  for (size_t i = 0; i < 400; i++) p[i] = my_malloc(100);
  for (size_t i = 0; i < 400; i++) my_free(p[i]);
  CHECK(HEAP->superblocks.blocks > 0 && my_malloc_trim(0) == 0 && HEAP->superblocks.blocks == 0 &&
        lm_heap_holds(HEAP));
}

static void what_others_got_from_sbrk_stays_theirs(void) {
  start(true);
  uint8_t *theirs[40];
  for (size_t i = 0; i < 40; i++) {
    theirs[i] = brk_more((intptr_t)(4 * i + 1));  // the break is odd from here on
    __builtin_memset(theirs[i], 0x77, 4 * i + 1);
    uint8_t *p = my_malloc(5000 + 100 * i);
    CHECK(p && lm_heap_holds(HEAP));
    __builtin_memset(p, 0xff, 5000 + 100 * i);
  }
  size_t changed = 0;
  for (size_t i = 0; i < 40; i++)
    for (size_t k = 0; k < 4 * i + 1; k++) changed += theirs[i][k] != 0x77;
  CHECK(changed == 0);
}

static void an_sbrk_that_fails_gives_NULL_and_may_recover(void) {
  start(true);
  void *p   = my_malloc(1000);
  brk_fails = true;
  CHECK(p && !my_malloc(100000) && !my_realloc(p, 100000) && my_malloc_usable_size(p) >= 1000);
  CHECK(lm_heap_holds(HEAP));
  brk_fails = false;
  CHECK(my_malloc(100000) && lm_heap_holds(HEAP));
  while (my_malloc(10000)) {
  }
  CHECK(brk_at > sizeof pool - 65536 && lm_heap_holds(HEAP));
}

static void sbrk_is_asked_for_no_more_than_needed_when_it_has_no_more(void) {
  start(true);
  size_t got = 0;
  brk_most   = 5000;  // no multiple of 4 KiB
  CHECK(refill_by_sbrk(4500, &got) == pool && got == 4500 && brk_at == 4500);
  CHECK(refill_by_sbrk(501, &got) == NULL && refill_by_sbrk(PTRDIFF_MAX, &got) == NULL &&
        got == 4500);
  CHECK(refill_by_sbrk(4096, &got) == NULL && refill_by_sbrk(500, &got) == pool + 4500 &&
        got == 500);
}

static void without_sbrk_memory_comes_from_behind_the_data(void) {
  start(false);
#if defined(__wasm__) || defined(LM_TEST_MEMORY)
  size_t before = lm_memory_pages();
  uint8_t *p    = my_malloc(8000);
  CHECK(p >= &__heap_base && resizes == 0 && lm_memory_pages() == before);
  size_t large = 5 * LM_PAGE;
  uint8_t *q   = my_malloc(large);
  CHECK(q && resizes > 0 && lm_memory_pages() > before && lm_heap_holds(HEAP));
  __builtin_memset(q, 1, large);
  size_t theirs = lm_memory_grow(1) * LM_PAGE;  // a page of another owner
  uint8_t *r    = my_malloc(large);
  CHECK(r && (uintptr_t)r >= theirs + LM_PAGE && lm_heap_holds(HEAP));
  while (my_malloc(1 << 20)) {
  }
  CHECK(lm_heap_holds(HEAP) && brk_at == 0);
  my_free(p), my_free(q), my_free(r);
  CHECK(lm_heap_holds(HEAP));
#else
  CHECK(my_malloc(1 << 20) == NULL && brk_at == 0);  // there is no wasm memory to grow
#endif
}

#ifdef LM_TEST_MEMORY
static void memory_that_cannot_grow_or_did_not_gives_NULL(void) {
  start(false);
  CHECK(my_malloc(1000) && !memory_grow(SIZE_MAX) && resizes == 0);  // more than the address space
  size_t least = SIZE_MAX / LM_PAGE - lm_memory_pages();             // all that there can be
  CHECK(!memory_grow((least - 1) * LM_PAGE) && resizes == 1);        // is asked for once
  resize_lies = true;
  CHECK(!my_malloc(5 * LM_PAGE) && resizes == 2 && lm_heap_holds(HEAP));
  resize_lies = false;
  CHECK(my_malloc(5 * LM_PAGE) && lm_heap_holds(HEAP));
}

static void a_program_without_errno_gets_NULL_all_the_same(void) {
  start(true);
  uint8_t *p = my_malloc(1000);
  my_free(p + 8), my_free(pool);
  CHECK(!my_realloc(p + 8, 10) && !my_memalign(24, 8) && !my_calloc(SIZE_MAX, 2));
  CHECK(lm_heap_stats(HEAP)->live_blocks == 1 && lm_heap_holds(HEAP));
}
#endif

static void the_other_names_are_the_same_functions(void) {
  start(true);
  uint8_t *p = my_emscripten_builtin_malloc(10), *q = my___libc_malloc(10);
  CHECK(p && q && lm_heap_stats(HEAP)->live_blocks == 2);
  p = my_emscripten_builtin_realloc(p, 500), q = my___libc_realloc(q, 500);
  CHECK(my_malloc_usable_size(p) >= 500 && my_malloc_usable_size(q) >= 500);
  my_emscripten_builtin_free(p), my___libc_free(q);
  p = my_emscripten_builtin_calloc(3, 3), q = my___libc_calloc(3, 3);
  CHECK(p && q && !p[8] && !q[8]);
  CHECK((uintptr_t)my_emscripten_builtin_memalign(256, 1) % 256 == 0);
  CHECK((uintptr_t)my___libc_memalign(256, 1) % 256 == 0 && lm_heap_stats(HEAP)->live_blocks == 4);
}

#ifdef LM_TEST_MEMORY
#define RUN_OF_THIS_BUILD()                                                                        \
  RUN(memory_that_cannot_grow_or_did_not_gives_NULL);                                              \
  RUN_REFUSAL(a_program_without_errno_gets_NULL_all_the_same)
#else
#define RUN_OF_THIS_BUILD() (void)0
#endif

CHECK_MAIN(RUN(the_family_works_from_the_first_call_on);
           RUN(a_small_program_takes_at_most_4_KiB_from_sbrk);
           RUN(aligned_blocks_are_aligned_and_wrong_alignments_refused);
           RUN(requests_that_wrap_are_refused); RUN(reallocarray_of_elements_of_no_size_shrinks);
           RUN_OF_THIS_BUILD(); RUN_REFUSAL(what_is_no_block_is_refused_and_reported);
           RUN_REFUSAL(nothing_works_on_a_heap_that_nobody_made_yet);
           RUN(trim_gives_empty_slabs_to_larger_requests);
           RUN(what_others_got_from_sbrk_stays_theirs);
           RUN(an_sbrk_that_fails_gives_NULL_and_may_recover);
           RUN(sbrk_is_asked_for_no_more_than_needed_when_it_has_no_more);
           RUN(without_sbrk_memory_comes_from_behind_the_data);
           RUN(the_other_names_are_the_same_functions););
