// Apps of ten lines that frameworks and Vite build without a warning and serve, with the packed package: rendered on the
// server, run in Chromium, and in the edge runtime of Next.
import { spawn, type ChildProcess } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { chromium as playwright, type Browser } from 'playwright';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ENGINES } from '../../tools/engines.mjs';
import { chromium } from '../../tools/setup.mjs';
import { text } from '../../ts/core/wasm.gen.ts';
import { sizes } from '../bundlers/bundlers.mjs';
import { InstalledPackage } from '../support/installed.ts';
import { record } from '../../tools/record.mjs';

const APPS = 'build/apps';
const TEXT = 'Zürich';
/** Astro needs Node 22. */
const node = ENGINES.find(({ name }) => name === 'node24')?.program ?? '';
/** What a tool prints if it is not content, and what Next prints of itself: it will drop the edge runtime. */
const COMPLAINT = /\bwarn(?:ing)?\b|⚠|\berror\b|deprecated/i;
const KNOWN = /No build cache found|The Edge Runtime is deprecated|Using edge runtime on a page/;
const complaintsIn = (printed: string): string[] =>
  printed.split('\n').filter((line) => COMPLAINT.test(line) && !KNOWN.test(line));
/** Not the whole environment: vitest sets variables that change what Vite and Astro do. */
const env = {
  ...{ PATH: process.env.PATH, HOME: process.env.HOME, NO_COLOR: '1', CI: '1' },
  ...{ NEXT_TELEMETRY_DISABLED: '1', ASTRO_TELEMETRY_DISABLED: '1' },
};

const installed = new InstalledPackage();
const servers: ChildProcess[] = [];
let browser: Browser;
beforeAll(async () => {
  rmSync(APPS, { recursive: true, force: true });
  mkdirSync(APPS, { recursive: true });
  symlinkSync(resolve('test/apps/node_modules'), join(APPS, 'node_modules'));
  const args = ['--no-sandbox', '--disable-gpu'];
  browser = await playwright.launch({ executablePath: chromium() ?? '', args });
});
/** Ends the process groups of tools that still run. */
afterEach(() => {
  for (const { pid, exitCode } of servers.splice(0))
    if (pid !== undefined && exitCode === null) process.kill(-pid, 'SIGKILL');
});
afterAll(async () => {
  await browser?.close(); // undefined if it could not be started
  installed.dispose();
});

/** Makes a project of a copy of `test/apps/<app>`, in which the packed package is installed. */
function projectOf(app: string): string {
  const project = join(APPS, app);
  rmSync(project, { recursive: true, force: true });
  cpSync(join('test/apps', app), project, { recursive: true });
  cpSync(join(installed.project(app), 'node_modules'), join(project, 'node_modules'), { recursive: true });
  return project;
}

const start = (project: string, tool: string, args: readonly string[]): ChildProcess => {
  const file = resolve(APPS, 'node_modules', tool);
  const child = spawn(node, [file, ...args], { cwd: project, env, detached: true });
  servers.push(child);
  return child;
};
/** Calls `heard` with all that a process has printed so far, whenever it prints more. */
function listen(child: ChildProcess, heard: (text: string) => void): void {
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (part) => heard((text += String(part)))); // prettier-ignore
}

/** Builds a project. Throws if the tool fails or prints a warning. */
async function build(project: string, tool: string, args: readonly string[]): Promise<void> {
  const child = start(project, tool, args);
  let printed = '';
  listen(child, (text) => (printed = text));
  const code = await new Promise((done) => child.once('close', done));
  expect(code, printed).toBe(0);
  expect(complaintsIn(printed)).toEqual([]);
}

/** Starts a server; resolves to its address and to a function that returns what it has printed. */
async function serve(project: string, tool: string, args: readonly string[]): Promise<Served> {
  const child = start(project, tool, args);
  let printed = '';
  const address = await new Promise<string>((found, fail) => {
    listen(child, (text) => {
      printed = text;
      const [url] = /http:\/\/(?:localhost|127\.0\.0\.1):\d+/.exec(text) ?? [];
      if (url !== undefined) found(url);
    });
    child.once('exit', () => fail(new Error(printed)));
  });
  return { address, printed: () => printed };
}
interface Served {
  readonly address: string;
  readonly printed: () => string;
}

