// node tools/size-table.mjs: writes the table of bundle sizes into README.md. Run it when a test says that the table is
// old; npm run test:all does. It measures dist/.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bundle, sizes } from '../test/bundlers/bundlers.mjs';
import { PROGRAMS } from '../test/bundlers/programs.mjs';
import { ROOT, run } from './setup.mjs';

const README = join(ROOT, 'README.md');
/** The rows: what a program imports, and its name in {@link PROGRAMS}. */
const ROWS = {
  'everything, with the core': 'everything',
  '`createHeapSync`': 'createHeapSync',
  '`wrapEmscriptenModuleHeap`': 'wrapEmscriptenModuleHeap',
  '`createCoreAllocatorSync` with `i32`, `f64` and `utf8`': "the same in linmem's own memory",
  'bare `Heap` with `i32`, `f64` and `utf8`': 'a heap with three types',
  'one type with a `LinearMemory`': 'one type',
};
const TABLE = /(\n## Bundle size\n[^|]*)((?:\|.*\n)+)/;

/**
 * Returns the rows as they should be: an import, and its sizes in bytes, minified and gzipped.
 * @returns {Promise<[string, number, number][]>}
 */
export async function measureSizes() {
  const rows = Object.entries(ROWS).map(async ([name, program]) => {
    const { minified, gzipped } = sizes(await bundle(PROGRAMS[program]));
    return [name, minified, gzipped];
  });
  return Promise.all(rows);
}

/**
 * Returns the rows as README.md has them.
 * @returns {[string, number, number][]}
 */
export function readSizes() {
  const [, , table = ''] = TABLE.exec(readFileSync(README, 'utf8')) ?? [];
  const rows = table.trim().split('\n').slice(2);
  return rows.map((row) => {
    const [name, ...cells] = row
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim());
    return [name, ...cells.map((cell) => Math.round(Number.parseFloat(cell) * 1000))];
  });
}

/** Writes the table. */
export async function writeSizes() {
  const kilobytes = (bytes) => `${(bytes / 1000).toFixed(1)} KB`;
  const rows = (await measureSizes()).map(([name, ...each]) => [name, ...each.map(kilobytes)]);
  const lines = [['import', 'minified', 'gzipped'], ['---', '---', '---'], ...rows];
  const table = lines.map((cells) => `| ${cells.join(' | ')} |\n`).join('');
  writeFileSync(
    README,
    readFileSync(README, 'utf8').replace(TABLE, (_, before) => before + table),
  );
  const prettier = join(ROOT, 'node_modules/prettier/bin/prettier.cjs');
  run(process.execPath, [prettier, '--write', '--log-level', 'warn', 'README.md']);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await writeSizes();
