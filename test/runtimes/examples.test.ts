// The examples that need another runtime, or a C compiler; the others are in test/package/examples.test.ts.
import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, afterEach, expect, test } from 'vitest';
import { ENGINES, RUNTIMES } from '../../tools/engines.mjs';
import { InstalledPackage, output, scriptOf } from '../support/installed.ts';

const installed = new InstalledPackage();
afterAll(() => installed.dispose());
const started: ChildProcess[] = [];
afterEach(() => {
  for (const child of started.splice(0)) child.kill();
});

const program = (name: string): string => ENGINES.find((engine) => engine.name === name)?.program ?? name;
const lines = (text: string): string[] => text.trimEnd().split('\n');
/** Runs the `start` script of an example by a runtime that is not on the PATH. */
function startBy(name: 'deno' | 'bun'): string[] {
  const project = installed.example(name);
  const [command, ...args] = scriptOf(project, 'start').split(' ');
  expect(command).toBe(name);
  return lines(output(program(name), args, project));
}

test('deno', () =>
  expect(startBy('deno')).toEqual([
    'the: 4',
    'cat: 2',
    'saw: 2',
    'dog: 2',
    'and: 1',
    'after the reset: 0 bytes',
  ]));

test('bun', () =>
  expect(startBy('bun')).toEqual([
    'as JavaScript sorts: Bern, Zürich, \u{1F600} emoji, \uFF21 fullwidth',
    'as C sorts: Bern, Zürich, \uFF21 fullwidth, \u{1F600} emoji',
  ]));

test('own-module: C on the heap of JavaScript', () => {
  const project = installed.example('own-module');
  output('npm', ['--silent', 'run', 'build'], project);
  expect(lines(output('npm', ['--silent', 'start'], project))).toEqual([
    'smoothed in C: 0 1 2 1 0',
    'live blocks of both: 0',
  ]);
});

test('c-allocator: an Emscripten program with the malloc of linmem', () => {
  const project = installed.example('c-allocator');
  output('npm', ['--silent', 'run', 'build'], project);
  expect(lines(output('npm', ['--silent', 'start'], project))).toEqual([
    'slab (12)',
    'arena (12)',
    'stack (12)',
    'heap (12)',
    'half of all memory: NULL',
  ]);
});

/** Starts a worker by Miniflare in a newer Node, as it needs one; resolves to its address. */
async function startWorker(folder: string): Promise<string> {
  const source = `
    const { Miniflare } = require('miniflare');
    const miniflare = new Miniflare({ rootPath: ${JSON.stringify(folder)}, modulesRoot: '.', scriptPath: 'index.js', modules: true, port: 0,
      modulesRules: [{ type: 'CompiledWasm', include: ['**/*.wasm'] }], compatibilityDate: '2026-07-01' });
    miniflare.ready.then((url) => console.log('at ' + url));`;
  const child = spawn(program('node24'), ['-e', source], {
    cwd: RUNTIMES,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  started.push(child);
  return new Promise((resolve, reject) => {
    let text = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (part) => {
        text += String(part);
        const url = text.match(/^at (http\S+)/m)?.[1];
        if (url !== undefined) resolve(url);
      });
    child.once('exit', () => reject(new Error(text)));
  });
}

test('cloudflare-worker, in workerd', async () => {
  const project = installed.example('cloudflare-worker');
  // As wrangler bundles a worker: .wasm files stay modules.
  await build({
    entryPoints: [join(project, 'index.js')],
    outfile: join(project, 'out/index.js'),
    bundle: true,
    format: 'esm',
    conditions: ['workerd', 'worker', 'browser'],
    loader: { '.wasm': 'copy' },
    logLevel: 'error',
  });
  const url = await startWorker(join(project, 'out'));
  const records = new DataView(new ArrayBuffer(16));
  records.setUint32(0, 1, true);
  records.setFloat32(4, 2.5, true);
  records.setUint32(8, 2, true);
  records.setFloat32(12, 0.25, true);
  const answer = await fetch(url, { method: 'POST', body: records });
  expect(await answer.json()).toEqual({ count: 2, sum: 2.75, first: { id: 1, value: 2.5 } });
  expect((await fetch(url)).status).toBe(405);
}, 60_000);
