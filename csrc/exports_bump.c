// SPDX-License-Identifier: MIT
// exports_bump.c: the exports of the wasm module of bump.
#include "linmem/bump.h"

#include "exports_strategy.h"

LM_EXPORT_STRATEGY(bump);
