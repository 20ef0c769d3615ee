// SPDX-License-Identifier: MIT
// exports_buddy.c: the wasm form of buddy.
#include "linmem/buddy.h"

#include "exports_verbs.h"

LM_EXPORT_VERBS(buddy);
