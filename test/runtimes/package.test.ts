// The packed package in every runtime, by import and by require: in an empty folder, without the sources.
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { afterAll, describe, expect, test } from 'vitest';
import { ENGINES, RUNTIMES } from '../../tools/engines.mjs';
import { ROOT } from '../../tools/setup.mjs';
import { InstalledPackage, output } from '../support/installed.ts';
import { record } from '../../tools/record.mjs';

const require = createRequire(join(ROOT, RUNTIMES, 'package.json'));
const installed = new InstalledPackage();
const project = installed.project('user');
writeFileSync(join(project, 'package.json'), '{ "name": "user", "private": true }');
afterAll(() => installed.dispose());

/** Runs in every runtime: one heap of linmem's own, a number and a string. */
const USE = `const heap = linmem.createHeapSync();
  const answer = heap.allocInt32(42).value + heap.allocNullTerminatedUtf8String('é').value;`;
const ANSWER = '42é';

describe.each(ENGINES)('$name', ({ name, program, args }) => {
  const run = (file: string, code: string): string => {
    writeFileSync(join(project, file), code);
    return output(program, [...args, file], project).trim();
  };
  test('import', () => {
    expect(run('import.mjs', `import * as linmem from 'linmem'; ${USE} console.log(answer);`)).toBe(ANSWER);
    record('package', name, { import: true });
  });
  test('require', () => {
    expect(run('require.cjs', `const linmem = require('linmem'); ${USE} console.log(answer);`)).toBe(ANSWER);
    record('package', name, { require: true });
  });
  test('import and require in one program give the same classes', () => {
    const code = `import { createRequire } from 'node:module'; import * as imported from 'linmem';
      const required = createRequire(import.meta.url)('linmem');
      console.log(Object.keys(imported).filter((name) => imported[name] !== required[name]).join() || 'same');`;
    expect(run('both.mjs', code)).toBe('same');
  });
});

test('Deno without permissions but to serve, as Deno Deploy runs it', async () => {
  writeFileSync(
    join(project, 'serve.mjs'),
    `import * as linmem from 'linmem';
     const onListen = ({ port }) => console.log('port ' + port + '.');
     Deno.serve({ hostname: '127.0.0.1', port: 0, onListen }, () => { ${USE} return new Response(answer); });`,
  );
  const deno = ENGINES.find(({ name }) => name === 'deno')?.program ?? '';
  const args = ['run', '--no-prompt', '--allow-net=127.0.0.1', 'serve.mjs'];
  const child = spawn(deno, args, { cwd: project });
  const port = await new Promise<string>((found, fail) => {
    let text = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (part) => {
        text += String(part);
        const [, number] = /port (\d+)\./.exec(text) ?? [];
        if (number !== undefined) found(number);
      });
    child.once('exit', () => fail(new Error(text)));
  });
  expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe(ANSWER);
  child.kill();
  record('package', 'Deno, served without permissions', { import: true });
});

/** Bundles a program for a runtime that compiles no bytes, and imports the core by \`condition\`. */
async function bundle(condition: string, code: string, wasm: Plugin): Promise<string> {
  const { outputFiles } = await build({
    stdin: { contents: code, resolveDir: project },
    ...{ bundle: true, format: 'esm', write: false, conditions: [condition], plugins: [wasm] },
  });
  return outputFiles[0]?.text ?? '';
}

test('workerd, which compiles no bytes', async () => {
  const folder = installed.project('worker');
  const code = `import * as linmem from 'linmem';
    export default { async fetch() { ${USE} return new Response(answer); } };`;
  const external: Plugin = {
    name: 'wasm',
    setup: (setup) => setup.onResolve({ filter: /\.wasm$/ }, () => ({ path: './core.wasm', external: true })),
  };
  writeFileSync(join(folder, 'index.js'), await bundle('workerd', code, external));
  output('cp', [join(folder, 'node_modules/linmem/dist/core.wasm'), folder], folder);
  const start = `
    const { Miniflare } = require(${JSON.stringify(require.resolve('miniflare'))});
    const miniflare = new Miniflare({ rootPath: '.', modulesRoot: '.', scriptPath: 'index.js', modules: true,
      modulesRules: [{ type: 'CompiledWasm', include: ['**/*.wasm'] }], compatibilityDate: '2026-07-01' });
    miniflare.dispatchFetch('http://localhost/').then((response) => response.text())
      .then((text) => console.log('answer ' + text), (error) => console.log('failed ' + error)).then(() => miniflare.dispose());`;
  const node = ENGINES.find(({ name }) => name === 'node24')?.program ?? '';
  const child = spawn(node, ['-e', start], { cwd: folder });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => (text += String(part)));
  await new Promise((resolve) => child.on('close', resolve));
  expect(text).toContain(`answer ${ANSWER}`);
  record('package', 'workerd', { import: true });
});

test('the edge runtime, which compiles no bytes', async () => {
  const code = `import * as linmem from 'linmem';
    addEventListener('fetch', (event) => { ${USE} event.respondWith(new Response(answer)); });`;
  const given: Plugin = {
    name: 'wasm',
    setup(setup) {
      setup.onResolve({ filter: /\.wasm\?module$/ }, ({ path }) => ({ path, namespace: 'given' }));
      setup.onLoad({ filter: /.*/, namespace: 'given' }, () => ({ contents: 'export default CORE;' }));
    },
  };
  const start = `
    const { EdgeRuntime } = require(${JSON.stringify(require.resolve('edge-runtime'))});
    const { readFileSync } = require('node:fs');
    const bytes = readFileSync('node_modules/linmem/dist/core.wasm');
    const run = (initialCode) => new EdgeRuntime({
      initialCode,
      codeGeneration: { strings: false, wasm: false },
      extend: (context) => Object.assign(context, { CORE: new WebAssembly.Module(bytes) }),
    }).dispatchFetch('http://localhost/').then((response) => response.text());
    run(readFileSync('edge.js', 'utf8')).then((text) => console.log(text));`;
  writeFileSync(join(project, 'edge.js'), await bundle('edge-light', code, given));
  expect(output(process.execPath, ['-e', start], project).trim()).toBe(ANSWER);
  record('package', 'edge-runtime', { import: true });
});

test('Jest, whose tests are CommonJS', () => {
  const folder = installed.project('jest');
  writeFileSync(join(folder, 'package.json'), '{ "name": "user", "private": true }');
  writeFileSync(
    join(folder, 'user.test.js'),
    `const linmem = require('linmem');
     test('a heap', () => { ${USE} expect(answer).toBe('${ANSWER}'); });
     test('an error', () => expect(() => linmem.createHeapSync().readInt32(-1n)).toThrow(linmem.LinmemError ?? Error));
     test('a module of this realm', () => {
       const module = new WebAssembly.Module(linmem.coreBytes());
       expect(linmem.createHeapSync({ module }).allocInt32(1).value).toBe(1);
     });`,
  );
  const jest = join(ROOT, RUNTIMES, 'node_modules/jest/bin/jest.js');
  for (const { program } of ENGINES.filter(({ name }) => /^node/.test(name)))
    output(program, [jest, '--rootDir', folder], folder);
  record('package', 'Jest', { require: true });
});
