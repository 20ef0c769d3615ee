// SPDX-License-Identifier: MIT
// exports_tlsf.c: the exports of the wasm module of tlsf.
#include "linmem/tlsf.h"

#include "exports_strategy.h"

LM_EXPORT_STRATEGY(tlsf);
