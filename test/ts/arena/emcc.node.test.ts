// C and JavaScript on the same arenas: a module built by the installed Emscripten, with csrc/arena.c in it.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  FreedError,
  NotOwnedError,
  OutOfMemoryError,
  StaleEpochError,
  wrapEmscriptenModuleHeap,
  type WasmHeapManager,
} from '../../../ts/index.ts';
import { liveBlockCount } from '../../support/arena.ts';

const folder = mkdtempSync(join(tmpdir(), 'linmem-arena-'));
const SOURCE = `
#include <stdlib.h>
#include "linmem/arena.h"
int chunk_count;
static void *more(void *state, size_t size) { (void)state; chunk_count++; return malloc(size); }
static void less(void *state, void *chunk) { (void)state; chunk_count--; free(chunk); }
lm_arena *made(void *block, size_t size) {
  lm_arena *a = calloc(1, sizeof *a);
  lm_arena_init(a, block, size, more, less, NULL);
  return a;
}
int live_chunks(void) { return chunk_count; }
int sum(const int *p, int n) { int s = 0; while (n--) s += *p++; return s; }
`;
const NAMES = ['alloc', 'reset', 'destroy', 'used', 'is_at', 'holds', 'note', 'rewind'].map(
  (name) => `_lm_arena_${name}`,
);
const ARGS = [
  'module.c', resolve('csrc/arena.c'), `-I${resolve('csrc/include')}`, '-O1', '-sMODULARIZE', '-sEXPORT_ES6', '-sENVIRONMENT=web',
  '-sALLOW_MEMORY_GROWTH', '-sUSE_ES6_IMPORT_META=0', '-sEXPORTED_RUNTIME_METHODS=wasmMemory',
  `-sEXPORTED_FUNCTIONS=_malloc,_free,_made,_live_chunks,_sum,${NAMES.join()}`, '-o', 'module.mjs',
]; // prettier-ignore

type Methods = (...args: number[]) => number;
type Module = Record<'_malloc' | '_free' | '_made' | '_live_chunks' | '_sum', Methods> &
  Record<string, Methods>;
let module: Module;
let heap: WasmHeapManager;
const call = (name: string, ...args: number[]): number => {
  const method = module[`_lm_arena_${name}`];
  return method ? method(...args) : expect.fail(name);
};

beforeAll(async () => {
  writeFileSync(join(folder, 'module.c'), SOURCE);
  const result = spawnSync('emcc', ARGS, { cwd: folder, encoding: 'utf8' });
  if (result.status !== 0) throw new Error(`emcc ${ARGS.join(' ')}\n${result.stderr}`);
  Object.assign(globalThis, { window: globalThis }); // the module looks for the browser it was built for
  const path = join(folder, 'module.mjs');
  type Factory = { default: (options: object) => Promise<Module> };
  const { default: factory } = (await import(/* @vite-ignore */ path)) as Factory;
  module = await factory({ wasmBinary: readFileSync(join(folder, 'module.wasm')) });
  heap = wrapEmscriptenModuleHeap(module);
}, 120_000);
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => {
  expect(liveBlockCount(heap), 'blocks still allocated').toBe(0);
  expect(module._live_chunks(), 'chunks still allocated').toBe(0);
});

