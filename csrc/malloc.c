// SPDX-License-Identifier: MIT
// malloc.c: the malloc family over one static heap, for other people's Emscripten builds. The
// heap's functions are compiled into this file and are private to it, so that the compiler knows
// the address of the one heap they are called with.
//
// More memory comes from sbrk where the program has one, and whoever else calls it keeps what he
// got. Emscripten links none under -sMALLOC=none when nobody asks for it; then it comes from behind
// the program's data and from emscripten_resize_heap.
//
// free and realloc of what is not a live block do nothing and give NULL, and tell
// linmem_refused (malloc.h); a realloc to 0 bytes shrinks. A test compiles this file with
// LM_MALLOC(name) and LM_SBRK of its own.
#include "linmem/config.h"

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

enum { STEP = 4096, SPARE = 1024 };

static void heap_ready(void);
#define LM_INIT_ON_FIRST_USE(heap) heap_ready()
#define LM_ON_OUT_OF_MEMORY() or_no_memory(NULL)
static void *or_no_memory(void *p);
#include "heap_static.h"
#include "linmem/malloc.h"

static struct {
  _Alignas(64) uint8_t first[sizeof(lm_heap) + SPARE];  // the heap, and a region to begin with
  bool began;  // memory behind the program's data was taken
} state;

#define HEAP ((lm_heap *)(void *)state.first)

// Sources of pages.

static void *more_by_sbrk(size_t min, size_t *got) {
  size_t size = (min + STEP - 1) & ~(size_t)(STEP - 1);
  void *p     = size <= PTRDIFF_MAX ? LM_SBRK((intptr_t)size) : (void *)-1;
  if (p == (void *)-1 && size != min) p = LM_SBRK((intptr_t)(size = min));
  if (p == (void *)-1) return NULL;
  *got = size;
  return p;
}

// Grows memory by what `bytes` need and an eighth, or by just what they need. Asks Emscripten,
// which then tells JavaScript.
static bool memory_grow(size_t bytes) {
  size_t has = lm_memory_pages(), least = bytes / LM_PAGE + 1, most = SIZE_MAX / LM_PAGE;
  if (least > most - has) return false;
  size_t want = least + has / 8 < most - has ? least + has / 8 : least;
  if (emscripten_resize_heap((has + want) * LM_PAGE)) return true;
  return want != least && emscripten_resize_heap((has + least) * LM_PAGE);
}

// Gives the memory from the program's data to its end, once; then what it has grown by.
static void *more_by_growing(size_t min, size_t *got) {
  if (lm_memory_pages() == 0) return NULL;  // a native build
  uintptr_t end  = (uintptr_t)lm_memory_pages() * LM_PAGE;
  uintptr_t base = state.began ? end : (uintptr_t)&__heap_base;
  if (end - base < min && !memory_grow(min - (end - base))) return NULL;
  size_t size = (uintptr_t)lm_memory_pages() * LM_PAGE - base;
  if (size < min) return NULL;
  state.began = true;
  *got        = size;
  return (void *)base;
}

static void *malloc_more(lm_pages *self, size_t min, size_t *got) {
  (void)self;
  return LM_SBRK ? more_by_sbrk(min, got) : more_by_growing(min, got);
}

static void tell_refused(lm_heap *h, lm_operation where, lm_status what, const void *block) {
  (void)h;
  if (linmem_refused) linmem_refused(where, what, block);
}

static void heap_ready(void) {
  if (HEAP->magic) return;
  lm_heap_init(state.first, sizeof state.first, malloc_more, NULL);
  HEAP->hook = tell_refused;
}

// Returns `p`; sets errno when it is NULL.
static void *or_no_memory(void *p) {
  if (!p && __errno_location) *__errno_location() = LM_ENOMEM;
  return p;
}

static bool align_is_power(size_t align) { return align != 0 && (align & (align - 1)) == 0; }

// The family. The struct is Emscripten's.

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
  return or_no_memory(lm_heap_calloc(HEAP, count, size));
}

void *LM_MALLOC(realloc)(void *p, size_t size) {
  return or_no_memory(lm_heap_realloc(HEAP, p, size));
}

void *LM_MALLOC(reallocarray)(void *p, size_t count, size_t size) {
  bool fits = !size || count <= SIZE_MAX / size;
  return or_no_memory(fits ? lm_heap_realloc(HEAP, p, count * size) : NULL);
}

// NULL and EINVAL when `align` is no power of two; over 64 KiB there is no memory.
void *LM_MALLOC(memalign)(size_t align, size_t size) {
  if (align_is_power(align)) return or_no_memory(lm_heap_alloc_aligned(HEAP, size, align));
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

size_t LM_MALLOC(malloc_usable_size)(void *p) { return lm_heap_usable_size(HEAP, p); }

// Joins the slabs that hold nothing with the blocks, so that any request may have them. 0: nothing
// went back to the system, as a wasm memory never shrinks.
int LM_MALLOC(malloc_trim)(size_t keep) {
  (void)keep;
  lm_heap_trim(HEAP);
  return 0;
}

struct mallinfo LM_MALLOC(mallinfo)(void) {
  heap_ready();
  const lm_stats *s = lm_heap_stats(HEAP);
  return (struct mallinfo){.arena    = s->taken_bytes,
                           .ordblks  = s->free_blocks,
                           .usmblks  = s->peak_live_bytes,
                           .uordblks = s->live_bytes,
                           .fordblks = s->free_bytes};
}

// The names by which Emscripten's own libraries and musl call the same.

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
