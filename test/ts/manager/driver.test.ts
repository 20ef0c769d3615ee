import { afterEach, describe, expect, test } from 'vitest';
import {
  ArgumentTypeError,
  createDriver,
  MisalignedError,
  ModuleError,
  OutOfBoundsError,
  scalarTypes,
  StaleEpochError,
  type WasmSlice,
} from '../../../ts/index.ts';
import { kinds, make, expectNothingLeaked } from '../../support/arena.ts';

afterEach(expectNothingLeaked);
const methods = scalarTypes.map(({ name }) => `alloc${name.charAt(0).toUpperCase()}${name.slice(1)}`);

describe.each(kinds)('the driver of a heap of the kind %s', (kind) => {
  test('shows the memory as it is now, also after a growth', () => {
    const { heap } = make(kind);
    const driver = createDriver(heap);
    expect([driver.buffer(), driver.bytes().buffer]).toEqual([heap.buffer, heap.buffer]);
    const before = driver.bytes().length;
    if (kind !== 'plain') heap.free(heap.alloc(before));
    expect(driver.bytes().length).toBe(heap.byteLength);
    expect(driver.bytes()).toBe(driver.bytes());
    expect(driver.isSharedMemory()).toBe(kind === 'shared');
    if (kind === 'shared') expect(driver.requireSharedMemory()).toBe(heap.buffer);
    else expect(() => driver.requireSharedMemory()).toThrow(ModuleError);
  });
  test('allocates heap and frame slices of every type, aligned to 16 or more', () => {
    const { heap } = make(kind);
    const driver = createDriver(heap);
    heap.frameArena.init(100_000);
    for (const kind of ['heap', 'frame'] as const)
      for (const [i, method] of methods.entries()) {
        const alloc = driver[kind][method as 'allocF32'];
        const slices: WasmSlice<ArrayBufferView, number>[] = [alloc(3), alloc(0), alloc(2, 4096)];
        expect(slices.map(({ kind: of, dtype, length }) => [of, dtype, length])).toEqual(
          [3, 0, 2].map((length) => [kind, scalarTypes[i]?.name, length]),
        );
        expect([slices[0]?.ptr, slices[1]?.ptr].map((ptr) => (ptr ?? 1) % 16)).toEqual([0, 0]);
        expect((slices[2]?.ptr ?? 1) % 4096).toBe(0);
        if (kind === 'heap') for (const slice of slices) slice.free();
        else heap.frameArena.reset();
      }
    heap.frameArena.destroy();
  });
  test('makes arenas, and views, checked ones of handles', () => {
    const { heap } = make(kind);
    const driver = createDriver(heap);
    const arena = driver.createHeapArena(100, 64);
    expect(arena.basePtr % 64).toBe(0);
    const slice = arena.allocF32(2).write([1, 2]);
    expect([...driver.view(Float32Array, slice.ptr, 2)]).toEqual([1, 2]);
    expect([...driver.viewOn(Float32Array, driver.buffer(), slice.ptr, 2)]).toEqual([1, 2]);
    const handle = structuredClone(slice.handle());
    expect([...(driver.viewFromHandle(handle) as Float32Array)]).toEqual([1, 2]);
    arena.reset();
    expect(() => driver.viewFromHandle(handle)).toThrow(StaleEpochError);
    const own = driver.heap.allocU8(2);
    const stale = own.handle();
    own.free();
    expect(() => driver.viewFromHandle(stale)).toThrow(StaleEpochError);
    arena.destroy();
  });
});

test('views are refused out of bounds, at a misaligned address, and without a buffer', () => {
  const driver = createDriver(make('wrapped').heap);
  for (const view of [driver.view, (...[Of, ptr, n]: [typeof Float32Array, number, number]) => driver.viewOn(Of, driver.buffer(), ptr, n)]) {
    expect(() => view(Float32Array, 65532, 2)).toThrow(OutOfBoundsError);
    expect(() => view(Float32Array, 2 ** 32, 0)).toThrow(OutOfBoundsError);
    expect(() => view(Float32Array, 2, 1)).toThrow(MisalignedError);
    for (const count of [-1, NaN, 0.5]) expect(() => view(Float32Array, 0, count)).toThrow(RangeError);
    expect(() => view(Float32Array, '0' as never, 1)).toThrow(ArgumentTypeError);
  }
  expect(() => driver.viewOn(Uint8Array, undefined as never, 0, 1)).toThrow(ModuleError);
}); // prettier-ignore
