// npm run check: types, format, lint. The order of modules and the generated sources are tests (test/ts/project).
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildCore } from './build.mjs';
import { buildPage } from './page.mjs';
import { ROOT, run, runQuietly, say, setup } from './setup.mjs';

const bin = (path) => join(ROOT, 'node_modules', path);

/** Runs all static checks. */
export function check() {
  say('types (tsc)');
  run(process.execPath, [bin('typescript/bin/tsc'), '-p', 'test/tsconfig.json']);
  say('format (prettier, clang-format)');
  run(process.execPath, [bin('prettier/bin/prettier.cjs'), '--check', '--log-level', 'warn', '.']);
  run('clang-format', ['--dry-run', '--Werror', ...cFiles()]);
  say('unused exports and files (knip)');
  run(process.execPath, [bin('knip/bin/knip.js'), '--no-progress', '--no-config-hints']);
  say('lint (biome)');
  runQuietly(process.execPath, [bin('@biomejs/biome/bin/biome'), 'lint', '--error-on-warnings']);
}

function cFiles() {
  const folders = [
    'csrc',
    'csrc/include/linmem',
    'test/c',
    'test/c/exhaustive',
    'bench/c',
    'examples/c-allocator',
    'examples/emscripten',
    'examples/own-module',
  ];
  const inside = (folder) => readdirSync(join(ROOT, folder)).map((file) => join(folder, file));
  return folders
    .filter((folder) => existsSync(join(ROOT, folder)))
    .flatMap(inside)
    .filter((file) => /\.[ch]$/.test(file));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  setup('test');
  buildCore();
  buildPage();
  check();
}
