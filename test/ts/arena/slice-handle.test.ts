import { afterEach, describe, expect, test } from 'vitest';
import {
  ArgumentRangeError,
  ArgumentTypeError,
  FreedError,
  MisalignedError,
  OutOfBoundsError,
  scalarTypes,
  sliceFromHandle,
  StaleEpochError,
  u32,
  WrongHeapError,
  type Scalar,
  type WasmHeapManager,
  type WasmSlice,
  type WasmSliceHandle,
} from '../../../ts/index.ts';
import { attachManager, errorOf, heapOf, kinds, make, expectNothingLeaked } from '../../support/arena.ts';

afterEach(expectNothingLeaked);
const all = scalarTypes as readonly unknown[] as readonly Scalar[]; // each type is a Scalar with its own type of value
const valueFor = (type: Scalar): never =>
  (type.kind === 'bigint' ? 5n : type.kind === 'boolean' || 5) as never;

/** A slice of four numbers of every kind. */
const slicesOfEveryKind = (heap: WasmHeapManager): WasmSlice<Uint32Array, number>[] =>
  [
    heap.allocSlice(u32, 4),
    heap.createHeapArena(100).allocU32(4),
    heap.frameArena.arena.allocU32(4),
    heap.scope().allocU32(4),
  ].map((slice) => slice.write([1, 2, 3, 4]));
const endAll = (heap: WasmHeapManager): void => heap.freeAll();

describe.each(kinds)('in a heap of the kind %s, a handle', (kind) => {
  test('is a plain object that can be cloned, and gives the same elements', () => {
    const { heap } = make(kind);
    heap.frameArena.init(100);
    for (const slice of slicesOfEveryKind(heap)) {
      const handle = slice.handle();
      const cloned = structuredClone(handle);
      expect(cloned).toEqual(handle);
      expect(JSON.parse(JSON.stringify(handle))).toEqual(handle);
      const { kind: source, ptr, length, epoch } = slice;
      expect(handle).toMatchObject({ kind: source, dtype: 'u32', ptr, length, epoch });
      const same = sliceFromHandle(heap, cloned);
      expect([...same]).toEqual([1, 2, 3, 4]);
      same.set(0, 9);
      expect([slice.at(0), same.kind, same.ptr, same.epoch, same.owns]).toEqual([9, source, ptr, epoch, false]);
      expect(heap.sliceFromHandle(same.handle()).at(0)).toBe(9);
    }
    endAll(heap);
  }); // prettier-ignore
  test.each(all)('of a slice of $name works', (type) => {
    const { heap } = make(kind);
    const arena = heap.createHeapArena(1000);
    for (const slice of [heap.allocSlice(type, 3), arena.allocSlice(type, 3)]) {
      slice.write([valueFor(type), valueFor(type)]);
      const same = heap.sliceFromHandle(structuredClone(slice.handle()));
      expect([same.type, same.byteLength, [...same]]).toEqual([type, slice.byteLength, [...slice]]);
    }
    endAll(heap);
  });
  test('is refused once its slice was freed, reset, rewound or destroyed', () => {
    const { heap } = make(kind);
    const arena = heap.createHeapArena(100);
    const mark = arena.mark();
    const ends: [() => WasmSlice<Uint32Array, number>, (slice: WasmSlice<Uint32Array, number>) => void, unknown][] = [
      [() => heap.allocSlice(u32, 4), (slice) => slice.free(), StaleEpochError],
      [() => arena.allocU32(4), () => arena.rewind(mark), FreedError],
      [() => arena.allocU32(4), () => arena.reset(), StaleEpochError],
      [() => heap.frameArena.arena.allocU32(4), () => heap.frameArena.reset(), StaleEpochError],
      [() => heap.frameArena.arena.allocU32(4), () => heap.frameArena.init(200), undefined],
      [() => arena.allocU32(4), () => arena.destroy(), undefined],
    ]; // prettier-ignore
    heap.frameArena.init(100);
    for (const [lend, end, error] of ends) {
      const slice = lend();
      const handle = slice.handle();
      const same = heap.sliceFromHandle(handle);
      end(slice);
      expect(() => heap.sliceFromHandle(handle)).toThrow(error as never);
      expect([slice.isAlive(), same.isAlive()]).toEqual([false, false]);
      expect(() => slice.handle()).toThrow();
    }
    heap.frameArena.destroy();
  });
});

