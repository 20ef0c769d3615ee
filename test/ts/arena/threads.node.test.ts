// Arenas, slices and handles that several threads use at the same time. In Node only, as the other threads load the
// library themselves.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import { build } from 'esbuild';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { registryOf } from '../../../ts/arena/registry.ts';
import { u32, type WasmHeapManager, type WasmSliceHandle } from '../../../ts/index.ts';
import { make, expectNothingLeaked } from '../../support/arena.ts';

const folder = mkdtempSync(join(tmpdir(), 'linmem-threads-'));
const bundle = join(folder, 'linmem.mjs');
beforeAll(async () => {
  await build({ entryPoints: ['ts/index.ts'], bundle: true, format: 'esm', outfile: bundle });
});
afterAll(() => rmSync(folder, { recursive: true }));
let threads: Worker[] = [];
afterEach(async () => {
  await Promise.all(threads.map((thread) => thread.terminate()));
  threads = [];
  expectNothingLeaked();
});

/** The commands of a thread; `heap` is its manager, `all` the objects that it has made. */
const COMMANDS = `
  attach: (address) => { arena = heap.attachArena(address); },
  open: (handle) => { all.push(heap.sliceFromHandle(handle)); },
  lend: (values) => { const slice = arena.allocU32(values.length).write(values); all.push(slice); return slice.handle(); },
  read: (i) => [...all[i]],
  view: (i) => [...all[i].view()],
  set: (i, value) => { all[i].set(0, value); },
  alive: () => all.map((slice) => slice.isAlive()),
  reset: () => { arena.reset(); },
  used: () => arena.usedBytes(),
  epochs: (count) => Array.from({ length: count }, () => heap.arenaRegistry.epochs.next()),
  bump: (count, size, mark) => {
    const allocated = [];
    Atomics.add(new Int32Array(memory.buffer), 1, 1);
    while (Atomics.load(new Int32Array(memory.buffer), 1) < 3); // all begin at once
    for (let i = 0; i < count; i++) {
      const bytes = 4 * (1 + ((i * 7 + mark) % size));
      const at = arena.alloc(bytes, 4);
      heap.fill(at, bytes, mark);
      allocated.push([at, bytes]);
    }
    return allocated;
  },
  churn: () => {
    const codes = new Set();
    const stop = () => Atomics.load(new Int32Array(memory.buffer), 2) === 1;
    while (!stop()) {
      try {
        const slice = arena.allocU32(4);
        if (all.length < 1000) all.push(slice);
        slice.set(0, 5);
        slice.at(0);
        slice.handle();
      } catch (error) {
        codes.add(error.code ?? String(error));
      }
    }
    return [...codes];
  },
`;

interface Thread {
  /** Sends a command to the thread. Rejects with the code of the error that it throws. */
  readonly ask: <T>(command: string, ...args: unknown[]) => Promise<T>;
}

/** Starts a thread with a manager of the same heap. */
function thread({ heap, module }: ReturnType<typeof make>): Thread {
  const code = `
    const { parentPort, workerData: { memory, identity } } = require('node:worker_threads');
    import(${JSON.stringify(pathToFileURL(bundle).href)}).then(({ createWasmHeapManager }) => {
      const heap = createWasmHeapManager(memory, () => 0, () => undefined);
      heap.identity = identity;
      let arena;
      const all = [];
      const commands = { ${COMMANDS} };
      parentPort.on('message', ([name, ...args]) => {
        try {
          parentPort.postMessage({ result: commands[name](...args) });
        } catch (error) {
          parentPort.postMessage({ code: error.code ?? String(error) });
        }
      });
    });`;
  const worker = new Worker(code, { eval: true, workerData: { memory: module?.memory, identity: heap.identity } }); // prettier-ignore
  threads.push(worker);
  return {
    ask: <T>(...command: unknown[]) =>
      new Promise<T>((resolve, reject) => {
        worker.once('error', reject);
        worker.once('message', ({ result, code: failed }: { result: T; code?: string }) => {
          worker.off('error', reject);
          if (failed) reject(new Error(failed));
          else resolve(result);
        });
        worker.postMessage(command);
      }),
  };
}
const cells = (heap: WasmHeapManager): Int32Array => new Int32Array(heap.buffer, 0, 8); // below all blocks

