// Claim: an arena allocates at least 3 times as fast as malloc and free, the epoch check of a slice costs at most 10 %,
// and a scope costs at most 1.5 times explicit calls of malloc and free; with two refs 3 times, with two arrays twice. A
// write of 12 bytes costs at most twice as much as one into a typed array over all of the memory.
import * as linmem from '../../dist/index.js';
import { claim, race, sink, table } from './harness.mjs';

const N = 4096;
const heap = linmem.createHeapSync({ initialBytes: 1 << 22 });
const { lm_heap_alloc: malloc, lm_heap_free: free } = heap.exports;
const { handle } = heap;
const arena = heap.createHeapArena(1 << 20);

// All scalar types are used first, so that the engine has the profiles of a program that uses them all.
for (const type of linmem.scalarTypes) {
  const each = arena.allocSlice(type, 4);
  const value = type.kind === 'bigint' ? 5n : type.kind === 'boolean' ? true : 5;
  for (let i = 0; i < 2e4; i++) {
    each.set(i & 3, value);
    sink.value += each.at(i & 3) === value ? 1 : 0;
    sink.value += each.view().byteLength;
  }
}
const mark = arena.mark();

/** Runs `act` N times and adds up the results. */
const times = (act) => () => {
  let sum = 0;
  for (let i = 0; i < N; i++) sum += act(i);
  sink.value += sum;
};
const alloc = race(
  {
    'malloc and free': () => {
      let sum = 0;
      for (let i = 0; i < N; i++) {
        const p = malloc(handle, 32);
        sum += p;
        free(handle, p);
      }
      sink.value += sum;
    },
    'arena.alloc': () => {
      arena.rewind(mark);
      let sum = 0;
      for (let i = 0; i < N; i++) sum += arena.alloc(32);
      sink.value += sum;
    },
  },
  N,
  2000, // the rounds are short, so the compilers need more of them
);
table('32 bytes', alloc);

// Explicit calls: five blocks, freed in the opposite order, also if the body throws.
const five = () => {
  const a = malloc(handle, 4);
  const b = malloc(handle, 8);
  const c = malloc(handle, 16);
  const d = malloc(handle, 24);
  const e = malloc(handle, 32);
  try {
    return a + b + c + d + e;
  } finally {
    free(handle, e);
    free(handle, d);
    free(handle, c);
    free(handle, b);
    free(handle, a);
  }
};
const fiveWritten = () => {
  const a = malloc(handle, 4);
  const b = malloc(handle, 4);
  const c = malloc(handle, 4);
  const d = malloc(handle, 4);
  const e = malloc(handle, 4);
  try {
    heap.writeInt32(a, 1);
    heap.writeInt32(b, 2);
    heap.writeInt32(c, 3);
    heap.writeInt32(d, 4);
    heap.writeInt32(e, 5);
    return a + b + c + d + e;
  } finally {
    free(handle, e);
    free(handle, d);
    free(handle, c);
    free(handle, b);
    free(handle, a);
  }
};
const addresses = (s) => s.alloc(4) + s.alloc(8) + s.alloc(16) + s.alloc(24) + s.alloc(32);
const refs = (s) => s.allocInt32(1).address + s.allocInt32(2).address + s.allocInt32(3).address + s.allocInt32(4).address + s.allocInt32(5).address; // prettier-ignore
const scopes = race(
  {
    'malloc and free, five times': times(five),
    'scope, five addresses': times(() => heap.scope(addresses)),
    'malloc, write and free, five times': times(fiveWritten),
    'scope, five refs': times(() => heap.scope(refs)),
  },
  N,
);
table('Five temporaries', scopes);

const two = () => {
  const a = malloc(handle, 4);
  const b = malloc(handle, 4);
  try {
    heap.writeInt32(a, 1);
    heap.writeInt32(b, 2);
    return a + b;
  } finally {
    free(handle, b);
    free(handle, a);
  }
};
const twoArrays = () => {
  const a = malloc(handle, 16);
  const b = malloc(handle, 16);
  try {
    new Float32Array(heap.memory.buffer, a, 4).fill(0);
    new Float32Array(heap.memory.buffer, b, 4).fill(0);
    return a + b;
  } finally {
    free(handle, b);
    free(handle, a);
  }
};
for (const type of linmem.scalarTypes) {
  const value = type.kind === 'bigint' ? 5n : type.kind === 'boolean' ? true : 5;
  const all = (s) => type.alloc(s, value).address + type.allocArray(s, 4).address + s[`alloc${type.label}`](value).address;
  for (let i = 0; i < 2000; i++) sink.value += heap.scope(all);
} // prettier-ignore
const refPair = (s) => s.allocInt32(1).address + s.allocInt32(2).address;
const arrayPair = (s) => s.allocFloat32Array(4).address + s.allocFloat32Array(4).address;
const pairs = race(
  {
    'two malloc, write and free': times(two),
    'scope, two refs': times(() => heap.scope(refPair)),
    'two arrays by hand': times(twoArrays),
    'scope, two arrays': times(() => heap.scope(arrayPair)),
  },
  N,
);
table('Two temporaries', pairs);
const twelve = new Uint8Array(12).fill(7);
const place = heap.alloc(16);
const whole = new Uint8Array(heap.memory.buffer);
const writes = race(
  {
    'bytes.set': times(() => {
      whole.set(twelve, place);
      return 1;
    }),
    'heap.writeBytes': times(() => {
      heap.writeBytes(place, twelve);
      return 1;
    }),
  },
  N,
);
table('A write of 12 bytes', writes);

const owned = heap.allocSlice(linmem.f32, N);
const cut = arena.allocF32(N);
// One function for both, so that the engine optimizes them alike.
const sumOf = (slice) => {
  let sum = 0;
  for (let i = 0; i < N; i++) sum += slice.at(i);
  sink.value += sum;
};
const access = race(
  {
    'slice.view()': () => {
      let sum = 0;
      for (let i = 0; i < N; i++) sum += cut.view().length;
      sink.value += sum;
    },
    'at(i) of a heap slice (no epoch)': () => sumOf(owned),
    'at(i) of an arena slice': () => sumOf(cut),
  },
  N,
);
table('A slice of 4,096 floats', access);
const atMost = (what, results, bound) => {
  const held = results[what].median <= bound;
  console.log(
    `  ${held ? 'ok    ' : 'MISSED'} ${what}: ${results[what].median.toFixed(2)} ns (goal: at most ${bound})`,
  );
  return held;
};
const held = [
  atMost('arena.alloc', alloc, 1.5),
  claim(alloc, 'arena.alloc', 'malloc and free', 3, true),
  claim(scopes, 'scope, five addresses', 'malloc and free, five times', 1.5),
  claim(pairs, 'scope, two refs', 'two malloc, write and free', 3),
  claim(pairs, 'scope, two arrays', 'two arrays by hand', 2),
  claim(writes, 'heap.writeBytes', 'bytes.set', 2),
  atMost('slice.view()', access, 5),
  claim(access, 'at(i) of an arena slice', 'at(i) of a heap slice (no epoch)', 1.1),
];
// Without a goal: refs are objects, and malloc has none.
const refsRatio = scopes['scope, five refs'].median / scopes['malloc, write and free, five times'].median;
console.log(`  info   scope, five refs: ${refsRatio.toFixed(2)}x of malloc, write and free, five times`);
process.exitCode = held.every(Boolean) ? 0 : 2;
