// SPDX-License-Identifier: MIT
// The exports of the compiled core, typed by hand; test/ts/core/exports.test.ts compares them with the binary.
// Every address and size is an i32: addresses above 2 GiB come back negative.

/** The exports of the core. `heap` is the address that `lm_heap_open` returned. See csrc/exports.c. */
export interface CoreExports {
  lm_abi_version(): number;
  lm_heap_open(base: number, size: number, grow: number): number;
  lm_heap_alloc(heap: number, size: number): number;
  lm_heap_alloc_aligned(heap: number, size: number, align: number): number;
  lm_heap_calloc(heap: number, count: number, size: number): number;
  lm_heap_realloc(heap: number, address: number, size: number): number;
  lm_heap_free(heap: number, address: number): number;
  lm_heap_check(heap: number, address: number): number;
  lm_heap_usable_size(heap: number, address: number): number;
  lm_heap_stats(heap: number): number;
  lm_heap_walk(heap: number, cursor: number, records: number, capacity: number): number;
  lm_heap_holds(heap: number): number;
}

/** The names of the exports, in the order of csrc/exports.c. */
export const EXPORT_NAMES: readonly (keyof CoreExports)[] = [
  'lm_abi_version',
  'lm_heap_open',
  'lm_heap_alloc',
  'lm_heap_alloc_aligned',
  'lm_heap_calloc',
  'lm_heap_realloc',
  'lm_heap_free',
  'lm_heap_check',
  'lm_heap_usable_size',
  'lm_heap_stats',
  'lm_heap_walk',
  'lm_heap_holds',
];
