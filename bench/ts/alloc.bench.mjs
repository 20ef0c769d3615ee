// Claim: allocating and freeing a block costs at most 4 times malloc and free. The difference is the allocation table: the
// owner, the size and the state of each block.
import * as linmem from '../../dist/index.js';
import { createWasmHeapManager } from '../../node_modules/wasm-heap-manager/dist/exports/Exports.js';
import { claim, race, sink, table } from './harness.mjs';

const N = 1 << 12;
const HELD = 64;
const heap = linmem.createHeapSync({ initialBytes: 1 << 22 });
const core = linmem.createHeapSync({ initialBytes: 1 << 22 });
const { lm_heap_alloc: malloc, lm_heap_calloc: calloc, lm_heap_free: free } = core.exports;
const { handle } = core;
const allocate = (bytes) => malloc(handle, bytes);
const deallocate = (address) => void free(handle, address);
const foreign = linmem.createWasmHeapManager(core.memory, allocate, deallocate);
const peer = createWasmHeapManager(() => core.memory.buffer, allocate, deallocate);

// All scalar types are used first, so that the engine has the profiles of a program that uses them all.
for (const type of linmem.scalarTypes) {
  const value = type.kind === 'bigint' ? 5n : type.kind === 'boolean' ? true : 5;
  for (let i = 0; i < 2e3; i++) {
    const one = type.alloc(heap, value);
    const many = type.allocArray(heap, 4);
    sink.value += one.value === value ? 1 : 0;
    sink.value += many.length;
    many.free();
    one.free();
    type.alloc(foreign, value).free();
    type.allocArray(foreign, 4).free();
    const theirs = `alloc${type.label}` in peer ? peer[`alloc${type.label}`](value) : undefined;
    theirs?.free();
  }
}

/** Runs `act` N times and adds up the results. */
const times = (act) => () => {
  let sum = 0;
  for (let i = 0; i < N; i++) sum += act(i);
  sink.value += sum;
};
const held = new Float64Array(HELD);
/** Allocates N blocks and frees each after `HELD` more allocations, like a program with temporaries of all ages. */
const queue = (alloc, free) => () => {
  for (let i = 0; i < N; i++) {
    const at = i % HELD;
    if (held[at] !== 0) free(held[at]);
    held[at] = alloc(16 + (i & 31));
  }
  for (let at = 0; at < HELD; at++) {
    free(held[at]);
    held[at] = 0;
  }
};

const blocks = race(
  {
    'malloc and free': times(() => {
      const p = malloc(handle, 32);
      free(handle, p);
      return p;
    }),
    'calloc and free': times(() => {
      const p = calloc(handle, 1, 32);
      free(handle, p);
      return p;
    }),
    'heap.alloc and heap.free': times(() => {
      const p = heap.alloc(32);
      heap.free(p);
      return p;
    }),
    'the same of another module': times(() => {
      const p = foreign.alloc(32);
      foreign.free(p);
      return p;
    }),
  },
  N,
);
table('32 bytes', blocks);
const queues = race(
  {
    'malloc and free': queue((bytes) => malloc(handle, bytes), (p) => free(handle, p)),
    'heap.alloc and heap.free': queue((bytes) => heap.alloc(bytes), (p) => heap.free(p)),
  },
  N,
); // prettier-ignore
table('16 to 47 bytes, 64 blocks at once', queues);

const { i32 } = linmem;
const values = [1, 2, 3, 4];
const use = (ref) => {
  const { address } = ref;
  ref.free();
  return address;
};
const refs = race(
  {
    'malloc, write and free': times((i) => {
      const p = malloc(handle, 4);
      core.writeInt32(p, i);
      free(handle, p);
      return p;
    }),
    'i32.alloc and free': times((i) => use(i32.alloc(heap, i))),
    'wasm-heap-manager allocInt32': times((i) => use(peer.allocInt32(i))),
    'the same call here': times((i) => use(foreign.allocInt32(i))),
    'i32.allocArray of a count': times(() => use(i32.allocArray(heap, 4))),
    'the same of another module': times(() => use(i32.allocArray(foreign, 4))),
    'i32.allocArray of values': times(() => use(i32.allocArray(heap, values))),
    'wasm-heap-manager allocInt32Array': times(() => use(peer.allocInt32Array(4))),
    allocUtf8String: times(() => use(heap.allocUtf8String('a string'))),
    'the same, NUL-terminated': times(() => use(heap.allocNullTerminatedUtf8String('a string'))),
    'that of another module': times(() => use(foreign.allocNullTerminatedUtf8String('a string'))),
    'wasm-heap-manager, NUL-terminated': times(() => use(peer.allocNullTerminatedUtf8String('a string'))),
  },
  N,
  100,
);
table('Refs, allocated and freed', refs);

const results = [
  claim(blocks, 'heap.alloc and heap.free', 'malloc and free', 4),
  claim(queues, 'heap.alloc and heap.free', 'malloc and free', 4),
  claim(refs, 'the same call here', 'wasm-heap-manager allocInt32', 1),
  claim(refs, 'i32.alloc and free', 'wasm-heap-manager allocInt32', 1),
  claim(refs, 'the same of another module', 'wasm-heap-manager allocInt32Array', 1),
  claim(refs, 'that of another module', 'wasm-heap-manager, NUL-terminated', 1),
];
process.exitCode = results.every(Boolean) ? 0 : 2;
