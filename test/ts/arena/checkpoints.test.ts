// Slices that become invalid within their epoch: by a rewind, by the end of a scope, by a realloc of the arena's block.
import { expect, test } from 'vitest';
import { createHeapSync, FreedError, sliceFromHandle } from '../../../ts/index.ts';
import { fakeHeap } from '../../support/heap.ts';

test('a handle of a slice that was rewound past, or whose scope ended, is refused, also if its bytes were reused', () => {
  const heap = createHeapSync();
  const arena = heap.createHeapArena(1024);
  const kept = arena.allocF32(4).write([1, 2]);
  const mark = arena.mark();
  const lost = arena.allocF32(4).handle();
  const inner = arena.mark();
  const deeper = arena.allocU8(4).handle();
  arena.rewind(inner);
  expect([...sliceFromHandle(heap, lost)]).toEqual([0, 0, 0, 0]);
  expect(() => sliceFromHandle(heap, deeper)).toThrow(FreedError);
  arena.rewind(mark);
  const again = arena.allocF32(4);
  expect([again.ptr, again.epoch]).toEqual([lost.ptr, lost.epoch]);
  expect(() => sliceFromHandle(heap, lost)).toThrow(FreedError);
  expect([...sliceFromHandle(heap, structuredClone(kept.handle()))]).toEqual([1, 2, 0, 0]);
  expect(sliceFromHandle(heap, structuredClone(again.handle())).isAlive()).toBe(true);
  const scoped = heap.scope((s) => s.allocI32(2).handle());
  heap.scope((s) => {
    expect(s.allocI32(2).ptr).toBe(scoped.ptr);
    expect(() => sliceFromHandle(heap, scoped)).toThrow(FreedError);
  });
  heap.freeAll();
});
test.each(['in place', 'by a move'])(
  'a realloc of the block of an arena, %s, ends all of the arena',
  (how) => {
    const heap = how === 'in place' ? createHeapSync() : fakeHeap().heap;
    const arena = heap.createHeapArena(64);
    const [ref, slice] = [arena.allocInt32(1), arena.allocU8(4)];
    const block = heap.realloc(arena.address, 4096);
    expect([arena.destroyed, ref.isFreed, slice.isAlive()]).toEqual([true, true, false]);
    expect(() => ref.value).toThrow(FreedError);
    expect(() => arena.alloc(4)).toThrow(FreedError);
    heap.free(block);
  },
);
