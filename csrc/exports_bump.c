// SPDX-License-Identifier: MIT
// exports_bump.c: the wasm form of bump.
#include "linmem/bump.h"

#include "exports_verbs.h"

LM_EXPORT_VERBS(bump);
