// npm run demo: sets up the machine, builds, and runs examples/demo.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { ROOT, say, setup, stop } from './setup.mjs';
import { build } from './build.mjs';

setup('build');
build();
say('running examples/demo/demo.mjs');
const { status, signal, error } = spawnSync(
  process.execPath,
  ['--expose-gc', join(ROOT, 'examples/demo/demo.mjs')],
  {
    stdio: 'inherit',
  },
);
if (error) stop(`the demo could not be started: ${error.message}`);
process.exitCode = status ?? (signal ? 1 : 0);
