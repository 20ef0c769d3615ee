// SPDX-License-Identifier: MIT
// recorder_internal.h: the layout of the recorder's memory, which ts/debug/recorder.ts and record.ts read. Private.
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
_Static_assert(sizeof(lm_record) == 32, "recorder-memory.ts reads it");

typedef struct lm_event {
  uint64_t address;
  uint64_t size;
  uint64_t previous;
  uint32_t site;
  uint32_t kind_and_time;  // the kind in the low 3 bits
} lm_event;
_Static_assert(sizeof(lm_event) == 32, "recorder-memory.ts reads it");

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
const lm_event *lm_recorder_chunk(uint32_t index);
#endif
