// Claim: getting and setting a ref's value costs at most 1.5 times the raw DataView calls.
import * as linmem from '../../dist/index.js';
import { createWasmHeapManager } from '../../node_modules/wasm-heap-manager/dist/exports/Exports.js';
import { claim, raceLoops, sink, table } from './harness.mjs';

const N = 1 << 12;
const memory = new WebAssembly.Memory({ initial: 16, maximum: 64 });
memory.grow(1);
let next = 1024;
const malloc = (bytes) => (next += (bytes + 7) & ~7) - ((bytes + 7) & ~7);
const heap = linmem.createWasmHeapManager(
  () => memory.buffer,
  malloc,
  () => undefined,
);
const peer = createWasmHeapManager(
  () => memory.buffer,
  malloc,
  () => undefined,
);
const data = new DataView(memory.buffer);

for (const type of linmem.scalarTypes) {
  const value = type.kind === 'bigint' ? 5n : type.kind === 'boolean' ? true : 5;
  const ref = type.alloc(heap, value);
  const theirs = `alloc${type.label}` in peer ? peer[`alloc${type.label}`](value) : undefined;
  for (let i = 0; i < 2e4; i++) {
    ref.value = value;
    sink.value += ref.value === value ? 1 : 0;
    if (theirs) {
      theirs.value = value;
      sink.value += theirs.value === value ? 1 : 0;
    }
  }
}
const refs = Array.from({ length: N }, (_, i) => heap.allocInt32(i));
const theirs = Array.from({ length: N }, (_, i) => peer.allocInt32(i));

/** The number of iterations of the loops. */
let n = 0;
const contenders = {
  'raw DataView get and set': () => { for (let i = 0, end = n; i < end; i++) { const ref = refs[i]; data.setInt32(ref.address, data.getInt32(ref.address, true) + 1, true); } },
  'ref.value += 1': () => { for (let i = 0, end = n; i < end; i++) { const ref = refs[i]; ref.value = (ref.value + 1) | 0; } },
  'wasm-heap-manager ref.value += 1': () => { for (let i = 0, end = n; i < end; i++) { const ref = theirs[i]; ref.value = (ref.value + 1) | 0; } },
}; // prettier-ignore
const results = raceLoops(contenders, N, (count) => (n = count));
table('A ref, get and set', results);
process.exitCode = claim(results, 'ref.value += 1', 'raw DataView get and set', 1.5) ? 0 : 2;
