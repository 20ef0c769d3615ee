// An arena reads its memory through its own views, which are removed when its block is freed.
import { describe, expect, test } from 'vitest';
import { scopeArena } from '../../support/arena.ts';
import { createHeapSync, FreedError, u8, WasmHeapArena, type LinmemHeap } from '../../../ts/index.ts';
import { fakeHeap } from '../../support/heap.ts';

test('alloc throws FreedError and writes nothing after the block was freed by any means', () => {
  for (const end of ['destroy', 'freeAll', 'free'] as const) {
    const heap = createHeapSync();
    const arena = heap.createHeapArena(256);
    const { address } = arena;
    arena.alloc(32);
    if (end === 'free') heap.free(address);
    else if (end === 'destroy') arena.destroy();
    else heap.freeAll();
    const before = heap.readBytes(0, 8192);
    for (const bytes of [0, 1, 32, 1e6]) expect(() => arena.alloc(bytes)).toThrow(FreedError);
    expect(heap.readBytes(0, 8192)).toEqual(before);
    expect(arena.destroyed).toBe(true);
  }
});
test('alloc works after the memory grew, and after a destroy that failed', () => {
  const { heap, module } = fakeHeap();
  const arena = heap.createHeapArena(256);
  const first = arena.alloc(32);
  module.memory.grow(1);
  expect(arena.alloc(32)).toBe(first + 32);
  const { free } = module;
  module.free = () => {
    throw new Error('not now');
  };
  expect(() => arena.destroy()).toThrow('not now');
  module.free = free;
  expect(arena.alloc(32)).toBe(first);
  arena.destroy();
  expect([module.live.size, module.badFrees]).toEqual([0, []]);
});
test('alloc aligns to every power of two, and refuses other numbers', () => {
  const arena = createHeapSync().createHeapArena(2 ** 18);
  for (let align = 1; align <= 65536; align *= 2) {
    arena.alloc(1, 1);
    expect(arena.alloc(3, align) % align).toBe(0);
  }
  const used = arena.usedBytes();
  for (const align of [0, -16, 3, 15, 17, 2 ** 17, 2 ** 31, 1.5, NaN]) {
    expect(() => arena.alloc(8, align)).toThrow(RangeError);
  }
  expect(arena.usedBytes()).toBe(used);
});
test('an arena is not among the allocated refs', () => {
  const heap = createHeapSync();
  const arena = heap.createHeapArena(256);
  const ref = heap.allocInt32(1);
  arena.allocInt32(2);
  heap.scope((s) => s.allocInt32(3));
  expect(heap.allocatedHeapRefs).toEqual([ref]);
  expect(heap.statistics.liveBlocks).toBe(2);
  expect(arena).toBeInstanceOf(WasmHeapArena);
});

describe('a scope frees all its allocations', () => {
  const usedBytes = (heap: LinmemHeap): number | undefined => scopeArena(heap)?.usedBytes();

  test('if the memory grew in it, before or after its first allocation', () => {
    for (const first of [true, false]) {
      const heap = createHeapSync();
      const outer = heap.scope();
      outer.alloc(8);
      heap.scope((s) => {
        if (first) s.alloc(100);
        heap.memory.grow(1);
        if (!first) s.alloc(100);
      });
      expect(usedBytes(heap)).toBe(8);
      heap.memory.grow(1);
      outer.end();
      expect(usedBytes(heap)).toBe(0);
    }
  });
  test('with its own chunks, and no others', () => {
    const heap = createHeapSync();
    const outer = heap.scope();
    outer.alloc(8);
    heap.scope((s) => {
      s.alloc(10000);
      heap.scope((t) => t.alloc(8));
      expect([heap.statistics.liveBlocks, usedBytes(heap)]).toEqual([1, 10008]);
    });
    expect([heap.statistics.liveBlocks, usedBytes(heap)]).toEqual([0, 8]);
    outer.end();
    expect(usedBytes(heap)).toBe(0);
  });
  test('if the arena was published, when its epoch advances', () => {
    const heap = createHeapSync();
    const ref = heap.scope((s) => {
      const made = s.allocSlice(u8, 4);
      expect(scopeArena(heap)?.address).toBeGreaterThan(0);
      heap.scope((t) => t.alloc(8));
      expect(made.isAlive()).toBe(true);
      return made;
    });
    expect([ref.isAlive(), usedBytes(heap)]).toEqual([false, 0]);
  });
  test('in every order in which three scopes end', () => {
    for (const order of [
      [0, 1, 2],
      [0, 2, 1],
      [1, 0, 2],
      [1, 2, 0],
      [2, 0, 1],
      [2, 1, 0],
    ]) {
      const heap = createHeapSync();
      const scopes = [heap.scope(), heap.scope(), heap.scope()];
      const made = scopes.map((scope) => scope.allocSlice(u8, 8));
      for (const i of order) {
        scopes[i]?.end();
        expect(made.map((slice) => slice.isAlive())).toEqual(scopes.map(({ ended }) => !ended));
      }
      expect([usedBytes(heap), heap.statistics.liveBlocks]).toEqual([0, 0]);
    }
  });
});
