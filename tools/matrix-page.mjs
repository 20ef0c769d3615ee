// Writes docs/matrix.md: where the tests have run, and the sizes of bundles. npm run test:all calls it at its end.
// `node tools/matrix-page.mjs` writes the page from what the last runs of its parts have recorded.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ENGINES, RUNTIMES } from './engines.mjs';
import { recorded } from './record.mjs';
import { ROOT, run } from './setup.mjs';

const INTRO = `# Where linmem runs

Read this page to see the engines, runtimes and compilers that the tests ran in, and the sizes of bundles. \`npm run test:all\` writes it.
[Requirements](guide/requirements.md) has the oldest versions.`;

const versionOf = (name, folder = RUNTIMES) => {
  const file = join(ROOT, folder, 'node_modules', name, 'package.json');
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')).version : '';
};
const yes = (value) => (value ? 'yes' : '');
const table = (head, rows) =>
  [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');

/** The packages of the bundlers and of the runtimes that are packages, where they are not named so. */
const PACKAGES = {
  rspack: '@rspack/core',
  parcel: '@parcel/core',
  bun: '@oven/bun-linux-x64',
  deno: '@deno/linux-x64-glibc',
  workerd: 'miniflare',
  Jest: 'jest',
  'Deno, served without permissions': '@deno/linux-x64-glibc',
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
  return `${NAMES[name] ?? name} ${version}`.trim();
};

/** The versions of the frameworks, by the names of the rows. */
const appLabel = (name) => {
  if (name.startsWith('Vite')) return `Vite ${versionOf(name === 'Vite 7' ? 'vite-7' : 'vite', 'test/apps')}`;
  const [framework, by] = name.split(', ');
  return `${framework} ${versionOf(framework.toLowerCase(), 'test/apps')}${by ? `, ${by}` : ''}`;
};

/** The parts of the page: a heading, the name of the records, and what makes a table of them. */
const PARTS = [
  {
    heading: 'The test files, in every engine',
    name: 'engines',
    text: 'Skipped tests need what an engine lacks. No engine may run fewer test files than Node.',
    make: (rows) => {
      const order = [...ENGINES.map(({ name }) => name), 'chromium', 'firefox', 'webkit'];
      const known = order.filter((name) => rows[name]).map((name) => rows[name]);
      const cells = known.map(({ label, passed, skipped, failed }) => [label, passed, skipped, failed]);
      return table(['engine', 'tests passed', 'skipped', 'failed'], cells);
    },
  },
  {
    heading: 'The packed package, in an empty folder',
    name: 'package',
    make: (rows) =>
      table(
        ['runtime', '`import`', '`require`'],
        Object.entries(rows).map(([name, row]) => [labelOf(name), yes(row.import), yes(row.require)]),
      ),
  },
  {
    heading: 'Apps of frameworks',
    name: 'apps',
    text:
      'An app of ten lines, built without a warning and served: its page renders a string of a heap on the server and another in ' +
      'Chromium. The size is that of the file with linmem that the browser loads, in bytes, compressed by gzip.',
    make: (rows) =>
      table(
        ['framework', 'on the server', 'in the browser', 'in the edge runtime', 'in development', 'size'],
        Object.keys(rows)
          .sort()
          .map((name) => [name, rows[name]])
          .map(([name, row]) => [
            appLabel(name),
            ...[yes(row.server), yes(row.browser), yes(row.edge), yes(row.development), row.client],
          ]),
      ),
  },
  {
    heading: 'Bundles, in bytes, minified and compressed by gzip',
    name: 'bundlers',
    text: 'Each bundle is made without a warning, and runs.',
    make: (rows) => {
      const programs = Object.keys(Object.values(rows)[0]);
      return table(
        ['bundler', ...programs],
        Object.entries(rows).map(([name, row]) => [labelOf(name), ...programs.map((each) => row[each])]),
      );
    },
  },
  {
    heading: 'Declarations, with `skipLibCheck: false`',
    name: 'typescript',
    make: (rows) => {
      const settings = Object.keys(Object.values(rows)[0]);
      return table(
        ['TypeScript', ...settings],
        Object.entries(rows).map(([name, row]) => [
          name.replace('typescript-', ''),
          ...settings.map((each) => yes(row[each])),
        ]),
      );
    },
  },
];

/** Writes the page. Throws if a part has never run. */
export function writeMatrix() {
  const parts = PARTS.map(({ heading, name, text, make }) => {
    const rows = recorded(name);
    if (Object.keys(rows).length === 0) throw new Error(`nothing is recorded of ${name}`);
    return [`## ${heading}`, text, make(rows)].filter(Boolean).join('\n\n');
  });
  writeFileSync(join(ROOT, 'docs/matrix.md'), `${[INTRO, ...parts].join('\n\n')}\n`);
  const prettier = join(ROOT, 'node_modules/prettier/bin/prettier.cjs');
  run(process.execPath, [prettier, '--write', '--log-level', 'warn', 'docs/matrix.md']);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeMatrix();
