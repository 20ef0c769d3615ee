// SPDX-License-Identifier: MIT
// recorder.c: the blocks, live and freed, and the log of events of one recorded module, for linmem/debug. It is a wasm
// module with a separate memory, which no recorded module can write to.
//
//   R1  A record with an address is a block: live while `freed` is 0. Records are never removed, so that a search ends
//       at the first empty one; a rehash drops those of freed blocks when they are most of the table.
//   R2  At least a quarter of the table is empty, unless the memory is exhausted: then new blocks are only counted.
#include "recorder_internal.h"

enum { FIRST_CAPACITY = 2048, CHUNK_BYTES = 1 << 20, MAX_CHUNKS = 2048, CLOCK_EVENTS = 256 };
enum { MAX_EVENT_BYTES = 64, CHUNK_SPACE = CHUNK_BYTES - (int)sizeof(lm_chunk) - MAX_EVENT_BYTES };

static lm_recorder state;
static lm_chunk *chunks[MAX_CHUNKS];

// Asks JavaScript for the number of the current call stack.
LM_IMPORT(capture) uint32_t lm_capture(uint32_t entry);
// Tells JavaScript of a free of `address`: the block that was there before, if any, is `record`.
LM_IMPORT(report) void lm_report(double address, const lm_record *record);
// Asks JavaScript to set state.time.
LM_IMPORT(clock) void lm_clock(void);
// Does the work of one of the module's functions in guard mode, and returns its result.
LM_IMPORT(guard) double lm_guard(uint32_t role, double a, double b, double c, double d);

static void *pages(size_t bytes) {
  size_t page = lm_memory_grow((bytes + LM_PAGE - 1) / LM_PAGE);
  return page == SIZE_MAX ? NULL : (void *)(page * LM_PAGE);
}

// Returns the record of `address`, or the empty one where it belongs.
static lm_record *find(uint64_t address) {
  uint32_t i = (uint32_t)((address * 0x9e3779b97f4a7c15u) >> 32);
  for (;; i++) {
    lm_record *r = &state.table[i & (state.capacity - 1)];
    if (r->address == address || r->address == 0) return r;
  }
}

// Makes room for one more record. Returns false if there is no memory left for it.
static bool reserve(void) {
  if (state.used < state.capacity / 4 * 3) return true;
  lm_record *old = state.table;
  uint32_t count = state.capacity;
  bool purge     = state.used - (uint32_t)state.live_blocks > count / 2 && count >= MAX_FREED;
  uint32_t next  = count == 0 ? FIRST_CAPACITY : purge ? count : count * 2;
  lm_record *new = purge &&state.spare ? state.spare : NULL;
  if (new)
    __builtin_memset(new, 0, next * sizeof(lm_record));
  else if (next <= MAX_CAPACITY)
    new = pages(next * sizeof(lm_record));
  if (!new) return state.used + 1 < count;
  state.spare    = purge ? old : NULL;
  state.table    = new;
  state.capacity = next;
  state.used     = 0;
  for (uint32_t i = 0; i < count; i++) {
    if (old[i].address == 0 || (purge && old[i].freed)) continue;
    *find(old[i].address) = old[i];
    state.used++;
  }
  return true;
}

// Makes room for one more event. Returns false if there is none left.
static bool reserve_event(void) {
  if (state.logged >= state.max_events) return false;
  if (state.writing && state.writing->used <= CHUNK_SPACE) return true;
  uint32_t next = state.writing ? state.chunk + 1 : 0;
  if (next >= MAX_CHUNKS || (!chunks[next] && !(chunks[next] = pages(CHUNK_BYTES)))) return false;
  state.chunk         = next;
  state.writing       = chunks[next];
  state.writing->used = 0;
  return true;
}

static uint8_t *append(uint8_t *to, uint64_t value) {
  for (; value > 127; value >>= 7) *to++ = (uint8_t)(value | 128);
  *to++ = (uint8_t)value;
  return to;
}
static uint8_t *append_signed(uint8_t *to, int64_t value) {
  return append(to, (uint64_t)value << 1 ^ (uint64_t)(value >> 63));
}

static void log_event(uint32_t kind, uint64_t address, uint64_t size, uint64_t previous,
                      uint32_t site) {
  state.sequence++;
  if ((uint32_t)state.sequence % CLOCK_EVENTS == 0) lm_clock();
  if (!state.logging) return;
  if (!reserve_event()) {
    state.dropped++;
    return;
  }
  uint8_t *start   = state.writing->events + state.writing->used;
  uint8_t *to      = start + 1;
  int64_t distance = (int64_t)(address - state.logged_address);
  uint32_t head    = kind;
  if (state.time != state.logged_time) {
    head |= LM_LOG_TIME;
    to = append(to, state.time - state.logged_time);
  }
  if ((distance & 7) == 0) {
    head |= LM_LOG_WORDS;
    distance >>= 3;
  }
  to = append_signed(to, distance);
  if (kind != LM_EVENT_FREE) to = append(to, size);
  if (kind == LM_EVENT_REALLOC) to = append_signed(to, (int64_t)(previous - address));
  if (site != state.logged_site) {
    head |= LM_LOG_SITE;
    to = append(to, site);
  }
  *start               = (uint8_t)head;
  state.logged_time    = state.time;
  state.logged_address = address;
  state.logged_site    = site;
  state.writing->used += (uint32_t)(to - start);
  state.logged++;
}

