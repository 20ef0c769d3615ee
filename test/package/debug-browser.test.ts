// Leaks in Chromium, in minified bundles: with the files and lines of the sources, by the bundler's source map. One in a heap
// of linmem's, one in sql.js as it is published, under inspect().
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
  'sql.ts': `import initSqlJs from 'sql.js';
import { inspect, resolveLeaks, resolveSources } from 'linmem/debug';
import { leakString } from './string.ts';

interface Options { readonly long: string }
async function run() {
  const start = () => initSqlJs({ locateFile: (name: string) => '/wasm/' + name });
  const { result: SQL, heap } = await inspect(start, { stacks: 'all' });
  const db = new SQL.Database();
  db.run('create table t(a, b)');
  for (let i = 0; i < 20; i++) db.run('insert into t values (?, ?)', [i, 'text ' + i]);
  const leakStatement = ({ long }: Options): void => {
    db.prepare("select 1, '" + long + "'"); // leak: sql.ts 13
  };
  const since = heap.mark();
  leakStatement({ long: 'x'.repeat(3000) });
  for (let i = 0; i < 3; i++) leakString(SQL, db);
  SQL._malloc(1234); // leak: sql.ts 18
  db.prepare('select 2').free();
  const leaks = await resolveLeaks(heap.leaks({ since }));
  const address = SQL._malloc(48); // allocated: sql.ts 21
  SQL._free(address); // freed: sql.ts 22
  SQL._free(address); // freed again: sql.ts 23
  const ours = /(?:^|\\/)(?:sql|string)\\.ts$/;
  type Frame = { file: string; line: number };
  const place = (stack: readonly Frame[] = []) => {
    const frame = stack.find(({ file }) => ours.test(file));
    return [frame?.file.replace(/.*\\//, ''), frame?.line];
  };
  const { reports, stacks } = await resolveSources(heap.record());
  return {
    unresolved: heap.leaks({ since }).map(({ stack }) => place(stack)[0] ?? 'none'),
    leaks: leaks.map(({ bytes, count, site }) => [...place(site && [site]), count, bytes]),
    reports: reports.map((report) => [report.kind,
      ...[report.allocated, report.freed, report.found].map((site) => place(stacks[site ?? 0]))]),
    coverage: heap.coverage,
    rows: db.exec('select count(*) from t')[0]?.values[0]?.[0],
  };
}
Object.assign(globalThis, { run });
`,
  'string.ts': `export interface SqlJs {
  _malloc(size: number): number;
  _free(address: number): void;
  _sqlite3_exec(...args: number[]): number;
  stringToNewUTF8(text: string): number;
}
export function leakString(SQL: SqlJs, { db }: { db: number }): void {
  const [sql, message] = [SQL.stringToNewUTF8('no such statement'), SQL._malloc(4)];
  SQL._sqlite3_exec(db, sql, 0, 0, message); // leak: string.ts 9
  SQL._free(message);
  SQL._free(sql);
}
`,
};
const SQL_JS = join(process.cwd(), 'node_modules/sql.js');

let installed: InstalledPackage;
let browser: Browser;
let server: Server;
let url: string;
beforeAll(async () => {
  installed = new InstalledPackage();
  const folder = installed.project('browser', { 'sql.js': SQL_JS });
  for (const [name, text] of Object.entries(SOURCES)) writeFileSync(join(folder, name), text);
  for (const [entry, name] of [
    ['app.ts', 'bundle.js'],
    ['sql.ts', 'sql-bundle.js'],
  ] as const)
    // prettier-ignore
    await build({
      entryPoints: [join(folder, entry)],
      bundle: true,
      minify: true,
      sourcemap: true,
      outfile: join(folder, name),
      external: ['fs', 'path', 'crypto'], // sql.js asks for them in Node
    });
  server = createServer(({ url = '' }, response) => {
    const page = { '/': 'bundle.js', '/sql': 'sql-bundle.js' }[url];
    if (page !== undefined)
      response.setHeader('content-type', 'text/html').end(`<script src="/${page}"></script>`);
    else if (/^\/(sql-)?bundle\.js(\.map)?$/.test(url)) response.end(readFileSync(join(folder, url)));
    else if (/^\/wasm\/[\w-]+\.wasm$/.test(url))
      response
        .setHeader('content-type', 'application/wasm')
        .end(readFileSync(join(SQL_JS, 'dist', url.slice(5))));
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

/** Opens a page, and returns what its `run` resolves to. */
async function run(path: string): Promise<Record<string, unknown>> {
  const tab = await browser.newPage();
  await tab.goto(`${url}${path}`);
  return tab.evaluate(() => (globalThis as unknown as { run(): Promise<Record<string, unknown>> }).run());
}

test('three leaks and a double free have the files and lines of the sources', async () => {
  const found = await run('');
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

test('in sql.js, unmodified, too', async () => {
  const { leaks, reports, unresolved, coverage, rows } = await run('sql');
  const found = leaks as [string, number, number, number][];
  expect(coverage).toMatchObject([{ isRecorded: true, unmatchedFrees: 0, unseenFrees: 0, notes: [] }]);
  expect(rows).toBe(20);
  const at = (file: string, line: number): [number, number][] =>
    found.filter((leak) => leak[0] === file && leak[1] === line).map(([, , count, bytes]) => [count, bytes]);
  expect(at('sql.ts', 18)).toEqual([[1, 1234]]);
  expect(at('string.ts', 9)).toEqual([[3, expect.any(Number)]]);
  const statement = at('sql.ts', 13);
  expect(statement.reduce((sum, [, bytes]) => sum + bytes, 0)).toBeGreaterThan(3000);
  expect(found.length).toBe(1 + 1 + statement.length);
  const sites = [['sql.ts', 21], ['sql.ts', 22], ['sql.ts', 23]]; // prettier-ignore
  expect(reports).toEqual([['double-free', ...sites]]);
  expect(new Set(unresolved as string[])).toEqual(new Set(['none']));
});