test('three threads that use one arena at once allocate no byte twice, and leak none', async () => {
  const made = make('shared');
  const { heap } = made;
  const arena = heap.createHeapArena(3_000_000);
  const others = [thread(made), thread(made)];
  for (const other of others) await other.ask('attach', arena.address);
  const running = others.map((other, i) => other.ask<[number, number][]>('bump', 8000, 20, i + 1));
  Atomics.add(cells(heap), 1, 1);
  while (Atomics.load(cells(heap), 1) < 3) await new Promise((resolve) => setTimeout(resolve, 0));
  const mine: [number, number][] = [];
  for (let i = 0; i < 8000; i++) {
    const slice = arena.allocU32(1 + (i % 20), 4);
    slice.view().fill(0x03030303);
    mine.push([slice.ptr, slice.byteLength]);
  }
  const lists = [mine, ...(await Promise.all(running))];
  const ranges = lists.flat().sort(([a], [b]) => a - b);
  expect(ranges.length).toBe(24_000);
  let end = arena.basePtr;
  for (const [at, bytes] of ranges) {
    if (at !== end) expect.fail(`a range at ${at} after one that ended at ${end}`); // all are aligned to 4
    end = at + bytes;
  }
  expect(arena.usedBytes()).toBe(end - arena.basePtr);
  const bytes = heap.heapUint8;
  for (const [i, list] of lists.entries())
    for (const [at, size] of list)
      for (let k = at; k < at + size; k++)
        if (bytes[k] !== (i || 3)) expect.fail(`byte ${k} was written over`);
  arena.destroy();
});

test('epochs that threads take at the same time are all different', async () => {
  const made = make('shared');
  const others = [thread(made), thread(made)];
  const running = others.map((other) => other.ask<number[]>('epochs', 20_000));
  const mine = Array.from({ length: 20_000 }, () => registryOf(made.heap).epochs.next());
  const all = [...mine, ...(await Promise.all(running)).flat()];
  expect(new Set(all).size).toBe(60_000);
});

describe('a handle that was posted to another thread', () => {
  const ends: [string, (heap: WasmHeapManager) => [WasmSliceHandle, () => void]][] = [
    ['freed', (heap) => {
      const slice = heap.allocSlice(u32, 3).write([1, 2, 3]);
      return [slice.handle(), () => slice.free()];
    }],
    ['reset', (heap) => {
      const arena = heap.createHeapArena(100);
      return [arena.allocU32(3).write([1, 2, 3]).handle(), () => arena.reset()];
    }],
    ['destroyed', (heap) => {
      const arena = heap.createHeapArena(100);
      return [arena.allocU32(3).write([1, 2, 3]).handle(), () => arena.destroy()];
    }],
    ['ended by a new frame', (heap) => {
      heap.frameArena.init(100);
      return [heap.frameArena.arena.allocU32(3).write([1, 2, 3]).handle(), () => heap.frameArena.reset()];
    }],
    ['ended by freeAll', (heap) => [heap.createHeapArena(100).allocU32(3).write([1, 2, 3]).handle(), () => heap.freeAll()]],
    ['freed and reused, with the old epoch written over it', (heap) => {
      const slice = heap.allocSlice(u32, 3).write([1, 2, 3]);
      const handle = slice.handle();
      return [handle, () => {
        slice.free();
        heap.allocUint32Array(Array.from({ length: 12 }, (_, i) => (i % 2 ? 0 : handle.epoch)));
      }];
    }],
  ]; // prettier-ignore
  test.each(ends)('works there, and is stale once its slice was %s', async (_how, begin) => {
    const made = make('shared');
    const { heap } = made;
    const [handle, end] = begin(heap);
    const other = thread(made);
    await other.ask('open', handle);
    expect(await other.ask('read', 0)).toEqual([1, 2, 3]);
    await other.ask('set', 0, 9);
    expect(heap.sliceFromHandle(handle).at(0)).toBe(9);
    end();
    expect(await other.ask('alive')).toEqual([false]);
    for (const command of ['read', 'view', 'set'])
      await expect(other.ask(command, 0, 5)).rejects.toThrow(/^(FREED|STALE_EPOCH)$/);
    await expect(other.ask('open', handle)).rejects.toThrow(/^(FREED|STALE_EPOCH)$/);
    heap.freeAll();
  });
  test('of another heap is refused', async () => {
    const other = thread(make('shared'));
    const { heap } = make('shared');
    await expect(other.ask('open', heap.allocSlice(u32, 3).handle())).rejects.toThrow('WRONG_HEAP');
    heap.freeAll();
  });
});

