// SPDX-License-Identifier: MIT
// Checks that each file of csrc includes only files that stand before it in ORDER, so that no circle is possible.
//   node include_order.mjs
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import assert from 'node:assert/strict';

const CSRC = fileURLToPath(new URL('../../csrc', import.meta.url));
const PUBLIC = 'include/';

/** Every file of csrc. Those of one line do not include each other. */
const ORDER = `
  linmem/config.h
  build_internal.h linmem/pages.h recorder_internal.h
  linmem/allocator.h pages.c
  allocator_internal.h linmem/boundary_tag.h linmem/buddy.h linmem/bump.h linmem/arena.h
  boundary_tag_internal.h
  boundary_tag_inspect.h
  segregated_internal.h linmem/heap.h linmem/tlsf.h linmem/bestfit.h
  heap_block_internal.h
  heap_slab_internal.h heap_block.c
  heap_fast.h heap_slab.c
  heap.c heap_inspect.c
  heap_static.h linmem/slice.h linmem/malloc.h
  tlsf.c bestfit.c buddy.c bump.c arena.c slice.c linmem/linmem.h
  exports_internal.h exports_strategy.h exports_as.h
  exports.c exports_tlsf.c exports_bestfit.c exports_buddy.c exports_bump.c
  exports_as_tlsf.c exports_as_buddy.c exports_as_bump.c exports_walle.c malloc.c malloc_refused.c
  layout.c recorder.c`;

const rank = new Map(
  ORDER.trim()
    .split('\n')
    .flatMap((line, index) =>
      line
        .trim()
        .split(' ')
        .map((file) => [file, index]),
    ),
);

const files = readdirSync(CSRC, { recursive: true })
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => /\.[ch]$/.test(file));
assert.deepEqual(files.map((file) => file.replace(PUBLIC, '')).sort(), [...rank.keys()].sort());
let count = 0;
for (const file of files) {
  const name = file.replace(PUBLIC, '');
  for (const [, included] of readFileSync(join(CSRC, file), 'utf8').matchAll(/^#include "(.+)"/gm)) {
    assert.ok(rank.has(included), `${file} includes ${included}, which is not in csrc`);
    assert.ok(rank.get(included) < rank.get(name), `${file} includes ${included}, which comes after it`);
    if (file.startsWith(PUBLIC)) assert.ok(included.startsWith('linmem/'), `${file} includes ${included}`);
    count++;
  }
}
console.log(`${count} includes of ${files.length} files are in order`);
