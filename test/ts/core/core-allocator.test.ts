// linmem's allocator without a manager, and what its heap says of damage and of memories it cannot use.
import { describe, expect, test } from 'vitest';
import {
  ArgumentRangeError,
  ArgumentTypeError,
  createCoreAllocator,
  createCoreAllocatorSync,
  createHeapArena,
  createHeapSync,
  DoubleFreeError,
  f64,
  Heap,
  i32,
  LinmemError,
  ModuleError,
  NotOwnedError,
  OutOfBoundsError,
  runScope,
  utf8,
} from '../../../ts/index.ts';

describe('a bare heap over the core', () => {
  test('allocates, reads and frees by the types and codecs alone', async () => {
    for (const core of [createCoreAllocatorSync(), await createCoreAllocator({ initialBytes: 2 ** 17 })]) {
      const heap = core.toHeap();
      expect(Object.getPrototypeOf(heap)).toBe(Heap.prototype);
      expect('readInt32' in heap).toBe(false);
      const [count, list, text] = [i32.alloc(heap, 5), f64.allocArray(heap, [1, 2]), utf8.allocTerminated(heap, 'Zoë')];
      count.value += 1;
      expect([count.value, list.toArray(), text.value]).toEqual([6, [1, 2], 'Zoë']);
      const arena = createHeapArena(heap, 64);
      expect(arena.allocF32(2).write([1, 2]).toArray()).toEqual([1, 2]);
      expect(runScope(heap, (s) => s.allocInt32(7).value)).toBe(7);
      arena.destroy();
      for (const ref of [count, list, text]) ref.free();
      expect(() => count.value).toThrow(expect.objectContaining({ code: 'FREED' }));
      expect(() => heap.free(list.address)).toThrow(expect.objectContaining({ code: 'DOUBLE_FREE' }));
      expect(heap.statistics.liveBlocks).toBe(0);
    }
  }); // prettier-ignore
});

test('stats of a heap whose state was overwritten throw, and return no garbage', () => {
  const heap = createHeapSync();
  heap.fill(heap.handle, 64, 0xff);
  expect(() => heap.stats()).toThrow(ModuleError);
});

test('a shared memory is refused with what to do', () => {
  const memory = new WebAssembly.Memory({ initial: 1, maximum: 2, shared: true });
  expect(() => createHeapSync({ memory })).toThrow(/shared/);
});

test('an identity of unshared memory can be set with nullCheck', () => {
  const heap = createHeapSync({ nullCheck: true });
  const { id } = heap.identity;
  heap.identity = { id, epochs: 0 };
  expect(heap.identity).toEqual({ id, epochs: 0 });
});

describe('the functions of the allocator', () => {
  test('refuse sizes and addresses that wasm would wrap', () => {
    const { allocate, deallocate } = createCoreAllocatorSync();
    const p = Number(allocate(64));
    expect([2 ** 32, 2 ** 32 + 64, 2 ** 53 - 1].map((bytes) => allocate(bytes))).toEqual([0, 0, 0]);
    for (const bytes of [-1, 1.5, NaN, 2 ** 53])
      expect(() => allocate(bytes), String(bytes)).toThrow(ArgumentRangeError);
    for (const bytes of ['8', 8n, null, undefined, {}])
      expect(() => allocate(bytes as never), String(bytes)).toThrow(ArgumentTypeError);
    for (const address of [p + 2 ** 32, 2 ** 53 - 1, p - 2 ** 32 - 1])
      expect(() => deallocate(address), String(address)).toThrow(LinmemError);
    for (const address of [NaN, p + 0.5, Infinity])
      expect(() => deallocate(address), String(address)).toThrow(OutOfBoundsError);
    for (const address of [String(p), null, undefined, {}, { valueOf: () => p }])
      expect(() => deallocate(address as never), String(address)).toThrow(ArgumentTypeError);
    deallocate(p);
    expect(() => deallocate(p)).toThrow(DoubleFreeError);
    expect(() => deallocate(p + 1)).toThrow(NotOwnedError);
    deallocate(Number(allocate(8)) | 0); // as wasm returns it
  });
});
