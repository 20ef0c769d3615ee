// Claim: allocating and freeing from JS costs at most 1.15 times two calls of empty functions.
import { createHeapSync } from '../../dist/index.js';
import { claim, race, sink, table } from './harness.mjs';

// A module of two empty functions with the types of lm_heap_alloc and lm_heap_free, (i32, i32) -> i32; each returns
// its second argument. The branch prevents V8 from inlining them.
const body = [11, 0, 0x02, 0x40, 0x20, 1, 0x0d, 0, 0x0b, 0x20, 1, 0x0b];
const empty = new WebAssembly.Instance(
  new WebAssembly.Module(
    Uint8Array.from([
      ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
      ...[1, 7, 1, 0x60, 2, 0x7f, 0x7f, 1, 0x7f], // the type
      ...[3, 3, 2, 0, 0], // two functions of it
      ...[7, 9, 2, 1, 0x61, 0, 0, 1, 0x66, 0, 1], // exported as a and f
      ...[10, 25, 2, ...body, ...body],
    ]),
  ),
).exports;
const heap = createHeapSync();
const { exports, handle } = heap;
const alloc = exports.lm_heap_alloc;
const free = exports.lm_heap_free;
const N = 1 << 13;
const contenders = {
  'two empty calls': () => { for (let i = 0; i < N; i++) sink.value ^= empty.f(handle, empty.a(handle, 24 + (i & 7))); },
  'malloc(24 to 31) and free': () => { for (let i = 0; i < N; i++) sink.value ^= free(handle, alloc(handle, 24 + (i & 7))); },
}; // prettier-ignore
const results = race(contenders, N);
table('Allocating from JS', results);
process.exitCode = claim(results, 'malloc(24 to 31) and free', 'two empty calls', 1.15) ? 0 : 2;
