// SPDX-License-Identifier: MIT
// exports_as_tlsf.c: tlsf with the functions of AssemblyScript.
#include "linmem/tlsf.h"

#include "exports_as.h"

LM_EXPORT_AS(tlsf);