// Returns the call stack of an event in the call `entry` of the module: 0 where it is not known which.
static uint32_t site_of(uint32_t entry) {
  if (state.stacks == LM_STACKS_NONE) return 0;
  if (state.stacks == LM_STACKS_ENTRY) {
    if (entry == 0 || entry != state.last_entry) {
      state.last_site  = lm_capture(entry);
      state.last_entry = entry;
    }
    return state.last_site;
  }
  if (state.stacks == LM_STACKS_RATE) {
    state.random = state.random * 1664525u + 1013904223u;
    if (state.random >= state.threshold) return 0;
  }
  return lm_capture(entry);
}

static void insert(uint64_t address, uint64_t size, uint32_t site) {
  state.live_bytes += (double)size;
  if (state.live_bytes > state.peak_bytes) state.peak_bytes = state.live_bytes;
  if (!reserve()) {
    state.lost++;
    return;
  }
  lm_record *r = find(address);
  if (r->address == 0)
    state.used++;
  else if (!r->freed) {  // its free was not seen
    state.live_bytes -= (double)r->size;
    state.live_blocks--;
    state.unseen_frees++;
  }
  state.live_blocks++;
  *r = (lm_record){.address = address, .size = size, .sequence = state.sequence, .site = site};
}

// Marks the block at `address` as freed. Returns false if there is none; JavaScript then has got a report.
static bool end(uint64_t address, uint32_t site) {
  lm_record *r = state.capacity ? find(address) : NULL;
  if (!r || r->address == 0 || r->freed) {
    lm_report((double)address, r && r->address ? r : NULL);
    return false;
  }
  r->freed = site + 1;
  state.live_bytes -= (double)r->size;
  state.live_blocks--;
  return true;
}

// Returns the size of an aligned allocation, whose parameters are a size and an alignment in unknown order. An
// alignment is a power of two, so a parameter that is not a power of two shows the order of this and all later calls.
static uint64_t size_of_aligned(uint64_t first, uint64_t second) {
  if (first & (first - 1)) state.is_size_first = 1;
  if (second & (second - 1)) state.is_size_first = 0;
  return state.is_size_first ? first : second;
}

LM_EXPORT(event)
void lm_recorder_event(uint32_t kind, uint64_t address, uint64_t size, uint64_t previous,
                       uint32_t entry) {
  if (kind == LM_EVENT_ALIGNED) {
    size = size_of_aligned(previous, size);
    kind = LM_EVENT_ALLOC;
  }
  if (kind == LM_EVENT_REALLOC && previous == 0) kind = LM_EVENT_ALLOC;
  if (kind == LM_EVENT_REALLOC && address == 0 && size == 0)
    kind = LM_EVENT_FREE, address = previous;
  if (address == 0) return;  // free(NULL), or an allocation that failed
  uint32_t site = site_of(entry);
  if (kind == LM_EVENT_FREE) {
    state.frees++;
    if (end(address, site)) log_event(kind, address, 0, 0, site);
    return;
  }
  if (kind == LM_EVENT_ALLOC) state.allocations++;
  bool known = kind == LM_EVENT_ALLOC || end(previous, site);
  log_event(known ? kind : LM_EVENT_ALLOC, address, size, known ? previous : 0, site);
  insert(address, size, site);
}

// Records the size of a block after a realloc that was found by its shape. The inner malloc and free are events
// already.
LM_EXPORT(resized)
void lm_recorder_resized(uint64_t address, uint64_t size) {
  lm_record *r = state.capacity && address ? find(address) : NULL;
  if (!r || r->address == 0 || r->freed || r->size == size) return;
  state.live_bytes += (double)size - (double)r->size;
  if (state.live_bytes > state.peak_bytes) state.peak_bytes = state.live_bytes;
  r->size = size;
  log_event(LM_EVENT_REALLOC, address, size, address, r->site);
}

// Marks the block at `address` as freed: it was freed under another address.
LM_EXPORT(forget)
void lm_recorder_forget(double address, uint32_t site) {
  if (end((uint64_t)address, site)) log_event(LM_EVENT_FREE, (uint64_t)address, 0, 0, site);
}

LM_EXPORT(note)
void lm_recorder_note(uint32_t kind, double address, double size, uint32_t site) {
  log_event(kind, (uint64_t)address, (uint64_t)size, 0, site);
}

LM_EXPORT(guarded)
double lm_recorder_guarded(uint32_t role, double a, double b, double c, double d) {
  return lm_guard(role, a, b, c, d);
}

// Empties the log.
LM_EXPORT(restart)
void lm_recorder_restart(void) {
  for (uint32_t i = 0; i <= state.chunk; i++)
    if (chunks[i]) chunks[i]->used = 0;
  state.chunk = state.logged = state.logged_time = state.logged_site = 0;

  state.writing        = NULL;
  state.logged_address = 0;
}

LM_EXPORT(find) const lm_record *lm_recorder_find(double address) {
  lm_record *r = state.capacity && address > 0 ? find((uint64_t)address) : NULL;
  return r && r->address ? r : NULL;
}

LM_EXPORT(state) lm_recorder *lm_recorder_state(void) { return &state; }
LM_EXPORT(chunk) const lm_chunk *lm_recorder_chunk(uint32_t index) {
  return index < MAX_CHUNKS ? chunks[index] : NULL;
}
