// SPDX-License-Identifier: MIT
#include "../../../csrc/tlsf.c"
#include "sizes_boundary_tag.h"

CHECK_MAIN(RUN_SIZES_BOUNDARY_TAG;);
