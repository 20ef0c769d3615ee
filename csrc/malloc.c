// SPDX-License-Identifier: MIT
// malloc.c: malloc and its family over one static heap (heap_static.h), for Emscripten programs.
//
// Memory comes from sbrk if the program links it; other callers of sbrk keep their memory. With
// -sMALLOC=none Emscripten links sbrk only into programs that call it. Without it, memory comes
// from the end of the program's data and from emscripten_resize_heap.
//
// free and realloc of an address that is not a live block change nothing and call linmem_refused
// (malloc.h); realloc returns NULL. So does malloc_usable_size, which returns 0. realloc to 0 bytes
// shrinks. A test compiles this file with its own LM_MALLOC(name) and LM_SBRK.
#include "linmem/config.h"

// malloc has no lock. Compiling this file with atomics is an error: the object file could be linked
// into a program with shared memory. Without them wasm-ld refuses that: see heap_init_once.
#if defined(__EMSCRIPTEN_PTHREADS__) || defined(__EMSCRIPTEN_WASM_WORKERS__) ||                    \
    defined(__EMSCRIPTEN_SHARED_MEMORY__)
#error "linmem's malloc is not thread-safe: no -pthread, -sWASM_WORKERS or -sSHARED_MEMORY"
#elif defined(__wasm_atomics__)
#error "linmem's malloc is not thread-safe: compile it without -matomics, for unshared memory"
#endif

#ifndef LM_MALLOC
#define LM_MALLOC(name) name
#endif
#ifndef LM_SBRK
extern void *sbrk(intptr_t increment) __attribute__((weak));
#define LM_SBRK sbrk
#endif
extern int *__errno_location(void) __attribute__((weak));
extern uint8_t __heap_base;
int emscripten_resize_heap(size_t size);

enum { STEP = 4096, FIRST_BYTES = 1024 };

static void heap_init_once(void);
#define LM_INIT_ON_FIRST_USE(heap) heap_init_once()
#define LM_ON_OUT_OF_MEMORY() or_enomem(NULL)
static void *or_enomem(void *p);
#include "heap_static.h"
#include "linmem/malloc.h"

static struct {
  _Alignas(64) uint8_t first[sizeof(lm_heap) + FIRST_BYTES];  // the heap and its first region
  bool data_end_used;  // the memory after the program's data belongs to the heap
} state;

#define HEAP ((lm_heap *)(void *)state.first)

// Page sources.

static void *refill_by_sbrk(size_t min, size_t *got) {
  size_t size = (min + STEP - 1) & ~(size_t)(STEP - 1);
  void *p     = size <= PTRDIFF_MAX ? LM_SBRK((intptr_t)size) : (void *)-1;
  if (p == (void *)-1 && size != min) p = LM_SBRK((intptr_t)(size = min));
  if (p == (void *)-1) return NULL;
  *got = size;
  return p;
}

// Grows memory by the pages of `bytes` and an eighth, or by those pages if that much is refused. By
// Emscripten's function, which updates its views of the memory.
static bool memory_grow(size_t bytes) {
  size_t has = lm_memory_pages(), min = bytes / LM_PAGE + 1, max = SIZE_MAX / LM_PAGE;
  if (min > max - has) return false;
  size_t want = min + has / 8 < max - has ? min + has / 8 : min;
  if (emscripten_resize_heap((has + want) * LM_PAGE)) return true;
  return want != min && emscripten_resize_heap((has + min) * LM_PAGE);
}

// Returns the memory from the end of the program's data on, once; afterwards the memory that it has
// grown by.
static void *refill_by_growing(size_t min, size_t *got) {
  if (lm_memory_pages() == 0) return NULL;  // a native build
  uintptr_t end  = (uintptr_t)lm_memory_pages() * LM_PAGE;
  uintptr_t base = state.data_end_used ? end : (uintptr_t)&__heap_base;
  if (end - base < min && !memory_grow(min - (end - base))) return NULL;
  size_t size = (uintptr_t)lm_memory_pages() * LM_PAGE - base;
  if (size < min) return NULL;
  state.data_end_used = true;
  *got                = size;
  return (void *)base;
}

static void *malloc_refill(lm_pages *self, size_t min, size_t *got) {
  (void)self;
  return LM_SBRK ? refill_by_sbrk(min, got) : refill_by_growing(min, got);
}

static void call_refused(lm_heap *h, lm_operation where, lm_status what, const void *block) {
  (void)h;
  linmem_refused(where, what, block);
}

// A compiler without atomics removes the fence and records that the object file does not support
// shared memory.
static void heap_init_once(void) {
  __atomic_signal_fence(__ATOMIC_SEQ_CST);
  if (HEAP->magic) return;
  lm_heap_init(state.first, sizeof state.first, malloc_refill, NULL);
  if (LM_CHECKED) HEAP->hook = call_refused;
}

// Returns `p`; sets errno when it is NULL.
static void *or_enomem(void *p) {
  if (!p && __errno_location) *__errno_location() = LM_ENOMEM;
  return p;
}

static bool align_is_power(size_t align) { return align != 0 && (align & (align - 1)) == 0; }

// The malloc family. The struct is Emscripten's.

struct mallinfo {
  size_t arena, ordblks, smblks, hblks, hblkhd, usmblks, fsmblks, uordblks, fordblks, keepcost;
};

