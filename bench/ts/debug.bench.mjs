// Claims: finding and rewriting the allocator of a module takes at most 45 ms per MB; the live table and log at most 1.1
// of the time of the program, and a stack for each call of the module at most 4.1. The program is sql.js, unmodified, which
// inserts 20,000 rows: three calls of the module for each that allocate or free.
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { inspect } from '../../dist/debug/index.js';
import { prepareModule } from '../../dist/debug/prepared-module.js';
import { claim, finish, runtime, table } from './harness.mjs';

const ROWS = 20_000;
const ROUNDS = 7;
const require = createRequire(import.meta.url);
const file = require.resolve('sql.js/dist/sql-wasm.wasm');

/** Starts a new module. */
async function start(options) {
  delete require.cache[require.resolve('sql.js')];
  const init = require('sql.js');
  if (!options) return { SQL: await init() };
  const { result, heap } = await inspect(() => init(), options);
  return { SQL: result, heap };
}

/** Milliseconds of the processor in this thread, where Linux tells them: other programs do not add to them. */
const schedule = `/proc/self/task/${process.pid}/schedstat`;
const now = existsSync(schedule)
  ? () => Number(readFileSync(schedule, 'utf8').split(' ')[0]) / 1e6
  : () => performance.now();

/** Inserts the rows, each by one call of a statement. Returns milliseconds. */
function insert(SQL) {
  const before = now();
  const db = new SQL.Database();
  db.run('create table t(a, b)');
  const statement = db.prepare('insert into t values (?, ?)');
  for (let i = 0; i < ROWS; i++) statement.run([i, `text ${i}`]);
  statement.free();
  db.close();
  return now() - before;
}

const CONTENDERS = {
  off: undefined,
  'live table and log': { stacks: false },
  'a stack for 1/16 of the events': { stacks: 1 / 16 },
  'a stack for each call': { stacks: 'entry' },
};
const times = Object.fromEntries(Object.keys(CONTENDERS).map((name) => [name, []]));
let events = 0;
for (let round = 0; round <= ROUNDS; round++)
  for (const [name, options] of Object.entries(CONTENDERS)) {
    const { SQL, heap } = await start(options);
    const time = insert(SQL);
    if (round > 0) times[name].push((time * 1e6) / ROWS);
    if (heap) events = heap.allocations + heap.frees;
    heap?.stop();
  }
const summary = (list) => {
  list.sort((a, b) => a - b);
  return { low: list[0], median: list[list.length >> 1], high: list.at(-1) };
};
const results = Object.fromEntries(Object.entries(times).map(([name, list]) => [name, summary(list)]));
table(`sql.js inserts ${ROWS} rows, ${events} allocations and frees; per row`, results);
let held = claim(results, 'live table and log', 'off', 1.1);
held = claim(results, 'a stack for each call', 'off', 4.1) && held;

const bytes = new Uint8Array(readFileSync(file));
const prepare = Array.from({ length: 15 }, () => {
  const before = now();
  prepareModule(bytes, true, false);
  return (now() - before) / (bytes.length / 1e6);
}).slice(5);
const { low, median, high } = summary(prepare);
held = median <= 45 && held;
console.log(
  `  ${median <= 45 ? 'ok    ' : 'MISSED'} find and rewrite: ${median.toFixed(1)} ms per MB, ${low.toFixed(1)} to ${high.toFixed(1)} (goal: at most 45; ${runtime})`,
);
finish(held);
