// SPDX-License-Identifier: MIT
// recorder_internal.h: the layout of the recorder's memory, which ts/debug/recorder.ts and ts/debug/recorder-log.ts read.
// Private.
#ifndef LM_RECORDER_INTERNAL_H
#define LM_RECORDER_INTERNAL_H
#include "linmem/config.h"

// A block of the recorded module.
typedef struct lm_record {
  uint64_t address;   // 0: no block
  uint64_t size;      // bytes
  uint64_t sequence;  // events before its allocation
  uint32_t site;      // call stack of its allocation
  uint32_t freed;     // 0: live; else the call stack of its free, plus 1
} lm_record;
_Static_assert(sizeof(lm_record) == 32, "recorder.ts reads it");

// The log is a sequence of chunks of bytes. An event is a byte that says what follows, and numbers of 7 bits to a byte,
// the lowest first; all bytes of a number but the last have bit 7 set:
//   time      eighths of a millisecond since the event before, if LM_LOG_TIME is set
//   address   minus that of the event before; divided by 8 if LM_LOG_WORDS is set; 2n for n, 2n - 1 for -n
//   size      unless the event is a free
//   previous  of a realloc: the old address minus the new one, as address is stored, not divided
//   site      if LM_LOG_SITE is set; else it is that of the event before
typedef struct lm_chunk {
  uint32_t used;  // bytes of events
  uint8_t events[];
} lm_chunk;
_Static_assert(offsetof(lm_chunk, events) == 4, "recorder-log.ts reads it");

enum { LM_LOG_TIME = 8, LM_LOG_WORDS = 16, LM_LOG_SITE = 32 };

enum { LM_EVENT_ALLOC, LM_EVENT_FREE, LM_EVENT_REALLOC, LM_EVENT_ALIGNED };
enum { LM_STACKS_NONE, LM_STACKS_ENTRY, LM_STACKS_ALL, LM_STACKS_RATE };

// The most records, and the size from which a table forgets freed blocks.
#define MAX_CAPACITY (1u << 26)
#ifndef MAX_FREED
#define MAX_FREED (1u << 20)
#endif

typedef struct lm_recorder {
  double live_bytes, peak_bytes, live_blocks;
  double allocations, frees;
  double unseen_frees;  // blocks that were allocated where a live one was
  double lost;          // blocks that the table has no memory for
  double dropped;       // events that the log has no space for
  uint64_t sequence;    // events until now
  lm_record *table;
  lm_record *spare;  // as large as the table, and not in use
  uint32_t capacity, used;
  uint32_t logging, logged, max_events;
  uint32_t stacks, threshold, random;
  uint32_t last_entry, last_site;
  uint32_t is_size_first;  // of the functions whose events are LM_EVENT_ALIGNED
  uint32_t time;           // eighths of a millisecond since the start
  uint32_t chunk;          // the one that is written
  lm_chunk *writing;       // NULL before the first event of a log
  uint32_t logged_time, logged_site;
  uint64_t logged_address;
} lm_recorder;

// The functions that the recorded module and JavaScript call: see recorder.c.
void lm_recorder_event(uint32_t kind, uint64_t address, uint64_t size, uint64_t previous,
                       uint32_t entry);
void lm_recorder_resized(uint64_t address, uint64_t size);
void lm_recorder_forget(double address, uint32_t site);
void lm_recorder_note(uint32_t kind, double address, double size, uint32_t site);
double lm_recorder_guarded(uint32_t role, double a, double b, double c, double d);
const lm_record *lm_recorder_find(double address);
lm_recorder *lm_recorder_state(void);
void lm_recorder_restart(void);
const lm_chunk *lm_recorder_chunk(uint32_t index);
#endif
