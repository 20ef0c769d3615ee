// SPDX-License-Identifier: MIT
#include "../../../csrc/tlsf.c"
#include "sizes_tags.h"

CHECK_MAIN(RUN_SIZES_TAGS;);
