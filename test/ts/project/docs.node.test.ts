// The pages of docs/: the generated ones are up to date, and every JavaScript example of any page runs and prints what
// its `// ->` comments say.
import { copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'; // prettier-ignore
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Built } from '../../support/emcc.ts';
import { examplesOf } from '../../support/readme.ts';

const pages = readdirSync('docs', { recursive: true, encoding: 'utf8' }).filter(
  (file) => file.endsWith('.md') && !file.startsWith('intro'),
);

test('the generated pages are up to date', async () => {
  const { stale } = (await import('../../../tools/docs.mjs')) as { stale: () => Promise<string[]> };
  expect(await stale(), 'run npm run docs').toEqual([]);
});

test.each(pages)('every link of docs/%s has a target', (page) => {
  const file = join('docs', page);
  const links = [
    ...readFileSync(file, 'utf8')
      .replace(/```[\s\S]*?```|`[^`\n]*`/g, '')
      .matchAll(/\]\(([^)#<]+)(?:#[^)]*)?\)/g),
  ].map(([, to = '']) => to);
  const broken = links.filter((to) => !/^https?:/.test(to) && !existsSync(join(dirname(file), to)));
  expect(broken).toEqual([]);
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
