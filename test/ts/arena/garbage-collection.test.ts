import { afterEach, describe, expect, test } from 'vitest';
import { sliceFromHandle } from '../../../ts/index.ts';
import {
  createHeapSync,
  createWasmHeapManager,
  u32,
  type WasmHeapArena,
  type WasmHeapManager,
} from '../../../ts/index.ts';
import { heapOf, make, expectNothingLeaked } from '../../support/arena.ts';

afterEach(expectNothingLeaked);
const slice = (heap: WasmHeapManager) => heap.allocSlice(u32, 3).write([1, 2, 3]);
declare const gc: undefined | (() => void);
const collector = (globalThis as { gc?: typeof gc }).gc;
const turn = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));
const collect = async (done: () => boolean): Promise<void> => {
  for (let i = 0; i < 100 && !done(); i++) {
    await turn(); // objects that `done` read are kept alive until the end of the task
    collector?.();
    await turn();
  }
};
const rounds = async (count = 12): Promise<void> => {
  let i = 0;
  await collect(() => i++ === count);
};

// Only where the engine lets a test ask for a collection; elsewhere there is nothing to wait for.
describe.runIf(collector)('an unreachable arena', () => {
  test('is collected, and its block and chunks are freed once', async () => {
    for (const kind of ['own', 'wrapped', 'shared'] as const) {
      const { heap } = make(kind);
      const grow = kind !== 'shared';
      const drop = (): void => {
        for (let i = 0; i < 50; i++) {
          const arena = heap.createHeapArena(100, 16, { grow });
          arena.alloc(50);
          if (grow) arena.alloc(500);
        }
      };
      const before = heap.statistics.liveBlocks;
      drop();
      expect(heap.statistics.liveBlocks).toBeGreaterThanOrEqual(before + 50);
      await collect(() => heap.statistics.liveBlocks <= before);
      expect(heap.statistics.liveBlocks).toBe(before);
    }
  });
  const parts: [string, (arena: WasmHeapArena) => unknown, (part: never) => unknown][] = [
    ['a slice', (arena) => arena.allocU8(4).write([1, 2, 3, 4]), (slice: Iterable<number>) => [...slice]],
    ['a view of a slice', (arena) => arena.allocU8(4).write([1, 2, 3, 4]).view(), (view: Uint8Array) => [...view]],
    ['a ref', (arena) => arena.allocUint32(0x04030201), (ref: { value: number }) => (ref.value === 0x04030201 ? [1, 2, 3, 4] : [])],
    ['an array ref', (arena) => arena.allocUint8Array([1, 2, 3, 4]), (array: Iterable<number>) => [...array]],
    ['a part of an array ref', (arena) => arena.allocUint8Array([0, 1, 2, 3, 4]).subarray(1), (part: Iterable<number>) => [...part]],
    ['a view of an array ref', (arena) => arena.allocUint8Array([1, 2, 3, 4]).view, (view: Uint8Array) => [...view]],
    ['the bytes of a ref', (arena) => arena.allocUint32(0x04030201).allocatedBytesView, (view: Uint8Array) => [...view]],
    ['a string', (arena) => arena.allocLatin1String('\x01\x02\x03\x04'), (text: { value: string }) => [...text.value].map((c) => c.charCodeAt(0))],
    ['the bytes of a string', (arena) => arena.allocUtf8String('\x01\x02\x03\x04').encodedBytesView, (view: Uint8Array) => [...view]],
    ['a mark', (arena) => ((arena.alloc(4)), arena.mark()), () => [1, 2, 3, 4]],
    ['a slice of its own handle', (arena) => { const slice = arena.allocU8(4).write([1, 2, 3, 4]); return sliceFromHandle(arena.heap, slice.handle()); }, (slice: Iterable<number>) => [...slice]],
  ]; // prettier-ignore
  test.each(parts)('is not collected while %s is in use', async (_name, cutIt, read) => {
    const { heap } = make('wrapped');
    const part = cutIt(heap.createHeapArena(100));
    await rounds();
    expect(heap.statistics.liveBlocks).toBe(1);
    const next = heap.alloc(100); // lies elsewhere
    heap.fill(next, 100, 0xee);
    expect(read(part as never)).toEqual([1, 2, 3, 4]);
    heap.freeAll();
  });
  test('is collected when its parts are unreachable too', async () => {
    const { heap } = make('wrapped');
    const drop = (): void => {
      for (const [, cutIt] of parts) cutIt(heap.createHeapArena(100));
    };
    drop();
    await collect(() => heap.statistics.liveBlocks === 0);
    expect(heap.statistics.liveBlocks).toBe(0);
  });
  test('whose epoch C code advanced leaves no epoch for its successor', async () => {
    const { heap } = make('wrapped');
    const drop = (): number => {
      const { address } = heap.createHeapArena(100);
      heap.writeUint32(address, 1000); // as lm_arena_reset does
      return address;
    };
    const address = drop();
    await collect(() => heap.statistics.liveBlocks === 0);
    const next = heap.createHeapArena(100);
    expect([next.address, next.epoch() > 1000]).toEqual([address, true]);
    next.destroy();
  });
  test('does not unregister the arena that was made at its address', async () => {
    const { heap } = make('wrapped');
    const outdated = (): number => {
      const { address } = heap.createHeapArena(100);
      heap.freeAll();
      return address;
    };
    const address = outdated();
    const arena = heap.createHeapArena(100);
    expect(arena.address).toBe(address);
    const mark = arena.mark();
    const handle = arena.allocU8(8).handle();
    arena.rewind(mark);
    await rounds();
    expect(heap.sliceFromHandle(arena.allocU8(8).handle()).owner).toBe(arena);
    arena.rewind(mark);
    expect(() => heap.sliceFromHandle(handle)).toThrow();
    arena.destroy();
  });
});

