import { describe, expect, test } from 'vitest';
import {
  ArgumentTypeError,
  createWasmHeapManager,
  createWasmHeapManager64,
  FreedError,
  OutOfMemoryError,
  type WasmHeapManager,
} from '../../../ts/index.ts';

const GIB = 2 ** 30;
const UNTOUCHED = { clearAllocatedRegions: false } as const;

/** One buffer for all, of the largest size that the engine has; its pages are the system's own until written to. */
function bufferOf(...sizes: number[]): ArrayBuffer | undefined {
  for (const size of sizes) {
    try {
      return new ArrayBuffer(size);
    } catch {
      // A smaller one, then.
    }
  }
  return undefined;
}
const buffer = bufferOf(5 * GIB, 4 * GIB);

/** A heap that allocates its blocks one after the other from `start` on, with the addresses of a module of `bits`. */
function heapFrom(start: number, bits: 32 | 64, end = bits === 32 ? 4 * GIB : 5 * GIB): WasmHeapManager {
  let next = start;
  const take = (bytes: number): number => {
    const at = next;
    if (at + bytes > end) return 0;
    next += bytes;
    return at;
  };
  const view = buffer as ArrayBuffer;
  const source = { buffer: view };
  if (bits === 64)
    return createWasmHeapManager64(source, (bytes) => BigInt(take(Number(bytes))), () => undefined, UNTOUCHED); // prettier-ignore
  const malloc = (bytes: number): number => take(bytes) | 0; // signed, as wasm returns it
  return createWasmHeapManager(source, malloc, () => undefined, UNTOUCHED);
}

const positions: [string, number, 32 | 64, number][] = [
  ['below 2 GiB', GIB, 32, 1000],
  ['across 2 GiB', 2 * GIB - 600, 32, 2000],
  ['above 2 GiB', 3 * GIB + 64, 32, 1000],
  ['of 2.5 GiB from 1 GiB on', GIB, 32, 2.5 * GIB],
  ['of 64 bits below 4 GiB', 2 * GIB, 64, 1000],
  ['of 64 bits across 4 GiB', 4 * GIB - 600, 64, 2000],
  ['of 64 bits above 4 GiB', 4 * GIB + 64, 64, 1000],
];
const fits = (start: number, capBytes: number): boolean =>
  buffer !== undefined && start + capBytes + 100 <= buffer.byteLength;

