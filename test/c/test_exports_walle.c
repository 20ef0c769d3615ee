// SPDX-License-Identifier: MIT
// test_exports_walle.c: WALL-E's exports over a simulated memory.
#include "memory.h"

#define nil ram
#include "../../csrc/exports_walle.c"

static void the_verbs_do_what_the_file_says(void) {
  ram_start(1, 4);
  uintptr_t p = walle_allocate(100), q = walle_reallocate(0, 8);
  CHECK(p > (uintptr_t)ram && q && walle_size(p) == 100 && walle_size(q) == 8);
  CHECK(walle_reallocate(p, 500) && !walle_allocate(0) && !walle_size(0));
  walle_deallocate(q), walle_deallocate(q), walle_deallocate(0);
  CHECK(walle_size(q) == 0 && walle_allocate(100000) && ram_pages > 1);
  q = walle_allocate(8);
  CHECK(walle_reallocate(q, 0) == 0 && walle_size(q) == 0);
  CHECK(!walle_allocate(4 * LM_PAGE) && !walle_allocate(SIZE_MAX) &&
        lm_bestfit_holds(walle_state()));
}

CHECK_MAIN(RUN(the_verbs_do_what_the_file_says););
