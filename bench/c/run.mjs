// Claim: the heap of linmem takes at most 0.55 of dlmalloc's time, on synthetic workloads and on traces of real
// programs, in no more memory. Every number is a ratio within one run; see README for the goals. `floor` is not an
// allocator: it measures the bench itself, and is a lower bound for every allocator.
//   node bench/c/run.mjs [--rounds 12] [--only linmem,dlmalloc] [--workloads pairs,jq]
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { ALLOCATORS, OUT, build, sizes } from './build.mjs';

const HERE = dirname(fileURLToPath(import.meta.url));
const argument = (name, otherwise) => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? otherwise : process.argv[at + 1];
};
const ROUNDS = Number(argument('rounds', 12));
const SYNTHETIC = [
  'pairs',
  'lifo',
  'fifo',
  'random 8-256',
  'power law',
  'larson',
  'vectors',
  'string building',
  'trees',
];
SYNTHETIC.push('burst in order', 'burst at random', 'large buffers');
const TRACES = ['jq', 'lua', 'sqlite', 'git'];
const picked = argument('workloads', '').split(',').filter(Boolean);
const pick = (names) => names.filter((name) => picked.length === 0 || picked.includes(name));

const geomean = (numbers) => Math.exp(numbers.reduce((sum, x) => sum + Math.log(x), 0) / numbers.length);
const median = (numbers) => numbers.toSorted((a, b) => a - b)[numbers.length >> 1];
const least = (numbers) => Math.min(...numbers);

const load = (name) => new WebAssembly.Module(readFileSync(join(OUT, `${name}.wasm`)));

/** Makes an instance of the allocator with the workload loaded, and a function that runs it. */
function prepare(module, workload) {
  const { exports } = new WebAssembly.Instance(module, { env: { emscripten_trace: () => {} } });
  let index = SYNTHETIC.indexOf(workload);
  if (index < 0) {
    index = SYNTHETIC.length;
    const bytes = gunzipSync(readFileSync(join(HERE, 'traces', `${workload}.tr.gz`)));
    const at = exports.trace_at(bytes.length / 8);
    if (!at) throw new Error(`${workload} does not fit`);
    new Uint8Array(exports.memory.buffer, at, bytes.length).set(bytes);
  }
  return { exports, go: () => exports.run(index) };
}

/** Measures the allocators in interleaved rounds, in rotating order. Returns the nanoseconds per call of each. */
function race(modules, workload) {
  const names = Object.keys(modules);
  const lanes = names.map((name) => ({ name, times: [], ...prepare(modules[name], workload) }));
  for (const { go } of lanes) for (let i = 0; i < 6; i++) go();
  for (let round = 0; round < ROUNDS; round++) {
    for (let i = 0; i < lanes.length; i++) {
      const lane = lanes[(i + round) % lanes.length];
      const start = process.hrtime.bigint();
      const calls = lane.go();
      lane.times.push(Number(process.hrtime.bigint() - start) / calls);
    }
  }
  return Object.fromEntries(
    lanes.map(({ name, times }) => [name, { least: least(times), median: median(times) }]),
  );
}

/** Returns the size of the heap of an instance in bytes. */
const taken = (name, exports) =>
  name === 'as-tlsf'
    ? exports.memory.buffer.byteLength - 4194304
    : exports.heap_size() + (exports.heap_static?.() ?? 0);

/** Returns the peak heap size divided by the peak of live requested bytes, in a new instance. */
function memory(name, workload) {
  if (name === 'floor') return Number.NaN;
  const { exports, go } = prepare(load(`${name}.count`), workload);
  go();
  return taken(name, exports) / exports.peak_live();
}

/** Returns the size of a heap in bytes after its first request, of 16 bytes. */
function first(name) {
  const { exports } = prepare(load(`${name}.count`), SYNTHETIC[0]);
  if (!exports.malloc_of(16)) throw new Error('no 16 bytes');
  return taken(name, exports);
}

const show = (text, width) => String(text).padStart(width);
let missed = 0;
function goal(what, value, bound, digits = 2) {
  const held = value <= bound;
  if (!held) missed++;
  console.log(`  ${held ? 'ok    ' : 'MISSED'} ${what}: ${value.toFixed(digits)} (goal: at most ${bound})`);
}