/** Opens the page of a server and expects the text in the elements with these ids. */
async function expectPage({ address, printed }: Served, ids: readonly string[]): Promise<void> {
  const page = await browser.newPage();
  const problems: string[] = [];
  page.on('pageerror', (error) => problems.push(error.message));
  page.on('console', (message) => {
    if (['warning', 'error'].includes(message.type()) && !message.location().url.endsWith('favicon.ico'))
      problems.push(message.text());
  });
  await page.goto(address, { timeout: 120_000 }); // a development server compiles the page now
  for (const id of ids)
    await expect.poll(() => page.locator(`#${id}`).innerText(), { timeout: 60_000 }).toBe(TEXT);
  expect(problems).toEqual([]);
  expect(complaintsIn(printed())).toEqual([]);
  await page.close();
}

/** The size of the file of `folder` that has linmem's core in it, gzipped. */
function clientSize(folder: string): number {
  const codes = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.js'))
    .map((file) => readFileSync(join(folder, file), 'utf8'))
    .filter((code) => code.includes(text.slice(0, 40)));
  expect(codes).toHaveLength(1);
  return sizes(codes[0] ?? '').gzipped;
}

describe.each([
  ['Turbopack', []],
  ['webpack', ['--webpack']],
])('Next, by %s', (by, options) => {
  const next = 'next/dist/bin/next';
  const makeProject = (): string => {
    const project = projectOf('next');
    // Next 16.4 fails to build any route of the edge runtime by webpack.
    if (by === 'webpack') rmSync(join(project, 'app/edge'), { recursive: true });
    return project;
  };
  const expectApp = async (served: Served): Promise<void> => {
    await expectPage(served, ['server', 'client']);
    if (by === 'webpack') return;
    expect(await (await fetch(`${served.address}/edge`)).text()).toBe(TEXT);
    record('apps', `Next, ${by}`, { edge: true });
  };
  test('renders on the server and in the page, and runs in the edge runtime', async () => {
    const project = makeProject();
    await build(project, next, ['build', ...options]);
    await expectApp(await serve(project, next, ['start', '--port', '0']));
    const client = clientSize(join(project, '.next/static'));
    record('apps', `Next, ${by}`, { server: true, browser: true, client });
  });
  test('in development', async () => {
    await expectApp(await serve(makeProject(), next, ['dev', '--port', '0', ...options]));
    record('apps', `Next, ${by}`, { development: true });
  });
});

describe('Astro', () => {
  const astro = 'astro/bin/astro.mjs';
  test('renders when it is built, and in the page', async () => {
    const project = projectOf('astro');
    await build(project, astro, ['build']);
    await expectPage(await serve(project, astro, ['preview', '--port', '0']), ['server', 'client']);
    record('apps', 'Astro', { server: true, browser: true, client: clientSize(join(project, 'dist')) });
  });
  test('in development', async () => {
    const project = projectOf('astro');
    await expectPage(await serve(project, astro, ['dev', '--port', '0']), ['server', 'client']);
    record('apps', 'Astro', { development: true });
  });
});

describe.each([
  ['Vite 8', 'vite'],
  ['Vite 7', 'vite-7'],
])('%s', (name, tool) => {
  const vite = `${tool}/bin/vite.js`;
  test('builds', async () => {
    const project = projectOf('vite');
    await build(project, vite, ['build']);
    await expectPage(await serve(project, vite, ['preview', '--port', '0']), ['client']);
    record('apps', name, { browser: true, client: clientSize(join(project, 'dist')) });
  });
  test('in development', async () => {
    const project = projectOf('vite');
    await expectPage(await serve(project, vite, ['--port', '0']), ['client']);
    record('apps', name, { development: true });
  });
});