test('allocations and resets by another thread are seen', async () => {
  const made = make('shared');
  const { heap } = made;
  const arena = heap.createHeapArena(1000);
  const other = thread(made);
  await other.ask('attach', arena.address);
  const mine = arena.allocU32(2).write([1, 2]);
  const theirs = heap.sliceFromHandle(await other.ask('lend', [5, 6, 7]));
  expect([[...theirs], arena.usedBytes(), await other.ask('used')]).toEqual([[5, 6, 7], 28, 28]);
  await other.ask('reset');
  expect([mine.isAlive(), theirs.isAlive(), arena.usedBytes(), arena.epoch()]).toEqual([false, false, 0, 2]);
  expect(() => mine.at(0)).toThrow(expect.objectContaining({ code: 'STALE_EPOCH' }));
  const young = arena.allocU32(2).write([3]);
  expect([young.ptr, young.at(0), await other.ask('alive')]).toEqual([mine.ptr, 3, [false]]);
  arena.destroy();
});

test('slices of all threads work after the memory grew', async () => {
  const made = make('shared');
  const { heap } = made;
  const arena = heap.createHeapArena(100);
  const other = thread(made);
  await other.ask('attach', arena.address);
  const handle = arena.allocU32(2).write([1, 2]).handle();
  await other.ask('open', handle);
  const far = heap.allocSlice(u32, 100_000).write([7]);
  await other.ask('open', far.handle());
  expect(await other.ask('read', 0)).toEqual([1, 2]);
  expect((await other.ask<number[]>('view', 1))[0]).toBe(7);
  far.free();
  arena.destroy();
});

test('resets in one thread while others allocate leave a correct state, and no old slice is alive', async () => {
  const made = make('shared');
  const { heap } = made;
  const arena = heap.createHeapArena(2000);
  const others = [thread(made), thread(made)];
  for (const other of others) await other.ask('attach', arena.address);
  const running = others.map((other) => other.ask<string[]>('churn'));
  for (let i = 0; i < 3000; i++) {
    arena.reset();
    if (arena.usedBytes() > arena.capBytes) expect.fail('more bytes are used than the arena has');
    if (i % 100 === 0) await new Promise((resolve) => setTimeout(resolve, 0));
  }
  Atomics.store(cells(heap), 2, 1);
  const codes = (await Promise.all(running)).flat();
  for (const code of codes) expect(['OUT_OF_MEMORY', 'STALE_EPOCH', 'FREED']).toContain(code);
  arena.reset();
  for (const other of others) {
    const alive = await other.ask<boolean[]>('alive');
    expect([alive.length > 0, alive.includes(true)]).toEqual([true, false]);
  }
  expect([arena.epoch(), arena.usedBytes()]).toEqual([3002, 0]);
  arena.destroy();
});
