// SPDX-License-Identifier: MIT
// operations.h: random operations on an allocator, each checked against an independent model: the
// owner of each granule of the memory, and the content of each block. The including file defines
// the source of choices and the operations:
//
//   uint32_t choose(uint32_t below);     a number in [0, below)
//   op_alloc(size)   op_alloc_aligned(size, align)   op_calloc(count, size)
//   op_realloc(p, size)   op_free(p)   op_check(p)   op_usable(p)   op_holds()
//   op_stats()       the statistics
//   op_reset()       frees all blocks; false when the strategy cannot
#ifndef LM_TEST_OPERATIONS_H
#define LM_TEST_OPERATIONS_H
#include "../check.h"
#include "linmem/allocator.h"

#ifndef MODEL_REACH
#define MODEL_REACH ((size_t)4 << 20)  // bytes that the model covers
#endif
#ifndef MODEL_SLOTS
#define MODEL_SLOTS 2048u  // maximum number of blocks: a power of two, at least 32
#endif
enum { MODEL_FOREIGN = 0xffff };

typedef struct model_block {
  uint8_t *p;     // NULL: unused
  size_t size;    // requested bytes
  size_t usable;  // bytes that the caller may write
  uint64_t mark;  // seed of its pattern
} model_block;

static struct {
  uintptr_t origin;                           // of the first granule
  uint16_t owner[MODEL_REACH / LM_ALIGN];     // slot + 1; 0: the allocator's; MODEL_FOREIGN: not
  model_block slots[MODEL_SLOTS];             //
  uint32_t slots_used;                        // number of slots in this phase
  uint32_t most;                              // requests are smaller
  bool reuses;                                // the strategy allocates freed memory again
  size_t live, bytes;                         // of the allocated blocks
  uint64_t marks;                             //
  uint32_t steps, allocated, refused, moved;  // counters
} model;

// The memory.

// Resets the model to a memory that begins at `origin`, none of it the allocator's.
static void model_start(const void *origin, bool reuses) {
  model.origin = (uintptr_t)origin;
  model.reuses = reuses;
  model.live = model.bytes = 0;
  __builtin_memset(model.owner, 0xff, sizeof model.owner);
  __builtin_memset(model.slots, 0, sizeof model.slots);
}

// Gives [base, base + size) to the allocator.
static void model_allow(const void *base, size_t size) {
  uintptr_t from = (uintptr_t)base - model.origin, to = from + size;
  CHECK(to <= MODEL_REACH && from <= to);
  for (size_t g = (from + LM_ALIGN - 1) / LM_ALIGN; g < (to + LM_ALIGN - 1) / LM_ALIGN; g++)
    model.owner[g] = 0;
}

// Changes the owner of a block's granules. Returns false iff one does not belong to `from`.
static bool model_pass(const model_block *b, uint32_t from, uint32_t to) {
  size_t first = ((uintptr_t)b->p - model.origin) / LM_ALIGN;
  size_t count = b->usable / LM_ALIGN + (b->usable % LM_ALIGN != 0);
  bool all     = (uintptr_t)b->p >= model.origin && first + count <= MODEL_REACH / LM_ALIGN;
  for (size_t g = first; all && g < first + count; g++) {
    all            = model.owner[g] == from;
    model.owner[g] = (uint16_t)to;
  }
  return all;
}

// Content. Bit 2 of every word is set, so that no word looks like a header.

static uint64_t pattern_at(uint64_t mark, size_t i) {
  return ((mark + i) * 0x9e3779b97f4a7c15u) | 0x0000000400000004u;
}

static void pattern_fill(const model_block *b) {
  uint64_t *words = (uint64_t *)(void *)b->p, last = pattern_at(b->mark, b->usable / 8);
  for (size_t i = 0; i < b->usable / 8; i++) words[i] = pattern_at(b->mark, i);
  __builtin_memcpy(b->p + b->usable / 8 * 8, &last, b->usable % 8);
}

// True when the first `count` bytes at `p` are the pattern of block `b`.
static bool pattern_kept(const model_block *b, const uint8_t *p, size_t count) {
  const uint64_t *words = (const uint64_t *)(const void *)p;
  uint64_t differ       = 0;
  for (size_t i = 0; i < count / 8; i++) differ |= words[i] ^ pattern_at(b->mark, i);
  for (size_t i = count / 8 * 8; i < count; i++)
    differ |= p[i] ^ (uint8_t)(pattern_at(b->mark, i / 8) >> i % 8 * 8);
  return differ == 0;
}

// Slots.

// Records a block at `p` in slot `i`, checks its properties, and fills it.
static void slot_allocate(uint32_t i, uint8_t *p, size_t size, size_t align) {
  model_block *b = &model.slots[i];
  *b             = (model_block){p, size, op_usable(p), model.marks += 0x10001};
  CHECK((uintptr_t)p % align == 0 && (uintptr_t)p % LM_ALIGN == 0 && b->usable >= size);
  CHECK(op_check(p) == LM_OK);
  CHECK(model_pass(b, 0, i + 1));
  pattern_fill(b);
  model.live++, model.bytes += b->usable, model.allocated++;
}

