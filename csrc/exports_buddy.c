// SPDX-License-Identifier: MIT
// exports_buddy.c: the wasm form of buddy.
#include "linmem/buddy.h"

#include "exports_strategy.h"

LM_EXPORT_STRATEGY(buddy);
