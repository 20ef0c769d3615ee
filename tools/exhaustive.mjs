// npm run test:exhaustive [-- PART ...]: the exhaustive tests of the C core in their long form, which take an hour.
// npm test runs the short form. The parts:
//   sizes       every mapping of sizes for all of 2^32: natively in 64 and 32 bits, and as wasm
//   sequences   every sequence of seven operations in a small pool, in 64 and 32 bits
//   operations  10^8 random operations on the shipped module of each strategy, checked against a model
//   fuzz        10^7 operations on each strategy by libFuzzer, under ASan and UBSan
// `npm run test:exhaustive -- short` runs the last two parts with 10^6 operations, in five minutes.
// SEED=number repeats a run; the seed is printed. OPERATIONS=number sets the length of the last two parts.
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { cmake } from './build.mjs';
import { ROOT, run, say, setup, stop } from './setup.mjs';

const SEED = String(Number(process.env.SEED || Date.now() % 2 ** 32) >>> 0);
const STRATEGIES = ['heap', 'tlsf', 'bestfit', 'buddy', 'bump'];
const SHORT = process.argv[2] === 'short';
const SIZES = ['allocator', 'heap', 'tlsf', 'bestfit', 'buddy', 'bump', 'arena'].map(
  (of) => `test_sizes_${of}`,
);
const WASM = '-DCMAKE_TOOLCHAIN_FILE=emscripten.cmake';

const parts = {
  sizes() {
    native(64, SIZES);
    native(32, SIZES);
    say('as wasm');
    const wasm = SIZES.map((name) => `${name}_wasm`);
    const folder = cmake('exhaustive-wasm', [WASM, '-DLM_EXHAUSTIVE=ON'], wasm);
    for (const name of SIZES)
      timed(name, process.execPath, ['test/c/run_wasm.mjs', join(folder, `${name}.wasm`), SEED]);
  },
  sequences() {
    for (const bits of [64, 32]) native(bits, ['test_sequences']);
  },
  operations() {
    const count = operationsOr(10 ** 8);
    const folder = cmake('wasm', [WASM]);
    timed('operations', process.execPath, ['test/c/exhaustive/operations.mjs', folder, count, SEED]);
  },
  fuzz() {
    const OPERATIONS = operationsOr(10 ** 7);
    const folder = cmake('fuzz', ['-DCMAKE_C_COMPILER=clang', '-DLM_FUZZ=ON'], ['fuzz']);
    mkdirSync(join(ROOT, 'build/exhaustive'), { recursive: true });
    for (const STRATEGY of STRATEGIES) fuzz(folder, { ...process.env, STRATEGY, OPERATIONS });
  },
};

/** Builds and runs programs in their long form. */
function native(bits, names) {
  say(`natively, ${bits} bits`);
  const options = ['-DLM_EXHAUSTIVE=ON', ...(bits === 32 ? ['-DLM_M32=ON'] : [])];
  const folder = cmake(`exhaustive${bits}`, options, names);
  for (const name of names) timed(name, join(folder, name), [SEED]);
}

/** Prints the output of libFuzzer only when it found a failure; the input is then in build/exhaustive. */
function fuzz(folder, env) {
  const input = join(ROOT, 'build/exhaustive', `${env.STRATEGY}-`);
  const args = [`-seed=${SEED}`, '-max_len=4096', '-len_control=0', `-artifact_prefix=${input}`];
  const began = Date.now();
  const { status, stdout, stderr } = spawnSync(join(folder, 'fuzz'), args, {
    env,
    encoding: 'utf8',
    maxBuffer: 2 ** 30,
  });
  if (status !== 0)
    stop(
      `${stdout}${stderr.slice(-20_000)}\nfuzz ended with ${status}; again: STRATEGY=${env.STRATEGY} build/fuzz/fuzz ${input}...`,
    );
  console.log(`${stdout.trim()}; seed ${SEED}, ${seconds(began)}`);
}

/** The number of operations: the user's, or that of the short or the long form. */
function operationsOr(long) {
  return process.env.OPERATIONS ?? String(SHORT ? 10 ** 6 : long);
}

function timed(name, command, args) {
  const began = Date.now();
  run(command, args);
  console.log(`${name}: ${seconds(began)}`);
}

const seconds = (began) => `${((Date.now() - began) / 1000).toFixed(1)} s`;

const names = SHORT ? ['operations', 'fuzz'] : process.argv.slice(2);
const unknown = names.filter((name) => !(name in parts));
if (unknown.length > 0)
  stop(`no such part: ${unknown.join(', ')}. There are: short, ${Object.keys(parts).join(', ')}`);
const began = Date.now();
setup('exhaustive');
say(`seed ${SEED}`);
for (const name of names.length > 0 ? names : Object.keys(parts)) {
  say(name);
  parts[name]();
}
say(`all passed in ${seconds(began)}, seed ${SEED}`);
