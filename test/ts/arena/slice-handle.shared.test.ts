// Handles in shared memory. Another manager with the same identity takes the role of another thread.
import { afterEach, describe, expect, test } from 'vitest';
import { StaleEpochError, u32, type WasmSliceHandle } from '../../../ts/index.ts';
import { attachManager, make, expectNothingLeaked } from '../../support/arena.ts';

afterEach(expectNothingLeaked);

describe('in another manager with the same identity', () => {
  test('handles work, do not own, and become stale with their slices', () => {
    const made = make('shared');
    const { heap } = made;
    const other = attachManager(made);
    heap.frameArena.init(100);
    const slices = [
      heap.allocSlice(u32, 4),
      heap.createHeapArena(100).allocU32(4),
      heap.frameArena.arena.allocU32(4),
      heap.scope().allocU32(4),
    ].map((slice) => slice.write([1, 2, 3, 4]));
    const there = slices.map((slice) => other.sliceFromHandle(structuredClone(slice.handle())));
    for (const [i, slice] of there.entries()) {
      expect([...slice]).toEqual([1, 2, 3, 4]);
      slice.set(1, 77);
      expect(slices[i]?.at(1)).toBe(77);
      expect(() => slice.free()).toThrow();
      expect((slice.view() as Uint32Array)[1]).toBe(77);
      expect(heap.sliceFromHandle(slice.handle()).at(1)).toBe(77);
    }
    const handles = slices.map((slice) => slice.handle());
    heap.freeAll();
    for (const [i, slice] of there.entries()) {
      expect([slice.isAlive(), slices[i]?.isAlive()]).toEqual([false, false]);
      for (const use of [
        () => slice.at(0),
        () => slice.set(0, 1),
        () => slice.view(),
        () => slice.write([1]),
      ])
        expect(use).toThrow(expect.objectContaining({ code: expect.stringMatching(/FREED|STALE/) as never }));
      expect(() => other.sliceFromHandle(handles[i] as WasmSliceHandle)).toThrow();
    }
  });
  test('a heap slice whose block was reused is stale, whatever was written there', () => {
    const made = make('shared');
    const { heap } = made;
    const other = attachManager(made);
    const slice = heap.allocSlice(u32, 4);
    const handle = slice.handle();
    const alias = other.sliceFromHandle(handle);
    alias.view(); // kept from here on
    slice.free();
    for (let round = 0; round < 3; round++) {
      const young = heap.allocSlice(u32, 4);
      expect(young.ptr).toBe(slice.ptr);
      expect([alias.isAlive(), young.isAlive()]).toEqual([false, true]);
      expect(() => other.sliceFromHandle(handle)).toThrow(StaleEpochError);
      young.free();
    }
    const data = heap.allocUint32Array(Array.from({ length: 8 }, (_, i) => (i % 2 ? 0 : handle.epoch)));
    expect(data.address).toBeLessThan(slice.ptr);
    expect(() => other.sliceFromHandle(handle)).toThrow(StaleEpochError);
    expect(alias.isAlive(), 'user data that is the old epoch').toBe(false);
    for (const use of [() => alias.at(0), () => alias.set(0, 1), () => alias.view()]) expect(use).toThrow();
    data.free();
  });
  test('a slice of an arena whose memory was reused is stale, whatever was written there', () => {
    const made = make('shared');
    const { heap } = made;
    const other = attachManager(made);
    const arena = heap.createHeapArena(100);
    const handle = arena.allocU32(4).handle();
    const alias = other.sliceFromHandle(handle);
    const attached = other.attachArena(arena.address);
    const mine = attached.allocU32(2);
    arena.destroy();
    const data = heap.allocUint32Array(Array.from({ length: 40 }, (_, i) => (i % 2 ? 0 : handle.epoch)));
    expect(data.address).toBe(handle.arena);
    expect(() => other.sliceFromHandle(handle)).toThrow();
    expect([alias.isAlive(), mine.isAlive()], 'user data that is the old epoch').toEqual([false, false]);
    data.free();
  });
  test('a slice is stale too if the next owner wrote only the old epoch', () => {
    const made = make('shared');
    const { heap, module } = made;
    if (!module) return expect.fail();
    const other = attachManager(made);
    const arena = heap.createHeapArena(100);
    const [handle, own] = [arena.allocU32(4).handle(), heap.allocSlice(u32, 4)];
    const aliases = [other.sliceFromHandle(handle), other.sliceFromHandle(own.handle())];
    arena.destroy();
    own.free();
    for (const [at, epoch] of [[handle.arena, handle.epoch], [own.ptr - 16, own.epoch]] as const) {
      heap.writeUint32(at, epoch); // in memory that C code has reused and not cleared
      heap.writeUint32(at + 4, 0);
    }
    expect(aliases.map((slice) => slice.isAlive())).toEqual([false, false]);
  }); // prettier-ignore
  test('slices invalidated by a free stay invalid when the allocator refuses that free', () => {
    const made = make('shared');
    const { heap, module } = made;
    if (!module) return expect.fail();
    const arena = heap.createHeapArena(100);
    const slice = arena.allocU32(4);
    const alias = attachManager(made).sliceFromHandle(slice.handle());
    const own = heap.allocSlice(u32, 4).write([7]);
    const { free } = module;
    module.free = () => {
      throw new Error('not now');
    };
    expect(() => heap.freeAll()).toThrow(AggregateError);
    module.free = free;
    expect([slice.isAlive(), alias.isAlive(), arena.destroyed]).toEqual([false, false, false]);
    expect([own.at(0), attachManager(made).sliceFromHandle(own.handle()).at(0)]).toEqual([7, 7]);
    expect(
      attachManager(made)
        .sliceFromHandle(arena.allocU32(4).write([8]).handle())
        .at(0),
    ).toBe(8);
    arena.destroy();
    own.free();
  });
});
