// SPDX-License-Identifier: MIT
// Counts words: the text is built by realloc, the words lie in an arena whose chunks come from
// malloc.
#include <errno.h>
#include <linmem/arena.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct word {
  struct word *next;
  size_t count;
  char text[];
} word;

static void *chunk_refill(void *state, size_t size) { return (void)state, malloc(size); }
static void chunk_release(void *state, void *chunk) { (void)state, free(chunk); }

static word *word_count(word *words, lm_arena *arena, const char *text) {
  for (word *w = words; w; w = w->next)
    if (strcmp(w->text, text) == 0) return w->count++, words;
  word *w = lm_arena_alloc(arena, sizeof *w + strlen(text) + 1, _Alignof(word));
  *w      = (word){words, 1};
  strcpy(w->text, text);
  return w;
}

#ifdef WITH_SBRK
static unsigned char *theirs[40];  // memory that the program takes from sbrk

static void others_allocate(size_t i) {
  if (i % 50 == 0) theirs[i / 50] = memset(sbrk(1000), 0x77, 1000);
}
static int others_kept(void) {
  for (size_t i = 0; i < 40 * 1000; i++)
    if (theirs[i / 1000][i % 1000] != 0x77) return 0;
  return 1;
}
#else
static void others_allocate(size_t i) { (void)i; }
static int others_kept(void) { return 1; }
#endif

static char *text_make(size_t lines) {
  char *text  = NULL;
  size_t size = 0;
  for (size_t i = 0; i < lines; i++) {
    char line[64];
    size_t length = (size_t)snprintf(line, sizeof line, "w%zu line %zu ", i % 100, i);
    text          = realloc(text, size + length + 1);
    memcpy(text + size, line, length + 1);
    size += length;
    others_allocate(i);
  }
  return text;
}

int main(void) {
  char first[256], *text = text_make(2000);
  lm_arena arena   = {0};
  word *words      = NULL;
  size_t different = 0;
  lm_arena_init(&arena, first, sizeof first, chunk_refill, chunk_release, NULL);
  for (char *w = strtok(text, " "); w; w = strtok(NULL, " ")) words = word_count(words, &arena, w);
  for (word *w = words; w; w = w->next) different++;
  printf("%zu different words in %zu bytes of arena\n", different, lm_arena_used(&arena));

  void *aligned = aligned_alloc(4096, 100), *big = malloc(5u << 20), *memory = NULL;
  printf("aligned %d, usable %d, ", (int)((size_t)aligned % 4096),
         malloc_usable_size(big) >= 5u << 20);
  printf("posix_memalign %d %d, ", posix_memalign(&memory, 64, 10), posix_memalign(&memory, 3, 10));
  errno = 0;
  printf("too much %d ", malloc((size_t)-100) == NULL);
  printf("errno %d\n", errno == ENOMEM);
  free(text), free(text);  // a double free: refused
  free(big), free(aligned), free(memory);
  lm_arena_destroy(&arena);
  printf("strdup %s\n", strdup("works"));
  return !others_kept();
}