// Returns the block of slot `i` to the allocator.
static void slot_forget(uint32_t i) {
  CHECK(model_pass(&model.slots[i], i + 1, 0));
  model.live--, model.bytes -= model.slots[i].usable;
  model.slots[i].p = NULL;
}

static void slot_alloc(uint32_t i) {
  static const uint32_t limits[] = {64, 300, 3000, 30000, 200000};
  size_t size = choose(choose(32) ? model.most : limits[choose(5)]), align = LM_ALIGN;
  uint32_t how = choose(4), dirty = 0;
  if (how == 0) align = (size_t)1 << choose(choose(16) ? 9 : 17);
  uint8_t *p = how == 0   ? op_alloc_aligned(size, align)
               : how == 1 ? op_calloc(1 + size % 3, size / (1 + size % 3))
                          : op_alloc(size);
  if (how == 1) size = size / (1 + size % 3) * (1 + size % 3);
  if (!p) {
    model.refused++;
    return;
  }
  for (size_t k = 0; how == 1 && k < size; k++) dirty |= p[k];
  CHECK(dirty == 0);
  slot_allocate(i, p, size, align);
}

static void slot_realloc(uint32_t i) {
  model_block old = model.slots[i];
  size_t size     = choose(model.most);
  uint8_t *p      = op_realloc(old.p, size);
  if (!p) {
    CHECK(size > old.usable && op_usable(old.p) == old.usable);
    CHECK(pattern_kept(&old, old.p, old.usable));
    model.refused++;
    return;
  }
  CHECK(pattern_kept(&old, p, old.size < size ? old.size : size));
  slot_forget(i);
  slot_allocate(i, p, size, LM_ALIGN);
  model.moved += p != old.p;
}

static void slot_free(uint32_t i) {
  model_block *b = &model.slots[i];
  uint8_t *p     = b->p;
  CHECK(pattern_kept(b, p, b->usable));
  CHECK(op_free(p) == LM_OK);
  slot_forget(i);
#ifndef LM_LEAN
  if (choose(16) == 0) CHECK(op_free(p) != LM_OK && op_check(p) != LM_OK);
#endif
}

// Makes requests that must fail, and frees addresses that are not blocks; nothing changes.
static void slot_misuse(uint32_t i) {
  static const size_t wrong[] = {0, 3, 24, LM_ALIGN_MAX * 2, SIZE_MAX / 2 + 1};
  const model_block *b        = &model.slots[i];
  size_t huge = SIZE_MAX - choose(65536), align = wrong[choose(5)];
  CHECK(!op_alloc(huge) && !op_calloc(huge, 1 + choose(9)) && !op_realloc(b->p, huge));
  CHECK(!op_alloc_aligned(huge, 64) && !op_alloc_aligned(8, align));
#ifndef LM_LEAN
  if (b->usable < 2 * LM_ALIGN) return;
  uint8_t *inside = b->p + LM_ALIGN * (1 + choose((uint32_t)(b->usable / LM_ALIGN) - 1));
  CHECK(op_check(inside) != LM_OK && op_free(inside) != LM_OK && !op_realloc(inside, 8));
#endif
}

// Runs.

static void model_step(void) {
  uint32_t i = choose(model.slots_used), how = choose(8);
  model.steps++;
  if (!model.slots[i].p) {
    slot_alloc(i);
  } else if (how < 5) {
    slot_free(i);
  } else if (how < 7) {
    slot_realloc(i);
  } else {
    slot_misuse(i);
  }
}

// Checks every block's content, the statistics and the allocator's invariants.
static void model_check(void) {
  const lm_stats *s = op_stats();
  CHECK(s->live_blocks == model.live && s->live_bytes == model.bytes);
  CHECK(s->peak_live_bytes >= model.bytes && op_holds());
  for (uint32_t i = 0; i < MODEL_SLOTS; i++) {
    const model_block *b = &model.slots[i];
    if (b->p) CHECK(pattern_kept(b, b->p, b->usable));
  }
}

// Frees all blocks, by free or by reset, and checks that none is left and that a block of `large`
// bytes can be allocated.
static void model_drain(size_t large) {
  model_check();
  bool reset = (!model.reuses || choose(4) == 0) && op_reset();
  for (uint32_t n = 0, i = choose(MODEL_SLOTS); n < MODEL_SLOTS; n++) {
    i = (i + 1001) % MODEL_SLOTS;  // an odd step meets every slot
    if (!model.slots[i].p) continue;
    if (reset)
      slot_forget(i);
    else
      slot_free(i);
  }
  CHECK(model.live == 0 && model.bytes == 0);
  model_check();
  if (!large) return;
  void *p = op_alloc(large);
  CHECK(p && op_free(p) == LM_OK);
}

// Chooses the number and the sizes of blocks of the next phase. Returns its number of steps: fewer
// when the blocks are large.
static uint32_t model_phase(void) {
  static const uint32_t slots[] = {MODEL_SLOTS, MODEL_SLOTS, MODEL_SLOTS, MODEL_SLOTS / 2,
                                   MODEL_SLOTS / 32};
  static const uint32_t most[]  = {64, 300, 3000, 20000, 200000};
  uint32_t kind = choose(5), sizes = choose(kind + 1);
  model.slots_used = slots[kind];
  model.most       = most[sizes];
  return 32768u >> 2 * sizes;
}
#endif
