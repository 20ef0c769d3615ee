// Claim: a `for` loop over an array ref or a slice takes at most 2 ns an element, and at most twice as long as a loop over
// indices. Every element is checked when it is reached. Rows "no checks": an iterator that only reads, to see what a loop
// over an iterator costs the engine.
import * as linmem from '../../dist/index.js';
import { claim, claimTime, finish, race, sink, table } from './harness.mjs';

const N = 1 << 12;
const heap = linmem.createHeapSync({ initialBytes: 1 << 22 });
const arena = heap.createHeapArena(1 << 20);

// Every type is used first, so that the engine has the profiles of a program that uses them all.
for (const type of linmem.scalarTypes)
  for (const elements of [type.allocArray(heap, 8), arena.allocSlice(type, 8)])
    for (let i = 0; i < 2000; i++) for (const value of elements) sink.value += Number(value) === 1 ? 1 : 0;

/**
 * A loop over N elements of `make` in a separate function: engines keep one profile for each function in the source. It
 * first runs over a few: if the code after a loop has not run when the loop is compiled, each end of it deoptimizes.
 */
const loop = (make, body, start = '0') => {
  const act = new Function(
    'all',
    'sink',
    `return (elements = all) => { let sum = ${start}; ${body} sink.value += Number(sum); }`,
  )(make(N), sink);
  for (let i = 0, few = make(8); i < 20; i++) act(few);
  return act;
};
const over = (make, name, start) =>
  loop(make, `/* ${name} */ for (const value of elements) sum += value;`, start);

/** Returns a function that makes an object whose iterator only reads. Separate classes for each kind of typed array. */
const unchecked = (Elements) =>
  new Function(
    'Elements',
    `class Plain {
       i = 0;
       constructor(view) {
         this.view = view;
         this.end = view.length;
       }
       next() {
         const { i } = this;
         let done = true;
         let value;
         if (i < this.end) {
           this.i = i + 1;
           done = false;
           value = this.view[i];
         }
         return { done, value };
       }
       [Symbol.iterator]() { return this; }
     }
     class Source {
       constructor(view) { this.view = view; }
       [Symbol.iterator]() { return new Plain(this.view); }
     }
     return (n) => new Source(new Elements(n));`,
  )(Elements);

const floats = (n) => heap.allocFloat32Array(n);
const contenders = {
  'f32 array ref, at(i)': loop(floats, 'for (let i = 0; i < elements.length; i++) sum += elements.at(i);'),
  'f32 array ref': over(floats, 1),
  'f32 slice': over((n) => arena.allocF32(n).write([]), 2),
  'f64 array ref': over((n) => heap.allocFloat64Array(n), 3),
  'i32 array ref': over((n) => heap.allocInt32Array(n), 4),
  'u8 array ref': over((n) => heap.allocUint8Array(n), 5),
  'i64 array ref': over((n) => heap.allocBigInt64Array(n), 6, '0n'),
  'bool array ref': over((n) => heap.allocBooleanArray(n), 7),
  'f32, no checks': over(unchecked(Float32Array), 8),
  'f64, no checks': over(unchecked(Float64Array), 9),
  'i32, no checks': over(unchecked(Int32Array), 10),
};
const results = race(contenders, N);
table('A for loop, per element', results);
finish(
  [
    ...['f32 array ref', 'f32 slice', 'f64 array ref', 'i32 array ref', 'u8 array ref'].map((name) => claimTime(results, name, 2)),
    claim(results, 'f32 array ref', 'f32 array ref, at(i)', 2),
    ...['f32', 'f64', 'i32'].map((name) => claim(results, `${name} array ref`, `${name}, no checks`, 2)),
  ].every(Boolean),
); // prettier-ignore
