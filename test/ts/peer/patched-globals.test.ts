// Globals that a page replaces after the library was imported: the library uses the functions that it captured at
// import.
import { expect, test } from 'vitest';
import { createHeapSync, createWasmHeapManager, f32, type WasmHeapManager } from '../../../ts/index.ts';
import { codecs } from '../../../ts/text/codecs.ts';

const TypedArray = Object.getPrototypeOf(Uint8Array.prototype) as Record<string, unknown>;
const wrong = (): never => {
  throw new Error('replaced');
};
/** Replaces a method by `wrong` while `act` runs. */
function replaced<R>(owner: object, name: string, act: () => R): R {
  const property = Object.getOwnPropertyDescriptor(owner, name) as PropertyDescriptor;
  Object.defineProperty(owner, name, { ...property, value: wrong });
  try {
    return act();
  } finally {
    Object.defineProperty(owner, name, property);
  }
}

const long = 'Grüße, 東京 🗼 '.repeat(400);
const TEXTS: Record<string, string[]> = {
  Ascii: ['plain', 'plain '.repeat(1000)],
  Latin1: ['grün', 'grün '.repeat(1000)],
};

/** Uses everything that writes, reads, copies or moves, and returns the results. */
function use(heap: WasmHeapManager): unknown[] {
  const methods = heap as unknown as Record<string, (...given: unknown[]) => unknown>;
  const seen: unknown[] = [];
  const array = heap.allocInt32Array([1, 2, 3, 4]);
  array.set([7, 8], 1).fill(9, 3).copyFrom(array.subarray(0, 2), 2);
  heap.writeBytes(array.address, new Uint8Array([5, 0, 0, 0]));
  heap.copy(array.address + 4, array.address, 4);
  const large = heap.realloc(heap.alloc(100), 5000);
  heap.fill(large, 5000, 0x61);
  seen.push(array.toArray().join(), heap.readBytes(large + 4990, 10).join());
  for (const value of [1, 2.5]) {
    heap.writeFloat64Atomic(large, value);
    seen.push(
      heap.addFloat64Atomic(large, 1),
      heap.exchangeInt32Atomic(large, 7),
      heap.readInt32Atomic(large),
    );
    seen.push(
      heap.compareExchangeUint8Atomic(large, 7, 9),
      heap.orUint16Atomic(large, 3),
      heap.readUint8(large),
    );
  }
  heap.free(large);
  for (const { label } of codecs)
    for (const text of TEXTS[label] ?? ['short', 'Grüße', long]) {
      const ref = methods[`allocNullTerminated${label}String`]?.(text) as { value: string; free(): void };
      seen.push(ref.value === text);
      ref.value = text.slice(1);
      seen.push(ref.value === text.slice(1));
      ref.free();
    }
  array.free();
  const arena = heap.createHeapArena(256);
  const slice = arena.allocI32(4).write([1, 2, 3, 4]);
  seen.push([...slice].join(), arena.usedBytes());
  arena.reset();
  seen.push(slice.isAlive(), [...heap.allocSlice(f32, 2).write([1, 2])].join());
  arena.destroy();
  return seen;
}
const heapOf = (shared: boolean): WasmHeapManager => {
  if (!shared) return createHeapSync();
  const memory = new WebAssembly.Memory({ initial: 2, maximum: 2, shared });
  let next = 1024;
  return createWasmHeapManager(memory, (bytes) => (next += 8 * Math.ceil(bytes / 8)) - 8 * Math.ceil(bytes / 8), () => undefined); // prettier-ignore
};

/** The functions that the library captures at import: those that store and decode. */
const CAPTURED: [string, string, object][] = [
  ['TypedArray', 'set', TypedArray],
  ['TypedArray', 'fill', TypedArray],
  ...['load', 'store', 'add', 'sub', 'and', 'or', 'xor', 'exchange', 'compareExchange'].map((name): [string, string, object] => ['Atomics', name, Atomics]),
  ['TextDecoder', 'decode', TextDecoder.prototype],
]; // prettier-ignore
const memories = typeof SharedArrayBuffer === 'function' ? [false, true] : [false];

test.each(CAPTURED)('%s %s is the original one', (_of, name, owner) => {
  for (const shared of memories) {
    const expected = use(heapOf(shared));
    const heap = heapOf(shared);
    expect(replaced(owner, name, () => use(heap))).toEqual(expected);
  }
});
test('methods of a page on Array.prototype and Object.prototype, enumerable ones too, are not written as values', () => {
  const expected = use(heapOf(false));
  const added = { value: wrong, enumerable: true, configurable: true, writable: true };
  for (const prototype of [Array.prototype, Object.prototype])
    Object.defineProperty(prototype, 'added', added);
  try {
    expect(use(heapOf(false))).toEqual(expected);
    expect(heapOf(false).allocUint8Array([1, 2]).toArray()).toEqual([1, 2]);
  } finally {
    for (const prototype of [Array.prototype, Object.prototype])
      delete (prototype as unknown as Record<string, unknown>).added;
  }
});
