// npm run bench: measures every ratio that linmem claims and prints it with its goal. Each bench runs in a
// separate process. Exits with an error if a goal was missed.
//   npm run bench -- --all                 bench/ts in Node 20, 22, 24, 26, Deno and Bun, if they are installed
//   npm run bench -- --in=bun,node26       in these only
//   npm run bench -- --only=scalar,mixed   these of bench/ts only
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { build } from './build.mjs';
import { ENGINES } from './engines.mjs';
import { ROOT, say, setup, stop } from './setup.mjs';

const option = (name) =>
  process.argv
    .find((one) => one.startsWith(`--${name}=`))
    ?.split('=')[1]
    .split(',');
const all = process.argv.includes('--all');
const only = option('only');
const wanted = option('in') ?? (all ? ENGINES.map(({ name }) => name) : ['node']);
const engines = ENGINES.filter(({ name, program }) => wanted.includes(name) && existsSync(program));
const absent = wanted.filter((name) => !engines.some((engine) => engine.name === name));
if (absent.length > 0) say(`left out, not installed: ${absent.join(', ')} (npm run test:all installs them)`);
if (engines.length === 0) stop('no engine is left');

setup('build');
build();
const files = readdirSync(join(ROOT, 'bench/ts'))
  .filter((file) => file.endsWith('.bench.mjs') && (!only || only.includes(file.split('.')[0])))
  .map((file) => join('bench/ts', file));
const missed = [];
function run(name, command, args) {
  say(name);
  if (spawnSync(command, args, { cwd: ROOT, stdio: 'inherit' }).status !== 0) missed.push(name);
}
for (const { name, program, args } of engines)
  for (const file of files) run(`${file} in ${name}`, program, [...args, file]);
if (!only && existsSync(join(ROOT, 'bench/c/run.mjs')))
  run('bench/c/run.mjs', process.execPath, ['bench/c/run.mjs']);
say(missed.length === 0 ? 'every goal was met' : `goals were missed in ${missed.join(', ')}`);
process.exitCode = missed.length === 0 ? 0 : 1;
