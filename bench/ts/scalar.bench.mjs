// Claim: a checked typed read or write costs at most 1.1 times raw HEAP32[p >> 2], and is at least 4 times faster
// than wasm-heap-manager's; in Firefox (node bench/ts/browser.mjs scalar) it takes at most 2 ns. Every type and every
// method is used before the first is timed.
import * as linmem from '../../dist/index.js';
import { createWasmHeapManager } from '../../node_modules/wasm-heap-manager/dist/exports/Exports.js';
import { claim, claimTime, finish, raceLoops, runtime, sink, table } from './harness.mjs';

const N = 1 << 14;
/** The number of iterations of the loops. */
let n = 0;
const memory = new WebAssembly.Memory({ initial: 2, maximum: 16 });
const never = () => 1024;
const heap = linmem.createWasmHeapManager(
  () => memory.buffer,
  never,
  () => undefined,
);
const peer = createWasmHeapManager(
  () => memory.buffer,
  never,
  () => undefined,
);
// The memory grew while the heap was in use, as in most programs, so that engines no longer treat its views as constants.
heap.writeInt32(8, 1);
peer.writeInt32(8, 1);
memory.grow(1);
sink.value += heap.readInt32(65536) + heap.readInt32(8) + peer.readInt32(8);
// Hand-written code: views kept in variables that a growth callback renews.
let HEAP32 = new Int32Array(memory.buffer);
let HEAPF64 = new Float64Array(memory.buffer);
let VIEW = new DataView(memory.buffer);
const { i32, f64 } = linmem;

for (let i = 0; i < 2e4; i++) {
  const p = (i & 511) * 8;
  for (const type of linmem.scalarTypes) {
    const value = type.kind === 'bigint' ? 5n : type.kind === 'boolean' ? true : 5;
    type.write(heap, p, value);
    sink.value += type.read(heap, p) === value ? 1 : 0;
    heap[`write${type.label}`](p, value);
    sink.value += heap[`read${type.label}`](p) === value ? 1 : 0;
    if (`write${type.label}` in peer) {
      peer[`write${type.label}`](p, value);
      sink.value += peer[`read${type.label}`](p) === value ? 1 : 0;
    }
  }
}
HEAP32 = new Int32Array(memory.buffer);
HEAPF64 = new Float64Array(memory.buffer);
VIEW = new DataView(memory.buffer);

const read = {
  'raw HEAP32[p >> 2]': () => { let s = 0; for (let p = 0, end = n * 4; p < end; p += 4) s = (s + HEAP32[p >> 2]) | 0; sink.value += s; },
  'heap.readInt32(p)': () => { let s = 0; for (let p = 0, end = n * 4; p < end; p += 4) s = (s + heap.readInt32(p)) | 0; sink.value += s; },
  'i32.read(heap, p)': () => { let s = 0; for (let p = 0, end = n * 4; p < end; p += 4) s = (s + i32.read(heap, p)) | 0; sink.value += s; },
  'heap.readInt32(p), misaligned': () => { let s = 0; for (let p = 1, end = n * 4; p < end; p += 4) s = (s + heap.readInt32(p)) | 0; sink.value += s; },
  'bare DataView, no check': () => { let s = 0; for (let p = 0, end = n * 4; p < end; p += 4) s = (s + VIEW.getInt32(p, true)) | 0; sink.value += s; },
  'wasm-heap-manager readInt32(p)': () => { let s = 0; for (let p = 0, end = n * 4; p < end; p += 4) s = (s + peer.readInt32(p)) | 0; sink.value += s; },
}; // prettier-ignore
const write = {
  'raw HEAP32[p >> 2] = x': () => { for (let p = 0, end = n * 4; p < end; p += 4) HEAP32[p >> 2] = p; },
  'heap.writeInt32(p, x)': () => { for (let p = 0, end = n * 4; p < end; p += 4) heap.writeInt32(p, p); },
  'i32.write(heap, p, x)': () => { for (let p = 0, end = n * 4; p < end; p += 4) i32.write(heap, p, p); },
  'bare DataView, no check': () => { for (let p = 0, end = n * 4; p < end; p += 4) VIEW.setInt32(p, p, true); },
  'wasm-heap-manager writeInt32(p, x)': () => { for (let p = 0, end = n * 4; p < end; p += 4) peer.writeInt32(p, p); },
}; // prettier-ignore
const double = {
  'raw HEAPF64[p >> 3]': () => { let s = 0; for (let p = 0, end = n * 8; p < end; p += 8) s += HEAPF64[p >> 3]; sink.value += s; },
  'heap.readFloat64(p)': () => { let s = 0; for (let p = 0, end = n * 8; p < end; p += 8) s += heap.readFloat64(p); sink.value += s; },
  'f64.read(heap, p)': () => { let s = 0; for (let p = 0, end = n * 8; p < end; p += 8) s += f64.read(heap, p); sink.value += s; },
  'bare DataView, no check': () => { let s = 0; for (let p = 0, end = n * 8; p < end; p += 8) s += VIEW.getFloat64(p, true); sink.value += s; },
  'wasm-heap-manager readFloat64(p)': () => { let s = 0; for (let p = 0, end = n * 8; p < end; p += 8) s += peer.readFloat64(p); sink.value += s; },
}; // prettier-ignore

let held = true;
for (const [title, contenders] of Object.entries({
  'Typed read': read,
  'Typed write': write,
  'Typed read, f64': double,
})) {
  const results = raceLoops(contenders, N, (count) => (n = count));
  table(title, results);
  const names = Object.keys(contenders);
  const [raw, method, type] = names;
  const theirs = names.at(-1);
  if (runtime.startsWith('Firefox')) {
    held = claimTime(results, method, 2) && held;
    held = claimTime(results, type, 2) && held;
    continue;
  }
  held = claim(results, method, raw, 1.1) && held;
  held = claim(results, type, raw, 1.1) && held;
  held = claim(results, method, theirs, 4, true) && held;
  claim(results, type, theirs, 4, true);
}
finish(held);
