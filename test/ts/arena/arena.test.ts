import { afterEach, describe, expect, test } from 'vitest';
import {
  ArgumentRangeError,
  ArgumentTypeError,
  createHeapArena,
  createWasmHeapManager,
  FreedError,
  OutOfBoundsError,
  OutOfMemoryError,
  scalarTypes,
  StaleEpochError,
  type Scalar,
  type WasmHeapArena,
} from '../../../ts/index.ts';
import { errorOf, heapOf, kinds, make, expectNothingLeaked } from '../../support/arena.ts';
import { fakeModule, fakeHeap } from '../../support/heap.ts';

afterEach(expectNothingLeaked);
const powers = Array.from({ length: 17 }, (_, i) => 2 ** i);

describe.each(kinds)('an arena in a heap of the kind %s', (kind) => {
  test('has the requested capacity, all of it usable, and allocates one block', () => {
    const heap = heapOf(kind);
    const arena = heap.createHeapArena(1000);
    expect([arena.capBytes, arena.usedBytes(), arena.epoch(), arena.kind]).toEqual([1000, 0, 1, 'arena']);
    expect(arena.alloc(1000, 1)).toBe(arena.basePtr);
    expect(arena.usedBytes()).toBe(1000);
    heap.fill(arena.basePtr, 1000, 0xff);
    expect(errorOf(() => arena.alloc(1, 1)).code).toBe('OUT_OF_MEMORY');
    expect([arena.capBytes, arena.usedBytes(), arena.epoch()]).toEqual([1000, 1000, 1]);
    arena.destroy();
  });
  test('aligns its base and its allocations to every power of two up to 65,536', () => {
    const heap = heapOf(kind);
    for (const align of powers) {
      const arena = heap.createHeapArena(200_000, align);
      expect(arena.basePtr % align).toBe(0);
      for (const each of [1, align, 16, 65536]) {
        arena.alloc(1, 1);
        expect(arena.alloc(3, each) % each).toBe(0);
      }
      arena.destroy();
    }
  });
  test('allocates ranges that lie in it and do not overlap, and keeps what is written in them', () => {
    const heap = heapOf(kind);
    const arena = heap.createHeapArena(4096, 8);
    let end = arena.basePtr;
    const allocated: [number, number][] = [];
    for (const size of [1, 2, 3, 7, 8, 0, 100, 1000]) {
      const at = arena.alloc(size, 4);
      expect(at).toBeGreaterThanOrEqual(end);
      end = at + size;
      heap.fill(at, size, size & 255);
      allocated.push([at, size]);
    }
    expect(arena.usedBytes()).toBe(end - arena.basePtr);
    for (const [at, size] of allocated) expect(heap.readBytes(at, size).every((byte) => byte === (size & 255))).toBe(true); // prettier-ignore
    arena.destroy();
  });
  test('an allocation of 0 bytes returns an address and uses no bytes', () => {
    const arena = heapOf(kind).createHeapArena(64);
    expect([arena.alloc(0), arena.alloc(0), arena.usedBytes()]).toEqual([arena.basePtr, arena.basePtr, 0]);
    arena.destroy();
  });
  test('reset frees everything, begins the next epoch and invalidates all slices', () => {
    const arena = heapOf(kind).createHeapArena(64);
    const old = arena.allocU8(64).write([1]);
    arena.reset();
    expect([arena.usedBytes(), arena.epoch(), old.isAlive()]).toEqual([0, 2, false]);
    expect(errorOf(() => old.at(0))).toMatchObject({ code: 'STALE_EPOCH', createdIn: 1, current: 2 });
    expect(arena.allocU8(64).ptr).toBe(old.ptr);
    expect(old.isAlive()).toBe(false);
    arena.destroy();
  });
  test('destroy frees its block once, and every later use throws', () => {
    const { heap } = make(kind);
    const arena = heap.createHeapArena(64);
    const slice = arena.allocF32(2);
    const ref = arena.allocInt32(5);
    arena.destroy();
    arena.destroy();
    arena.dispose();
    expect([arena.destroyed, slice.isAlive(), ref.isFreed]).toEqual([true, false, true]);
    const uses = [
      () => arena.alloc(1), () => arena.alloc(0), () => arena.allocF32(1), () => arena.allocInt32(1), () => arena.reset(),
      () => arena.epoch(), () => arena.usedBytes(), () => arena.mark(), () => arena.allocUtf8String('a'),
      () => slice.at(0), () => slice.set(0, 1), () => slice.view(), () => slice.write([1]), () => slice.buffer(),
      () => slice.handle(), () => slice.assertAlive(), () => ref.value, () => (ref.value = 1), () => ref.clear(),
    ]; // prettier-ignore
    for (const use of uses) expect(use).toThrow(FreedError);
    expect(errorOf(() => arena.alloc(1)).message).toContain('arena');
  });
  test.each([0, -1, -0.5, NaN, 1.5, Infinity, 2 ** 53])('a capacity of %s is refused', (capBytes) => {
    expect(() => heapOf(kind).createHeapArena(capBytes)).toThrow(ArgumentRangeError);
  });
  test.each(['8', null, undefined, {}, 8n, [8]])(
    'a capacity %s that is not a number is refused',
    (capBytes) => {
      expect(() => heapOf(kind).createHeapArena(capBytes as never)).toThrow(ArgumentTypeError);
    },
  );
  test.each([2 ** 31, 2 ** 32, 2 ** 32 + 16, 2 ** 53 - 1, 2 ** 53 - 64])(
    'a capacity of %s is more than there is, not a wrapped size',
    (capBytes) => {
      const code = errorOf(() => heapOf(kind).createHeapArena(capBytes)).code;
      expect(['OUT_OF_MEMORY', 'INVALID_RANGE']).toContain(code);
    },
  );
  test.each([0, 3, 24, -16, 2 ** 17, 2 ** 31, 2 ** 32, NaN, 0.5])(
    'an alignment of %s is refused',
    (align) => {
      const { heap } = make(kind);
      expect(() => heap.createHeapArena(64, align)).toThrow(ArgumentRangeError);
      const arena = heap.createHeapArena(64);
      expect(() => arena.alloc(8, align)).toThrow(ArgumentRangeError);
      expect(() => arena.allocF32(1, align)).toThrow(ArgumentRangeError);
      expect(() => heap.allocSlice(scalarTypes[0] as unknown as Scalar, 1, align)).toThrow(
        ArgumentRangeError,
      );
      expect(arena.usedBytes()).toBe(0);
      arena.destroy();
    },
  );
});

