// SPDX-License-Identifier: MIT
// exports_as_buddy.c: buddy with the functions of AssemblyScript.
#include "linmem/buddy.h"

#include "exports_as.h"

LM_EXPORT_AS(buddy);
