// SPDX-License-Identifier: MIT
// A module for JavaScript: it exports malloc, the arena and the slices (cmake/exports.json), and
// two functions that create and destroy an arena whose chunks come from malloc.
#include <emscripten.h>
#include <linmem/arena.h>
#include <stdlib.h>

static void *chunk_refill(void *state, size_t size) { return (void)state, malloc(size); }
static void chunk_release(void *state, void *chunk) { (void)state, free(chunk); }

typedef struct chained {
  lm_arena arena;
  _Alignas(16) unsigned char first[];
} chained;

// Returns an arena whose first block has `size` bytes, NULL iff there is no memory.
EMSCRIPTEN_KEEPALIVE lm_arena *arena_open(size_t size) {
  chained *c = calloc(1, sizeof *c + size);
  if (!c) return NULL;
  lm_arena_init(&c->arena, c->first, size, chunk_refill, chunk_release, NULL);
  return &c->arena;
}

EMSCRIPTEN_KEEPALIVE void arena_close(lm_arena *arena) {
  lm_arena_destroy(arena);
  free(arena);
}
