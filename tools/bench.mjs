// npm run bench: every ratio that linmem claims, measured here and printed beside its goal. Each bench runs in
// a process of its own. Ends with an error when a goal was missed.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { build } from './build.mjs';
import { ROOT, say, setup } from './setup.mjs';

setup('build');
build();
const benches = readdirSync(join(ROOT, 'bench/ts')).filter((file) => file.endsWith('.bench.mjs'));
const files = benches.map((file) => join('bench/ts', file));
if (existsSync(join(ROOT, 'bench/c/run.mjs'))) files.push('bench/c/run.mjs');
const missed = files.filter((file) => {
  say(file);
  return spawnSync(process.execPath, [file], { cwd: ROOT, stdio: 'inherit' }).status !== 0;
});
say(missed.length === 0 ? 'every goal was met' : `goals were missed in ${missed.join(', ')}`);
process.exitCode = missed.length === 0 ? 0 : 1;
