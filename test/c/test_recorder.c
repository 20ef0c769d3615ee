// SPDX-License-Identifier: MIT
// test_recorder.c: the recorder over a simulated memory. Its four imports are defined here.
#define MAX_FREED 256u
#include "memory.h"

#include "../../csrc/recorder.c"

static uint32_t captures, reports, clocks;
static double reported;
static const lm_record *reported_record;

uint32_t lm_capture(uint32_t entry) { return captures++, entry + 100; }
void lm_report(double address, const lm_record *record) {
  reports++, reported = address, reported_record = record;
}
void lm_clock(void) { clocks++; }
double lm_guard(uint32_t role, double a, double b, double c, double d) {
  return role + 10 * (a + 10 * (b + 10 * (c + 10 * d)));
}

// An event of the log, as ts/debug/recorder-log.ts reads it.
typedef struct told_event {
  uint64_t address, size, previous;
  uint32_t kind, time, site;
} told_event;

static uint64_t number(const uint8_t **from) {
  uint64_t value = 0;
  for (uint32_t shift = 0;; shift += 7) {
    uint8_t byte = *(*from)++;
    value |= (uint64_t)(byte & 127) << shift;
    if (byte < 128) return value;
  }
}
static uint64_t distance(const uint8_t **from) {
  uint64_t value = number(from);
  return value & 1 ? ~(value >> 1) : value >> 1;
}

// Returns event `index` of the log.
static told_event logged(uint32_t index) {
  told_event e = {0};
  for (uint32_t chunk = 0;; chunk++) {
    const lm_chunk *c   = lm_recorder_chunk(chunk);
    const uint8_t *from = c->events, *end = c->events + c->used;
    while (from < end) {
      uint32_t head = *from++;
      e.kind        = head & 7;
      if (head & LM_LOG_TIME) e.time += (uint32_t)number(&from);
      e.address += distance(&from) << (head & LM_LOG_WORDS ? 3 : 0);
      e.size     = e.kind == LM_EVENT_FREE ? 0 : number(&from);
      e.previous = e.kind == LM_EVENT_REALLOC ? e.address + distance(&from) : 0;
      if (head & LM_LOG_SITE) e.site = (uint32_t)number(&from);
      if (index-- == 0) return e;
    }
  }
}

static lm_recorder *start(size_t pages_at_most) {
  ram_start(1, pages_at_most);
  __builtin_memset(&state, 0, sizeof state);
  __builtin_memset(chunks, 0, sizeof chunks);
  captures = reports = clocks = 0;
  state.logging = 1, state.max_events = 1000000, state.stacks = LM_STACKS_ALL;
  return lm_recorder_state();
}
static void alloc(uint64_t p, uint64_t size, uint32_t entry) {
  lm_recorder_event(LM_EVENT_ALLOC, p, size, 0, entry);
}
static void release(uint64_t p, uint32_t entry) {
  lm_recorder_event(LM_EVENT_FREE, p, 0, 0, entry);
}
static void resize(uint64_t previous, uint64_t p, uint64_t size) {
  lm_recorder_event(LM_EVENT_REALLOC, p, size, previous, 1);
}

static void a_block_is_live_until_it_is_freed(void) {
  lm_recorder *r = start(RAM_PAGES);
  alloc(64, 10, 1), alloc(128, 20, 2);
  CHECK(r->live_bytes == 30 && r->live_blocks == 2 && r->peak_bytes == 30 && r->allocations == 2);
  const lm_record *block = lm_recorder_find(64);
  CHECK(block && block->size == 10 && block->site == 101 && !block->freed && block->sequence == 1);
  release(64, 3);
  CHECK(r->live_bytes == 20 && r->live_blocks == 1 && r->peak_bytes == 30 && r->frees == 1);
  CHECK(lm_recorder_find(64)->freed == 104 && reports == 0);
  CHECK(!lm_recorder_find(65) && !lm_recorder_find(0) && !lm_recorder_find(-1));
  release(0, 1), alloc(0, 5, 1);
  CHECK(r->frees == 1 && r->allocations == 2 && r->logged == 3);
}

static void a_free_of_no_live_block_is_reported(void) {
  lm_recorder *r = start(RAM_PAGES);
  release(64, 1);
  CHECK(reports == 1 && reported == 64 && !reported_record);
  alloc(64, 10, 1), release(128, 1);
  CHECK(reports == 2 && reported == 128 && !reported_record);
  release(64, 1), release(64, 1);
  CHECK(reports == 3 && reported_record == lm_recorder_find(64) && r->live_blocks == 0);
  resize(64, 256, 8);  // a realloc of it, too
  CHECK(reports == 4 && r->live_blocks == 1 && r->live_bytes == 8);
  CHECK(logged(r->logged - 1).previous == 0 && logged(r->logged - 1).kind == LM_EVENT_ALLOC);
}

