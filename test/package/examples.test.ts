// The examples, each copied into an empty folder with the packed tarball. Those that need another runtime or a build by
// Emscripten are in test/runtimes/examples.test.ts.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { chromium as playwright, type Browser } from 'playwright';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { preview } from 'vite';
import { chromium } from '../../tools/setup.mjs';
import { InstalledPackage, output } from '../support/installed.ts';

const installed = new InstalledPackage();
afterAll(() => installed.dispose());

/** Runs `npm start`, which does not need the network, and returns the lines that it prints. */
const start = (project: string): string[] =>
  output('npm', ['--silent', 'start'], project).trimEnd().split('\n');

/** examples/demo and examples/emscripten belong to the project: they are run by `npm run demo` and by ctest. */
const OTHERS = ['demo', 'emscripten'];
const names = readdirSync('examples').filter(
  (name) => !OTHERS.includes(name) && statSync(join('examples', name)).isDirectory(),
);

describe.each(names)('examples/%s', (name) => {
  test('has a package.json with this version of linmem, and a README', () => {
    const read = (file: string): { version: string; dependencies: Record<string, string> } =>
      JSON.parse(readFileSync(file, 'utf8')) as ReturnType<typeof read>;
    const { dependencies } = read(join('examples', name, 'package.json'));
    expect(dependencies).toEqual({ linmem: `^${read('package.json').version}` });
    expect(readFileSync(join('examples', name, 'README.md'), 'utf8')).toMatch(/^# .+\n\n.+/);
  });
});

test('node: structs', () =>
  expect(start(installed.example('node'))).toEqual([
    expect.stringMatching(/^4 stations of 32 bytes at address \d+$/),
    'mean temperature 7.65',
    'the second is Zürich, 408 m',
    '0 bytes are still allocated',
  ]));

test('worker-threads: two threads on one memory', () =>
  expect(start(installed.example('worker-threads'))).toEqual([
    'threads 1 and 2 of one process',
    '17984 primes below 200000, the last is 199999',
    'the shared counter says 17984',
    'the arena has 71936 bytes of results',
  ]));

test('webgpu-staging: two frames, on the fake device', () =>
  expect(start(installed.example('webgpu-staging'))).toEqual([
    'frame 1: 48 bytes to the fake device',
    'frame 2: 48 bytes to the fake device',
    'the last position: 20 2',
    'blocks of the heap: 1',
  ]));

describe('browser-vite, in Chromium', () => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await playwright.launch({
      executablePath: chromium() ?? '',
      args: ['--no-sandbox', '--disable-gpu'],
    });
  }, 60_000);
  afterAll(() => browser.close(), 60_000);

  test('draws the points, frame after frame', async () => {
    const project = installed.example('browser-vite', { vite: join(process.cwd(), 'node_modules/vite') });
    const vite = join(process.cwd(), 'node_modules/vite/bin/vite.js');
    expect(output(process.execPath, [vite, 'build'], project)).not.toMatch(/warn/i);
    const server = await preview({ root: project, logLevel: 'error', preview: { port: 0 } });
    try {
      const page = await browser.newPage();
      const errors: string[] = [];
      page.on('pageerror', (error) => errors.push(error.message));
      await page.goto(server.resolvedUrls?.local[0] ?? '');
      await page.waitForFunction(() =>
        /^frame [1-9]\d+:/.test(document.querySelector('output')?.value ?? ''),
      );
      expect(await page.textContent('output')).toMatch(/^frame \d+: 1000 points, 4 blocks, \d+ bytes$/);
      const drawn = await page.evaluate(() => {
        const canvas = document.querySelector('canvas') as HTMLCanvasElement;
        const context = canvas.getContext('2d') as CanvasRenderingContext2D;
        const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
        return data.filter((value, i) => i % 4 === 3 && value > 0).length;
      });
      expect(drawn).toBeGreaterThan(2000); // 900 points of 9 pixels, some on top of others
      expect(errors).toEqual([]);
    } finally {
      await server.close();
    }
  });
});
