// Leaks in Chromium, in a minified bundle: with the files and lines of the sources, by the bundler's source map.
import { build } from 'esbuild';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import { chromium as playwright, type Browser } from 'playwright';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { chromium } from '../../tools/setup.mjs';
import { InstalledPackage } from '../support/installed.ts';

/** The program: three leaks and a double free, each at the line that its comment tells. */
const SOURCES = {
  'app.ts': `import { createHeapSync, i32, struct, type LinmemHeap } from 'linmem';
import { expectNoLeaks, formatLeak, resolveLeaks, resolveSources } from 'linmem/debug';
import { label } from './label.ts';

interface Shape { readonly sides: number }
const Point = struct('point_t', { x: i32, y: i32 });
function addPoint(heap: LinmemHeap, shape: Shape): void {
  for (let i = 0; i < shape.sides; i++)
    Point.alloc(heap, { x: i }); // leak: app.ts 9
}
function load(heap: LinmemHeap): void {
  const ref = heap.allocInt32(7); // allocated: app.ts 12
  ref.free(); // freed: app.ts 13
  try {
    ref.free(); // freed again: app.ts 15
  } catch {}
}
async function run() {
  const heap = createHeapSync({ callSites: 'all' });
  const since = heap.mark();
  addPoint(heap, { sides: 3 });
  label(heap);
  heap.alloc(1000); // leak: app.ts 23
  load(heap);
  const place = (frame?: { file: string; line: number }) => [frame?.file.replace(/.*\\//, ''), frame?.line];
  const leaks = await resolveLeaks(heap.leaks({ since }));
  const { reports, stacks } = await resolveSources(heap.record());
  const error = await expectNoLeaks(heap, async () => void label(heap)).catch((error: Error) => error.message);
  return {
    unresolved: heap.leaks({ since }).map(({ site }) => place(site)),
    leaks: leaks.map(({ bytes, count, type, site }) => [bytes, count, type, ...place(site)]),
    report: [reports[0]?.allocated, reports[0]?.freed, reports[0]?.found].map((site) => place(stacks[site ?? 0]?.[0])),
    error,
    text: leaks.map(formatLeak),
  };
}
Object.assign(globalThis, { run });
`,
  'label.ts': `import type { LinmemHeap } from 'linmem';

export type Text = string;

export function label(heap: LinmemHeap, text: Text = 'origin'): void {
  heap.allocNullTerminatedUtf8String(text); // leak: label.ts 6
}
`,
};

let installed: InstalledPackage;
let browser: Browser;
let server: Server;
let url: string;
beforeAll(async () => {
  installed = new InstalledPackage();
  const folder = installed.project('browser');
  for (const [name, text] of Object.entries(SOURCES)) writeFileSync(join(folder, name), text);
  const outfile = join(folder, 'bundle.js');
  await build({
    entryPoints: [join(folder, 'app.ts')],
    bundle: true,
    minify: true,
    sourcemap: true,
    outfile,
  });
  server = createServer(({ url = '' }, response) => {
    if (url === '/')
      response.setHeader('content-type', 'text/html').end('<script src="/bundle.js"></script>');
    else if (/^\/bundle\.js(\.map)?$/.test(url)) response.end(readFileSync(join(folder, url)));
    else response.writeHead(404).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address() as { port: number };
  url = `http://127.0.0.1:${address.port}/`;
  browser = await playwright.launch({
    executablePath: chromium() ?? '',
    args: ['--no-sandbox', '--disable-gpu'],
  });
}, 60_000);
afterAll(async () => {
  await browser?.close();
  server?.close();
  installed?.dispose();
}, 60_000);

test('three leaks and a double free have the files and lines of the sources', async () => {
  const tab = await browser.newPage();
  await tab.goto(url);
  const found = await tab.evaluate(() =>
    (globalThis as unknown as { run(): Promise<Record<string, unknown>> }).run(),
  );
  expect(found.leaks).toEqual([
    [1000, 1, '', 'app.ts', 23],
    [24, 3, 'point_t', 'app.ts', 9],
    [7, 1, 'utf8', 'label.ts', 6],
  ]);
  expect(found.report).toEqual([
    ['app.ts', 12],
    ['app.ts', 13],
    ['app.ts', 15],
  ]);
  expect(found.error).toMatch(
    /1 block of 7 bytes leaked:\n {2}1 block of utf8, 7 bytes, allocated at .*label\.ts:6:\d+/,
  );
  // Without the map they would not: the bundle is one line.
  expect(new Set((found.unresolved as [string, number][]).map(([file]) => file))).toEqual(
    new Set(['bundle.js']),
  );
});