describe('an arena that JavaScript made', () => {
  test('can be used by C: it allocates after the allocations of JavaScript, which sees its allocations', () => {
    const arena = heap.createHeapArena(200);
    const numbers = arena.allocI32(5).write([1, 2, 3, 4, 5]);
    expect(module._sum(numbers.ptr, 5)).toBe(15);
    expect([call('used', arena.address), call('holds', arena.address)]).toEqual([20, 1]);
    const theirs = call('alloc', arena.address, 40, 8);
    expect([theirs, arena.usedBytes()]).toEqual([numbers.ptr + 24, 64]);
    const after = arena.allocU8(4, 1);
    expect([after.ptr, call('used', arena.address)]).toEqual([theirs + 40, 68]);
    expect(call('alloc', arena.address, 200, 1)).toBe(0);
    expect([arena.usedBytes(), call('holds', arena.address)]).toEqual([68, 1]);
    arena.destroy();
  });
  test('can be reset by C: slices and refs of JavaScript become stale, and allocation starts over', () => {
    const arena = heap.createHeapArena(200);
    const mark = arena.mark();
    const before = arena.allocU8(4); // before the arena is published
    const { address } = arena;
    const slice = arena.allocI32(5).write([1, 2, 3, 4, 5]);
    const handle = slice.handle();
    call('reset', address);
    expect([slice.isAlive(), before.isAlive()]).toEqual([false, false]);
    for (const use of [() => slice.at(0), () => slice.view(), () => slice.set(0, 1), () => slice.write([1]), () => before.at(0), () => arena.rewind(mark)])
      expect(use).toThrow(StaleEpochError);
    expect(() => heap.sliceFromHandle(handle)).toThrow(StaleEpochError);
    expect([arena.epoch(), arena.usedBytes()]).toEqual([before.epoch + 1, 0]);
    const young = arena.allocI32(5).write([7]);
    expect([young.ptr, young.at(0), slice.isAlive(), call('is_at', address, arena.epoch(), 0)]).toEqual([before.ptr, 7, false, 1]);
    arena.reset();
    expect([young.isAlive(), call('used', address), call('holds', address)]).toEqual([false, 0, 1]);
    arena.destroy();
  }); // prettier-ignore
  test('and grew: C sees it whole, and a reset by C leaves the chunks for JavaScript to free', () => {
    const arena = heap.createHeapArena(64, 16, { grow: true });
    const slices = Array.from({ length: 20 }, (_, i) => arena.allocI32(5).write([i]));
    const { address } = arena;
    expect([call('holds', address), call('used', address)]).toEqual([1, arena.usedBytes()]);
    expect(call('alloc', address, 100_000, 8)).toBe(0);
    const blocks = heap.statistics.liveBlocks;
    expect(blocks).toBeGreaterThan(1);
    call('reset', address);
    expect([call('holds', address), slices.some((slice) => slice.isAlive())]).toEqual([1, false]);
    expect(arena.allocI32(1).ptr).toBe(arena.basePtr);
    expect([heap.statistics.liveBlocks, call('used', address)]).toEqual([1, 4]);
    arena.destroy();
  });
  test('can be marked and rewound by C: it allocates from the mark again', () => {
    const arena = heap.createHeapArena(200);
    const mark = heap.alloc(16);
    arena.alloc(20, 1);
    call('note', arena.address, mark);
    arena.alloc(50, 1);
    expect([call('rewind', arena.address, mark), arena.usedBytes()]).toEqual([1, 20]);
    arena.reset();
    expect([call('rewind', arena.address, mark), arena.usedBytes()]).toEqual([0, 0]);
    heap.free(mark);
    arena.destroy();
  });
  test('cannot be used by C once it was destroyed', () => {
    const arena = heap.createHeapArena(200);
    const { address } = arena;
    arena.destroy();
    expect([call('is_at', address, 1, 0), call('is_at', address, 2, 0)]).toEqual([0, 0]);
  });
  test('allocates after C grew the memory', () => {
    const arena = heap.createHeapArena(200);
    const slice = arena.allocI32(5).write([1]);
    const grown = module._malloc(64 * 1024 * 1024);
    expect([slice.at(0), arena.allocI32(5).write([2]).at(0), arena.usedBytes()]).toEqual([1, 2, 52]);
    module._free(grown);
    arena.destroy();
  });
});

