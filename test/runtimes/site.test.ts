// The documentation site: built by `npm run site`, its links followed, and looked at in Chromium at two widths. The
// programs of the playground are run there.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { extname, join, posix } from 'node:path';
import { chromium as playwright, type Browser, type Page } from 'playwright';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chromium } from '../../tools/setup.mjs';
import { output } from '../support/installed.ts';

const DIST = 'build/site/dist';
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
};
const servers: Server[] = [];
let browser: Browser;
let base = '';
let files: string[] = [];

/** The pages of a site, from its folder. */
const pagesIn = (dist: string): string[] =>
  readdirSync(dist, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.html'));

/** Serves a site below the path `root`. Returns its address, and the list of requests that it has no file for. */
async function serve(dist: string, root: string): Promise<{ address: string; missing: string[] }> {
  const missing: string[] = [];
  const fileAt = (path: string): string | undefined => {
    if (!path.startsWith(root)) return undefined;
    const file = join(dist, path.slice(root.length), path.endsWith('/') ? 'index.html' : '');
    return existsSync(file) ? file : undefined;
  };
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url?.split('?')[0] ?? '');
    const file = fileAt(path);
    if (!file) missing.push(path);
    response.writeHead(file ? 200 : 404, { 'content-type': TYPES[extname(file ?? '')] ?? 'text/plain' });
    response.end(file && readFileSync(file));
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { address: `http://127.0.0.1:${(server.address() as AddressInfo).port}${root}`, missing };
}

/** Returns the links of a site below `root` that lead nowhere, and the number of all. */
function followLinks(dist: string, root: string): { broken: string[]; count: number } {
  const html = new Map(pagesIn(dist).map((file) => [file, readFileSync(join(dist, file), 'utf8')]));
  const ids = new Map(
    [...html].map(([file, text]) => [
      file,
      new Set([...text.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id)),
    ]),
  );
  const broken = new Set<string>();
  let count = 0;
  for (const [file, text] of html)
    for (const [, link = ''] of text.matchAll(/<(?:a|link|img|script)\b[^>]*\s(?:href|src)="([^"]+)"/g)) {
      if (link.includes('/OWNER/')) broken.add(`${file}: ${link}`); // no repository has this address
      if (/^[a-z]+:/.test(link)) continue;
      count++;
      const [to = '', anchor = ''] = link.split('#');
      const path =
        to === '' ? root + file : posix.join('/', to.startsWith('/') ? '' : posix.dirname(root + file), to);
      const target = (path.endsWith('/') ? `${path}index.html` : path).slice(root.length);
      const isThere = path.startsWith(root) && existsSync(join(dist, target));
      if (!isThere || (anchor !== '' && !ids.get(target)?.has(decodeURIComponent(anchor))))
        broken.add(`${file}: ${link}`);
    }
  return { broken: [...broken], count };
}

beforeAll(async () => {
  output(process.execPath, ['tools/site.mjs'], process.cwd());
  files = pagesIn(DIST);
  base = (await serve(DIST, '/')).address.slice(0, -1);
  const args = ['--no-sandbox', '--disable-gpu'];
  browser = await playwright.launch({ executablePath: chromium() ?? '', args });
}, 900_000);
afterAll(async () => {
  await browser?.close(); // undefined if the site could not be built
  for (const server of servers) server.close();
});

test('every link leads to a page, and every anchor to a heading', () => {
  const { broken, count } = followLinks(DIST, '/');
  expect(count).toBeGreaterThan(5000);
  expect(broken).toEqual([]);
});

describe.each([
  ['1280 px, light', 1280, 'light'],
  ['390 px, dark', 390, 'dark'],
] as const)('at %s', (_name, width, colorScheme) => {
  test('no page is wider than the window, and none has an error', async () => {
    const page = await browser.newPage({ viewport: { width, height: 844 }, colorScheme });
    const errors: string[] = [];
    page.on('pageerror', (error) => errors.push(`${page.url()}: ${error.message}`));
    const guides = files.filter((file) => !file.startsWith('api/') && file !== '404.html');
    const api = ['linmem/classes/Heap.html', 'linmem/interfaces/ScalarMethods.html', 'index.html'].map(
      (one) => `api/${one}`,
    );
    expect(guides.length).toBeGreaterThan(30);
    for (const file of [...guides, ...api]) {
      await page.goto(`${base}/${file}`);
      const extra = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      if (extra > 0) errors.push(`${file}: ${extra} px too wide`);
      if (!(await page.locator('h1').first().isVisible())) errors.push(`${file}: no heading`);
    }
    expect(errors).toEqual([]);
    await page.close();
  }, 120_000);
});

async function search(page: Page, words: string, found: string): Promise<void> {
  await page.locator('.DocSearch-Button').click();
  await page.locator('#localsearch-input').fill(words);
  await page.locator('#localsearch-list li').first().waitFor();
  expect((await page.locator('#localsearch-list').innerText()).replaceAll('\n', ' ')).toContain(found);
}