describe.each(positions)('an arena %s', (_where, start, bits, capBytes) => {
  test.runIf(fits(start, capBytes))('allocates, marks, resets and makes handles like any other', () => {
    const heap = heapFrom(start, bits);
    const arena = heap.createHeapArena(capBytes);
    expect([arena.capBytes, arena.basePtr > start, arena.basePtr % 16]).toEqual([capBytes, true, 0]);
    const slices = Array.from({ length: 8 }, (_, i) => arena.allocF64(7).write([i, i]));
    const ref = arena.allocPointer53(arena.basePtr);
    const text = arena.allocNullTerminatedUtf8String('text');
    for (const [i, slice] of slices.entries()) {
      expect([...slice]).toEqual([i, i, 0, 0, 0, 0, 0]);
      expect([...slice.view()]).toEqual([...slice]);
      expect([...heap.sliceFromHandle(structuredClone(slice.handle()))]).toEqual([...slice]);
      expect(slice.ptr).toBeGreaterThanOrEqual(i === 0 ? start : (slices[i - 1]?.ptr ?? 0) + 56);
    }
    expect([ref.value, text.value]).toEqual([arena.basePtr, 'text']);
    const mark = arena.mark();
    const rest = capBytes - arena.usedBytes();
    const last = arena.alloc(rest, 1);
    expect([last + rest, arena.usedBytes()]).toEqual([arena.basePtr + capBytes, capBytes]);
    for (const bytes of [1, GIB, 2 * GIB, 3 * GIB, 4 * GIB - 1, 4 * GIB])
      expect(() => arena.alloc(bytes, 1)).toThrow(OutOfMemoryError);
    expect(() => arena.alloc(1, 65536)).toThrow(OutOfMemoryError);
    arena.rewind(mark);
    expect(arena.alloc(rest, 1)).toBe(last);
    arena.reset();
    expect([arena.usedBytes(), slices.some((slice) => slice.isAlive()), arena.alloc(1)]).toEqual([
      0,
      false,
      arena.basePtr,
    ]);
    arena.destroy();
    heap.frameArena.init(200);
    expect(heap.scope((s) => s.allocInt32(heap.frameArena.allocF32(1) > start ? 5 : 0).value)).toBe(5);
    heap.freeAll();
  });
  test.runIf(fits(start, capBytes))('is attached by another heap, which sees that it was destroyed', () => {
    const heap = heapFrom(start, bits);
    const arena = heap.createHeapArena(capBytes);
    const other = heapFrom(start, bits);
    const attached = other.attachArena(arena.address);
    const slice = attached.allocF64(2).write([1, 2]);
    expect([arena.usedBytes(), [...slice], attached.destroyed]).toEqual([16, [1, 2], false]);
    arena.destroy();
    expect(() => slice.at(0)).toThrow(FreedError);
    expect(() => attached.usedBytes()).toThrow(FreedError);
    expect(() => other.attachArena(arena.address)).toThrow(ArgumentTypeError);
    const next = heap.createHeapArena(100);
    heap.freeAll();
    expect(next.destroyed).toBe(true);
  });
  test.runIf(fits(start, capBytes))('that grows allocates its chunks above that address', () => {
    const heap = heapFrom(start, bits);
    const arena = heap.createHeapArena(64, 16, { grow: true });
    const slices = Array.from({ length: 30 }, (_, i) => arena.allocU8(20).write([i]));
    expect(slices.map((slice) => slice.at(0))).toEqual(slices.map((_, i) => i));
    arena.destroy();
  });
});

describe.runIf(buffer)('at the end of 4 GiB', () => {
  test('an arena allocates up to its last byte but one, and not beyond', () => {
    const heap = heapFrom(4 * GIB - 1048, 32);
    const arena = heap.createHeapArena(1000, 8);
    expect(arena.basePtr + arena.capBytes).toBeLessThanOrEqual(4 * GIB);
    expect(arena.capBytes).toBeGreaterThanOrEqual(999);
    const rest = arena.alloc(arena.capBytes, 1);
    heap.writeUint8(rest + arena.capBytes - 1, 9);
    expect(() => arena.alloc(1, 1)).toThrow(OutOfMemoryError);
    expect(arena.usedBytes()).toBe(arena.capBytes);
    arena.destroy();
    expect(arena.destroyed).toBe(true);
  });
  test('a chunk of an arena does the same', () => {
    const heap = heapFrom(4 * GIB - (48 + 64 + 16 + 8 + 96), 32); // the chunk has 8 bytes for an alignment
    const arena = heap.createHeapArena(64, 8, { grow: true });
    arena.alloc(64, 1);
    expect(arena.alloc(96, 8)).toBe(4 * GIB - 104);
    expect(() => arena.alloc(8, 1)).toThrow(OutOfMemoryError);
    expect(arena.alloc(7, 1)).toBe(4 * GIB - 8);
    expect(arena.usedBytes()).toBe(64 + 96 + 7);
    arena.reset();
    expect(arena.usedBytes()).toBe(0);
    arena.destroy();
  });
  test('initializing a frame arena twice allocates it once', () => {
    const heap = heapFrom(4 * GIB - 1071, 32);
    const base = heap.frameArena.init(1008);
    expect([base + 1008, heap.frameArena.capBytes()]).toEqual([4 * GIB, 1007]);
    expect(heap.frameArena.init(1008)).toBe(base);
    heap.frameArena.destroy();
  });
});
