// Claims: a bound function costs at most twice the bare export; a string in 0.6 times, and a string out that is freed 0.8
// times, of what hand-written malloc, stringToUTF8, UTF8ToString and free cost; a callback, float[3] in and out, a
// struct in and out, and two out-parameters at most 3 times of hand-written. The functions that `npx linmem bindings`
// specialises cost at most 1.3 times. Needs emcc, which builds the module.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import {
  bind, callback, checked, countOf, cstr, f32, f64, i32, inout, list, none, out, outList, owned, struct, u8, voidp,
  wrapEmscriptenModuleHeap,
} from '../../dist/index.js'; // prettier-ignore
import { transformSync } from 'esbuild';
import { makeBindings } from '../../dist/cli/bindings.js';
import { claim, race, sink, table } from './harness.mjs';

const folder = mkdtempSync(join(tmpdir(), 'linmem-bind-'));
const names = [
  'malloc',
  'free',
  'add',
  'count_bytes',
  'make_greeting',
  'each_item',
  'scale',
  'move_point',
  'divide',
];
const args = [
  resolve('test/ts/call/library.c'), '-O2', '-sMODULARIZE', '-sEXPORT_ES6', '-sENVIRONMENT=web', '-sUSE_ES6_IMPORT_META=0',
  '-sALLOW_MEMORY_GROWTH', '-sALLOW_TABLE_GROWTH', `-sEXPORTED_FUNCTIONS=${names.map((name) => `_${name}`)}`,
  '-sEXPORTED_RUNTIME_METHODS=HEAPU8,addFunction,UTF8ToString,stringToUTF8', '-o', 'library.mjs',
]; // prettier-ignore
const made = spawnSync('emcc', args, {
  cwd: folder,
  encoding: 'utf8',
  env: { ...process.env, NODE_PATH: '/usr/share/nodejs' },
});
if (made.status !== 0) throw new Error(made.stderr);
globalThis.window = globalThis;
const { default: start } = await import(join(folder, 'library.mjs'));
const M = await start({ wasmBinary: readFileSync(join(folder, 'library.wasm')) });
const { source } = makeBindings(
  `# 1 "library.h"
   typedef struct { int id; float x, y; } point_t;
   void move_point(_Inout_ point_t *p, float dx, float dy);`,
  { header: 'library.h', library: 'bindSpecial', pointerSize: 4 },
);
const index = resolve('dist/index.js');
writeFileSync(
  join(folder, 'special.mjs'),
  transformSync(source.replace("'linmem'", `'${index}'`), { loader: 'ts' }).code,
);
const { bindSpecial } = await import(join(folder, 'special.mjs'));
rmSync(folder, { recursive: true });
// The stub that Emscripten puts in the place of an export until its first call.
M._free(M._malloc(1));
for (const name of names.slice(2)) if (M.asm[name]) M[`_${name}`] = M.asm[name];

const heap = wrapEmscriptenModuleHeap(M);
const Point = struct('point_t', { id: i32, x: f32, y: f32 });
const lib = bind(M, heap, {
  add: [i32, [i32, i32]],
  count_bytes: [i32, [cstr]],
  make_greeting: [owned(cstr), [cstr]],
  each_item: [i32, [i32, callback(i32, [i32, voidp]), voidp]],
  scale: [none, [list(f32), outList(f32, 0), countOf(0), f32]],
  move_point: [none, [inout(Point), f32, f32]],
  divide: [checked(i32), [i32, i32, out(i32), out(i32)]],
});
const special = bindSpecial(M, heap);
const { add, count_bytes, make_greeting, each_item, scale, move_point, divide, malloc, free } = M.asm;
const times10 = (i) => i * 10;
const pointer = M.addFunction(times10, 'iii');
const texts = ['hello, world 16', 'another text 16', 'and a third one', 'the last of four'];
const floats = Float32Array.of(1, 2, 3);
const N = 1 << 11;
const loop = (act) => () => {
  for (let i = 0; i < N; i++) act(i);
};
let data = new DataView(M.HEAPU8.buffer);
const view = () => (data.buffer.byteLength === 0 ? (data = new DataView(M.HEAPU8.buffer)) : data);