void *LM_MALLOC(malloc)(size_t size);
void LM_MALLOC(free)(void *p);
void *LM_MALLOC(calloc)(size_t count, size_t size);
void *LM_MALLOC(realloc)(void *p, size_t size);
void *LM_MALLOC(reallocarray)(void *p, size_t count, size_t size);
void *LM_MALLOC(memalign)(size_t align, size_t size);
void *LM_MALLOC(aligned_alloc)(size_t align, size_t size);
int LM_MALLOC(posix_memalign)(void **result, size_t align, size_t size);
size_t LM_MALLOC(malloc_usable_size)(void *p);
int LM_MALLOC(malloc_trim)(size_t keep);
struct mallinfo LM_MALLOC(mallinfo)(void);

void *LM_MALLOC(malloc)(size_t size) { return heap_alloc(HEAP, size); }

void LM_MALLOC(free)(void *p) { heap_free(HEAP, p); }

void *LM_MALLOC(calloc)(size_t count, size_t size) {
  return or_enomem(lm_heap_calloc(HEAP, count, size));
}

void *LM_MALLOC(realloc)(void *p, size_t size) { return or_enomem(lm_heap_realloc(HEAP, p, size)); }

void *LM_MALLOC(reallocarray)(void *p, size_t count, size_t size) {
  bool fits = !size || count <= SIZE_MAX / size;
  return or_enomem(lm_heap_realloc(HEAP, p, fits ? count * size : SIZE_MAX));  // which never fits
}

// NULL and EINVAL when `align` is not a power of two; NULL and ENOMEM when it is over 64 KiB.
void *LM_MALLOC(memalign)(size_t align, size_t size) {
  if (align_is_power(align)) return or_enomem(lm_heap_alloc_aligned(HEAP, size, align));
  if (__errno_location) *__errno_location() = LM_EINVAL;
  return NULL;
}

void *LM_MALLOC(aligned_alloc)(size_t align, size_t size) {
  return LM_MALLOC(memalign)(align, size);
}

int LM_MALLOC(posix_memalign)(void **result, size_t align, size_t size) {
  if (!align_is_power(align) || align < sizeof(void *)) return LM_EINVAL;
  void *p = lm_heap_alloc_aligned(HEAP, size, align);
  if (!p) return LM_ENOMEM;
  *result = p;
  return 0;
}

size_t LM_MALLOC(malloc_usable_size)(void *p) {
  size_t size = lm_heap_usable_size(HEAP, p);
  if (LM_CHECKED && p && !size) linmem_refused(LM_IN_USABLE_SIZE, lm_heap_check(HEAP, p), p);
  return size;
}

// Turns empty slabs back into blocks. Returns 0: nothing was returned to the system, because a wasm
// memory never shrinks.
int LM_MALLOC(malloc_trim)(size_t keep) {
  (void)keep;
  lm_heap_trim(HEAP);
  return 0;
}

struct mallinfo LM_MALLOC(mallinfo)(void) {
  heap_init_once();
  const lm_stats *s = lm_heap_stats(HEAP);
  return (struct mallinfo){.arena    = s->taken_bytes,
                           .ordblks  = s->free_blocks,
                           .usmblks  = s->peak_live_bytes,
                           .uordblks = s->live_bytes,
                           .fordblks = s->free_bytes};
}

// The names by which Emscripten's libraries and musl call these functions.

void *LM_MALLOC(emscripten_builtin_malloc)(size_t size);
void *LM_MALLOC(emscripten_builtin_malloc)(size_t size) { return LM_MALLOC(malloc)(size); }
void LM_MALLOC(emscripten_builtin_free)(void *p);
void LM_MALLOC(emscripten_builtin_free)(void *p) { LM_MALLOC(free)(p); }
void *LM_MALLOC(emscripten_builtin_calloc)(size_t count, size_t size);
void *LM_MALLOC(emscripten_builtin_calloc)(size_t count, size_t size) {
  return LM_MALLOC(calloc)(count, size);
}
void *LM_MALLOC(emscripten_builtin_realloc)(void *p, size_t size);
void *LM_MALLOC(emscripten_builtin_realloc)(void *p, size_t size) {
  return LM_MALLOC(realloc)(p, size);
}
void *LM_MALLOC(emscripten_builtin_memalign)(size_t align, size_t size);
void *LM_MALLOC(emscripten_builtin_memalign)(size_t align, size_t size) {
  return LM_MALLOC(memalign)(align, size);
}
void *LM_MALLOC(__libc_malloc)(size_t size);
void *LM_MALLOC(__libc_malloc)(size_t size) { return LM_MALLOC(malloc)(size); }
void LM_MALLOC(__libc_free)(void *p);
void LM_MALLOC(__libc_free)(void *p) { LM_MALLOC(free)(p); }
void *LM_MALLOC(__libc_calloc)(size_t count, size_t size);
void *LM_MALLOC(__libc_calloc)(size_t count, size_t size) { return LM_MALLOC(calloc)(count, size); }
void *LM_MALLOC(__libc_realloc)(void *p, size_t size);
void *LM_MALLOC(__libc_realloc)(void *p, size_t size) { return LM_MALLOC(realloc)(p, size); }
void *LM_MALLOC(__libc_memalign)(size_t align, size_t size);
void *LM_MALLOC(__libc_memalign)(size_t align, size_t size) {
  return LM_MALLOC(memalign)(align, size);
}
