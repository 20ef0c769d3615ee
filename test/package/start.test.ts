// The first programs of docs/guide/start.md, pasted as they are: every command and every file, in an empty folder with the
// packed tarball. Only `npm install` is replaced, as tests do not use the network.
import { spawn, type ChildProcess } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { chromium as playwright, type Browser } from 'playwright';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { chromium } from '../../tools/setup.mjs';
import { InstalledPackage, output } from '../support/installed.ts';
import { sectionOf, stepsOf } from '../support/steps.ts';

const page = readFileSync('docs/guide/start.md', 'utf8');
const installed = new InstalledPackage();
const linmem = join(installed.project('unpacked'), 'node_modules/linmem');
let browser: Browser;
const servers: ChildProcess[] = [];
beforeAll(async () => {
  const args = ['--no-sandbox', '--disable-gpu'];
  browser = await playwright.launch({ executablePath: chromium() ?? '', args });
}, 60_000);
afterEach(() => {
  for (const server of servers.splice(0)) server.kill();
});
afterAll(async () => {
  await browser.close();
  installed.dispose();
}, 60_000);

/** npm install: linmem from the tarball, everything else from the project's own packages. */
function install(folder: string, names: readonly string[]): void {
  mkdirSync(join(folder, 'node_modules'), { recursive: true });
  for (const name of names)
    if (name === 'linmem') cpSync(linmem, join(folder, 'node_modules', name), { recursive: true });
    else symlinkSync(join(process.cwd(), 'node_modules', name), join(folder, 'node_modules', name));
}

/** Starts a server, and resolves to the text that its page shows, once that is the one expected. */
async function open(
  folder: string,
  args: readonly string[],
  address: RegExp,
  expected: string,
): Promise<string> {
  const env = { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0', PYTHONUNBUFFERED: '1' };
  const server = spawn(args[0] ?? '', args.slice(1), { cwd: folder, env });
  servers.push(server);
  const port = await new Promise<string>((resolve, reject) => {
    let text = '';
    for (const stream of [server.stdout, server.stderr])
      stream.on('data', (part) => {
        text += String(part);
        const found = text.match(address)?.[1];
        if (found) resolve(found);
      });
    server.once('exit', () => reject(new Error(text)));
    server.once('error', reject);
  });
  const tab = await browser.newPage();
  await tab.goto(`http://localhost:${port}/`);
  const shown = (): Promise<string> => tab.locator('output').innerText();
  await expect.poll(shown, { timeout: 20_000 }).toBe(expected);
  return shown();
}

/** The servers of the page, started on any free port. */
const SERVERS: Readonly<Record<string, { readonly args: readonly string[]; readonly address: RegExp }>> = {
  'npx vite': {
    args: [process.execPath, 'node_modules/vite/bin/vite.js', '--port', '0'],
    address: /http:\/\/localhost:(\d+)\//,
  },
  'python3 -m http.server 8000': { args: ['python3', '-m', 'http.server', '0'], address: /port (\d+)/ },
};

const PROGRAMS = ['Node', 'Vite', 'Web worker', 'Page without a bundler', 'Emscripten module'];

test.each(PROGRAMS)(
  'from an empty folder: %s',
  async (title) => {
    const folder = join(installed.folder, title.toLowerCase().replaceAll(' ', '-'));
    mkdirSync(folder);
    let printed = '';
    let seen = 0;
    const steps = stepsOf(sectionOf(page, title));
    for (const [i, step] of steps.entries()) {
      if (step.kind === 'save') writeFileSync(join(folder, step.file), step.text);
      else if (step.kind === 'see') {
        expect(printed).toBe(step.text);
        seen++;
      } else if (step.command.startsWith('npm install '))
        install(folder, step.command.split(' ').slice(2).filter((word) => !word.startsWith('-'))); // prettier-ignore
      else if (SERVERS[step.command]) {
        const { args, address } = SERVERS[step.command] as (typeof SERVERS)[string];
        const next = steps[i + 1];
        printed = await open(folder, args, address, next?.kind === 'see' ? next.text : '');
      } else printed = output('sh', ['-c', step.command], folder).trimEnd();
    }
    expect(seen).toBe(1);
  },
  90_000,
);

test('every file of the page belongs to one of these programs', () => {
  const saved = (text: string): number => stepsOf(text).filter(({ kind }) => kind === 'save').length;
  expect(PROGRAMS.map((title) => saved(sectionOf(page, title))).reduce((a, b) => a + b)).toBe(saved(page));
  expect(saved(page)).toBe(8);
});