describe('a failed allocation uses no memory:', () => {
  const bad: [string, (arena: WasmHeapArena) => unknown, string][] = [
    ...[NaN, -1, 1.5, Infinity, 2 ** 53].map((n): (typeof bad)[0] => [`${n} bytes`, (a) => a.alloc(n), 'INVALID_RANGE']),
    ...[NaN, -1, 1.5, 2 ** 53].map((n): (typeof bad)[0] => [`${n} floats`, (a) => a.allocF32(n), 'INVALID_RANGE']),
    ...['8', null, undefined, {}, 8n].map((n): (typeof bad)[0] => [`${typeof n} bytes`, (a) => a.alloc(n as never), 'INVALID_TYPE']),
    ...[2 ** 29, 2 ** 30, 2 ** 30 + 1, 2 ** 32, 2 ** 49].map((n): (typeof bad)[0] => [`${n} doubles`, (a) => a.allocF64(n), 'OUT_OF_MEMORY']),
    ...[1e9, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 8].map((n): (typeof bad)[0] => [`${n} bytes`, (a) => a.alloc(n), 'OUT_OF_MEMORY']),
    ['doubles whose bytes are beyond 2^53', (a) => a.allocF64(2 ** 50), 'INVALID_RANGE'],
    ['an alignment of a wrong type', (a) => a.alloc(8, '8' as never), 'INVALID_TYPE'],
    ['a value of a wrong type', (a) => a.allocInt32('1' as never), 'INVALID_TYPE'],
    ['a bigint for a number', (a) => a.allocFloat64(1n as never), 'INVALID_TYPE'],
    ['a number for a bigint', (a) => a.allocBigInt64(1 as never), 'INVALID_TYPE'],
    ['a value that the type refuses', (a) => a.allocPointer53(-1), 'INVALID_RANGE'],
    ['another value that the type refuses', (a) => a.allocPointer53(0.5), 'INVALID_RANGE'],
    ['an array with a wrong value', (a) => a.allocInt32Array([1, '2' as never]), 'INVALID_TYPE'],
    ['an array of no array', (a) => a.allocInt32Array({} as never), 'INVALID_TYPE'],
    ['a string that cannot be encoded', (a) => a.allocNullTerminatedAsciiString('\u00e9'), 'ENCODING'],
    ['a string with a NUL', (a) => a.allocNullTerminatedUtf8String('a\0b'), 'ENCODING'],
    ['a value that is not a string', (a) => a.allocUtf8String({} as never), 'INVALID_TYPE'],
    ['more than is left', (a) => a.alloc(1 + a.capBytes - a.usedBytes(), 1), 'OUT_OF_MEMORY'],
    ['padding that does not fit', (a) => a.alloc(1, 65536), 'OUT_OF_MEMORY'],
  ]; // prettier-ignore
  test.each(bad)('%s', (_what, act, code) => {
    for (const kind of ['wrapped', 'shared', 'memory64'] as const) {
      const arena = heapOf(kind).createHeapArena(1000, 8);
      arena.alloc(1, 1); // so that the next allocation needs padding
      expect(errorOf(() => act(arena)).code).toBe(code);
      expect(arena.usedBytes()).toBe(1);
      expect(arena.alloc(999, 1)).toBe(arena.basePtr + 1);
      arena.destroy();
    }
  });
  test('a capacity of the wrong type changes nothing', () => {
    const { heap, module } = make('wrapped');
    expect(() => createHeapArena(heap, 64, 16, null as never)).toThrow(TypeError);
    expect(module?.live.size).toBe(0);
  });
});

