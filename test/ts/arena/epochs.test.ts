import { afterEach, describe, expect, test } from 'vitest';
import {
  ArgumentTypeError,
  FreedError,
  NotOwnedError,
  OutOfMemoryError,
  StaleEpochError,
  u32,
} from '../../../ts/index.ts';
import { arenaLayout } from '../../../ts/arena/arena-layout.ts';
import { advanceEpoch } from '../../../ts/arena/epochs.ts';
import { Arena } from '../../../ts/core/layout.gen.ts';
import { LinearMemory } from '../../../ts/memory/linear-memory.ts';
import { attachManager, errorOf, heapOf, kinds, make, expectNothingLeaked } from '../../support/arena.ts';

afterEach(expectNothingLeaked);

test('the fields of an arena have the offsets of the C compiler', () => {
  const layout = arenaLayout(4);
  expect(layout).toEqual({
    base: Arena.baseAt,
    top: Arena.topAt,
    end: Arena.endAt,
    magic: Arena.magicAt,
    chunks: Arena.chunksAt,
    chunk: Arena.chunkAt,
    below: Arena.belowAt,
    size: Arena.size,
  });
  expect([Arena.epochLowAt, Arena.epochHighAt]).toEqual([0, 4]);
});

describe.each(kinds)('in a heap of the kind %s', (kind) => {
  test('an epoch near 2^32 carries into its high word, and the old slices stay dead', () => {
    const { heap } = make(kind);
    const arena = heap.createHeapArena(64);
    heap.writeUint32(arena.address, 0xfffffffe);
    const slices = [];
    for (const epoch of [2 ** 32 - 2, 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 1]) {
      expect([arena.epoch(), heap.readUint32(arena.address + 4)]).toEqual([epoch, Math.floor(epoch / 2 ** 32)]);
      const slice = arena.allocU32(1).write([7]);
      slices.push([slice, slice.handle()] as const);
      expect(slices.map(([each]) => each.isAlive())).toEqual(slices.map(([each]) => each === slice));
      arena.reset();
    }
    heap.writeUint32(arena.address, 0xfffffffe); // the low word of the first one again: but not the high word
    for (const [slice, handle] of slices) {
      expect([slice.isAlive(), slice.ptr]).toEqual([false, arena.basePtr]);
      expect(() => slice.at(0)).toThrow(StaleEpochError);
      expect(() => heap.sliceFromHandle(handle)).toThrow(StaleEpochError);
    }
    arena.destroy();
  }); // prettier-ignore
  test('an arena at the address of a former one begins above all epochs of that', () => {
    const { heap } = make(kind);
    const handles = [];
    let last = 0;
    const addresses = new Set<number>();
    for (let round = 0; round < 20; round++) {
      const arena = heap.createHeapArena(64);
      expect(arena.epoch()).toBeGreaterThan(last);
      addresses.add(arena.address);
      for (let i = 0; i < round; i++) arena.reset();
      for (const handle of handles) expect(() => heap.sliceFromHandle(handle)).toThrow();
      handles.push(arena.allocU32(1).handle());
      last = arena.epoch();
      if (round % 2) arena.destroy();
      else heap.freeAll();
    }
    expect(addresses.size).toBeLessThanOrEqual(2); // one block, and from some request on an object of a slab
  });
});

test('an epoch that wraps is 1 next, as 0 is none', () => {
  const memory = new LinearMemory({ buffer: new ArrayBuffer(64) });
  const cell = memory.view(BigUint64Array, 8, 1);
  const next = [1n, 2n ** 64n - 2n, 2n ** 64n - 1n].map((epoch) => {
    cell[0] = epoch;
    advanceEpoch(memory, 8);
    return cell[0];
  });
  expect(next).toEqual([2n, 2n ** 64n - 1n, 1n]);
});

test('both words of an epoch are compared on every use, also by a heap that has only the memory', () => {
  const made = make('shared');
  const { heap } = made;
  const arena = heap.createHeapArena(64);
  for (const [low, high] of [[7, 0], [0, 1], [0xffffffff, 2]] as const) {
    const write = (l: number, h: number): void => {
      heap.writeUint32(arena.address, l);
      heap.writeUint32(arena.address + 4, h);
    };
    write(low, high);
    const handle = arena.allocU32(1).write([5]).handle();
    const there = attachManager(made).sliceFromHandle(handle);
    expect([handle.epoch, there.at(0), there.view().byteLength]).toEqual([low + high * 2 ** 32, 5, 4]);
    for (const [l, h] of [[low, high + 1], [low ^ 1, high]] as const) {
      write(l, h);
      for (const use of [() => there.at(0), () => there.set(0, 1), () => there.view(), () => there.write([1])])
        expect(use).toThrow(StaleEpochError);
      expect([there.isAlive(), heap.readUint32(there.ptr)]).toEqual([false, 5]);
    }
    write(low, high);
    arena.reset();
  }
  arena.destroy();
}); // prettier-ignore

