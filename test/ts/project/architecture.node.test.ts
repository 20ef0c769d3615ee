// The files and functions that docs/architecture.md, docs/performance.md and CONTRIBUTING.md name exist.
import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const PAGES = ['docs/architecture.md', 'docs/performance.md', 'CONTRIBUTING.md'];

test.each(PAGES)('every source file of ts/, test/, tools/ and bench/ that %s names exists', (page) => {
  const text = readFileSync(page, 'utf8');
  const paths = [...text.matchAll(/\b(?:ts|test|tools|bench)\/[\w./-]*\w\.(?:ts|mjs)\b/g)].map(
    ([path]) => path,
  );
  expect(paths.length).toBeGreaterThan(5);
  expect([...new Set(paths)].filter((path) => !existsSync(path))).toEqual([]);
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
