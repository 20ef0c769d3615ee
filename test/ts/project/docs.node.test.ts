// The pages of docs/: their links have targets, they are in the sidebar of the site, their TypeScript examples compile, and
// every JavaScript example runs and prints what its `// ->` comments say.
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'; // prettier-ignore
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Built } from '../../support/emcc.ts';
import * as debug from '../../../ts/debug/index.ts';
import * as linmem from '../../../ts/index.ts';
import * as inspect from '../../../ts/inspect/index.ts';
import { examplesOf } from '../../support/readme.ts';

const pages = readdirSync('docs', { recursive: true, encoding: 'utf8' }).filter((file) =>
  file.endsWith('.md'),
);

/** The headings of a page, as links name them. */
const anchorsOf = (markdown: string): string[] =>
  [...markdown.replace(/^```[\s\S]*?^```/gm, '').matchAll(/^#+ (.+)$/gm)].map(
    ([, heading = '']) =>
    heading.toLowerCase().replace(/[^\p{L}\p{N} _-]/gu, '').replaceAll(' ', '-'), // prettier-ignore
  );

test.each(pages)('every link of docs/%s has a target', (page) => {
  const file = join('docs', page);
  const links = [
    ...readFileSync(file, 'utf8')
      .replace(/```[\s\S]*?```|`[^`\n]*`/g, '')
      .matchAll(/\]\(([^)#<]*)(?:#([^)]*))?\)/g),
  ].map(([, to = '', anchor]) => ({ to, anchor }));
  const broken = links.filter(({ to, anchor }) => {
    if (/^https?:/.test(to)) return false;
    const target = to === '' ? file : join(dirname(file), to);
    if (!existsSync(target)) return true;
    return anchor !== undefined && !anchorsOf(readFileSync(target, 'utf8')).includes(anchor);
  });
  expect(broken).toEqual([]);
});

test('every page is in the sidebar of the site', async () => {
  const { guides } = (await import('../../../site/.vitepress/guides.mjs')) as {
    guides: { items: { link: string }[] }[];
  };
  const listed = guides.flatMap(({ items }) => items.map(({ link }) => `${link.slice(1)}.md`));
  const others = ['playground.md', 'examples.md', 'changelog.md']; // pages of the site, not of docs/
  expect(listed.filter((page) => !others.includes(page)).sort()).toEqual([...pages].sort());
});

/** The cells of the table below a heading. */
const tableOf = (page: string, heading: string): string[][] =>
  (readFileSync(page, 'utf8').split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '')
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .map((line) => line.replaceAll('`', '').split('|').slice(1, -1).map((cell) => cell.trim())); // prettier-ignore

test('docs/scalar.md has every type', () => {
  const wanted = linmem.scalarTypes.map(({ name, label, kind, size }) => [name, label, kind, String(size)]);
  const shown = tableOf('docs/scalar.md', 'Types').map((cells) => [cells[0], cells[1], cells[3], cells[4]]);
  expect(shown.sort()).toEqual(wanted.sort());
});

test.each([
  ['docs/errors.md', 'Classes'],
  ['README.md', 'Errors'],
])('%s has every error class and every code', (page, heading) => {
  const rows = tableOf(page, heading);
  const isClass = (name: string): boolean => /^[A-Z]\w+Error$/.test(name) && name !== 'LinmemError';
  const classes = Object.keys({ ...linmem, ...debug, ...inspect }).filter(isClass);
  expect(rows.map(([name]) => name).sort()).toEqual(classes.sort());
  const codes = readFileSync('ts/errors.ts', 'utf8').split('export type ErrorCode =')[1]?.split(';')[0] ?? '';
  expect(rows.map(([, code]) => `'${code}'`).sort()).toEqual(codes.match(/'\w+'/g)?.sort());
});

test('docs/manager.md names methods that exist', () => {
  const text = readFileSync('docs/manager.md', 'utf8').split('\n## Methods\n')[1] ?? '';
  const names = [...text.matchAll(/`(\w+)(?:\(\))?`/g)].map(([, name = '']) => name);
  expect(names.length).toBeGreaterThan(20);
  const heap = linmem.createHeapSync();
  expect(names.filter((name) => !(name in heap))).toEqual([]);
});

test('the TypeScript examples compile under strict', () => {
  const folder = mkdtempSync(join(tmpdir(), 'linmem-docs-ts-'));
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(process.cwd(), join(folder, 'node_modules/linmem'));
  const files = pages.flatMap((page) =>
    [...readFileSync(join('docs', page), 'utf8').matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(
      ([, code = ''], i) => {
        const file = `${page.replaceAll('/', '-')}-${i}.mts`;
        writeFileSync(join(folder, file), code);
        return file;
      },
    ),
  );
  expect(files.length).toBeGreaterThanOrEqual(2);
  const options =
    '--noEmit --strict --module nodenext --target es2022 --lib es2022,esnext.disposable,dom --types';
  const tsc = join(process.cwd(), 'node_modules/typescript/bin/tsc');
  const { stdout } = spawnSync(process.execPath, [tsc, ...options.split(' '), '', ...files], {
    cwd: folder,
    encoding: 'utf8',
  });
  rmSync(folder, { recursive: true });
  expect(stdout).toBe('');
});

describe('the examples', () => {
  const folder = mkdtempSync(join(tmpdir(), 'linmem-docs-'));
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(process.cwd(), join(folder, 'node_modules/linmem'));
  for (const name of ['sql.js', 'wasm-heap-manager'])
    symlinkSync(join(process.cwd(), 'node_modules', name), join(folder, 'node_modules', name));
  // The small packages of the corpus.
  mkdirSync(join(folder, 'node_modules/@cwasm'));
  for (const name of ['lz4-wasm-nodejs', 'friendly-pow', '@cwasm/webp'])
    symlinkSync(join(process.cwd(), 'test/corpus/node_modules', name), join(folder, 'node_modules', name));
  const built = new Built('test/ts/call/library.c');
  beforeAll(() => {
    // The C library of the examples about calls.
    built.build('library', ['-O1', '-sALLOW_MEMORY_GROWTH', '-sALLOW_TABLE_GROWTH', '-sWASM_BIGINT']);
    for (const [from, to] of [
      ['library.mjs', 'emscripten.mjs'],
      ['library.wasm', 'library.wasm'],
    ] as const)
      copyFileSync(join(built.folder, from), join(folder, to));
    const start = [
      "import { readFileSync } from 'node:fs';",
      'globalThis.window = globalThis;',
      "const { default: factory } = await import('./emscripten.mjs');",
      "export default () => factory({ wasmBinary: readFileSync(new URL('library.wasm', import.meta.url)) });",
    ];
    writeFileSync(join(folder, 'library.mjs'), start.join('\n'));
  }, 120_000);
  afterAll(() => {
    rmSync(folder, { recursive: true });
    built.dispose();
  });

  const examples = pages.flatMap((page) =>
    examplesOf(readFileSync(join('docs', page), 'utf8')).map((example) => ({ page, ...example })),
  );
  test('exist', () => expect(examples.length).toBeGreaterThanOrEqual(8));
  test.each(examples)(
    'of docs/$page line $line run and print what their comments say',
    ({ page, line, code, output }) => {
      const file = join(folder, `${page.replaceAll('/', '-')}-${line}.mjs`);
      writeFileSync(file, code);
      const result = spawnSync(process.execPath, [file], { encoding: 'utf8', cwd: folder });
      expect(result.stderr).toBe('');
      expect(result.status).toBe(0);
      expect(result.stdout.trim().split('\n').filter(Boolean)).toEqual(output);
    },
  );
});
