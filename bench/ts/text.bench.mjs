// How UTF-8 compares, by length: with wasm-heap-manager, and with the engine's own best calls.
import * as linmem from '../../dist/index.js';
import { createWasmHeapManager } from '../../node_modules/wasm-heap-manager/dist/exports/Exports.js';
import { claim, race, sink, table } from './harness.mjs';

const memory = new WebAssembly.Memory({ initial: 64, maximum: 64 });
const malloc = () => 1024;
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
const bytes = new Uint8Array(memory.buffer);
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const encoder = new TextEncoder();
const P = 4096;

let held = true;
for (const [length, repeat] of [
  [8, 2000],
  [64, 1000],
  [4096, 200],
  [2 ** 20, 4],
]) {
  const text = 'abcdefgh'.repeat(length / 8);
  heap.writeNullTerminatedUtf8String(P, text);
  const times = (act) => () => { for (let i = 0; i < repeat; i++) act(); }; // prettier-ignore
  const read = race(
    {
      'TextDecoder, length known': times(
        () => (sink.value += decoder.decode(bytes.subarray(P, P + length)).length),
      ),
      linmem: times(() => (sink.value += heap.readNullTerminatedUtf8String(P).length)),
      'wasm-heap-manager': times(() => (sink.value += peer.readNullTerminatedUtf8String(P).length)),
    },
    repeat,
    100,
  );
  table(`Read ${length} bytes of ASCII as UTF-8`, read);
  const write = race(
    {
      encodeInto: times(
        () => (sink.value += encoder.encodeInto(text, bytes.subarray(P, P + length + 1)).written),
      ),
      linmem: times(() => (sink.value += heap.writeNullTerminatedUtf8String(P, text, length + 1))),
      'wasm-heap-manager': times(
        () => (sink.value += peer.writeNullTerminatedUtf8String(P, text, length + 1)),
      ),
    },
    repeat,
    100,
  );
  table(`Write ${length} bytes of ASCII as UTF-8`, write);
  if (length === 8) {
    held = claim(read, 'linmem', 'wasm-heap-manager', 0.25) && held;
    held = claim(read, 'linmem', 'TextDecoder, length known', 0.6) && held;
    held = claim(write, 'linmem', 'encodeInto', 0.5) && held;
  } else if (length >= 4096) {
    held = claim(read, 'linmem', 'TextDecoder, length known', 1.05) && held;
    held = claim(write, 'linmem', 'encodeInto', 1.05) && held;
  }
}
process.exitCode = held ? 0 : 2;
