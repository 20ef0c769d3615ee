// Claim: accesses are as fast after some were refused (out of bounds, NaN, a freed ref, a refused pointer) as before:
// at most 1.1 times the time. Both in loops that were compiled before and in loops that are new.
import * as linmem from '../../dist/index.js';
import { claim, finish, raceLoops, sink, table } from './harness.mjs';

const N = 1 << 14;
const memory = new WebAssembly.Memory({ initial: 4, maximum: 16 });
let next = 1024;
const heap = linmem.createWasmHeapManager(
  () => memory.buffer,
  () => (next += 16),
  () => undefined,
);
memory.grow(1);
sink.value += heap.byteLength;
const ref = heap.wrapInt32(1024);
const LOOPS = {
  'heap.readInt32(p)': 'for (let p = 0, end = n * 4; p < end; p += 4) s = (s + heap.readInt32(p)) | 0;',
  'i32.read(heap, p)': 'for (let p = 0, end = n * 4; p < end; p += 4) s = (s + i32.read(heap, p)) | 0;',
  'heap.writeInt32(p, x)': 'for (let p = 4096, end = 4096 + n * 4; p < end; p += 4) heap.writeInt32(p, p);',
  'i32.write(heap, p, x)': 'for (let p = 4096, end = 4096 + n * 4; p < end; p += 4) i32.write(heap, p, p);',
  'ref.value': 'for (let i = 0; i < n; i++) s = (s + ref.value) | 0;',
  'ref.value = x': 'for (let i = 0; i < n; i++) ref.value = i;',
};
const counts = { n: 0 };
let made = 0;
/** A loop with separate source code: engines keep one profile for each. */
const loop = (code) =>
  new Function(
    'heap, i32, ref, sink, counts',
    `return () => { const { n } = counts; let s = ${made++} & 0; ${code} sink.value += s; };`,
  )(heap, linmem.i32, ref, sink, counts);
const loops = (more = '') =>
  Object.fromEntries(Object.entries(LOOPS).map(([name, code]) => [name + more, loop(code)]));

// Each function is also compiled separately, as are functions that a program calls from many places.
for (let i = 0; i < 3e5; i++) {
  heap.writeInt32(i & 4092, i);
  linmem.i32.write(heap, i & 4092, i);
  sink.value += heap.readInt32(i & 4092) + linmem.i32.read(heap, i & 4092);
}
const contenders = loops();
const race = (them) => raceLoops(them, N, (count) => (counts.n = count));
const before = race(contenders);
table('before any access was refused', before);

function refused(act) {
  try {
    act();
  } catch {
    return;
  }
  throw new Error('it was not refused');
}
for (const p of [2 ** 20, 2 ** 20, memory.buffer.byteLength - 3, Number.NaN, 0.5]) {
  refused(() => heap.readInt32(p));
  refused(() => linmem.i32.read(heap, p));
}
refused(() => heap.writeInt32(2 ** 20, 1));
refused(() => linmem.i32.write(heap, 2 ** 20, 1));
for (let i = 0; i < 2; i++) {
  const freed = heap.allocInt32(1);
  freed.free();
  refused(() => freed.value);
  refused(() => {
    freed.value = 1;
  });
  refused(() => heap.writePointer32(8, -0.5));
}
const after = race({ ...contenders, ...loops(', new loop') });
table('after some were', after);
let held = true;
for (const name of Object.keys(after)) {
  const results = { [name]: after[name], before: before[name.replace(', new loop', '')] };
  held = claim(results, name, 'before', 1.1) && held;
}
finish(held);