describe('the identity of a heap', () => {
  test('makes handles of one manager valid in another of the same memory', () => {
    const made = make('shared');
    const other = attachManager(made);
    expect(other.identity).toEqual(made.heap.identity);
    const handle = made.heap.allocSlice(u32, 2).write([1, 2]).handle();
    expect([...other.sliceFromHandle(handle)]).toEqual([1, 2]);
    made.heap.freeAll();
  });
  test('is refused if it is not an identity, or is set too late', () => {
    for (const kind of ['wrapped', 'shared'] as const) {
      const { identity } = heapOf(kind);
      for (const bad of [undefined, null, 5, {}, { ...identity, id: 0 }, { ...identity, id: 0.5 }, { id: 5 },
        { ...identity, epochs: 2 ** 31 }, { ...identity, epochs: 4 }, { ...identity, epochs: '8' }])
        expect(errorOf(() => (heapOf(kind).identity = bad as never)).code).toMatch(/INVALID|BOUNDS|MISALIGNED/);
      const late = heapOf(kind);
      late.createHeapArena(8).destroy();
      expect(() => (late.identity = identity)).toThrow(ArgumentTypeError);
    }
  }); // prettier-ignore
  test('differs between two heaps, and can be cloned', () => {
    const [one, two] = [heapOf().identity, heapOf().identity];
    expect(one.id).not.toBe(two.id);
    expect(structuredClone(one)).toEqual(one);
  });
  test('keeps its epochs through freeAll, in memory that is not allocated otherwise', () => {
    const made = make('shared');
    const { heap } = made;
    const other = attachManager(made);
    const { epochs } = heap.identity;
    const arena = heap.createHeapArena(64);
    for (let i = 0; i < 10; i++) arena.reset();
    heap.freeAll();
    const blocks = Array.from({ length: 20 }, () => heap.allocUint8Array(16).fill(1));
    expect(blocks.every(({ address }) => address > epochs + 7 || address + 16 <= epochs)).toBe(true);
    const next = other.createHeapArena(64);
    expect([heap.identity.epochs, next.epoch() > 10]).toEqual([epochs, true]);
    expect(blocks.every((block) => block.toArray().every((byte) => byte === 1))).toBe(true);
    next.destroy();
    heap.freeAll();
  });
  test('throws if there is no memory for its epochs, and nothing is leaked', () => {
    const { heap, module } = make('shared');
    if (!module) return expect.fail();
    module.failAt = module.calls + 1;
    expect(() => heap.identity).toThrow(OutOfMemoryError);
    expect(heap.identity.epochs % 8).toBe(0);
  });
});

describe.each(['wrapped', 'shared'] as const)('an attached arena, in a heap of the kind %s,', (kind) => {
  test('is the same arena: both see the allocations, resets and the destruction by the other', () => {
    const made = make(kind);
    const { heap } = made;
    const arena = heap.createHeapArena(100);
    const there = attachManager(made).attachArena(arena.address);
    expect([there.basePtr, there.capBytes, there.epoch()]).toEqual([arena.basePtr, 100, 1]);
    const mine = arena.allocU8(10).write([1]);
    const theirs = there.allocU8(10).write([2]);
    expect([there.usedBytes(), arena.usedBytes(), theirs.ptr >= mine.ptr + 10]).toEqual([26, 26, true]);
    expect([mine.at(0), theirs.at(0)]).toEqual([1, 2]);
    there.reset();
    expect([arena.epoch(), arena.usedBytes(), mine.isAlive(), theirs.isAlive()]).toEqual([2, 0, false, false]);
    expect(() => mine.at(0)).toThrow(StaleEpochError);
    const again2 = there.allocU8(10);
    arena.reset();
    expect([again2.isAlive(), there.epoch()]).toEqual([false, 3]);
    expect(() => again2.view()).toThrow(StaleEpochError);
    expect(() => there.destroy()).toThrow(NotOwnedError);
    there.dispose();
    const last = there.allocU8(3);
    arena.destroy();
    expect(last.isAlive()).toBe(false);
    for (const use of [() => there.alloc(0), () => there.alloc(1), () => there.allocU8(0), () => there.epoch(), () => there.reset(), () => last.at(0)])
      expect(use).toThrow(FreedError);
    expect(there.destroyed).toBe(true);
  }); // prettier-ignore
  test('is refused if there is no arena, or a destroyed one', () => {
    const { heap } = make(kind);
    const arena = heap.createHeapArena(100);
    const { address } = arena;
    for (const at of [0, 8, address + 8, address - 8, address + 4, heap.byteLength - 8, heap.byteLength])
      expect(['INVALID_TYPE', 'OUT_OF_BOUNDS']).toContain(errorOf(() => heap.attachArena(at)).code);
    for (const at of [NaN, -5, 1.5, 2 ** 40]) expect(errorOf(() => heap.attachArena(at)).code).toBe('OUT_OF_BOUNDS');
    for (const at of ['8', null, undefined, {}]) expect(() => heap.attachArena(at as never)).toThrow(ArgumentTypeError);
    arena.destroy();
    expect(() => heap.attachArena(address)).toThrow(ArgumentTypeError);
  }); // prettier-ignore
  test('has its own marks, and rewinds', () => {
    const made = make(kind);
    const arena = made.heap.createHeapArena(100);
    const there = attachManager(made).attachArena(arena.address);
    const kept = there.allocU8(4).write([1]);
    const mark = there.mark();
    const gone = there.allocU8(4);
    there.rewind(mark);
    expect([kept.at(0), gone.isAlive(), arena.usedBytes()]).toEqual([1, false, 4]);
    arena.reset();
    expect(() => there.rewind(mark)).toThrow(StaleEpochError);
    arena.destroy();
  });
  test('attached twice in its own heap stays one arena, which its creator destroys', () => {
    const { heap } = make(kind);
    const arena = heap.createHeapArena(100);
    const same = heap.attachArena(arena.address);
    const slice = same.allocU8(4);
    expect(heap.sliceFromHandle(slice.handle()).owner).toBe(arena);
    arena.destroy();
    expect([slice.isAlive(), same.usedBytes.length]).toEqual([false, 0]);
    expect(() => same.alloc(1)).toThrow(FreedError);
  });
});

