// Claims: with a million live allocations the bookkeeping takes at most 40 bytes for an address, 160 for a ref and 200 for
// a string, and an operation at most 3 times as long as with a thousand. Run in Node with --expose-gc, which it starts.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import * as linmem from '../../dist/index.js';
import { sink } from './harness.mjs';

const KINDS = {
  address: { make: (heap) => heap.alloc(24), bytes: 40 },
  ref: { make: (heap) => heap.allocInt32(7), bytes: 160 },
  string: { make: (heap) => heap.allocUtf8String('a short string'), bytes: 200 },
};
const MANY = 1e6;
const FEW = 1e3;
const ROUNDS = 5;

/** Memory of JavaScript alone: objects, and the buffers of typed arrays without the heap's. */
function used(heap) {
  for (let i = 0; i < 3; i++) globalThis.gc();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers - heap.byteLength * countsMemory;
}
/** The time that this process has had, in nanoseconds: the wall clock counts that of others too. */
const now = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) * 1e3;
};

/** 1 if `arrayBuffers` has the bytes of WebAssembly memories. */
let countsMemory = 0;

function random(below) {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return Math.floor((state / 2 ** 32) * below);
}
let state = 1;

/** Nanoseconds per allocation of `count`, and per free and allocation at random of a tenth as many after that. */
function run(kind, count) {
  const heap = linmem.createHeapSync({ initialBytes: 2 ** 27 });
  const { make } = KINDS[kind];
  const live = new Array(count).fill(undefined);
  const before = used(heap);
  let start = now();
  for (let i = 0; i < count; i++) live[i] = make(heap);
  const alloc = (now() - start) / count;
  const bytes = (used(heap) - before) / count;
  const swaps = Math.max(1e5, count / 10);
  start = now();
  for (let i = 0; i < swaps; i++) {
    const at = random(count);
    heap.free(live[at]);
    live[at] = make(heap);
  }
  const swap = (now() - start) / swaps;
  sink.value += live.length;
  return { alloc, swap, bytes };
}

/** The mean of many runs with a thousand live allocations, after the code was compiled. */
function few(kind) {
  for (let i = 0; i < 100; i++) runFew(kind);
  const runs = Array.from({ length: 200 }, () => runFew(kind));
  const mean = (name) => runs.reduce((sum, each) => sum + each[name], 0) / runs.length;
  return { alloc: mean('alloc'), swap: mean('swap') };
}
const reused = linmem.createHeapSync({ initialBytes: 2 ** 24 });
function runFew(kind) {
  const { make } = KINDS[kind];
  const live = [];
  let start = now();
  for (let i = 0; i < FEW; i++) live.push(make(reused));
  const alloc = (now() - start) / FEW;
  start = now();
  for (let i = 0; i < FEW; i++) {
    const at = random(FEW);
    reused.free(live[at]);
    live[at] = make(reused);
  }
  const swap = (now() - start) / FEW;
  for (const each of live) reused.free(each);
  return { alloc, swap };
}

function main() {
  const memory = new WebAssembly.Memory({ initial: 1600 });
  countsMemory = process.memoryUsage().arrayBuffers > memory.buffer.byteLength ? 1 : 0;
  const kind = process.argv[2];
  const small = few(kind);
  const large = run(kind, MANY);
  console.log(JSON.stringify({ small, large }));
}

if (process.argv[2]) main();
else {
  let held = true;
  for (const kind of Object.keys(KINDS)) {
    const rounds = Array.from({ length: ROUNDS }, () => {
      const { stdout } = spawnSync(process.execPath, ['--expose-gc', fileURLToPath(import.meta.url), kind]);
      return JSON.parse(stdout);
    });
    const median = (of) => rounds.map(of).sort((a, b) => a - b)[ROUNDS >> 1];
    const bytes = median(({ large }) => large.bytes);
    const { bytes: goal } = KINDS[kind];
    const line = (ok, text) => {
      held &&= ok;
      console.log(`  ${ok ? 'ok    ' : 'MISSED'} ${text}`);
    };
    line(bytes <= goal, `${kind}: ${bytes.toFixed(0)} bytes (goal: at most ${goal})`);
    for (const step of ['alloc', 'swap']) {
      const ratio = median(({ small, large }) => large[step] / small[step]);
      const [ns, fewNs] = [median(({ large }) => large[step]), median(({ small }) => small[step])];
      line(
        ratio <= 3,
        `${kind}, ${step}: ${ratio.toFixed(2)}x of that with ${FEW} live (${ns.toFixed(0)} and ${fewNs.toFixed(0)} ns; goal: at most 3)`,
      );
    }
  }
  process.exitCode = held ? 0 : 2;
}
