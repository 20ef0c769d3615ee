// SPDX-License-Identifier: MIT
// exports_bump.c: the wasm form of bump.
#include "linmem/bump.h"

#include "exports_strategy.h"

LM_EXPORT_STRATEGY(bump);
