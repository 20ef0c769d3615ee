// SPDX-License-Identifier: MIT
// test_sequences.c: every sequence of a few operations, in a small pool, from several beginnings:
// after each operation the allocator's invariants and every block's bytes are checked; after each
// whole sequence all is freed, and the free blocks are those of the beginning.
//
// An operation is an allocation of one of SIZES, an aligned one, a free of any allocated block, or
// a realloc of any to one of two sizes. LENGTH of them; 7 in the long form (LM_EXHAUSTIVE).
#include "../strategies.h"

#ifdef LM_EXHAUSTIVE
enum { LENGTH = 7 };
#else
enum { LENGTH = 4 };
#endif
enum { SIZES = 4, SMALL_POOL = 96 * 1024, BLOCKS = LENGTH + 1 };

typedef struct block {
  uint8_t *p;
  size_t size;
  uint8_t byte;
} block;

typedef struct beginning {
  const char *name;
  size_t spare;   // bytes besides the state
  uint32_t warm;  // blocks allocated and freed before, so that the heap has slabs
  size_t gap;     // bytes of someone else's before what the page source gives
  size_t more;    // bytes that it gives
} beginning;

static const size_t sizes[SIZES]    = {1, 40, 200, 600};
static const beginning beginnings[] = {
    {"a full pool", 1200, 0, 0, 0},         // two large blocks and no third
    {"slabs in use", 40000, 80, 0, 0},      //
    {"pages with gaps", 700, 0, 24, 8192},  // has to grow at once
};

static void *a;
static block blocks[BLOCKS];  // the allocated blocks
static uint32_t count;        // of them
static uint64_t operations, sequences;
static size_t free_blocks, free_bytes, region_count;  // at the beginning
static size_t pool_used;

// Everything that an operation can change.
typedef struct snapshot {
  uint8_t bytes[SMALL_POOL];
  faults source;
  block blocks[BLOCKS];
  uint32_t count;
} snapshot;
static snapshot snapshots[LENGTH];

static void state_save(snapshot *s) {
  __builtin_memcpy(s->bytes, pool, pool_used);
  __builtin_memcpy(s->blocks, blocks, sizeof blocks);
  s->source.pool = source.pool, s->source.size = source.size, s->count = count;
}

static void state_restore(const snapshot *s) {
  __builtin_memcpy(pool, s->bytes, pool_used);
  __builtin_memcpy(blocks, s->blocks, sizeof blocks);
  source.pool = s->source.pool, source.size = s->source.size, count = s->count;
}

static bool bytes_are(const uint8_t *p, uint8_t byte, size_t size) {
  size_t differ = 0;
  for (size_t i = 0; i < size; i++) differ |= p[i] ^ byte;
  return differ == 0;
}

// Checks all there is to check.
static void all_holds(void) {
  CHECK(on->holds(a) && on->stats(a)->live_blocks == count);
  for (uint32_t i = 0; i < count; i++)
    CHECK(bytes_are(blocks[i].p, blocks[i].byte, blocks[i].size));
  operations++;
}

static void block_note(uint32_t i, void *p, size_t size, size_t align) {
  static uint8_t byte;
  blocks[i] = (block){p, size, ++byte};
  CHECK((uintptr_t)p % align == 0 && on->usable_size(a, p) >= size);
  __builtin_memset(p, byte, size);
}

static bool op_alloc(uint32_t which) {
  size_t align = which < SIZES ? LM_ALIGN : 64, size = which < SIZES ? sizes[which] : 30;
  void *p = which < SIZES ? on->alloc(a, size) : on->alloc_aligned(a, size, align);
  if (p) block_note(count++, p, size, align);
  return true;
}

static bool op_free(uint32_t i) {
  if (i >= count) return false;
  CHECK(on->free(a, blocks[i].p) == LM_OK);
  blocks[i] = blocks[--count];
  return true;
}

static bool op_realloc(uint32_t i, size_t size) {
  if (i >= count) return false;
  block old = blocks[i];
  void *p   = on->realloc(a, old.p, size);
  if (p) CHECK(bytes_are(p, old.byte, size < old.size ? size : old.size));
  if (p) block_note(i, p, size, LM_ALIGN);
  return true;
}

// Does operation `which` of the alphabet. Returns false iff there is none.
static bool op_do(uint32_t which) {
  if (which <= SIZES) return op_alloc(which);
  which -= SIZES + 1;
  if (which < LENGTH) return op_free(which);
  which -= LENGTH;
  return op_realloc(which / 2, which % 2 ? 24 : 300);
}
enum { OPERATIONS = SIZES + 1 + 3 * LENGTH };

// Frees all blocks in one of two orders and checks that no memory is lost.
static void all_free(void) {
  sequences++;
  while (count) op_free(sequences % 2 ? 0 : count - 1);
  const lm_stats *s = on->stats(a);
  CHECK(s->live_blocks == 0 && s->live_bytes == 0 && on->holds(a));
  if (!on->reuses || on->trim || s->regions != region_count) return;
  CHECK(s->free_blocks == free_blocks && s->free_bytes == free_bytes);
}

// Does every sequence of `left` more operations. (As deep as LENGTH.)
static void every_sequence(uint32_t left) {  // NOLINT(misc-no-recursion)
  if (left == 0) {
    all_free();
    return;
  }
  snapshot *here = &snapshots[LENGTH - left];
  state_save(here);
  for (uint32_t which = 0; which < OPERATIONS && !check_failed; which++) {
    if (!op_do(which)) continue;
    all_holds();
    every_sequence(left - 1);
    state_restore(here);
  }
}

static void begin(const beginning *b) {
  pool_used = on->state + b->spare + b->gap + b->more;
  CHECK(pool_used <= SMALL_POOL);
  __builtin_memset(pool, 0xa5, SMALL_POOL);
  __builtin_memset(&source, 0, sizeof source);
  source.pool = pool + on->state + b->spare;
  source.size = b->gap + b->more;
  source.gap  = b->gap;
  source.step = 512;
  a           = on->init(pool, on->state + b->spare, faults_more, &source);
  CHECK(a != NULL);
  void *warm[128];
  for (uint32_t i = 0; i < b->warm; i++) warm[i] = on->alloc(a, sizes[i % 2]);
  for (uint32_t i = 0; i < b->warm; i++)
    if (warm[i]) on->free(a, warm[i]);
  count        = 0;
  free_blocks  = on->stats(a)->free_blocks;
  free_bytes   = on->stats(a)->free_bytes;
  region_count = on->stats(a)->regions;
}

static void every_sequence_of_operations_leaves_the_allocator_whole(void) {
  for (size_t i = 0; i < sizeof beginnings / sizeof *beginnings; i++) {
    operations = sequences = 0;
    begin(&beginnings[i]);
    every_sequence(LENGTH);
    put_text(on->name), put_text(", "), put_text(beginnings[i].name), put_text(": ");
    put_number((uint32_t)sequences), put_text(" sequences, ");
    put_number((uint32_t)operations), put_text(" operations\n");
  }
}

CHECK_MAIN(for (size_t i = 0; i < sizeof strategies / sizeof *strategies; i++) {
  on = &strategies[i];
  RUN(every_sequence_of_operations_leaves_the_allocator_whole);
});
