// SPDX-License-Identifier: MIT
// Runs random operations, checked against a model, on the modules of the strategies as they are shipped.
//   node operations.mjs FOLDER [OPERATIONS] [SEED] [STRATEGY ...]
// FOLDER has linmem_<strategy>.wasm and operations.wasm. Exits 0 iff every check held.
import { readFileSync } from 'node:fs';

const [folder, count = '300000', seedGiven, ...names] = process.argv.slice(2);
const seed = Number(seedGiven || process.env.SEED || Date.now() % 2 ** 32) >>> 0;
const STRATEGIES = ['heap', 'tlsf', 'bestfit', 'buddy', 'bump'];
const BELOW = 24; // pages below the allocator, for the operations and their model
const REACH = 64; // pages that the model knows: MODEL_REACH of operations.h
const BATCH = 1_000_000;

const load = (name) => new WebAssembly.Module(readFileSync(`${folder}/${name}.wasm`));
const driver = load('operations');

function run(strategy) {
  const base = BELOW * 65536;
  const memory = new WebAssembly.Memory({ initial: BELOW + 1, maximum: BELOW + REACH });
  const allocator = new WebAssembly.Instance(load(`linmem_${strategy}`), { env: { memory } }).exports;
  const functions = Object.fromEntries(
    Object.entries(allocator).map(([name, value]) => [name.replace(`lm_${strategy}_`, ''), value]),
  );
  const put = (c) => void process.stdout.write(String.fromCharCode(c));
  const env = { reset() {}, ...functions, memory, put };
  const { exports } = new WebAssembly.Instance(driver, { env });
  if (exports.__heap_base.value > base) throw new Error('the model needs more pages: raise BELOW');
  const at = functions.open(base, memory.buffer.byteLength - base, 1);
  exports.start(at, base, seed, Number(strategy !== 'bump'), Number('reset' in functions));
  const totals = [0, 0, 0, 0];
  const started = Date.now();
  let failed = 0;
  for (let left = Number(count); left > 0 && !failed; left -= BATCH) {
    failed = exports.run(Math.min(left, BATCH));
    for (const what of totals.keys()) totals[what] += exports.count(what) >>> 0;
  }
  const [checks, allocated, refused, moved] = totals;
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  console.log(
    `${strategy}: ${count} operations on linmem_${strategy}.wasm, ${checks} checks, ${failed} failed; ` +
      `${allocated} allocated, ${refused} refused, ${moved} moved; seed ${seed}, ${seconds} s`,
  );
  return failed === 0;
}

const good = (names.length > 0 ? names : STRATEGIES).map(run);
process.exit(good.every(Boolean) ? 0 : 1);
