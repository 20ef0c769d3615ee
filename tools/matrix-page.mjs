// Writes docs/matrix.md: where the tests have run, and the sizes of bundles. npm run test:all calls it at its end.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RUNTIMES } from './engines.mjs';
import { ROOT, run } from './setup.mjs';

const INTRO =
  '# Where linmem runs\n\nRead this page to see what the tests ran in, and how large bundles are. `npm run test:all` writes it. ' +
  '[Requirements](guide/requirements.md)\nhas the oldest versions.\n';

const readJson = (path) => (existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : {});
const results = (table) => readJson(join(ROOT, 'build/matrix', `${table}.json`));
const versionOf = (name, folder = RUNTIMES) =>
  readJson(join(ROOT, folder, 'node_modules', name, 'package.json')).version;

const table = (head, rows) =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
const yes = (value) => (value ? 'yes' : '');

/** The packages of the bundlers, and of the runtimes that are packages. */
const PACKAGES = {
  ...{ rolldown: 'rolldown', rollup: 'rollup', vite: 'vite', webpack: 'webpack', rspack: '@rspack/core' },
  ...{
    parcel: '@parcel/core',
    bun: '@oven/bun-linux-x64',
    deno: '@deno/linux-x64-glibc',
    workerd: 'miniflare',
  },
  ...{ 'edge-runtime': 'edge-runtime', Jest: 'jest', node22: 'node22', node24: 'node24', node26: 'node26' },
};
const NAMES = {
  node22: 'Node',
  node24: 'Node',
  node26: 'Node',
  deno: 'Deno',
  bun: 'Bun',
  workerd: 'workerd, by Miniflare',
};

const labelOf = (name) => {
  if (name === 'node') return `Node ${process.versions.node}`;
  const version = name === 'esbuild' ? versionOf(name, '.') : versionOf(PACKAGES[name] ?? name);
  return `${NAMES[name] ?? name} ${version ?? ''}`.trim();
};

/** Returns the part about the engines, which only a whole run has. */
function enginesPart(lines) {
  if (lines.length === 0) return [];
  const rows = lines.map(({ label, passed, skipped, failed }) => [label, passed, skipped, failed]);
  const head = ['engine', 'tests passed', 'skipped', 'failed'];
  return ['## The test files, in every engine\n', `${table(head, rows)}\n`];
}

/** @param lines the lines of the table that npm run test:all prints */
export function writeMatrix(lines) {
  const packaged = Object.entries(results('package'));
  const bundlers = Object.entries(results('bundlers'));
  const compilers = Object.entries(results('typescript'));
  const programs = Object.keys(bundlers[0]?.[1] ?? {});
  const settings = Object.keys(compilers[0]?.[1] ?? {});
  const parts = [
    INTRO,
    ...enginesPart(lines),
    '## The packed package, in an empty folder\n',
    table(
      ['runtime', '`import`', '`require`'],
      packaged.map(([name, row]) => [labelOf(name), yes(row.import), yes(row.require)]),
    ),
    '\n## Bundles, in bytes, minified and compressed by gzip\n\nEach bundle is made without a warning, and runs.\n',
    table(
      ['bundler', ...programs],
      bundlers.map(([name, row]) => [labelOf(name), ...programs.map((program) => row[program] ?? '')]),
    ),
    '\n## Declarations, with `skipLibCheck: false`\n',
    table(
      ['TypeScript', ...settings],
      compilers.map(([name, row]) => [
        name.replace('typescript-', ''),
        ...settings.map((each) => yes(row[each])),
      ]),
    ),
  ];
  writeFileSync(join(ROOT, 'docs/matrix.md'), `${parts.join('\n')}\n`);
  const prettier = join(ROOT, 'node_modules/prettier/bin/prettier.cjs');
  run(process.execPath, [prettier, '--write', '--log-level', 'warn', 'docs/matrix.md']);
}
