// SPDX-License-Identifier: MIT
// exports_tlsf.c: the wasm form of tlsf.
#include "linmem/tlsf.h"

#include "exports_strategy.h"

LM_EXPORT_STRATEGY(tlsf);
