// An engine without Atomics, as browsers had it for some years: everything works except atomic operations, which throw.
import '../../support/remove-atomics.ts';
import { createHeapSync, ModuleError } from '../../../ts/index.ts';
import '../../support/restore-globals.ts';
import { expect, test } from 'vitest';
import { removed } from '../../support/removed-globals.ts';

test('reads, writes, arenas, slices and scopes work', () => {
  expect(removed.has('Atomics')).toBe(true);
  const heap = createHeapSync();
  const arena = heap.createHeapArena(256);
  const slice = arena.allocI32(2).write([1, 2]);
  expect([...slice, arena.epoch()]).toEqual([1, 2, 1]);
  arena.reset();
  expect([slice.isAlive(), arena.epoch(), heap.scope((scope) => scope.allocInt32(5).value)]).toEqual([
    false,
    2,
    5,
  ]);
  expect([
    ...heap.sliceFromHandle(heap.allocSlice(arena.allocI32(1).type, 2).write([3, 4]).handle()),
  ]).toEqual([3, 4]);
  expect(heap.notify(heap.alloc(8))).toBe(0);
  expect(heap.holds()).toBe(true);
});
test('atomic operations throw, and change nothing', () => {
  const heap = createHeapSync();
  const ref = heap.allocInt32(5);
  for (const act of [
    () => heap.readInt32Atomic(ref.address),
    () => heap.writeInt32Atomic(ref.address, 1),
    () => ref.add(1),
    () => ref.exchange(1),
    () => heap.compareExchangeFloat64Atomic(heap.alloc(8), 0, 1),
    () => heap.wait(ref.address, 5),
  ])
    expect(act).toThrow(ModuleError);
  expect(ref.value).toBe(5);
});
