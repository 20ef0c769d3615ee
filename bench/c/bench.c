// SPDX-License-Identifier: MIT
// bench.c: the workloads. Linked with one allocator into one module; run.mjs calls run() and times
// it. Every workload frees all its blocks, so that it can be run again.
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

// Where malloc is when it is not linked but joined later.
#ifdef ALLOCATOR
#define FROM(name) __attribute__((import_module(ALLOCATOR), import_name(#name)))
#else
#define FROM(name)
#endif
FROM(malloc) void *malloc(size_t size);
FROM(free) void free(void *p);
FROM(realloc) void *realloc(void *p, size_t size);

#define EXPORT(name) __attribute__((export_name(#name)))
enum { SLOTS = 1 << 17 };

static uint8_t *slots[SLOTS];
static uint32_t sizes[SLOTS];
static uint32_t trace[600000];  // pairs: op << 28 | id, size
static uint32_t random_state;
static size_t live, peak;  // bytes asked for

static inline uint32_t random_next(void) {
  random_state = random_state * 1664525 + 1013904223;
  return random_state >> 8;
}
static inline uint32_t random_in(uint32_t low, uint32_t high) {
  return low + (uint32_t)(((uint64_t)random_next() * (high - low + 1)) >> 24);
}

// Only in the modules that measure memory: the ones that are timed do nothing but allocate.
static inline void count(size_t more, size_t less) {
#ifdef COUNT
  live += more - less;
  if (live > peak) peak = live;
#else
  (void)more, (void)less;
#endif
}

// Writes to each block, as a program does.
static inline void *get(uint32_t size) {
  uint32_t *p = malloc(size);
  if (!p) __builtin_trap();
  count(size, 0);
  *p = size;
  return p;
}
static inline void put(void *p, uint32_t size) {
  count(0, size);
  free(p);
}
static inline void *change(void *p, uint32_t size, uint32_t old) {
  p = realloc(p, size);
  if (!p) __builtin_trap();
  count(size, old);
  *(uint32_t *)p = size;
  return p;
}

// Each returns the number of calls it made.

static uint32_t pairs(void) {
  for (uint32_t i = 0; i < 200000; i++) put(get(32), 32);
  return 400000;
}

static uint32_t lifo(void) {
  for (uint32_t round = 0; round < 200; round++) {
    for (uint32_t i = 0; i < 512; i++) slots[i] = get(24);
    for (uint32_t i = 512; i-- > 0;) put(slots[i], 24);
  }
  return 200 * 1024;
}

static uint32_t fifo(void) {
  for (uint32_t i = 0; i < 512; i++) slots[i] = get(48);
  for (uint32_t i = 0; i < 100000; i++) {
    put(slots[i % 512], 48);
    slots[i % 512] = get(48);
  }
  for (uint32_t i = 0; i < 512; i++) put(slots[i], 48);
  return 201024;
}

// Keeps `live` blocks, and replaces one at random `steps` times.
static inline uint32_t replace(uint32_t blocks, uint32_t steps, uint32_t (*size)(void)) {
  for (uint32_t i = 0; i < blocks; i++) slots[i] = get(sizes[i] = size());
  for (uint32_t step = 0; step < steps; step++) {
    uint32_t i = random_in(0, blocks - 1);
    put(slots[i], sizes[i]);
    slots[i] = get(sizes[i] = size());
  }
  for (uint32_t i = 0; i < blocks; i++) put(slots[i], sizes[i]);
  return 2 * (blocks + steps);
}

static uint32_t size_small(void) { return random_in(8, 256); }
static uint32_t size_larson(void) { return random_in(16, 1024); }
static uint32_t size_power(void) {
  uint32_t log = 4;
  while (log < 15 && random_next() % 8 < 5) log++;
  return random_in(1u << log, 2u << log);
}
static uint32_t size_buffer(void) { return random_in(16384, 524288); }

static uint32_t random_small(void) { return replace(5000, 100000, size_small); }
static uint32_t power_law(void) { return replace(2000, 50000, size_power); }
static uint32_t large_buffers(void) { return replace(12, 20000, size_buffer); }

// Blocks are replaced in one part of the table, then in the next, as threads of a server would.
static uint32_t larson(void) {
  uint32_t calls = 8000;
  for (uint32_t i = 0; i < 4000; i++) slots[i] = get(sizes[i] = size_larson());
  for (uint32_t part = 0; part < 40; part++) {
    uint32_t first = part % 4 * 1000;
    for (uint32_t step = 0; step < 2000; step++, calls += 2) {
      uint32_t i = first + random_in(0, 999);
      put(slots[i], sizes[i]);
      slots[i] = get(sizes[i] = size_larson());
    }
  }
  for (uint32_t i = 0; i < 4000; i++) put(slots[i], sizes[i]);
  return calls;
}

