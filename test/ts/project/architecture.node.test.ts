// The files and functions that pages and comments name exist, and docs/architecture.md names every source file.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, test } from 'vitest';

const PAGES = ['docs/architecture.md', 'docs/performance.md', 'CONTRIBUTING.md'];

test.each(PAGES)('every source file of ts/, test/, tools/ and bench/ that %s names exists', (page) => {
  const text = readFileSync(page, 'utf8');
  const paths = [...text.matchAll(/\b(?:ts|test|tools|bench)\/[\w./-]*\w\.(?:ts|mjs)\b/g)].map(
    ([path]) => path,
  );
  expect(paths.length).toBeGreaterThan(5);
  expect([...new Set(paths)].filter((path) => !existsSync(path) && !path.endsWith('.gen.ts'))).toEqual([]);
});

const inFolder = (folder: string, ending: RegExp): string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => ending.test(file))
    .map((file) => join(folder, file));

test('docs/architecture.md names every source file of ts/ and csrc/: add new files to its tables', () => {
  const text = readFileSync('docs/architecture.md', 'utf8');
  const sources = [
    ...inFolder('ts', /\.ts$/).filter((file) => !/ts\/inspect\/page\/|(wasm|page)\.gen\.ts$/.test(file)),
    ...inFolder('csrc', /\.[ch]$/).map((file) => basename(file)),
  ];
  expect(sources.length).toBeGreaterThan(250);
  expect(sources.filter((file) => !text.includes(`\`${file}\``))).toEqual([]);
});

test('every source file that a comment names exists', () => {
  const files = ['ts', 'csrc', 'test', 'bench', 'tools'].flatMap((folder) =>
    inFolder(folder, /\.([ch]|m?ts|mjs)$/),
  );
  const named = files
    .filter((file) => !/node_modules|\.gen\.ts$/.test(file))
    .flatMap((file) =>
      [
        ...readFileSync(file, 'utf8').matchAll(
          /\b(?:ts|csrc|test|tools|bench)\/(?:[\w-]+\/)*[\w.-]+\.(?:c|h|m?ts|mjs)\b/g,
        ),
      ]
        .map(([path]) => path)
        .filter((path) => !existsSync(path) && !path.endsWith('.gen.ts'))
        .map((path) => `${file}: ${path}`),
    );
  expect(named).toEqual([]);
});

test('every stop of docs/architecture.md names a function or an object of its file', () => {
  const text = readFileSync('docs/architecture.md', 'utf8');
  const stops = [...text.matchAll(/^\| `(ts\/[^`]+)`: `(\w+)`/gm)];
  expect(stops.length).toBeGreaterThan(8);
  const missing = stops.filter(
    ([, file = '', name = '']) =>
      !new RegExp(`(^|[\\s.])${name}(\\(|<| = |: )`, 'm').test(readFileSync(file, 'utf8')),
  );
  expect(missing.map(([stop]) => stop)).toEqual([]);
});
