// Claims: with a million live allocations the bookkeeping takes at most 40 bytes for an address, 160 for a ref and 200 for
// a string, and an operation at most 3 times as long as with a thousand. The same blocks are allocated by the C functions
// alone, whose time is that of the cache misses in the heap, and by the C functions with a Map of the addresses and sizes.
// Run in Node with --expose-gc, which it starts.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import * as linmem from '../../dist/index.js';
import { sink } from './harness.mjs';

const KINDS = {
  address: { make: (heap) => heap.alloc(24), size: 24, bytes: 40 },
  ref: { make: (heap) => heap.allocInt32(7), size: 4, bytes: 160 },
  string: { make: (heap) => heap.allocUtf8String('a short string'), size: 14, bytes: 200 },
};
/** The ways to allocate and free the blocks of one kind. */
const WAYS = {
  linmem: ({ make }) => [make, (heap, target) => heap.free(target)],
  c: ({ size }) => [
    ({ exports, handle }) => exports.lm_heap_calloc(handle, 1, size),
    ({ exports, handle }, address) => exports.lm_heap_free(handle, address),
  ],
  map({ size }) {
    const sizes = new Map();
    const [make, free] = WAYS.c({ size });
    return [
      (heap) => {
        const address = make(heap);
        sizes.set(address, size);
        return address;
      },
      (heap, address) => sizes.delete(address) && free(heap, address),
    ];
  },
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
function run([make, free], count) {
  const heap = linmem.createHeapSync({ initialBytes: 2 ** 27 });
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
    free(heap, live[at]);
    live[at] = make(heap);
  }
  const swap = (now() - start) / swaps;
  sink.value += live.length;
  return { alloc, swap, bytes };
}

/** The mean of many runs with a thousand live allocations, after the code was compiled. */
function few(way) {
  for (let i = 0; i < 100; i++) runFew(way);
  const runs = Array.from({ length: 200 }, () => runFew(way));
  const mean = (name) => runs.reduce((sum, each) => sum + each[name], 0) / runs.length;
  return { alloc: mean('alloc'), swap: mean('swap') };
}
const reused = linmem.createHeapSync({ initialBytes: 2 ** 24 });
function runFew([make, free]) {
  const live = [];
  let start = now();
  for (let i = 0; i < FEW; i++) live.push(make(reused));
  const alloc = (now() - start) / FEW;
  start = now();
  for (let i = 0; i < FEW; i++) {
    const at = random(FEW);
    free(reused, live[at]);
    live[at] = make(reused);
  }
  const swap = (now() - start) / FEW;
  for (const each of live) free(reused, each);
  return { alloc, swap };
}

function main() {
  const memory = new WebAssembly.Memory({ initial: 1600 });
  countsMemory = process.memoryUsage().arrayBuffers > memory.buffer.byteLength ? 1 : 0;
  const [, , kind, way] = process.argv;
  const small = few(WAYS[way](KINDS[kind]));
  const large = run(WAYS[way](KINDS[kind]), MANY);
  console.log(JSON.stringify({ small, large }));
}

const median = (rounds, of) => rounds.map(of).sort((a, b) => a - b)[rounds.length >> 1];

/** Runs every way of one kind in turn, each in a process that has seen no other, and returns the rounds of each. */
function roundsOf(kind) {
  const rounds = { linmem: [], c: [], map: [] };
  for (let i = 0; i < ROUNDS; i++)
    for (const way of Object.keys(WAYS)) {
      const script = fileURLToPath(import.meta.url);
      const { stdout } = spawnSync(process.execPath, ['--expose-gc', script, kind, way]);
      rounds[way].push(JSON.parse(stdout));
    }
  return rounds;
}
/** Medians in nanoseconds, and of the ratio to those with few live allocations. */
const timesOf = (rounds, step) => ({
  many: median(rounds, ({ large }) => large[step]),
  few: median(rounds, ({ small }) => small[step]),
  ratio: median(rounds, ({ small, large }) => large[step] / small[step]),
});

/** Prints the results of one kind. Returns true if the claims hold. */
function report(kind) {
  let held = true;
  const line = (ok, text) => {
    held &&= ok;
    console.log(`  ${ok ? 'ok    ' : 'MISSED'} ${text}`);
  };
  const { linmem: ours, c, map } = roundsOf(kind);
  const bytes = median(ours, ({ large }) => large.bytes);
  const goal = KINDS[kind].bytes;
  line(bytes <= goal, `${kind}: ${bytes.toFixed(0)} bytes (goal: at most ${goal})`);
  for (const step of ['alloc', 'swap']) {
    const show = ({ many, few, ratio }) =>
      `${ratio.toFixed(2)}x of that with ${FEW} live (${many.toFixed(0)} and ${few.toFixed(0)} ns`;
    const mine = timesOf(ours, step);
    line(mine.ratio <= 3, `${kind}, ${step}: ${show(mine)}; goal: at most 3)`);
    for (const [name, rounds] of Object.entries({ 'the C functions alone': c, 'these and a Map': map })) {
      const other = timesOf(rounds, step);
      console.log(
        `           ${name}: ${show(other)}); linmem takes ${(mine.many / other.many).toFixed(2)}x`,
      );
    }
  }
  return held;
}

if (process.argv[2]) main();
else process.exitCode = Object.keys(KINDS).map(report).every(Boolean) ? 0 : 2;
