// SPDX-License-Identifier: MIT
// linmem.h: includes every header of linmem.
#ifndef LM_LINMEM_H
#define LM_LINMEM_H
#include "linmem/bestfit.h"
#include "linmem/buddy.h"
#include "linmem/bump.h"
#include "linmem/heap.h"
#include "linmem/malloc.h"
#include "linmem/slice.h"
#include "linmem/tlsf.h"
#endif
