// SPDX-License-Identifier: MIT
// malloc_refused.c: the linmem_refused of a program that does not define it (malloc.h). It writes to
// standard error by the import fd_write of WASI, as libc does, and calls no function of libc.
#include "build_internal.h"
#include "linmem/malloc.h"

#if defined(LM_ABORT_ON_REFUSAL) && defined(LM_LEAN)
#error "LM_ABORT_ON_REFUSAL has no effect with LM_LEAN, which checks no address: define one of them"
#endif

typedef struct piece {
  const char *text;
  size_t length;
} piece;

__attribute__((import_module("wasi_snapshot_preview1"), import_name("fd_write"))) int
linmem_fd_write(int file, const piece *pieces, size_t count, size_t *written);

LM_COLD static LM_NOINLINE char *put(char *to, const char *text) {
  while (*text) *to++ = *text++;
  return to;
}

LM_COLD static char *put_address(char *to, uintptr_t address) {
  to = put(to, "0x");
  for (unsigned shift = 8 * LM_WORD; shift;)
    *to++ = "0123456789abcdef"[address >> (shift -= 4) & 15];
  return to;
}

LM_COLD void linmem_refused(lm_operation where, lm_status what, const void *block) {
  char line[80], *end = put(line, "linmem: ");
  end = put(end, where == LM_IN_FREE      ? "free("
                 : where == LM_IN_REALLOC ? "realloc("
                                          : "malloc_usable_size(");
  end = put_address(end, (uintptr_t)block);
  end = put(end, what == LM_ALREADY_FREE ? "): already free\n" : "): not a live block\n");
  size_t written;
  linmem_fd_write(2, &(piece){line, (size_t)(end - line)}, 1, &written);
#ifdef LM_ABORT_ON_REFUSAL
  __builtin_trap();
#endif
}