describe.runIf(collector)('an unreachable heap', () => {
  const uses: [string, (heap: WasmHeapManager) => unknown][] = [
    ['a scope', (heap) => heap.scope((s) => s.allocInt32(5).value)],
    ['a scope that was not ended', (heap) => heap.scope().allocInt32(5).value],
    ['the frame arena', (heap) => heap.frameArena.init(100)],
    ['an arena', (heap) => heap.createHeapArena(100).alloc(10)],
    ['a slice', (heap) => slice(heap).handle()],
  ];
  test.each(uses)('is collected although %s was made in it', async (_name, use) => {
    const heaps: WeakRef<WasmHeapManager>[] = [];
    const drop = (): void => {
      for (let i = 0; i < 5; i++) {
        const own = createHeapSync();
        const buffer = new ArrayBuffer(65536);
        const wrapped = createWasmHeapManager(() => buffer, () => 1024 + 16384 * i, () => undefined); // prettier-ignore
        for (const heap of i < 3 ? [own, wrapped] : [own]) {
          use(heap);
          heaps.push(new WeakRef(heap));
        }
      }
    };
    drop();
    const left = (): number => heaps.filter((heap) => heap.deref()).length;
    await collect(() => left() === 0);
    expect(left()).toBe(0);
  });
});

describe.runIf(collector)('with enableGarbageCollection', () => {
  test('an unreachable heap slice frees its block; its views keep it alive, its handles become stale', async () => {
    for (const kind of ['wrapped', 'shared'] as const) {
      const heap = heapOf(kind, { enableGarbageCollection: true });
      const { identity } = heap;
      const before = heap.statistics.liveBlocks;
      const view = ((): Uint32Array => slice(heap).view())();
      const handle = ((): ReturnType<ReturnType<typeof slice>['handle']> => slice(heap).handle())();
      const many = (): void => {
        for (let i = 0; i < 50; i++) slice(heap);
      };
      many();
      await collect(() => heap.statistics.liveBlocks === before + 1);
      expect([identity.id === handle.heap, heap.statistics.liveBlocks]).toEqual([true, before + 1]);
      expect([...view]).toEqual([1, 2, 3]);
      expect(() => heap.sliceFromHandle(handle)).toThrow(expect.objectContaining({ code: 'STALE_EPOCH' }));
      const known = ((): object => heap.sliceFromHandle(slice(heap).handle()))();
      await rounds();
      expect([...(known as Iterable<number>)]).toEqual([1, 2, 3]);
      expect(heap.statistics.liveBlocks).toBe(before + 2);
      for (const ref of heap.allocatedHeapRefs) ref.free();
      expect(() => [...(known as Iterable<number>)]).toThrow();
    }
  });
});
