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

/** A loop over `elements` in a separate function: engines keep one profile for each function in the source. */
const loop = (elements, body, start = '0') =>
  new Function('elements', 'sink', `return () => { let sum = ${start}; ${body} sink.value += Number(sum); }`)(
    elements,
    sink,
  );
const over = (elements, name, start) =>
  loop(elements, `/* ${name} */ for (const value of elements) sum += value;`, start);

/** Returns an object whose iterator reads `view` and checks nothing. A separate class for each kind of typed array. */
const unchecked = (view) =>
  new Function(
    'view',
    `class Plain {
       i = 0;
       next() {
         const { i } = this;
         let done = true;
         let value;
         if (i < view.length) {
           this.i = i + 1;
           done = false;
           value = view[i];
         }
         return { done, value };
       }
       [Symbol.iterator]() { return this; }
     }
     return { [Symbol.iterator]: () => new Plain() };`,
  )(view);

const floats = heap.allocFloat32Array(N);
const contenders = {
  'f32 array ref, at(i)': loop(floats, 'for (let i = 0; i < elements.length; i++) sum += elements.at(i);'),
  'f32 array ref': over(floats, 1),
  'f32 slice': over(arena.allocF32(N).write([]), 2),
  'f64 array ref': over(heap.allocFloat64Array(N), 3),
  'i32 array ref': over(heap.allocInt32Array(N), 4),
  'u8 array ref': over(heap.allocUint8Array(N), 5),
  'i64 array ref': over(heap.allocBigInt64Array(N), 6, '0n'),
  'bool array ref': over(heap.allocBooleanArray(N), 7),
  'f32, no checks': over(unchecked(new Float32Array(N)), 8),
  'f64, no checks': over(unchecked(new Float64Array(N)), 9),
  'i32, no checks': over(unchecked(new Int32Array(N)), 10),
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