function table(title, modules, workloads) {
  const names = Object.keys(modules);
  console.log(
    `\n${title}, Node ${process.versions.node}: ns per call, least (median); | peak heap / peak live`,
  );
  console.log(show('', 16) + names.map((name) => show(name, 15)).join(''));
  const rows = workloads.map((workload) => {
    const times = race(modules, workload);
    const space = Object.fromEntries(names.map((name) => [name, memory(name, workload)]));
    const cell = (name) => `${times[name].least.toFixed(2)} (${times[name].median.toFixed(1)})`;
    console.log(
      workload.padEnd(16) +
        names.map((name) => show(cell(name), 15)).join('') +
        '  |' +
        names.map((name) => (name === 'floor' ? '' : show(space[name].toFixed(3), 9))).join(''),
    );
    return { workload, times, space };
  });
  // The sum over all workloads: the ratio of one workload near its floor is not representative.
  const above = (name) =>
    rows.reduce((sum, { times }) => sum + (times[name].least - times.floor.least) / times.dlmalloc.least, 0);
  const summary = (of) =>
    names
      .map((name) => geomean(rows.map((row) => of(row, name))))
      .map((mean) => show(Number.isNaN(mean) ? '-' : mean.toFixed(3), 15))
      .join('');
  if (names.includes('floor'))
    console.log(
      `above the floor ${names.map((name) => show((above(name) / above('dlmalloc')).toFixed(3), 15)).join('')}`,
    );
  console.log(`/ dlmalloc least${summary((row, name) => row.times[name].least / row.times.dlmalloc.least)}`);
  console.log(
    `/ dlmalloc med. ${summary((row, name) => row.times[name].median / row.times.dlmalloc.median)}`,
  );
  console.log(`heap / live     ${summary((row, name) => row.space[name])}`);
  return rows;
}

function judge(title, rows, spaceGoal) {
  const names = Object.keys(rows[0].times);
  if (!names.includes('linmem')) return;
  const ratio = (a, b) => geomean(rows.map((row) => row.times[a].least / row.times[b].least));
  const peers = names.filter((name) => !['linmem', 'lean', 'floor'].includes(name));
  goal(`${title}: time / dlmalloc`, ratio('linmem', 'dlmalloc'), 0.55);
  for (const peer of peers) goal(`${title}: time / ${peer}`, ratio('linmem', peer), 0.9);
  if (names.includes('lean')) goal(`${title}: checks cost`, ratio('linmem', 'lean'), 1.05);
  for (const { workload, times } of rows)
    goal(
      `  ${workload}: time / the best of the others`,
      times.linmem.least / least(peers.map((p) => times[p].least)),
      1.2,
    );
  // A workload with one small live block measures the initial size of the heap, not its overhead.
  const space = (name) =>
    geomean(rows.filter((row) => row.workload !== 'pairs').map((row) => row.space[name]));
  if (spaceGoal) goal(`${title}: peak heap / peak live`, space('linmem'), spaceGoal, 3);
  else goal(`${title}: peak heap / dlmalloc's`, space('linmem') / space('dlmalloc'), 1.02, 3);
}

const only = argument('only', '');
const built = process.env.LM_BENCH_BUILT
  ? process.env.LM_BENCH_BUILT.split(',')
  : build(only ? only.split(',').filter((n) => n in ALLOCATORS) : undefined);
const modules = Object.fromEntries(built.map((name) => [name, load(name)]));
const synthetic = pick(SYNTHETIC).length ? table('synthetic', modules, pick(SYNTHETIC)) : [];
const traces = pick(TRACES).length ? table('traces', modules, pick(TRACES)) : [];
console.log('');
if (synthetic.length) judge('synthetic', synthetic, 0);
if (traces.length) judge('traces', traces, 1.1);
if (!process.env.LM_BENCH_BUILT && !only) {
  goal('bytes taken after malloc(16)', first('linmem'), 4096, 0);
  const size = sizes(built.filter((name) => name in ALLOCATORS && name !== 'floor'));
  console.log('\nbytes of a module that exports malloc, free, calloc and realloc, -Oz: raw, gzip');
  for (const [name, { raw, gzip }] of Object.entries(size))
    console.log(`  ${name.padEnd(10)} ${show(raw, 6)} ${show(gzip, 6)}`);
  goal('default build, raw', size.linmem.raw, 5500, 0);
  goal('default build, gzip', size.linmem.gzip, 2800, 0);
  goal('lean build, raw', size.lean.raw, 4500, 0);
  goal('lean build, gzip', size.lean.gzip, 2400, 0);
}
const node24 = join(HERE, '../peers/node_modules/node24/bin/node');
if (!process.env.LM_BENCH_BUILT && existsSync(node24) && !process.versions.node.startsWith('24.')) {
  const env = { ...process.env, LM_BENCH_BUILT: built.join(',') };
  const { status } = spawnSync(node24, process.argv.slice(1), { stdio: 'inherit', env });
  if (status !== 0) missed++;
}
process.exitCode = missed ? 1 : 0;
