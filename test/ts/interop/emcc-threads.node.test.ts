// Modules of the installed Emscripten and threads: one with pthreads whose memory another thread grows, and one that is
// started and captured in a worker.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import {
  captureEmscriptenHeap,
  i32,
  OutOfBoundsError,
  wrapEmscriptenModuleHeap,
  wrapHeap,
  type WasmHeapManager,
} from '../../../ts/index.ts';
import { runEmcc } from '../../support/emcc.ts';

const folder = mkdtempSync(join(tmpdir(), 'linmem-emcc-'));
afterAll(() => rmSync(folder, { recursive: true }));

const SOURCE = `
#include <pthread.h>
#include <stdlib.h>
#include <stdint.h>
static volatile int block;
static void *grow(void *bytes) { int *p = malloc((size_t)bytes); p[0] = 7; block = (int)p; return 0; }
int spawn(int bytes) { pthread_t t; block = 0; return pthread_create(&t, 0, grow, (void *)bytes); }
int made(void) { return block; }
int sum(const int *p, int n) { int s = 0; while (n--) s += *p++; return s; }
`;
const COMMON = [
  '-O1', '-sALLOW_MEMORY_GROWTH', '-sMODULARIZE', '-sEXPORT_NAME=createIt', '-sENVIRONMENT=node,worker',
  '-sEXPORTED_FUNCTIONS=_malloc,_free,_spawn,_made,_sum',
]; // prettier-ignore
const FORMS = { threads: ['-pthread', '-sPTHREAD_POOL_SIZE=1'], single: [] };
type Form = keyof typeof FORMS;

interface Module {
  readonly PThread: { terminateAllThreads(): void };
  _spawn(bytes: number): number;
  _made(): number;
  _sum(address: number, count: number): number;
}

beforeAll(() => {
  writeFileSync(join(folder, 'module.c'), SOURCE);
  for (const [form, flags] of Object.entries(FORMS))
    runEmcc(['module.c', ...COMMON, ...flags, '-o', `${form}.js`], folder);
}, 120_000);

const started: Module[] = [];
afterEach(() => {
  for (const { PThread } of started.splice(0)) PThread.terminateAllThreads();
});

async function start(form: Form): Promise<Module> {
  const create = createRequire(import.meta.url)(join(folder, `${form}.js`)) as (
    options: object,
  ) => Promise<Module>;
  const module = await create({ wasmBinary: readFileSync(join(folder, `${form}.wasm`)) });
  started.push(module);
  return module;
}

/** Resolves to a block of so many bytes that another thread has allocated. */
async function allocateElsewhere(module: Module, bytes: number): Promise<number> {
  expect(module._spawn(bytes)).toBe(0);
  await expect.poll(() => module._made(), { timeout: 20_000, interval: 5 }).toBeGreaterThan(0);
  return module._made();
}

const HEAPS: Record<string, () => Promise<{ module: Module; heap: WasmHeapManager }>> = {
  captured: () => captureEmscriptenHeap(() => start('threads')),
  wrapped: async () => {
    const module = await start('threads');
    return { module, heap: wrapEmscriptenModuleHeap(module) };
  },
  'wrapped by the one door': async () => {
    const module = await start('threads');
    return { module, heap: wrapHeap(module) };
  },
};

test.each(Object.keys(HEAPS))(
  'a %s module with pthreads is right after another thread grew it',
  async (how) => {
    const { module, heap } = await (HEAPS[how] as () => ReturnType<(typeof HEAPS)[string]>)();
    expect(heap.buffer).toBeInstanceOf(SharedArrayBuffer);
    const slice = heap.allocSlice(i32, 1000);
    const ref = heap.allocInt32(1);
    const text = heap.allocNullTerminatedUtf8String('kept');
    const before = heap.byteLength;
    const high = (await allocateElsewhere(module, 2 * before)) + 2 * before - 4;
    expect(high).toBeGreaterThan(before);
    heap.writeInt32(high, 9);
    slice.set(999, 5);
    ref.value = 6;
    expect([heap.readInt32(module._made()), heap.readInt32(high), module._sum(high, 1)]).toEqual([7, 9, 9]);
    expect([slice.at(999), ref.value, text.value]).toEqual([5, 6, 'kept']);
    expect([module._sum(slice.ptr, 1000), module._sum(ref.address, 1)]).toEqual([5, 6]);
    expect(heap.byteLength).toBeGreaterThan(2 * before);
    expect(() => heap.readInt32(heap.byteLength)).toThrow(OutOfBoundsError);
    heap.free(module._made());
    const array = heap.allocInt32Array([1, 2, 3]);
    expect(module._sum(array.address, 3)).toBe(6);
    for (const one of [array, text, ref]) one.free();
  },
);

/** Captures a module in a worker, works on its heap and tells of it; the functions of WebAssembly must be back. */
const IN_A_WORKER = `
const { parentPort, workerData } = require('node:worker_threads');
const { readFileSync } = require('node:fs');
const names = ['instantiate', 'instantiateStreaming', 'compile', 'Instance', 'Module'];
const before = names.map((name) => WebAssembly[name]);
(async () => {
  const { captureEmscriptenHeap } = await import(workerData.index);
  const wasmBinary = readFileSync(workerData.module.replace(/js$/, 'wasm'));
  const { module, heap } = await captureEmscriptenHeap(async () => {
    await fetch('data:,nothing').then((response) => response.text());
    return require(workerData.module)({ wasmBinary });
  });
  const array = heap.allocInt32Array([1, 2, 3]);
  const sum = module._sum(array.address, 3);
  array.free();
  parentPort.postMessage([sum, heap.statistics.liveBlocks, names.every((name, i) => WebAssembly[name] === before[i])]);
})().catch((error) => parentPort.postMessage(String(error)));
`;

test('a module is captured in a worker, which fetches meanwhile', async () => {
  const worker = new Worker(IN_A_WORKER, {
    eval: true,
    workerData: {
      module: join(folder, 'single.js'),
      index: pathToFileURL(resolve('dist/index.js')).href,
    },
  });
  const told = await new Promise((done, fail) => worker.once('message', done).once('error', fail));
  await worker.terminate();
  expect(told).toEqual([6, 0, true]);
});