test('an arena at the address of a former attached one begins above the epochs seen of that', () => {
  const made = make('wrapped');
  const other = attachManager(made);
  const arena = made.heap.createHeapArena(100);
  const { address } = arena;
  made.heap.writeUint32(address, 1000); // as its maker in C does by resets
  other.attachArena(address);
  arena.destroy();
  const next = other.createHeapArena(100);
  expect([next.address === address, next.epoch() > 1000]).toEqual([true, true]);
  next.destroy();
});

describe('an attached arena that its creator grew', () => {
  /** An arena of 64 bytes that grows, attached in another manager. */
  const grown = () => {
    const made = make('wrapped');
    const arena = made.heap.createHeapArena(64, 8, { grow: true });
    const alloc = (at: number, size: number, align: number): number => (expect(at).toBe(arena.address), arena.alloc(size, align));
    const reset = (): void => arena.reset();
    const there = attachManager(made).attachArena(arena.address, { alloc, reset });
    return { ...made, arena, there };
  }; // prettier-ignore
  test('allocates in the new chunk, through its creator', () => {
    const { arena, there } = grown();
    const first = there.allocU8(60).write([1]);
    const second = there.allocU8(60).write([2]);
    expect([first.at(0), second.at(0), arena.usedBytes() >= 120]).toEqual([1, 2, true]);
    there.reset();
    expect([first.isAlive(), second.isAlive(), arena.usedBytes(), arena.epoch()]).toEqual([
      false,
      false,
      0,
      2,
    ]);
    expect(there.alloc(64, 1)).toBe(arena.basePtr);
    arena.destroy();
  });
  test('is intact after a value was refused that it had grown for', () => {
    const { arena, there } = grown();
    there.alloc(60, 1);
    expect(() => there.allocInt32Array([1, 'x' as never])).toThrow(ArgumentTypeError);
    expect(() => there.suballocate(100, 8, () => { throw new Error('refused'); })).toThrow('refused'); // prettier-ignore
    const used = there.usedBytes();
    const [a, b] = [there.alloc(8, 8), arena.alloc(8, 8)];
    expect([Math.abs(a - b), there.usedBytes()]).toEqual([8, used + 16]);
    expect(there.suballocationAt(a, 8, 0).isLive).toBe(true);
    arena.destroy();
  });
  test('is not rewound to before its chunk, and nothing changes then', () => {
    const { arena, there } = grown();
    const mark = there.mark();
    there.alloc(60, 1);
    const slice = there.allocU8(60).write([5]);
    const used = arena.usedBytes();
    expect(() => there.rewind(mark)).toThrow(NotOwnedError);
    expect([arena.usedBytes(), slice.at(0)]).toEqual([used, 5]);
    arena.destroy();
  });
  test('is attached with the bounds of its first block, and reset to them', () => {
    const made = make('wrapped');
    const { heap } = made;
    const arena = heap.createHeapArena(64, 8, { grow: true });
    for (let i = 0; i < 4; i++) arena.alloc(100 * i + 60);
    const there = attachManager(made).attachArena(arena.address);
    expect([there.basePtr, there.capBytes]).toEqual([arena.basePtr, 64]);
    expect(() => there.reset()).toThrow(NotOwnedError);
    arena.reset();
    there.alloc(5, 1);
    there.reset();
    expect([there.usedBytes(), there.alloc(64, 1)]).toEqual([0, arena.basePtr]);
    arena.destroy();
  });
  test('is out of memory when it is full, without alloc and if alloc fails', () => {
    for (const options of [{}, { alloc: () => 0 }, { alloc: () => 0n as never }]) {
      const made = make('wrapped');
      const arena = made.heap.createHeapArena(64);
      const there = attachManager(made).attachArena(arena.address, options);
      there.alloc(60, 1);
      expect(() => there.alloc(5, 1)).toThrow(OutOfMemoryError);
      expect(() => there.allocU8(5)).toThrow(OutOfMemoryError);
      expect(there.usedBytes()).toBe(60);
      arena.destroy();
    }
  });
});