static void realloc_moves_resizes_allocates_and_frees(void) {
  lm_recorder *r = start(RAM_PAGES);
  resize(0, 64, 10);
  CHECK(r->allocations == 1 && r->live_bytes == 10);
  resize(64, 64, 30), resize(64, 128, 40);
  CHECK(r->live_bytes == 40 && r->live_blocks == 1 && r->peak_bytes == 40 && !reports);
  resize(128, 0, 50);  // it failed
  CHECK(r->live_blocks == 1);
  resize(128, 0, 0);
  CHECK(r->live_blocks == 0 && r->frees == 1);
  alloc(64, 10, 1);
  lm_recorder_resized(64, 100), lm_recorder_resized(64, 100), lm_recorder_resized(64, 90);
  lm_recorder_resized(0, 1), lm_recorder_resized(65, 1), lm_recorder_resized(128, 1);
  CHECK(r->live_bytes == 90 && r->peak_bytes == 100);
  lm_recorder_forget(64, 7), lm_recorder_forget(64, 7);
  CHECK(r->live_bytes == 0 && reports == 1 && lm_recorder_find(64)->freed == 8);
  start(RAM_PAGES), lm_recorder_resized(64, 1);
  CHECK(state.sequence == 0 && !lm_recorder_find(64));
}

static void a_block_where_one_is_live_replaces_it(void) {
  lm_recorder *r = start(RAM_PAGES);
  alloc(64, 10, 1), alloc(64, 20, 1);
  CHECK(r->live_bytes == 20 && r->live_blocks == 1 && r->unseen_frees == 1 && !reports);
}

static void the_order_of_size_and_alignment_is_learnt(void) {
  lm_recorder *r = start(RAM_PAGES);
  lm_recorder_event(LM_EVENT_ALIGNED, 64, 32, 16, 1);  // both are powers of two: the second
  CHECK(r->live_bytes == 32);
  lm_recorder_event(LM_EVENT_ALIGNED, 128, 16, 100, 1);
  CHECK(r->live_bytes == 132);
  lm_recorder_event(LM_EVENT_ALIGNED, 256, 16, 64, 1);
  CHECK(r->live_bytes == 196);
  lm_recorder_event(LM_EVENT_ALIGNED, 512, 100, 16, 1);
  CHECK(r->live_bytes == 296);
}

static void stacks_are_captured_as_asked(void) {
  start(RAM_PAGES)->stacks = LM_STACKS_NONE;
  alloc(64, 1, 1);
  CHECK(captures == 0 && lm_recorder_find(64)->site == 0);
  start(RAM_PAGES)->stacks = LM_STACKS_ENTRY;
  alloc(64, 1, 1), alloc(128, 1, 1), alloc(192, 1, 2), alloc(256, 1, 0), alloc(320, 1, 0);
  CHECK(captures == 4 && lm_recorder_find(128)->site == 101 && lm_recorder_find(192)->site == 102);
  lm_recorder *r = start(RAM_PAGES);
  r->stacks = LM_STACKS_RATE, r->threshold = 1u << 30, r->random = 1;
  for (uint32_t i = 1; i <= 1000; i++) alloc(64 * i, 1, 1);
  CHECK(captures > 150 && captures < 350);
}

static void the_log_ends_where_it_may(void) {
  lm_recorder *r = start(RAM_PAGES);
  r->max_events  = 3;
  for (uint32_t i = 1; i <= 300; i++) alloc(64 * i, 1, 1);
  lm_recorder_note(4, 1, 2, 3);
  CHECK(r->logged == 3 && r->dropped == 298 && r->live_blocks == 300 && clocks == 1);
  CHECK(logged(2).address == 192 && !lm_recorder_chunk(1) && !lm_recorder_chunk(MAX_CHUNKS));
  r = start(RAM_PAGES), r->logging = 0;
  alloc(64, 1, 1);
  CHECK(r->logged == 0 && r->dropped == 0 && r->sequence == 1);
  r = start(RAM_PAGES), alloc(64, 1, 1), r->writing->used = CHUNK_SPACE;
  lm_recorder_note(4, 8, 2, 3), lm_recorder_note(4, 1, 2, 4);
  CHECK(r->chunk == 1 && lm_recorder_chunk(1)->used == 4 &&
        (lm_recorder_chunk(1)->events[0] & 7) == 4);
  r->chunk = MAX_CHUNKS - 1, r->writing->used = CHUNK_SPACE + 1;
  lm_recorder_note(4, 1, 2, 3);
  CHECK(r->dropped == 1);
}

