// openInspector in a page: a real window, of a heap of the page and of a worker's.
import { buildSync } from 'esbuild';
import type { Browser } from 'playwright';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { launch, openPage } from '../../support/browser.ts';

const bundle = (contents: string): string =>
  buildSync({ stdin: { contents, resolveDir: process.cwd(), loader: 'ts' }, bundle: true, write: false, format: 'iife' })
    .outputFiles[0]?.text ?? ''; // prettier-ignore
const SOURCE = `import { recordingOf } from './test/support/recording.ts';
const source = { record: () => recordingOf(['alloc', 64, 9], ['alloc', 128, 3]) };`;
const FILES: Readonly<Record<string, string>> = {
  '/': '<!doctype html><button id=page>page</button><button id=worker>worker</button><script src=main.js></script>',
  '/main.js': bundle(`${SOURCE}
import { openInspector } from './ts/inspect/window.ts';
const worker = new Worker('worker.js');
document.getElementById('page').onclick = () => openInspector(source);
document.getElementById('worker').onclick = () => openInspector(worker);`),
  '/worker.js': bundle(`${SOURCE}
import { exposeHeap } from './ts/inspect/window.ts';
exposeHeap(source);`),
};

let browser: Browser;
beforeAll(async () => void (browser = await launch()), 60_000);
afterAll(async () => browser?.close());

test.each(['page', 'worker'])(
  'a click opens a window with the heap of the %s',
  async (whose) => {
    const { page, errors } = await openPage(browser);
    await page.route('http://app.test/**', (route) => {
      const { pathname } = new URL(route.request().url());
      const body = FILES[pathname];
      const contentType = pathname.endsWith('.js') ? 'text/javascript' : 'text/html';
      return body === undefined ? route.fulfill({ status: 404 }) : route.fulfill({ body, contentType });
    });
    await page.goto('http://app.test/');
    const opened = page.waitForEvent('popup');
    await page.locator(`#${whose}`).click();
    const inspector = await opened;
    await inspector.waitForFunction(() => document.documentElement.dataset.state === 'ready');
    expect(await inspector.locator('#live').innerText()).toBe('12 B');
    expect(await inspector.title()).toBe('events: linmem');
    expect(errors.filter((error) => !/favicon|404/.test(error))).toEqual([]);
    await page.close();
  },
  60_000,
);