describe('a handle is refused', () => {
  type Forged = { [K in keyof WasmSliceHandle]?: unknown };
  const forged: [string, Forged | ((handle: WasmSliceHandle) => Forged), unknown][] = [
    ['of another heap', ({ heap }) => ({ heap: heap + 1 }), WrongHeapError],
    ['of no heap', { heap: 0 }, WrongHeapError],
    ['with an epoch of 0', { epoch: 0 }, ArgumentRangeError],
    ['with a later epoch', ({ epoch }) => ({ epoch: epoch + 1 }), StaleEpochError],
    ['with an epoch 2^32 later', ({ epoch }) => ({ epoch: epoch + 2 ** 32 }), StaleEpochError],
    ...[-1, 0.5, NaN, Infinity, 2 ** 53].flatMap((value) =>
      ['ptr', 'length', 'epoch', 'heap', 'arena'].map((name): (typeof forged)[0] => [`whose ${name} is ${value}`, { [name]: value }, ArgumentRangeError])),
    ...['1', null, undefined, {}, 1n].flatMap((value) =>
      ['ptr', 'length', 'epoch', 'heap', 'arena', 'kind', 'dtype'].map((name): (typeof forged)[0] => [`whose ${name} is a ${typeof value}`, { [name]: value }, ArgumentTypeError])),
    ['of an unknown kind', { kind: 'stack' }, ArgumentTypeError],
    ['of an unknown dtype', { dtype: 'f31' }, ArgumentTypeError],
    ['whose dtype is a name that all objects have', { dtype: 'constructor' }, ArgumentTypeError],
    ['that ends beyond the slice', { length: 5 }, OutOfBoundsError],
    ['that begins before the slice', ({ ptr }) => ({ ptr: ptr - 4 }), undefined],
    ['that begins 16 bytes before', ({ ptr }) => ({ ptr: ptr - 16 }), undefined],
    ['that lies beyond the memory', { ptr: 2 ** 31 }, OutOfBoundsError],
    ['whose bytes wrap', { length: 2 ** 30 + 1 }, OutOfBoundsError],
    ['whose bytes are beyond 2^53', { length: 2 ** 52 }, undefined],
    ['at the end of the memory', { ptr: 64 * 65536 - 4, length: 4 }, OutOfBoundsError],
    ['at address 0', { ptr: 0 }, undefined],
    ['that is misaligned for its dtype', ({ ptr }) => ({ ptr: ptr + 2, length: 1 }), MisalignedError],
    ['that is misaligned for another dtype', ({ ptr }) => ({ ptr: ptr + 4, dtype: 'f64', length: 1 }), MisalignedError],
    ['whose dtype is too large for the slice', { dtype: 'f64' }, OutOfBoundsError],
  ]; // prettier-ignore
  describe.each(['wrapped', 'shared'] as const)('in a heap of the kind %s', (kind) => {
    test.each(forged)('%s', (_what, change, error) => {
      const made = make(kind);
      const { heap } = made;
      const other = kind === 'shared' ? attachManager(made) : undefined;
      heap.frameArena.init(100);
      for (const slice of slicesOfEveryKind(heap)) {
        const handle = slice.handle();
        const wrong = { ...handle, ...(typeof change === 'function' ? change(handle) : change) };
        expect(() => heap.sliceFromHandle(wrong as never)).toThrow(error as never);
        if (other) expect(() => other.sliceFromHandle(wrong as never)).toThrow();
        expect([...slice]).toEqual([1, 2, 3, 4]);
      }
      endAll(heap);
    });
    test('if its arena is another one, none, or of another kind', () => {
      const { heap } = make(kind);
      heap.frameArena.init(100);
      const slices = slicesOfEveryKind(heap);
      const [own, arena] = slices.map((slice) => slice.handle());
      const other = heap.createHeapArena(100);
      for (const at of [other.address, 0, 8, (arena as WasmSliceHandle).arena + 8, heap.byteLength - 8, 2 ** 40])
        expect(() => heap.sliceFromHandle({ ...(arena as WasmSliceHandle), arena: at })).toThrow();
      expect(() => heap.sliceFromHandle({ ...(arena as WasmSliceHandle), kind: 'heap' })).toThrow();
      expect(() => heap.sliceFromHandle({ ...(own as WasmSliceHandle), kind: 'arena' })).toThrow();
      endAll(heap);
    }); // prettier-ignore
  });
  test.each([undefined, null, 5, 'handle', () => 0, Symbol.iterator])(
    'if it is not a handle: %s',
    (handle) => {
      expect(() => heapOf().sliceFromHandle(handle as never)).toThrow(ArgumentTypeError);
    },
  );
  test('if it is of another heap with the same address, epoch and memory size', () => {
    const [one, two] = [heapOf(), heapOf()];
    const slices = [one, two].map((heap) => heap.createHeapArena(100).allocU32(4));
    const [handle, other] = slices.map((slice) => slice.handle()) as [WasmSliceHandle, WasmSliceHandle];
    expect({ ...handle, heap: 0 }).toEqual({ ...other, heap: 0 });
    expect(() => two.sliceFromHandle(handle)).toThrow(WrongHeapError);
    for (const heap of [one, two]) heap.freeAll();
  });
});

test('each field of a handle is read once, before anything is looked up', () => {
  const { heap } = make('wrapped');
  const arena = heap.createHeapArena(100);
  const handle = arena.allocU32(4).write([1, 2, 3, 4]).handle();
  const reads: string[] = [];
  const counting = new Proxy(handle, {
    get: (target, name) => (reads.push(String(name)), Reflect.get(target, name) as unknown),
  });
  expect([...heap.sliceFromHandle(counting)]).toEqual([1, 2, 3, 4]);
  expect([...reads].sort()).toEqual(Object.keys(handle).sort());
  for (const name of Object.keys(handle)) {
    const hostile = { ...handle };
    const get = (): unknown => (arena.destroyed || arena.destroy(), handle[name as keyof WasmSliceHandle]);
    Object.defineProperty(hostile, name, { get });
    expect(['FREED', 'STALE_EPOCH']).toContain(errorOf(() => heap.sliceFromHandle(hostile)).code);
  }
});

test('a slice made from a handle becomes invalid with its own checkpoint, not with a later one', () => {
  const { heap } = make('wrapped');
  const arena = heap.createHeapArena(50, 16, { grow: true });
  const first = arena.allocU32(4).write([1, 2, 3, 4]).handle();
  const outer = arena.mark();
  const second = arena.allocU32(4).write([5]).handle();
  const inner = arena.mark();
  const third = arena.allocU32(400).write([6]).handle();
  const slices = [first, second, third].map((handle) => heap.sliceFromHandle(handle));
  expect(slices.map((slice) => slice.at(0))).toEqual([1, 5, 6]);
  arena.rewind(inner);
  expect(slices.map((slice) => slice.isAlive())).toEqual([true, true, false]);
  arena.rewind(outer);
  expect(slices.map((slice) => slice.isAlive())).toEqual([true, false, false]);
  arena.destroy();
});
