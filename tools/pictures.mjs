// npm run pictures: takes the pictures of docs/guide/inspect.md again, of the program that the page shows. Run it after a
// change of the page of the inspector, and commit what differs.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromium } from 'playwright';
import { build } from './build.mjs';
import { chromium as browserPath, ROOT, say, setup, stop } from './setup.mjs';

const GUIDE = join(ROOT, 'docs/guide/inspect.md');
const IMAGES = join(ROOT, 'docs/images');

/** Runs the program of the guide, and returns its recording as a page. */
async function reportOf(folder) {
  const [, program] =
    /Save this as `shop\.mjs`:\n\n```js\n([\s\S]*?)```/.exec(readFileSync(GUIDE, 'utf8')) ?? [];
  if (!program) stop('docs/guide/inspect.md has no program shop.mjs');
  cpSync(join(ROOT, 'node_modules/sql.js'), join(folder, 'node_modules/sql.js'), { recursive: true });
  writeFileSync(join(folder, 'shop.mjs'), program);
  const linmem = (...args) => {
    const { status, stderr } = spawnSync(process.execPath, [join(ROOT, 'bin/linmem.mjs'), ...args], { cwd: folder, encoding: 'utf8' }); // prettier-ignore
    if (status !== 0) stop(stderr);
  };
  linmem('inspect', '--stacks=all', '--out=heap.lmh', 'shop.mjs');
  await hideFolder(join(folder, 'heap.lmh'), folder);
  linmem('export', 'heap.lmh', '-o', 'heap.html');
  return new URL(`file://${join(folder, 'heap.html')}`).href;
}

/** Replaces the temporary folder in a recording. */
async function hideFolder(file, folder) {
  const { decodeRecording, encodeRecording } = await import('../dist/inspect/index.js');
  const recording = decodeRecording(readFileSync(file));
  const stacks = recording.stacks.map((stack) =>
    stack.map((frame) => ({ ...frame, file: frame.file.replace(folder, '/shop') })),
  );
  writeFileSync(file, encodeRecording({ ...recording, stacks }));
}

/** Returns a picture as WebP, a third of the size. */
async function webpOf(browser, png) {
  const page = await browser.newPage();
  const url = await page.evaluate(
    async (data) => {
      const image = await createImageBitmap(await (await fetch(data)).blob());
      const canvas = new OffscreenCanvas(image.width, image.height);
      canvas.getContext('2d').drawImage(image, 0, 0);
      const bytes = new Uint8Array(
        await (await canvas.convertToBlob({ type: 'image/webp', quality: 0.8 })).arrayBuffer(),
      );
      return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
    },
    `data:image/png;base64,${png.toString('base64')}`,
  );
  await page.close();
  return Buffer.from(url, 'base64');
}

/** The pictures: how the page is opened, what is done with it, and the elements that are shown. */
const PICTURES = {
  'inspect.webp': { colorScheme: 'light', width: 1180, height: 900 },
  'inspect-leaks.webp': {
    colorScheme: 'dark',
    width: 1180,
    height: 640,
    async prepare(page) {
      await page.locator('[data-tab=leaks]').click();
      await page.locator('#table tbody tr', { hasText: 'priceOf' }).locator('button').first().click();
      await page.waitForTimeout(500);
      await page.evaluate(() => scrollTo(0, document.querySelector('.columns').offsetTop - 60));
    },
  },
};

setup('test');
build();
const folder = mkdtempSync(join(tmpdir(), 'linmem-pictures-'));
const browser = await chromium.launch({ executablePath: browserPath(), args: ['--no-sandbox'] });
try {
  const url = await reportOf(folder);
  mkdirSync(IMAGES, { recursive: true });
  for (const [name, { colorScheme, width, height, prepare }] of Object.entries(PICTURES)) {
    const page = await browser.newPage({ viewport: { width, height }, colorScheme });
    await page.goto(url);
    await page.waitForFunction(() => document.documentElement.dataset.state === 'ready');
    await page.waitForTimeout(500);
    await prepare?.(page);
    await page.waitForTimeout(300);
    writeFileSync(join(IMAGES, name), await webpOf(browser, await page.screenshot()));
    say(`docs/images/${name}`);
  }
} finally {
  await browser.close();
  rmSync(folder, { recursive: true });
}
