// Twelve tasks on one C library, in at most 25 lines without a cast: strings in and out, arrays, structs and arrays of
// them, out-parameters, callbacks, lists of strings, a value that the garbage collector frees, growth under it, a counter
// shared with a worker, a leak by its call site.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { buildSync } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  bind, callback, checked, countOf, createWasmHeapManager, cstr, f32, FreedError, i32, inout, list, none, out, outList,
  owned, pointer, releaseTemporaries, struct, voidp, wrapEmscriptenModuleHeap, type WasmHeapManager,
} from '../../../ts/index.ts'; // prettier-ignore
import { expectNoLeaks } from '../../../ts/debug/index.ts';
import { Built } from '../../support/emcc.ts';

const built = new Built('test/ts/call/library.c');
beforeAll(() => built.build('tasks', ['-O1', '-sALLOW_MEMORY_GROWTH', '-sALLOW_TABLE_GROWTH']), 120_000);
afterAll(() => built.dispose());

type Work = (heap: WasmHeapManager, address: number) => unknown;

/** Starts a worker with a heap over `memory`. The function that it returns runs `work` there on the address given. */
function startWorker(memory: WebAssembly.Memory, work: Work): (address: number) => Promise<void> {
  const library = join(built.folder, 'linmem.mjs');
  buildSync({
    entryPoints: ['ts/index.ts'],
    bundle: true,
    format: 'esm',
    outfile: library,
    logLevel: 'error',
  });
  const code = `
    const { parentPort, workerData } = require('node:worker_threads');
    parentPort.once('message', async (address) => {
      const { createWasmHeapManager } = await import(${JSON.stringify(pathToFileURL(library).href)});
      (${String(work)})(createWasmHeapManager(workerData, () => 0, () => undefined), address);
    });`;
  const worker = new Worker(code, { eval: true, workerData: memory });
  return (address) =>
    new Promise((resolve, reject) => {
      worker.once('error', reject).once('exit', () => resolve());
      worker.postMessage(address);
    });
}

test('the tasks work', async () => {
  const module = await built.start('tasks');
  const heap = wrapEmscriptenModuleHeap(module, { enableGarbageCollection: true });
  const data = new Float32Array([1, 2, 3]);
  const rows = [{ x: 1 }, { x: 3 }];
  const strings = ['ab', 'cdé'];
  const run = (): number => heap.alloc(40_000_000); // makes the memory grow, and leaks
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true });
  const shared = createWasmHeapManager(
    memory,
    () => 1024,
    () => undefined,
  );
  // tasks: begin
  const Point = struct('point_t', { id: i32, x: f32, y: f32 });
  const lib = bind(module, heap, {
    count_bytes: [i32, [cstr]],
    make_greeting: [owned(cstr), [cstr]],
    scale: [none, [list(f32), outList(f32, 0), countOf(0), f32]],
    move_point: [none, [inout(Point), f32, f32]],
    centroid_x: [f32, [list(Point), countOf(0)]],
    divide: [checked(i32), [i32, i32, out(i32), out(i32)]],
    each_item: [i32, [i32, callback(i32, [i32, voidp]), voidp]],
    join_len: [i32, [list(cstr), countOf(0)]],
  });
  const bytes = lib.count_bytes('wörld');
  const text = lib.make_greeting('wörld');
  const scaled = lib.scale(data, 2);
  const moved = lib.move_point({ id: 1, x: 10, y: 20 }, 1, 2);
  const center = lib.centroid_x(rows);
  const [quot, rem] = lib.divide(17, 5);
  const sum = lib.each_item(4, (i) => i * 10, null);
  const length = lib.join_len(strings);
  const samples = f32.allocArray(heap, 1024).fill(1);
  expect(() => expectNoLeaks(heap, run)).toThrow(/40000000 bytes, allocated at run .*tasks\.node\.test\.ts/);
  const third = samples.at(2); // the memory has grown
  const counter = shared.allocInt32(41);
  await startWorker(memory, (other, address) => other.addInt32Atomic(address, 1))(counter.address);
  // tasks: end
  expect([bytes, text, scaled, moved]).toEqual([
    6,
    'hello wörld',
    Float32Array.of(2, 4, 6),
    { id: 1, x: 11, y: 22 },
  ]);
  expect([center, quot, rem, sum, length, third]).toEqual([2, 3, 2, 60, 6, 1]);
  expect(counter.value).toBe(42);
  expect(data).toEqual(Float32Array.of(1, 2, 3));
  heap.freeAll();
  expect(() => samples.at(2)).toThrow(FreedError);
  expect(pointer(Point).name).toBe('point_t *');
  releaseTemporaries(lib);
  expect(heap.statistics.liveBlocks).toBe(0);
});

test('in at most 25 lines', () => {
  const source = readFileSync('test/ts/call/tasks.node.test.ts', 'utf8');
  const tasks = source.split('// tasks: begin')[1]?.split('// tasks: end')[0] ?? '';
  const lines = tasks.split('\n').filter((line) => line.trim() !== '');
  expect(lines.length).toBeLessThanOrEqual(25);
  expect(tasks).not.toMatch(/\bas\b/);
});