static void the_log_has_what_was_told(void) {
  lm_recorder *r = start(RAM_PAGES);
  enum { EVENTS = 3000 };
  static told_event told[EVENTS];
  uint64_t random = 1;
  for (uint32_t i = 0; i < EVENTS; i++) {
    told_event *e  = &told[i];
    random         = random * 6364136223846793005u + 1442695040888963407u;
    uint32_t shift = (uint32_t)(random >> 58) % 53;
    e->kind        = (uint32_t)(random >> 40) % 6;
    e->address     = (random & 0x1fffffffffffffu) >> shift;
    e->time        = r->time += (random >> 33) % 4 ? 0 : (uint32_t)(random >> 50);
    e->site        = (random >> 36) % 4 ? (i ? told[i - 1].site : 0) : (uint32_t)(random >> 32);
    if (e->kind != LM_EVENT_FREE) e->size = (random >> 8 & 0x1fffffffffffffu) >> (52 - shift);
    if (e->kind == LM_EVENT_REALLOC) e->previous = random & 1 ? e->address : random >> 20;
    log_event(e->kind, e->address, e->size, e->previous, e->site);
  }
  bool all = r->logged == EVENTS;
  for (uint32_t i = 0; i < EVENTS; i++) {
    told_event e = logged(i);
    all = all && e.kind == told[i].kind && e.address == told[i].address && e.time == told[i].time &&
          e.site == told[i].site && e.size == told[i].size && e.previous == told[i].previous;
  }
  CHECK(all);
}

static void a_log_that_restarts_is_empty(void) {
  lm_recorder *r = start(RAM_PAGES);
  lm_recorder_restart();
  alloc(64, 1, 1), r->writing->used = CHUNK_SPACE + 1, alloc(128, 1, 2);
  CHECK(lm_recorder_chunk(1)->used > 0);
  r->time = 7, lm_recorder_restart();
  CHECK(r->logged == 0 && lm_recorder_chunk(0)->used == 0 && lm_recorder_chunk(1)->used == 0);
  lm_recorder_note(LM_EVENT_ALLOC, 64, 9, 3);
  told_event e = logged(0);
  CHECK(r->logged == 1 && e.address == 64 && e.size == 9 && e.site == 3 && e.time == 7);
}

static void a_full_memory_loses_events_and_blocks(void) {
  lm_recorder *r = start(2);  // a page for the table, none for the log
  for (uint32_t i = 1; i <= 3000; i++) alloc(64 * i, 1, 1);
  CHECK(r->capacity == 2048 && r->used == 2047 && r->lost == 953 && r->dropped == 3000);
  CHECK(lm_recorder_find(64) && !lm_recorder_find(64 * 3000) && r->live_blocks == 2047);
  r = start(1);
  alloc(64, 1, 1), release(64, 1);
  CHECK(r->lost == 1 && reports == 1 && !lm_recorder_find(64));
}

static void a_table_of_freed_blocks_forgets_them(void) {
  lm_recorder *r = start(RAM_PAGES);
  for (uint64_t i = 1; i <= 20000; i++) {
    alloc(64 * i, 1, 1);
    if (i % 100) release(64 * i, 1);
  }
  CHECK(r->capacity == 2048 && r->live_blocks == 200 && r->spare && reports == 0);
  bool all = true;
  for (uint64_t i = 100; i <= 20000; i += 100)
    all = all && lm_recorder_find((double)(64 * i)) && !lm_recorder_find((double)(64 * i))->freed;
  CHECK(all && !lm_recorder_find(64));
  for (uint64_t i = 1; i <= 5000; i++) alloc(64 * i, 1, 1);
  CHECK(r->capacity == 8192 && r->live_blocks == 5150);
}

static void guard_mode_is_left_to_javascript(void) {
  CHECK(lm_recorder_guarded(1, 2, 3, 4, 5) == 54321);
}

CHECK_MAIN(RUN(a_block_is_live_until_it_is_freed); RUN(a_free_of_no_live_block_is_reported);
           RUN(realloc_moves_resizes_allocates_and_frees);
           RUN(a_block_where_one_is_live_replaces_it);
           RUN(the_order_of_size_and_alignment_is_learnt); RUN(stacks_are_captured_as_asked);
           RUN(the_log_ends_where_it_may); RUN(the_log_has_what_was_told);
           RUN(a_log_that_restarts_is_empty); RUN(a_full_memory_loses_events_and_blocks);
           RUN(a_table_of_freed_blocks_forgets_them); RUN(guard_mode_is_left_to_javascript););
