// Packages of other toolchains: AssemblyScript, Go, TinyGo, Zig, wasi-libc, plain C.
import { file, hex, require, SHA256_ABC, text } from './files.mjs';

const only = () => true;

export const others = {
  '@chainsafe/as-sha256': {
    kind: 'AssemblyScript',
    start: () => import('@chainsafe/as-sha256'),
    options: { pick: only },
    job: ({ digest }) => hex(digest(text('abc'))),
    answer: SHA256_ABC,
  },
  'friendly-pow': {
    kind: 'AssemblyScript of 2020',
    start: async () => {
      const { getWasmSolver } = require('friendly-pow/node/api/wasm');
      return getWasmSolver(await WebAssembly.compile(file('friendly-pow/wasm/optimized.wasm')));
    },
    options: { pick: only },
    job: (solve) => {
      const [solution, hash] = solve(new Uint8Array(128), 2 ** 24, 100_000);
      return [solution.length, new DataView(hash.buffer, hash.byteOffset).getUint32(0, true) < 2 ** 24];
    },
    answer: [128, true],
  },
  'es-module-lexer': {
    kind: 'clang',
    start: async () => {
      const lexer = await import('es-module-lexer');
      await (typeof lexer.init === 'function' ? lexer.init() : lexer.init);
      return lexer;
    },
    options: { pick: only },
    job: ({ parse }) => parse('import a from "b"')[0].map(({ specifier }) => specifier),
    answer: ['b'],
  },
  'cjs-module-lexer': {
    kind: 'clang',
    start: async () => {
      const lexer = await import('cjs-module-lexer');
      await lexer.init();
      return lexer;
    },
    options: { pick: only },
    job: ({ parse }) => [...parse('exports.a = 1').exports],
    answer: ['a'],
  },
  md4w: {
    kind: 'Zig',
    start: async () => {
      const md4w = await import('md4w');
      await md4w.init();
      return md4w;
    },
    options: { pick: only },
    job: ({ mdToHtml }) => mdToHtml('*Hi*').trim(),
    answer: '<p><em>Hi</em></p>',
  },
  undici: {
    kind: 'clang',
    start: async () => {
      const undici = require('undici');
      await get(undici);
      return undici;
    },
    options: { pick: (exports) => 'llhttp_alloc' in exports },
    job: get,
    answer: 'hello',
  },
  'quickjs-wasi': {
    kind: 'clang, wasi-libc',
    start: async () =>
      (await import('quickjs-wasi')).QuickJS.create({ wasm: file('quickjs-wasi/quickjs.wasm') }),
    job: (vm) => vm.evalCode('6 * 7').toNumber(),
    answer: 42,
  },
  'sh-syntax': {
    kind: 'TinyGo',
    start: async () => {
      const sh = await import('sh-syntax');
      await sh.parse('echo');
      return sh;
    },
    options: { pick: (_exports, index) => index === 0 },
    job: async ({ parse, print }) => {
      const source = 'echo   1';
      return (await print(await parse(source), { originalText: source })).trim();
    },
    answer: 'echo 1',
  },
  '@ruby/3.4-wasm-wasi': {
    kind: 'clang, wasi-libc',
    start: async () => {
      const { DefaultRubyVM } = await import('@ruby/wasm-wasi/dist/node');
      const module = await WebAssembly.compile(file('@ruby/3.4-wasm-wasi/dist/ruby.wasm'));
      return (await DefaultRubyVM(module)).vm;
    },
    job: (vm) => vm.eval('6 * 7').toString(),
    answer: '42',
  },
  'esbuild-wasm': {
    kind: 'Go',
    start: async () => {
      require('esbuild-wasm/wasm_exec.js');
      const go = new globalThis.Go();
      go.argv = ['esbuild', '--version'];
      const { instance } = await WebAssembly.instantiate(file('esbuild-wasm/esbuild.wasm'), go.importObject);
      return { instance, go };
    },
    job: async ({ go, instance }) => {
      await go.run(instance);
      return go.exited;
    },
    answer: true,
  },
  '@duckdb/duckdb-wasm': {
    kind: 'Emscripten',
    start: async () => {
      const duckdb = require('@duckdb/duckdb-wasm/dist/duckdb-node-blocking.cjs');
      const mainModule = require.resolve('@duckdb/duckdb-wasm/dist/duckdb-eh.wasm');
      const bundles = { mvp: { mainModule, mainWorker: '' }, eh: { mainModule, mainWorker: '' } };
      const database = await duckdb.createDuckDB(bundles, new duckdb.VoidLogger(), duckdb.NODE_RUNTIME);
      await database.instantiate(() => undefined);
      return database;
    },
    job: (database) => Number(database.connect().query('select 6 * 7 as x').toArray()[0].x),
    answer: 42,
  },
};

/** Gets a page from a server of this process. */
async function get({ request }) {
  const { createServer } = await import('node:http');
  const server = createServer((_request, response) => response.end('hello')).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  try {
    const { body } = await request(`http://127.0.0.1:${server.address().port}`);
    return await body.text();
  } finally {
    server.close();
    server.closeAllConnections();
  }
}