static uint32_t vectors(void) {
  uint32_t calls = 0;
  for (uint32_t round = 0; round < 10; round++) {
    for (uint32_t i = 0; i < 32; i++) slots[i] = get(sizes[i] = 16), calls++;
    for (uint32_t step = 0; step < 22; step++) {
      for (uint32_t i = 0; i < 32; i++, calls++) {
        uint32_t size = sizes[i] + sizes[i] / 2;
        slots[i]      = change(slots[i], size, sizes[i]);
        sizes[i]      = size;
      }
    }
    for (uint32_t i = 0; i < 32; i++) put(slots[i], sizes[i]), calls++;
  }
  return calls;
}

static uint32_t string_building(void) {
  uint32_t calls = 0;
  for (uint32_t round = 0; round < 60; round++) {
    uint32_t kept = 0, size = 16;
    void *text = get(size);
    for (; size < 32768; size += 48, calls += 2) {
      text          = change(text, size + 48, size);
      slots[kept++] = get(24);
    }
    put(text, size);
    for (uint32_t i = 0; i < kept; i++) put(slots[i], 24);
    calls += kept + 2;
  }
  return calls;
}

typedef struct node {
  uint32_t size;
  struct node *kids[4];
  void *text;
} node;
static uint32_t tree_calls;

static node *tree_make(uint32_t depth) {
  node *n      = get(sizeof(node));
  uint32_t len = random_in(4, 60);
  n->size      = len;
  n->text      = get(len);
  for (uint32_t i = 0; i < 4; i++) n->kids[i] = depth ? tree_make(depth - 1) : NULL;
  tree_calls += 4;
  return n;
}
static void tree_free(node *n) {
  for (uint32_t i = 0; i < 4; i++)
    if (n->kids[i]) tree_free(n->kids[i]);
  put(n->text, n->size);
  put(n, sizeof(node));
}
static uint32_t trees(void) {
  node *docs[3] = {0};
  tree_calls    = 0;
  for (uint32_t i = 0; i < 12; i++) {
    if (docs[i % 3]) tree_free(docs[i % 3]);
    docs[i % 3] = tree_make(5);
  }
  for (uint32_t i = 0; i < 3; i++) tree_free(docs[i]);
  return tree_calls;
}

static void burst(void) {
  for (uint32_t i = 0; i < 20000; i++) slots[i] = get(sizes[i] = random_in(8, 128));
}
static uint32_t burst_in_order(void) {
  for (uint32_t round = 0; round < 3; round++) {
    burst();
    for (uint32_t i = 0; i < 20000; i++) put(slots[i], sizes[i]);
  }
  return 120000;
}
static uint32_t burst_at_random(void) {
  for (uint32_t round = 0; round < 3; round++) {
    burst();
    for (uint32_t i = 0, at = 0; i < 20000; i++) {
      at = (at + 7919) % 20000;
      put(slots[at], sizes[at]);
    }
  }
  return 120000;
}

static uint32_t trace_ops;
static uint32_t replay(void) {
  uint32_t most = 0;
  for (uint32_t k = 0; k < trace_ops; k++) {
    uint32_t op = trace[2 * k] >> 28, i = trace[2 * k] & 0xfffffff, size = trace[2 * k + 1];
    if (i > most) most = i;
    if (op == 2) {
      if (slots[i]) put(slots[i], sizes[i]);
      slots[i] = NULL;
      continue;
    }
    if (size < 4) size = 4;
    slots[i] = op == 1 || !slots[i] ? get(size) : change(slots[i], size, sizes[i]);
    sizes[i] = size;
  }
  for (uint32_t i = 0; i <= most; i++) {
    if (slots[i]) put(slots[i], sizes[i]);
    slots[i] = NULL;
  }
  return trace_ops;
}

EXPORT(trace_at) uint32_t *trace_at(uint32_t ops) {
  trace_ops = ops;
  for (uint32_t i = 0; i < SLOTS; i++) slots[i] = NULL;
  return 2 * ops <= sizeof trace / sizeof *trace ? trace : NULL;
}

EXPORT(peak_live) size_t peak_live(void) { return peak; }
EXPORT(malloc_of) void *malloc_of(size_t size) { return malloc(size); }

EXPORT(run) uint32_t run(uint32_t workload) {
  static uint32_t (*const all[])(void) = {
      pairs,           lifo,  fifo,           random_small,    power_law,     larson, vectors,
      string_building, trees, burst_in_order, burst_at_random, large_buffers, replay};
  random_state = 12345;
  return all[workload]();
}
