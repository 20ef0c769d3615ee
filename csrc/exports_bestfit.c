// SPDX-License-Identifier: MIT
// exports_bestfit.c: the exports of the wasm module of bestfit.
#include "linmem/bestfit.h"

#include "exports_strategy.h"

LM_EXPORT_STRATEGY(bestfit);
