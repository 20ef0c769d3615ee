// Pages without a bundler, in Chromium: linmem.min.js by an import map, in workers of every kind, under policies.
import { build } from 'esbuild';
import { chromium as playwright, type Browser } from 'playwright';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PageServer } from '../support/server.ts';
import { chromium } from '../../tools/setup.mjs';

const MAP = `<script type="importmap">{ "imports": { "linmem": "/linmem.min.js" } }</script>`;
const module = (code: string): string =>
  `<!doctype html><meta charset="utf-8" /><title></title>${MAP}<script type="module">${code}</script>`;
/** Writes the result of the expression, or its error, into the page's title. */
const say = (expression: string): string =>
  `(async () => ${expression})().then((x) => (document.title = x), (e) => (document.title = 'ERROR ' + e.message));`;
/** Allocates a number and a string of linmem's own heap and reads them. */
const USE = `(({ createHeapSync }) => {
  const heap = createHeapSync();
  return heap.allocInt32(42).value + heap.allocNullTerminatedUtf8String('é').value;
})`;
const ANSWER = '42é';
const whenTold = (target: string): string =>
  `new Promise((resolve, reject) => { ${target}.onmessage = ({ data }) => resolve(data); ${target}.onerror = reject; })`;

/** Allows the page to run its scripts but not to compile WebAssembly. */
const NO_WASM = `script-src 'self' 'unsafe-inline'`;

const pages: Record<string, { text: string; policy?: string }> = {
  '/map.html': { text: module(`import * as linmem from 'linmem'; ${say(`${USE}(linmem)`)}`) },
  '/fetched.html': {
    text: module(`import { createHeap } from 'linmem';
      ${say(`String((await createHeap({ module: fetch('/core.wasm') })).allocInt32(42).value)`)}`),
  },
  '/module-worker.js': { text: `import * as linmem from '/linmem.min.js'; postMessage(${USE}(linmem));` },
  '/module-worker.html': {
    text: module(
      `const worker = new Worker('/module-worker.js', { type: 'module' }); ${say(whenTold('worker'))}`,
    ),
  },
  '/classic-worker.html': {
    text: module(`const worker = new Worker('/classic-worker.js'); ${say(whenTold('worker'))}`),
  },
  '/classic-worker.js': { text: `import('/linmem.min.js').then((linmem) => postMessage(${USE}(linmem)));` },
  '/script-worker.html': {
    text: module(`const worker = new Worker('/script-worker.js'); ${say(whenTold('worker'))}`),
  },
  '/script-worker.js': { text: `importScripts('/linmem.iife.js'); postMessage(${USE}(linmem));` },
  '/service-worker.html': {
    text: module(`const { serviceWorker } = navigator;
      await serviceWorker.register('/service-worker.js', { type: 'module' });
      const { active } = await serviceWorker.ready;
      active.postMessage('');
      ${say(whenTold('serviceWorker'))}; serviceWorker.startMessages();`),
  },
  '/service-worker.js': {
    text: `import * as linmem from '/linmem.min.js';
      addEventListener('message', ({ source }) => source.postMessage(${USE}(linmem)));`,
  },
  '/audio.html': {
    text: module(`const context = new OfflineAudioContext(1, 256, 44100);
      await context.audioWorklet.addModule('/audio.js');
      const node = new AudioWorkletNode(context, 'linmem');
      ${say(whenTold('node.port'))};
      node.connect(context.destination);
      await context.startRendering();`),
  },
  '/audio.js': {
    text: `import * as linmem from '/linmem.min.js';
      registerProcessor('linmem', class extends AudioWorkletProcessor {
        process() {
          try {
            this.port.postMessage(${USE}(linmem));
          } catch (error) {
            this.port.postMessage(String(error));
          }
          return false;
        }
      });`,
  },
  '/policy.html': {
    policy: NO_WASM,
    text: module(`import { createHeap } from 'linmem'; ${say(`(await createHeap()) && 'a heap'`)}`),
  },
  // A worker with a separate policy compiles the core and posts the module.
  '/compiled-elsewhere.html': {
    policy: NO_WASM,
    text: module(`import { createHeap } from 'linmem';
      const worker = new Worker('/compile.js');
      ${say(`String((await createHeap({ module: ${whenTold('worker')} })).allocInt32(42).value)`)}`),
  },
  '/compile.js': {
    policy: `script-src 'wasm-unsafe-eval'`,
    text: `WebAssembly.compileStreaming(fetch('/core.wasm')).then((module) => postMessage(module));`,
  },
};

let browser: Browser;
let server: PageServer;
let address = '';
beforeAll(async () => {
  const { outputFiles } = await build({
    entryPoints: ['dist/index.js'],
    ...{ bundle: true, minify: true, format: 'iife', globalName: 'linmem', write: false },
  });
  pages['/linmem.iife.js'] = { text: outputFiles[0]?.text ?? '' };
  server = new PageServer(pages);
  address = await server.start();
  const args = ['--no-sandbox', '--disable-gpu'];
  browser = await playwright.launch({ executablePath: chromium() ?? '', args });
}, 60_000);
afterAll(async () => {
  await browser.close();
  server.stop();
});

/** Resolves to the title that the page gets. */
async function titleOf(path: string): Promise<string> {
  const page = await browser.newPage();
  await page.goto(address + path);
  await page.waitForFunction(() => document.title !== '', undefined, { timeout: 20_000 });
  const title = await page.title();
  await page.close();
  return title;
}

test('a page with an import map loads one file', async () => {
  server.requests.length = 0;
  expect(await titleOf('/map.html')).toBe(ANSWER);
  expect(server.requests.filter((path) => path !== '/favicon.ico')).toEqual(['/map.html', '/linmem.min.js']);
});
test('a page can fetch core.wasm', async () => expect(await titleOf('/fetched.html')).toBe('42'));

describe('linmem runs in', () => {
  test.each(['module-worker', 'classic-worker', 'script-worker', 'service-worker', 'audio'])(
    '%s',
    async (name) => expect(await titleOf(`/${name}.html`)).toBe(ANSWER),
  );
});

describe("a page whose policy has no 'wasm-unsafe-eval'", () => {
  test('gets an error that names it', async () =>
    expect(await titleOf('/policy.html')).toMatch(
      /^ERROR the core cannot be compiled here.*'wasm-unsafe-eval'/,
    ));
  test('has a heap of a module that a worker compiled', async () =>
    expect(await titleOf('/compiled-elsewhere.html')).toBe('42'));
});
