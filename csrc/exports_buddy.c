// SPDX-License-Identifier: MIT
// exports_buddy.c: the exports of the wasm module of buddy.
#include "linmem/buddy.h"

#include "exports_strategy.h"

LM_EXPORT_STRATEGY(buddy);
