// Node's own fetch makes an instance of llhttp, once in a process, through WebAssembly.instantiate. A capture of
// any module beside it returns the heap of that module.
import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';

const SCRIPT = `
import { createServer } from 'node:http';
import { captureEmscriptenHeap, captureInstances, coreBytes } from './dist/index.js';
const server = createServer((_request, response) => response.end('ok')).listen(0);
await new Promise((resolve) => server.once('listening', resolve));
const fetched = () => fetch('http://127.0.0.1:' + server.address().port).then((response) => response.text());
const memory = new WebAssembly.Memory({ initial: 3 });
const instantiate = async () => (await WebAssembly.instantiate(coreBytes(), { env: { memory } })).instance;
const glue = ({ exports: core }) => {
  const heap = core.lm_heap_open(1024, memory.buffer.byteLength - 1024, 1);
  return { _malloc: (n) => core.lm_heap_alloc(heap, n), _free: (p) => void core.lm_heap_free(heap, p) };
};
const plain = new Uint8Array(196608);
const hide = (module) => ({ hidden: () => module });
const MODULES = {
  views: async () => ({ ...glue(await instantiate()), HEAPU8: new Uint8Array(memory.buffer) }),
  exports: async () => (await instantiate()).exports,
  facade: async () => ({ _module: { ...glue(await instantiate()), wasmMemory: memory } }),
  wrappers: async () => glue(await instantiate()),
  wasm2js: async () => ({ HEAPU8: plain, _malloc: () => 1024, _free: () => undefined }),
  hidden: async () => hide(await instantiate()),
  nothing: async () => ({}),
};
const make = MODULES[process.argv[1]];
try {
  const { heap } = await captureEmscriptenHeap(async () => {
    await fetched();
    const module = await make();
    await fetched();
    return module;
  });
  console.log(heap.byteLength, heap.buffer === memory.buffer || heap.buffer === plain.buffer);
} catch (error) {
  console.log(error.code, error.found.filter((name) => name.startsWith('llhttp')).length);
}
server.close();
server.closeAllConnections();
`;

test.each([
  ['views', '196608 true'],
  ['exports', '196608 true'],
  ['facade', '196608 true'],
  ['wrappers', '196608 true'],
  ['wasm2js', '196608 true'],
  ['hidden', 'MODULE 0'],
  ['nothing', 'MODULE 0'],
])('a module of the kind %s, started beside fetch', (kind, output) => {
  const args = ['--input-type=module', '-e', SCRIPT, kind];
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' });
  expect(stderr).toBe('');
  expect(stdout.trim()).toBe(output);
});
