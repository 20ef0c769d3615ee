// Reentrant and hostile calls: allocators that call back, C code that frees blocks of the heap, arguments of wrong types.
import { describe, expect, test } from 'vitest';
import {
  atomicWaitAsync,
  createHeapSync,
  createWasmHeapManager,
  LinearMemory,
  type ScalarArrayRef,
} from '../../../ts/index.ts';
import { fakeHeap } from '../../support/heap.ts';
import { outcome } from './libraries.ts';

describe('an allocator that calls back', () => {
  test('that frees the array being resized has each block freed once', () => {
    const { heap, module } = fakeHeap();
    const { malloc } = module;
    const ref: ScalarArrayRef<number> = heap.allocInt32Array([1, 2, 3]);
    module.malloc = (bytes) => {
      const at = malloc.call(module, bytes);
      if (bytes === 400) ref.free();
      return at;
    };
    outcome(() => ref.resize(100));
    heap.freeAll();
    expect([module.badFrees, module.live.size]).toEqual([[], 0]);
  });
  test('that allocates while it frees keeps both in the table', () => {
    const { heap, module } = fakeHeap();
    const ref = heap.allocInt32Array(4);
    const { free } = module;
    module.free = (address) => {
      module.free = free;
      free.call(module, address);
      heap.allocInt32(9);
    };
    ref.free();
    expect([heap.statistics.liveBlocks, module.live.size]).toEqual([1, 1]);
    heap.freeAll();
    expect([module.badFrees, module.live.size]).toEqual([[], 0]);
  });
  test('that throws from the free at the end of a resize leaves no block without an owner', () => {
    const { heap, module } = fakeHeap();
    const ref = heap.allocInt32Array([1, 2, 3]);
    const { free } = module;
    module.free = (address) => {
      if (address === ref.address) throw new Error('not this one');
      free.call(module, address);
    };
    expect(outcome(() => ref.resize(100))).toBe('throws Error');
    expect([ref.toArray(), heap.statistics.liveBlocks, module.live.size]).toEqual([[1, 2, 3], 1, 1]);
  });
});

describe('a block that C freed without telling the manager, and reused', () => {
  test('is not freed by the old ref, in a heap of linmem', () => {
    const heap = createHeapSync();
    const old = heap.allocInt32(5);
    heap.exports.lm_heap_free(heap.handle, old.address);
    const young = heap.allocInt32(6);
    expect(young.address).toBe(old.address);
    expect(outcome(() => old.free())).toMatch(/^throws/);
    expect([young.value, heap.stats().liveBlocks]).toEqual([6, 1]);
    young.free();
  });
});

describe('aliases', () => {
  test('that begin inside a block of the manager become invalid with it', () => {
    const { heap } = fakeHeap();
    const array = heap.allocInt32Array([1, 2, 3]);
    const inside = heap.wrapInt32Array(array.address + 4, 2);
    const text = heap.wrapNullTerminatedUtf8String(array.address + 8, 4);
    array.free();
    expect([outcome(() => inside.at(0)), outcome(() => text.value)]).toEqual([
      'throws FREED',
      'throws FREED',
    ]);
  });
  test('to an array of pointers free none of its elements', () => {
    const { heap, module } = fakeHeap();
    const target = heap.allocInt32(1);
    const owner = heap.allocPointer32Array([target.address]);
    const borrowed = heap.wrapPointer32Array(owner.address, 1);
    expect(outcome(() => borrowed.free({ freeElements: true }))).toMatch(/^throws/);
    expect([target.isFreed, module.live.size]).toEqual([false, 2]);
  });
  test('adopt refuses a range that overlaps a block from below', () => {
    const { heap } = fakeHeap();
    const block = heap.allocUint8Array(16);
    expect(outcome(() => heap.adopt(block.address - 8, 64))).toBe('throws NOT_OWNED');
  });
  test('without tracking, a free by address does not invalidate the ref, as documented', () => {
    const { heap, module } = fakeHeap({ trackAllocations: false });
    const ref = heap.allocInt32(5);
    heap.free(ref.address);
    expect([ref.isFreed, module.live.size]).toEqual([false, 0]);
  });
});

describe('wrong arguments', () => {
  test.each([-1, NaN, 0.5, '1', null])('an offset of %o is refused by copyTo an array', (offset) => {
    const target: number[] = [];
    const array = fakeHeap().heap.allocInt32Array([1, 2]);
    expect(outcome(() => array.copyTo(target, offset as number))).toMatch(/^throws INVALID/);
    expect(Object.keys(target)).toEqual([]);
  });
  test.each([{}, null, 'text', 5])('%o is refused as a target of copyTo', (target) => {
    const array = fakeHeap().heap.allocInt32Array([1, 2]);
    expect(outcome(() => array.copyTo(target as never))).toBe('throws INVALID_TYPE');
  });
  test('a stale view is a typed error as a source, and writes nothing', () => {
    const { heap, module } = fakeHeap();
    const array = heap.allocInt32Array([1, 2, 3]);
    const stale = array.view;
    module.memory.grow(1);
    for (const act of [
      () => array.set(stale),
      () => heap.allocInt32Array(stale),
      () => heap.writeBytes(2048, stale),
    ])
      expect(outcome(act)).toMatch(/^throws [A-Z_]+$/);
    expect([array.toArray(), module.live.size]).toEqual([[1, 2, 3], 1]);
  });
  test('a timeout that is not a number does not wait forever', async () => {
    const memory = new LinearMemory(new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }));
    const code = atomicWaitAsync(memory, 0, 0, 'soon' as never).catch(
      (error: { code: string }) => error.code,
    );
    const late = new Promise((resolve) => setTimeout(resolve, 50, 'waits'));
    expect(await Promise.race([code, late])).toBe('INVALID_TYPE');
  });
  test('a getter that returns nothing is a ModuleError in every polling mode', () => {
    let buffer: ArrayBuffer | undefined = new ArrayBuffer(64);
    const heap = createWasmHeapManager(() => buffer as ArrayBuffer, () => 8, () => undefined, { pollingMode: 'always' }); // prettier-ignore
    const ref = heap.allocInt32(5);
    buffer = undefined;
    expect([outcome(() => ref.value), outcome(() => heap.readInt8(8))]).toEqual([
      'throws MODULE',
      'throws MODULE',
    ]);
  });
});
