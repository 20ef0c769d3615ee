// Claim: after the memory grew in optimized code, accesses are at least 2 times as fast as those of wasm-heap-manager
// (docs/performance.md), and a typed access takes at most 2 ns. Once all contenders are compiled, the memory grows three
// times before each of them runs.
import * as linmem from '../../dist/index.js';
import { createWasmHeapManager } from '../../node_modules/wasm-heap-manager/dist/exports/Exports.js';
import { claim, claimTime, finish, race, raceLoops, runtime, sink, table } from './harness.mjs';

const N = 1 << 14;
/** The number of iterations of the loops. */
let n = 0;
const memory = new WebAssembly.Memory({ initial: 4, maximum: 200 });
const functions = [() => memory.buffer, () => 1024, () => undefined];
const heap = linmem.createWasmHeapManager(...functions);
const peer = createWasmHeapManager(...functions);
const { i32 } = linmem;
const ref = heap.wrapInt32(1024);
const peerRef = peer.wrapInt32(1024);
const text = 2048;
heap.writeNullTerminatedUtf8String(text, 'abcdefgh');
let HEAP32 = new Int32Array(memory.buffer);

const GROUPS = {
  read: {
    'raw HEAP32[p >> 2]': () => { let s = 0; for (let p = 0, end = n * 4; p < end; p += 4) s = (s + HEAP32[p >> 2]) | 0; sink.value += s; },
    'heap.readInt32(p)': () => { let s = 0; for (let p = 0, end = n * 4; p < end; p += 4) s = (s + heap.readInt32(p)) | 0; sink.value += s; },
    'i32.read(heap, p)': () => { let s = 0; for (let p = 0, end = n * 4; p < end; p += 4) s = (s + i32.read(heap, p)) | 0; sink.value += s; },
    'ref.value': () => { let s = 0; for (let p = 0, end = n; p < end; p++) s = (s + ref.value) | 0; sink.value += s; },
    'wasm-heap-manager readInt32(p)': () => { let s = 0; for (let p = 0, end = n * 4; p < end; p += 4) s = (s + peer.readInt32(p)) | 0; sink.value += s; },
  },
  write: {
    'raw HEAP32[p >> 2] = x': () => { for (let p = 4096, end = 4096 + n * 4; p < end; p += 4) HEAP32[p >> 2] = p; },
    'heap.writeInt32(p, x)': () => { for (let p = 4096, end = 4096 + n * 4; p < end; p += 4) heap.writeInt32(p, p); },
    'i32.write(heap, p, x)': () => { for (let p = 4096, end = 4096 + n * 4; p < end; p += 4) i32.write(heap, p, p); },
    'ref.value = x': () => { for (let p = 4096, end = 4096 + n * 4; p < end; p += 4) ref.value = p; },
    'wasm-heap-manager writeInt32(p, x)': () => { for (let p = 4096, end = 4096 + n * 4; p < end; p += 4) peer.writeInt32(p, p); },
  },
  'get and set': {
    'ref.value += 1': () => { for (let p = 0, end = n; p < end; p++) ref.value += 1; },
    'wasm-heap-manager ref.value += 1': () => { for (let p = 0, end = n; p < end; p++) peerRef.value += 1; },
  },
  'UTF-8 of 8': {
    'heap.readNullTerminatedUtf8String(p)': () => { for (let p = 0, end = n; p < end; p++) sink.value += heap.readNullTerminatedUtf8String(text).length; },
    'wasm-heap-manager readNullTerminatedUtf8String(p)': () => { for (let p = 0, end = n; p < end; p++) sink.value += peer.readNullTerminatedUtf8String(text).length; },
  },
}; // prettier-ignore

// wasm-heap-manager makes views in each call, which Firefox frees only between tasks: they take gigabytes here.
if (runtime.startsWith('Firefox')) delete GROUPS['UTF-8 of 8'];

let held = true;
for (const [title, contenders] of Object.entries(GROUPS)) {
  const before = raceLoops(contenders, N, (count) => (n = count));
  for (let time = 0; time < 3; time++)
    for (const contender of Object.values(contenders)) {
      memory.grow(1);
      HEAP32 = new Int32Array(memory.buffer);
      contender();
    }
  const after = race(contenders, N);
  table(`${title}, before the memory grew`, before);
  table(`${title}, after`, after);
  const names = Object.keys(contenders);
  const theirs = names.at(-1);
  for (const name of names.slice(0, -1))
    if (!name.startsWith('raw')) held = claim(after, name, theirs, 2, true) && held;
  if (title === 'read' || title === 'write')
    for (const name of names.slice(1, 3)) held = claimTime(after, name, 2) && held;
}
finish(held);
