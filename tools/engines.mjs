// The engines outside browsers that tests and benches run in: four versions of Node, Deno, Bun.
import { join } from 'node:path';
import { ROOT } from './setup.mjs';

/** Where `npm run test:all` installs the engines. */
export const RUNTIMES = 'test/runtimes';
const binary = (path) => join(ROOT, RUNTIMES, 'node_modules', path);

/** Each with its name, its program and the arguments before the file of a script. */
export const ENGINES = [
  { name: 'node', label: 'Node', program: process.execPath, args: [] },
  { name: 'node22', label: 'Node', program: binary('node22/bin/node'), args: [] },
  { name: 'node24', label: 'Node', program: binary('node24/bin/node'), args: [] },
  { name: 'node26', label: 'Node', program: binary('node26/bin/node'), args: [] },
  {
    name: 'deno',
    label: 'Deno',
    program: binary('@deno/linux-x64-glibc/deno'),
    args: ['run', '--allow-all'],
  },
  { name: 'bun', label: 'Bun', program: binary('@oven/bun-linux-x64/bin/bun'), args: [] },
];