test('the search finds guides and methods', async () => {
  const page = await browser.newPage();
  await page.goto(`${base}/guide/start.html`, { waitUntil: 'networkidle' });
  for (const [words, found] of [
    ['readFloat32', 'readFloat32()'],
    ['shared memory', 'Workers and shared memory'],
  ] as const) {
    await search(page, words, found);
    await page.keyboard.press('Escape');
  }
  await page.close();
}, 60_000);

describe('the playground', () => {
  let page: Page;
  beforeAll(async () => {
    page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    await page.goto(`${base}/playground.html`);
    await page.locator('.cm-content').waitFor();
  });
  afterAll(() => page.close());

  const done = (): Promise<void> => page.locator('.state', { hasText: 'done' }).waitFor({ timeout: 30_000 });
  const run = async (source: string): Promise<string> => {
    await page.locator('.cm-content').fill(source);
    await page.getByRole('button', { name: 'Run' }).click();
    await done();
    return page.locator('.output').innerText();
  };
  /** The number of colours in the picture of the heap. */
  const colours = (): Promise<number> =>
    page.locator('canvas').evaluate((canvas: HTMLCanvasElement) => {
      const { data } = (canvas.getContext('2d') as CanvasRenderingContext2D).getImageData(0, 0, canvas.width, canvas.height); // prettier-ignore
      return new Set(new Uint32Array(data.buffer)).size;
    });

  test('runs every program, and draws its heap', async () => {
    const programs = await page.locator('.bar option').evaluateAll((all) => all.map((one) => (one as HTMLOptionElement).value)); // prettier-ignore
    expect(programs.length).toBeGreaterThanOrEqual(6);
    for (const program of programs) {
      await page.locator('.bar select').selectOption(program);
      await done();
      expect(await page.locator('.output .error').allInnerTexts(), program).toEqual([]);
      expect((await page.locator('.output').innerText()).length, program).toBeGreaterThan(20);
      expect(await colours(), program).toBeGreaterThanOrEqual(3);
    }
  }, 120_000);

  test('prints what a program logs', async () => {
    const source = `import { createHeapSync, i32 as int } from 'linmem';
      const heap = createHeapSync();
      const list = int.allocArray(heap, [1, 2]);
      console.log([...list], list.view, { big: 1n, text: 'a' }, 'b');`;
    expect(await run(source)).toBe(`[ 1, 2 ] Int32Array(2) [ 1, 2 ] { big: 1n, text: 'a' } b\n`);
    expect(await page.locator('.about').innerText()).toMatch(
      /^1 live block, 8 bytes; 65,536 bytes of memory$/,
    );
  });

  test('shows errors: of linmem, of syntax, of other imports', async () => {
    expect(await run(`import { createHeapSync } from 'linmem';\ncreateHeapSync().readInt32(-9e15);`)).toContain('OutOfBoundsError (OUT_OF_BOUNDS)'); // prettier-ignore
    expect(await run('const = 1;')).toContain('SyntaxError');
    expect(await run(`import fs from 'node:fs';`)).toContain(`the playground has no 'node:fs'`);
  });

  test('steps through snapshots', async () => {
    await run(`import { createHeapSync } from 'linmem';
      const heap = createHeapSync();
      snapshot('nothing yet');
      heap.allocUint8Array(1000);`);
    expect(await page.locator('.steps').innerText()).toContain('2 of 2: at the end');
    await page.getByRole('button', { name: 'Previous snapshot' }).click();
    expect(await page.locator('.steps').innerText()).toContain('1 of 2: nothing yet');
    expect(await page.locator('.about').innerText()).toMatch(/^0 live blocks/);
  });

  test('names the block under the pointer', async () => {
    await run(`import { createHeapSync } from 'linmem';\ncreateHeapSync().allocFloat64Array(50);`);
    await page.locator('canvas').hover({ position: { x: 5, y: 5 } });
    expect(await page.locator('.about').innerText()).toMatch(/^\d+: 4\d\d bytes, f64\[\]$/);
  });

  test('ends a program that does not end', async () => {
    expect(await run('for (;;);')).toContain('stopped after 10 seconds');
  }, 60_000);
});

test('a site below a path, as SITE_BASE says', async () => {
  const [dist, root] = ['build/site/below', '/some/path/'];
  const vitepress = ['site/node_modules/vitepress/bin/vitepress.js', 'build', 'site', '--outDir', dist];
  const { status, stdout, stderr } = spawnSync(process.execPath, vitepress, {
    env: { ...process.env, SITE_BASE: root },
    encoding: 'utf8',
  });
  expect(status, stdout + stderr).toBe(0);
  const { broken, count } = followLinks(dist, root);
  expect(count).toBeGreaterThan(5000);
  expect(broken).toEqual([]);

  const { address, missing } = await serve(dist, root);
  const page = await browser.newPage();
  await page.goto(address, { waitUntil: 'networkidle' });
  await page.getByRole('link', { name: 'Playground' }).first().click();
  await page.locator('.state', { hasText: 'done' }).waitFor({ timeout: 30_000 });
  expect(page.url()).toBe(`${address}playground.html`);
  await search(page, 'readFloat32', 'readFloat32()');
  await page.close();
  expect(missing).toEqual([]);
}, 900_000);
