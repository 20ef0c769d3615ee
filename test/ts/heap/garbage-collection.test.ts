import { describe, expect, test } from 'vitest';
import { createHeapSync, DoubleFreeError, FreedError, type Ref } from '../../../ts/index.ts';
import { fakeHeap } from '../../support/heap.ts';

declare const gc: undefined | (() => void);
const collector = (globalThis as { gc?: typeof gc }).gc;
const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));
const collect = async (done: () => boolean): Promise<void> => {
  for (let i = 0; i < 200 && !done(); i++) {
    collector?.();
    await turn();
  }
};

// Only where the engine lets a test ask for a collection; elsewhere there is nothing to wait for.
describe.runIf(collector)('with enableGarbageCollection', () => {
  test('blocks of unreachable refs are freed once, and the lists do not retain them', async () => {
    const { heap, module } = fakeHeap({ enableGarbageCollection: true });
    const drop = (): void => {
      for (let i = 0; i < 200; i++) heap.allocInt32Array(4);
    };
    drop();
    expect(heap.allocatedHeapRefs.length).toBe(200);
    await collect(() => module.live.size === 0);
    expect([module.live.size, module.badFrees, heap.statistics.liveBlocks]).toEqual([0, [], 0]);
    expect(heap.allocatedHeapRefs).toEqual([]);
  });
  test('a ref that was freed explicitly is not freed again', async () => {
    const { heap, module } = fakeHeap({ enableGarbageCollection: true });
    const drop = (): void => {
      for (let i = 0; i < 100; i++) heap.allocInt32(i).free();
    };
    drop();
    const kept = heap.allocInt32(5);
    for (let i = 0; i < 20; i++) {
      collector?.();
      await turn();
    }
    expect([kept.value, module.badFrees, module.live.size]).toEqual([5, [], 1]);
    kept.free();
  });
  test('a view and a subarray keep their block; a wrapped ref does not, and then throws', async () => {
    const { heap, module } = fakeHeap({ enableGarbageCollection: true });
    const view = heap.allocInt32Array([1, 2, 3]).view;
    const part = heap.allocInt32Array([4, 5, 6]).subarray(1);
    const alias = ((): Ref => heap.wrapInt32(heap.allocInt32(7).address))();
    const others = (): void => {
      for (let i = 0; i < 50; i++) heap.allocInt32(0);
    };
    others();
    await collect(() => module.live.size === 2);
    expect([...view]).toEqual([1, 2, 3]);
    expect(part.toArray()).toEqual([5, 6]);
    expect(() => alias.assertLive()).toThrow(FreedError);
    expect(module.live.size).toBe(2);
    heap.freeAll();
  });
  test('an allocator that throws in a collection does not end the program, and the block stays in the table', async () => {
    const { heap, module } = fakeHeap({ enableGarbageCollection: true });
    const { free } = module;
    module.free = () => {
      throw new Error('no');
    };
    const drop = (): void => void heap.allocInt32(1);
    drop();
    await collect(() => heap.allocatedHeapRefs.length === 0);
    await turn();
    expect(heap.statistics.liveBlocks).toBe(1);
    module.free = free;
    heap.freeAll();
    expect(module.badFrees).toEqual([]);
  });
  test('a ref whose free failed is still watched: once unreachable, its block is freed', async () => {
    const { heap, module } = fakeHeap({ enableGarbageCollection: true });
    const { free } = module;
    const drop = (): void => {
      const ref = heap.allocInt32(1);
      module.free = () => {
        throw new Error('not now');
      };
      expect(() => ref.free()).toThrow('not now');
      expect(ref.value).toBe(1);
      module.free = free;
    };
    drop();
    await collect(() => module.live.size === 0);
    expect([module.live.size, module.badFrees, heap.statistics.liveBlocks]).toEqual([0, [], 0]);
  });
  test('it works in a heap of linmem, and a freed ref of the same address stays freed', async () => {
    const heap = createHeapSync();
    const collecting = fakeHeap({ enableGarbageCollection: true }).heap;
    const old = collecting.allocInt32(1);
    old.free();
    const young = collecting.allocInt32(2);
    expect(young.address).toBe(old.address);
    expect(() => old.free()).toThrow(DoubleFreeError);
    expect(young.value).toBe(2);
    young.free();
    expect(heap.holds()).toBe(true);
  });
});