const races = [
  ['add(i32, i32)', 2,
    () => { for (let i = 0; i < N; i++) sink.value ^= add(i, 3); },
    () => { for (let i = 0; i < N; i++) sink.value ^= lib.add(i, 3); }],
  ['string in', 0.6,
    loop((i) => { const text = texts[i & 3]; const size = text.length * 3 + 1; const p = malloc(size); M.stringToUTF8(text, p, size); sink.value ^= count_bytes(p); free(p); }),
    loop((i) => { sink.value ^= lib.count_bytes(texts[i & 3]); })],
  ['string in, owned string out', 0.8,
    loop((i) => { const text = texts[i & 3]; const size = text.length * 3 + 1; const p = malloc(size); M.stringToUTF8(text, p, size); const q = make_greeting(p); sink.value ^= M.UTF8ToString(q).length; free(q); free(p); }),
    loop((i) => { sink.value ^= lib.make_greeting(texts[i & 3]).length; })],
  ['callback, called twice', 3,
    loop(() => { sink.value ^= each_item(2, pointer, 0); }),
    loop(() => { sink.value ^= lib.each_item(2, times10, null); })],
  ['float[3] in and out', 3,
    loop(() => { const p = malloc(12); const q = malloc(12); const { buffer } = view(); new Float32Array(buffer, p, 3).set(floats); scale(p, q, 3, 2); sink.value ^= new Float32Array(buffer, q, 3).slice()[2]; free(q); free(p); }),
    loop(() => { sink.value ^= lib.scale(floats, 2)[2]; })],
  ['struct in and out', 3,
    loop((i) => { const p = malloc(12); const d = view(); d.setInt32(p, i, true); d.setFloat32(p + 4, 1, true); d.setFloat32(p + 8, 2, true); move_point(p, 1, 2); const r = { id: d.getInt32(p, true), x: d.getFloat32(p + 4, true), y: d.getFloat32(p + 8, true) }; free(p); sink.value ^= r.x; }),
    loop((i) => { sink.value ^= lib.move_point({ id: i, x: 1, y: 2 }, 1, 2).x; })],
  ['struct in and out, specialised', 1.3,
    loop((i) => { const p = malloc(12); const d = view(); d.setInt32(p, i, true); d.setFloat32(p + 4, 1, true); d.setFloat32(p + 8, 2, true); move_point(p, 1, 2); const r = { id: d.getInt32(p, true), x: d.getFloat32(p + 4, true), y: d.getFloat32(p + 8, true) }; free(p); sink.value ^= r.x; }),
    loop((i) => { sink.value ^= special.move_point({ id: i, x: 1, y: 2 }, 1, 2).x; })],
  ['two out-parameters', 3,
    loop((i) => { const p = malloc(8); if (divide(i, 7, p, p + 4) !== 0) throw new Error('divide'); const d = view(); const r = [d.getInt32(p, true), d.getInt32(p + 4, true)]; free(p); sink.value ^= r[1]; }),
    loop((i) => { sink.value ^= lib.divide(i, 7)[1]; })],
]; // prettier-ignore

// All of them have run before any is timed, and copies of other structs too.
const Others = [
  struct('color_t', { r: u8, g: u8, b: u8, a: u8 }),
  struct('size_t2', { width: f32, height: f32 }),
  struct('span_t', { first: i32, last: i32, step: i32, name: i32 }),
  struct('mixed_t', { id: u8, x: f64, y: i32 }),
];
for (const Type of Others) {
  const at = heap.alloc(Type.size, 8);
  for (let i = 0; i < 20000; i++) Type.write(heap, at, Type.read(heap, at));
}
for (let i = 0; i < 20; i++)
  for (const [, , byHand, bound] of races) [byHand, bound].forEach((act) => void act());
let held = true;
for (const [name, goal, byHand, bound] of races) {
  const results = race({ 'by hand': byHand, [name]: bound }, N, 100, 200e6);
  table(name, results);
  held = claim(results, name, 'by hand', goal) && held;
}
process.exitCode = held ? 0 : 2;