describe('mark and rewind', () => {
  test('free what was allocated since, also nested, and the mark can be used again', () => {
    const arena = heapOf().createHeapArena(256);
    const kept = arena.allocI32(2).write([1, 2]);
    const outer = arena.mark();
    const one = arena.allocInt32(3);
    const inner = arena.mark();
    const two = arena.allocU8(5);
    arena.rewind(inner);
    expect([kept.isAlive(), one.isFreed, two.isAlive()]).toEqual([true, false, false]);
    const three = arena.allocU8(5);
    expect(three.ptr).toBe(two.ptr);
    arena.rewind(inner);
    arena.rewind(outer);
    expect([kept.isAlive(), one.isFreed, three.isAlive(), arena.usedBytes()]).toEqual([true, true, false, 8]);
    expect([...kept]).toEqual([1, 2]);
    for (const use of [() => one.value, () => two.at(0), () => three.view()]) expect(use).toThrow(FreedError);
    const four = arena.allocU8(5);
    arena.rewind(outer);
    expect([four.isAlive(), arena.usedBytes(), arena.epoch()]).toEqual([false, 8, 1]);
    arena.destroy();
  });
  test('a mark is refused if it was rewound past, is of an old epoch or of another arena, or is not a mark', () => {
    const { heap } = make('wrapped');
    const [arena, other] = [heap.createHeapArena(256), heap.createHeapArena(256)];
    const outer = arena.mark();
    const inner = arena.mark();
    arena.alloc(16);
    arena.rewind(outer);
    arena.alloc(32);
    expect(() => arena.rewind(inner)).toThrow(FreedError);
    expect(() => arena.rewind(other.mark())).toThrow(ArgumentTypeError);
    for (const none of [undefined, null, {}, 5, { ...outer }]) expect(() => arena.rewind(none as never)).toThrow(ArgumentTypeError); // prettier-ignore
    expect(arena.usedBytes()).toBe(32);
    arena.reset();
    arena.alloc(48);
    expect(() => arena.rewind(outer)).toThrow(StaleEpochError);
    expect(arena.usedBytes()).toBe(48);
    const last = arena.mark();
    arena.destroy();
    expect(() => arena.rewind(last)).toThrow(FreedError);
    other.destroy();
  });
});

