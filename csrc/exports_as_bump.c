// SPDX-License-Identifier: MIT
// exports_as_bump.c: bump with the functions of AssemblyScript.
#include "linmem/bump.h"

#include "exports_as.h"

LM_EXPORT_AS(bump);
