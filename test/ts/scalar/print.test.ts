// Refs, slices, arenas and heaps as values: converted, printed, serialised, cloned.
import { describe, expect, test } from 'vitest';
import {
  createHeapSync,
  createWasmHeapManager64,
  FreedError,
  i32,
  LinearMemory,
  pointer,
  StaleEpochError,
  struct,
} from '../../../ts/index.ts';

const heap = createHeapSync();

describe('a ref passed where a number is wanted', () => {
  test('is its address, of scalars, arrays, strings and slices', () => {
    const refs = [
      heap.allocInt32(1),
      heap.allocFloat64Array(3),
      heap.allocNullTerminatedUtf8String('text'),
      heap.adopt(heap.exports.lm_heap_alloc(heap.handle, 8)),
    ];
    for (const ref of refs) {
      expect([Number(ref), +ref, (ref as never as number) + 4]).toEqual([ref.address, ref.address, ref.address + 4]);
      expect(new Int32Array([ref as never])[0]).toBe(ref.address);
      ref.free();
      expect(() => Number(ref)).toThrow(FreedError);
    }
    const slice = heap.allocSlice(heap.allocInt32(1).type, 2);
    expect(+slice).toBe(slice.ptr);
    slice.free();
    expect(() => +slice).toThrow(FreedError);
    heap.freeAll();
  }); // prettier-ignore
  test('is the address of the C struct for an arena, and STALE_EPOCH for its slices after a reset', () => {
    const arena = heap.createHeapArena(64);
    const slice = arena.allocF32(2);
    expect([Number(arena), Number(slice)]).toEqual([arena.address, slice.ptr]);
    arena.reset();
    expect(() => Number(slice)).toThrow(StaleEpochError);
    arena.destroy();
    expect(() => Number(arena)).toThrow(FreedError);
  });
  test('is a bigint in a heap of 64-bit addresses', () => {
    const memory = new WebAssembly.Memory({ initial: 1 });
    const wide = createWasmHeapManager64(memory, () => 1024n, () => undefined); // prettier-ignore
    const ref = wide.allocInt32(1);
    expect(BigInt.asUintN(64, ref as never)).toBe(1024n);
  });
});

describe('what consoles print', () => {
  test.each([
    ['a scalar', () => heap.allocInt32(42), /^Int32Ref at 0x[0-9a-f]+: 42$/],
    ['a bigint', () => heap.allocBigInt64(7n), /^BigInt64Ref at 0x[0-9a-f]+: 7n$/],
    ['an array', () => heap.allocUint8Array([1, 2]), /^Uint8ArrayRef\(2\) at 0x[0-9a-f]+: \[1, 2\]$/],
    ['a long array', () => heap.allocUint8Array(102), /, 0, \.\.\. 2 more items\]$/],
    ['a string', () => heap.allocNullTerminatedUtf8String('Zoë'), /^NullTerminatedUtf8StringRef at 0x[0-9a-f]+: "Zoë"$/],
    ['a slice', () => heap.allocSlice(heap.wrapInt32(16).type, 2), /^WasmSlice<i32>\(2\) at 0x[0-9a-f]+: \[0, 0\]$/],
    ['an arena', () => heap.createHeapArena(64), /^WasmHeapArena at 0x[0-9a-f]+ \(0 of 64 bytes used\)$/],
    ['a heap', () => heap, /^Heap of \d+ bytes, \d+ live blocks$/],
  ])('of %s is one line', (_what, make, expected) => {
    const object = make() as object;
    const inspect = (object as Record<symbol, () => string>)[Symbol.for('nodejs.util.inspect.custom')];
    expect(`${object}`).toMatch(expected);
    expect(inspect?.call(object)).toMatch(expected);
    heap.freeAll();
  }); // prettier-ignore
  test('of a freed ref says so, and throws nothing', () => {
    const ref = heap.allocInt32(1);
    ref.free();
    expect(String(ref)).toMatch(/^Int32Ref at 0x[0-9a-f]+ \(freed\)$/);
  });
});

test('no enumerable property leads from a ref, a slice, an arena, a struct or a heap to the memory', () => {
  const own = createHeapSync({ initialBytes: 2 ** 20 });
  const arena = own.createHeapArena(64);
  const Point = struct('Point', { x: i32, name: pointer(i32) });
  const objects = [own, own.allocInt32(1), own.allocInt32Array(3), own.allocNullTerminatedUtf8String('text'), arena, arena.allocF32(1), own.allocSlice(i32, 2), own.frameArena, Point.alloc(own), Point.allocArray(own, 2), new LinearMemory(own.memory)]; // prettier-ignore
  for (const object of objects)
    expect(reachable(object).filter((found) => bytesOf(found) > 2048)).toEqual([]);
});
/** All objects that a printer which knows no printed form would walk. */
function reachable(object: object, found = new Set<object>()): object[] {
  found.add(object);
  for (const key of Object.keys(object)) {
    const value: unknown = Object.getOwnPropertyDescriptor(object, key)?.value;
    if (Object(value) === value && !found.has(value as object)) reachable(value as object, found);
  }
  return [...found];
}
const bytesOf = (object: object): number =>
  object instanceof ArrayBuffer || ArrayBuffer.isView(object) ? object.byteLength : 0;

describe('JSON', () => {
  test('of refs and slices is their value, bigints as strings', () => {
    const values = {
      scalar: heap.allocInt32(5),
      big: heap.allocBigUint64(2n ** 60n),
      list: heap.allocFloat32Array([1.5, 2]),
      bigs: heap.allocBigInt64Array([-1n]),
      text: heap.allocUtf8String('a"b'),
      slice: heap.createHeapArena(64).allocU8(2).write([3, 4]),
    };
    expect(JSON.parse(JSON.stringify(values))).toEqual({
      scalar: 5,
      big: String(2n ** 60n),
      list: [1.5, 2],
      bigs: ['-1'],
      text: 'a"b',
      slice: [3, 4],
    });
    heap.freeAll();
  });
  test('of heaps, arenas, scopes and errors that hold them never contains the bytes of the memory', () => {
    const large = createHeapSync({ initialBytes: 2 ** 25 });
    const arena = large.createHeapArena(64);
    const started = performance.now();
    for (const object of [large, arena, large.scope(), Object.assign(new TypeError(), { value: large })])
      expect(JSON.stringify(object).length).toBeLessThan(1000);
    expect(performance.now() - started).toBeLessThan(200);
  });
});

test('structuredClone of a heap, a ref or a slice fails with what to do instead', () => {
  const ref = heap.allocInt32Array(3);
  const arena = heap.createHeapArena(64);
  for (const object of [heap, ref, arena, arena.allocF32(1)])
    expect(() => structuredClone(object)).toThrow(/copy\(\), slice\.handle\(\)/);
  const copy = structuredClone(ref.copy());
  expect([copy, copy.buffer.byteLength]).toEqual([new Int32Array(3), 12]);
  heap.freeAll();
});