test('using destroys an arena at the end of its block', () => {
  const arena = heapOf().createHeapArena(64);
  (arena as { [Symbol.dispose]?: () => void })[Symbol.dispose]?.();
  if (!Symbol.dispose) arena.dispose();
  expect(arena.destroyed).toBe(true);
});

test('if the allocator refuses the free, the arena stays alive and empty, and can be destroyed later', () => {
  const { heap, module } = fakeHeap({}, fakeModule());
  const arena = heap.createHeapArena(128);
  const slice = arena.allocU8(8);
  const { free } = module;
  module.free = () => {
    throw new Error('not now');
  };
  expect(() => arena.destroy()).toThrow('not now');
  module.free = free;
  expect([arena.destroyed, slice.isAlive(), arena.usedBytes()]).toEqual([false, false, 0]);
  expect(arena.epoch()).toBeGreaterThan(1);
  const young = arena.allocU8(128).write([7]);
  expect([young.at(0), heap.sliceFromHandle(young.handle()).at(0)]).toEqual([7, 7]);
  arena.destroy();
  expect([module.live.size, young.isAlive()]).toEqual([0, false]);
});

test('freeAll, and a free of its block by address, destroy an arena and invalidate its slices', () => {
  for (const end of ['freeAll', 'free'] as const) {
    const { heap } = make('wrapped');
    const arena = heap.createHeapArena(128);
    const [slice, ref, text] = [arena.allocU8(4), arena.allocInt32(5), arena.allocUtf8String('a')];
    if (end === 'freeAll') heap.freeAll();
    else heap.free(arena.address);
    expect([arena.destroyed, slice.isAlive(), ref.isFreed, text.isFreed]).toEqual([true, false, true, true]);
    for (const use of [() => slice.at(0), () => ref.value, () => text.value, () => arena.alloc(1)])
      expect(use).toThrow(FreedError);
    arena.destroy();
  }
});

test('an OutOfMemoryError of an arena has the size and the alignment', () => {
  const arena = heapOf().createHeapArena(16);
  expect(() => arena.alloc(17, 4)).toThrow(OutOfMemoryError);
  expect(errorOf(() => arena.alloc(17, 4))).toMatchObject({ size: 17, align: 4 });
  arena.destroy();
});

test('an arena beyond the end of a memory that shrank cannot be used until the memory is long enough again', () => {
  const buffer = new ArrayBuffer(65536, { maxByteLength: 131072 });
  const heap = createWasmHeapManager(
    () => buffer,
    () => 32768,
    () => undefined,
  );
  const arena = heap.createHeapArena(1024);
  const slice = arena.allocI32(8).set(0, 5);
  const mark = arena.mark();
  const [view, before] = [slice.view(), arena.usedBytes()];
  const uses = [
    () => slice.view(),
    () => slice.at(0),
    () => slice.set(0, 1),
    () => arena.alloc(8),
    () => arena.mark(),
    () => arena.rewind(mark),
    () => arena.reset(),
  ];
  for (const length of [1000, arena.address + 8]) {
    const bytes = new Uint8Array(buffer.slice(0));
    buffer.resize(length);
    for (const use of uses) expect(use).toThrow(OutOfBoundsError);
    buffer.resize(65536);
    new Uint8Array(buffer).set(bytes); // a resize clears the bytes that it cut off
    expect([slice.at(0), slice.view() === view, arena.usedBytes()]).toEqual([5, true, before]);
  }
  arena.destroy();
});
