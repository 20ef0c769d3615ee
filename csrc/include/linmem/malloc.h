// SPDX-License-Identifier: MIT
// malloc.h: what liblinmem.a has in addition to malloc, free and the rest of that family.
#ifndef LM_MALLOC_H
#define LM_MALLOC_H
#include "linmem/heap.h"

// Called on each free, realloc and malloc_usable_size of an address that is not a live block: in
// which function, why, and the address. The call then changes nothing (realloc returns NULL,
// malloc_usable_size 0). It must not call malloc or free. Builds with LM_LEAN never call it.
//
// The default writes one line to standard error, for example
//
//   linmem: free(0x00012340): already free
//
// and then traps in a build with the CMake option LINMEM_ABORT_ON_REFUSAL. It adds the import
// wasi_snapshot_preview1.fd_write to a program that writes nothing else; Emscripten's JavaScript and
// every WASI host provide it. A program that defines the function links neither:
//
//   void linmem_refused(lm_operation where, lm_status what, const void *block) { abort(); }
void linmem_refused(lm_operation where, lm_status what, const void *block);
#endif
