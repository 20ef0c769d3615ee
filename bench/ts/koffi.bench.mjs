// Claims: strings, lists, structs and out-parameters in calls of a module cost less than the same C functions cost through
// koffi, which calls native code. The same C library, compiled to both. Needs emcc and a C compiler; installs koffi in
// bench/peers.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import {
  bind, checked, countOf, cstr, f32, i32, inout, list, none, out, outList, owned, struct, wrapEmscriptenModuleHeap,
} from '../../dist/index.js'; // prettier-ignore
import { claim, race, sink, table } from './harness.mjs';

if (globalThis.process?.release?.name !== 'node' || globalThis.Bun || globalThis.Deno) {
  console.log('left out: koffi is for Node');
  process.exit(0);
}
const run = (command, args, options) => {
  const made = spawnSync(command, args, { encoding: 'utf8', ...options });
  if (made.status !== 0) throw new Error(made.stderr || String(made.error));
};
const peers = resolve('bench/peers');
if (!existsSync(join(peers, 'node_modules/koffi')))
  run('npm', ['ci', '--no-audit', '--no-fund'], { cwd: peers });
const koffi = createRequire(join(peers, 'package.json'))('koffi');

const source = resolve('test/ts/call/library.c');
const folder = mkdtempSync(join(tmpdir(), 'linmem-koffi-'));
const names = ['malloc', 'free', 'add', 'count_bytes', 'make_greeting', 'scale', 'move_point', 'divide'];
const flags = [
  '-sMODULARIZE', '-sEXPORT_ES6', '-sENVIRONMENT=web', '-sUSE_ES6_IMPORT_META=0', '-sALLOW_MEMORY_GROWTH',
  `-sEXPORTED_FUNCTIONS=${names.map((name) => `_${name}`)}`, '-o', 'library.mjs',
]; // prettier-ignore
run('emcc', [source, '-O2', ...flags], {
  cwd: folder,
  env: { ...process.env, NODE_PATH: '/usr/share/nodejs' },
});
run('cc', [source, '-O2', '-shared', '-fPIC', '-w', '-o', join(folder, 'library.so')]);
globalThis.window = globalThis;
const { default: start } = await import(join(folder, 'library.mjs'));
const module = await start({ wasmBinary: readFileSync(join(folder, 'library.wasm')) });

const Point = struct('point_t', { id: i32, x: f32, y: f32 });
const ours = bind(module, wrapEmscriptenModuleHeap(module), {
  add: [i32, [i32, i32]],
  count_bytes: [i32, [cstr]],
  make_greeting: [owned(cstr), [cstr]],
  scale: [none, [list(f32), outList(f32, 0), countOf(0), f32]],
  move_point: [none, [inout(Point), f32, f32]],
  divide: [checked(i32), [i32, i32, out(i32), out(i32)]],
});
const native = koffi.load(join(folder, 'library.so'));
rmSync(folder, { recursive: true });
koffi.struct('point_t', { id: 'int', x: 'float', y: 'float' });
koffi.disposable('owned_text', 'str', native.func('void free(void *p)'));
const theirs = Object.fromEntries(
  [
    'int add(int a, int b)',
    'int count_bytes(const char *s)',
    'owned_text make_greeting(const char *who)',
    'void scale(const float *in, _Out_ float *out, int n, float k)',
    'void move_point(_Inout_ point_t *p, float dx, float dy)',
    'int divide(int a, int b, _Out_ int *quot, _Out_ int *rem)',
  ].map((prototype) => [/(\w+)\(/.exec(prototype)[1], native.func(prototype)]),
);

const texts = ['hello, world 16', 'another text 16', 'and a third one', 'the last of four'];
const floats = Float32Array.of(1, 2, 3);
const N = 1 << 11;
const loop = (act) => () => {
  for (let i = 0; i < N; i++) act(i);
};
const races = [
  ['add(i32, i32)',
    (i) => { sink.value ^= theirs.add(i, 3); },
    (i) => { sink.value ^= ours.add(i, 3); }],
  ['string in',
    (i) => { sink.value ^= theirs.count_bytes(texts[i & 3]); },
    (i) => { sink.value ^= ours.count_bytes(texts[i & 3]); }],
  ['string in, owned string out',
    (i) => { sink.value ^= theirs.make_greeting(texts[i & 3]).length; },
    (i) => { sink.value ^= ours.make_greeting(texts[i & 3]).length; }],
  ['float[3] in and out',
    () => { const result = new Float32Array(3); theirs.scale(floats, result, 3, 2); sink.value ^= result[2]; },
    () => { sink.value ^= ours.scale(floats, 2)[2]; }],
  ['struct in and out',
    (i) => { const point = { id: i, x: 1, y: 2 }; theirs.move_point(point, 1, 2); sink.value ^= point.x; },
    (i) => { sink.value ^= ours.move_point({ id: i, x: 1, y: 2 }, 1, 2).x; }],
  ['two out-parameters',
    (i) => { const q = [0]; const r = [0]; if (theirs.divide(i, 7, q, r) !== 0) throw new Error('divide'); sink.value ^= r[0]; },
    (i) => { sink.value ^= ours.divide(i, 7)[1]; }],
]; // prettier-ignore

// Both give the same, and all of them have run before any is timed.
for (const [name, ...acts] of races) {
  const [a, b] = acts.map((act) => {
    sink.value = 0;
    for (let i = 1; i < 5000; i++) act(i);
    return sink.value;
  });
  if (a !== b) throw new Error(`${name}: koffi gives ${a}, linmem ${b}`);
}
let held = true;
for (const [name, koffis, bound] of races) {
  const results = race({ koffi: loop(koffis), [name]: loop(bound) }, N, 100, 200e6);
  table(name, results);
  held = claim(results, name, 'koffi', 1) && held;
}
process.exitCode = held ? 0 : 2;