describe('an arena that C made', () => {
  const options = () => ({
    alloc: module._lm_arena_alloc as Methods,
    reset: module._lm_arena_reset as Methods,
  });
  const inC = (size: number) => {
    const block = module._malloc(size);
    const address = module._made(block, size);
    const end = (): void => {
      if (call('used', address) >= 0) call('destroy', address);
      for (const at of [address, block]) module._free(at);
    };
    return { address, block, end };
  };
  test('is used by JavaScript without a call, and C sees the allocations', () => {
    const { address, block, end } = inC(100);
    const arena = heap.attachArena(address);
    expect([arena.basePtr, arena.capBytes, arena.epoch(), arena.address]).toEqual([block, 100, 1, address]);
    const slice = arena.allocI32(5).write([1, 2, 3]);
    expect([call('used', address), module._sum(slice.ptr, 5)]).toEqual([20 + slice.ptr - block, 6]);
    expect(() => arena.allocU8(100)).toThrow(OutOfMemoryError);
    expect(() => arena.destroy()).toThrow(NotOwnedError);
    arena.reset();
    expect([call('used', address), call('holds', address), slice.isAlive()]).toEqual([0, 1, false]);
    end();
    for (const use of [() => arena.alloc(0), () => arena.alloc(1), () => arena.epoch(), () => slice.at(0)]) expect(use).toThrow(FreedError);
  }); // prettier-ignore
  test('grows by chunks of its malloc when it is full, and frees them on reset', () => {
    const { address, end } = inC(64);
    const arena = heap.attachArena(address, options());
    const slices = Array.from({ length: 50 }, (_, i) => arena.allocI32(5).write([i, i]));
    expect([module._live_chunks() > 0, call('holds', address)]).toEqual([true, 1]);
    expect(slices.map((slice) => slice.at(1))).toEqual(slices.map((_, i) => i));
    for (const slice of slices) expect(heap.sliceFromHandle(slice.handle()).at(0)).toBe(slice.at(0));
    expect(() => arena.alloc(2 ** 31)).toThrow(OutOfMemoryError);
    expect(() => heap.attachArena(address).reset()).toThrow(NotOwnedError);
    arena.reset();
    expect([module._live_chunks(), arena.usedBytes(), slices.some((slice) => slice.isAlive())]).toEqual([
      0,
      0,
      false,
    ]);
    expect(arena.alloc(60, 1)).toBe(arena.basePtr);
    end();
  });
  test('is intact after an allocation that it grew for was refused, and is not rewound to before its chunk', () => {
    const { address, end } = inC(64);
    const arena = heap.attachArena(address, options());
    arena.alloc(60, 1);
    const mark = arena.mark();
    expect(() => arena.allocInt32Array([1, 'x' as never])).toThrow(TypeError);
    expect(() => arena.allocNullTerminatedUtf8String('a\0'.repeat(50))).toThrow();
    expect(() => arena.suballocate(500, 8, () => { throw new Error('refused'); })).toThrow('refused'); // prettier-ignore
    expect([call('holds', address), call('used', address)]).toEqual([1, 60]);
    const slice = arena.allocI32(4).write([5]);
    expect(() => arena.rewind(mark)).toThrow(NotOwnedError);
    expect([slice.at(0), call('holds', address)]).toEqual([5, 1]);
    end();
  });
  test('carries its epoch into the high word, in C and in JavaScript', () => {
    const { address, end } = inC(64);
    heap.writeUint32(address, 0xffffffff);
    const arena = heap.attachArena(address);
    const old = arena.allocU8(4);
    call('reset', address);
    expect([arena.epoch(), old.isAlive(), call('is_at', address, 0, 1)]).toEqual([2 ** 32, false, 1]);
    const next = arena.allocU8(4);
    arena.reset();
    expect([call('is_at', address, 1, 1), next.isAlive(), arena.epoch()]).toEqual([1, false, 2 ** 32 + 1]);
    end();
  });
  test('that was made again at the same address continues its epochs', () => {
    const { address, end } = inC(64);
    const arena = heap.attachArena(address);
    const old = arena.allocU8(4);
    call('destroy', address);
    expect(() => heap.attachArena(address)).toThrow(TypeError);
    expect([old.isAlive(), arena.destroyed]).toEqual([false, false]);
    expect(() => old.at(0)).toThrow(FreedError);
    expect(arena.destroyed).toBe(true);
    end();
  });
});
