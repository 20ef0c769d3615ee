import { describe, expect, test } from 'vitest';
import {
  ArgumentRangeError,
  createWasmHeapManager64,
  f64,
  i32,
  latin1,
  OutOfBoundsError,
  OutOfMemoryError,
  ptr53,
  utf16,
  utf8,
  type WasmHeapManager,
} from '../../../ts/index.ts';

const GIB = 2 ** 30;

/** A heap of 5 GiB whose blocks lie above 4 GiB; undefined where the engine has no such buffers. */
function wideHeap(): WasmHeapManager | undefined {
  let buffer: ArrayBuffer;
  try {
    buffer = new ArrayBuffer(5 * GIB);
  } catch {
    return undefined;
  }
  let next = BigInt(4 * GIB + 64);
  const malloc = (bytes: bigint): bigint => {
    const at = next;
    next += (bytes + 7n) & ~7n;
    return next > BigInt(5 * GIB) ? 0n : at;
  };
  return createWasmHeapManager64(() => buffer, malloc, () => undefined, { clearAllocatedRegions: false }); // prettier-ignore
}
const heap = wideHeap();

describe.runIf(heap)('a heap above 4 GiB', () => {
  const wide = heap as WasmHeapManager; // runIf
  test('allocates blocks there, and refs, arrays and strings work in them', () => {
    const ref = wide.allocInt32(42);
    const array = wide.allocFloat64Array([1, 2, 3]);
    const text = wide.allocNullTerminatedUtf8String('\u6f22\u5b57');
    expect(ref.address).toBeGreaterThan(4 * GIB);
    expect([ref.value, array.at(-1), text.value]).toEqual([42, 3, '\u6f22\u5b57']);
    expect([...array.view]).toEqual([1, 2, 3]);
    const pointer = wide.allocPointer53(ref.address);
    expect(pointer.value).toBe(ref.address);
    expect(wide.readInt32(pointer.value)).toBe(42);
    for (const owned of [ref, array, text, pointer]) owned.free();
    expect(() => ref.value).toThrow(expect.objectContaining({ code: 'FREED', address: ref.address }));
    expect(() => ref.free()).toThrow(expect.objectContaining({ code: 'DOUBLE_FREE' }));
  });
  test('is read and written at number and bigint addresses, to its last byte and not beyond', () => {
    const at = 4 * GIB + 4096;
    i32.write(wide, BigInt(at), 7);
    f64.write(wide, at + 5, 2.5);
    expect([i32.read(wide, at), f64.read(wide, BigInt(at + 5))]).toEqual([7, 2.5]);
    wide.writeUint8(5 * GIB - 1, 9);
    expect(wide.readUint8(BigInt(5 * GIB - 1))).toBe(9);
    for (const address of [5 * GIB, 5 * GIB - 3, 2 ** 53 - 1, -4, BigInt(5 * GIB)])
      expect(() => i32.read(wide, address)).toThrow(OutOfBoundsError);
  });
  test('has strings below 2 GiB and 4 GiB, above both, and across', () => {
    for (const text of ['Zo\u00eb', 'Zo\u00eb '.repeat(30), 'ascii '.repeat(30)])
      for (const at of [64, 2 * GIB - 300, 2 * GIB - 4, 2 * GIB + 8, 4 * GIB - 4, 4 * GIB + 4096])
        for (const codec of [latin1, utf8, utf16]) {
          const bytes = codec.encode(text);
          const count = bytes.length / codec.bytesPerElement;
          wide.writeBytes(at, new Uint8Array([...bytes, 0, 0]));
          expect(codec.readTerminated(wide, at), `${codec.name} at ${at}`).toBe(text);
          expect([codec.readTerminated(wide, at, count + 1), codec.readSized(wide, at, count)]).toEqual([
            text,
            text,
          ]);
          wide.fill(at - 4, 1000, 0x41);
          expect(codec.writeTerminated(wide, at, text)).toBe(count);
          expect(wide.readBytes(at, bytes.length)).toEqual(bytes);
          expect([wide.readUint8(at - 1), wide.readUint8(at + bytes.length + codec.bytesPerElement)]).toEqual(
            [0x41, 0x41],
          );
          wide.fill(at - 4, 1000, 0);
        }
  });
  test('does not wrap addresses at 4 GiB', () => {
    wide.writeInt32(4 * GIB + 8, 1);
    wide.writeInt32(8, 2);
    expect([wide.readInt32(4 * GIB + 8), wide.readInt32(8)]).toEqual([1, 2]);
    expect(wide.viewInt32Array(4 * GIB + 8, 1)[0]).toBe(1);
    wide.copy(4 * GIB + 16, 8, 4);
    expect([wide.readInt32(4 * GIB + 16), wide.readInt32(16)]).toEqual([2, 0]);
  });
  test('a request above 4 GiB reaches the allocator unchanged', () => {
    expect(() => wide.alloc(6 * GIB)).toThrow(
      expect.objectContaining({ code: 'OUT_OF_MEMORY', size: 6 * GIB }),
    );
    expect(() => wide.alloc(2 ** 53)).toThrow(ArgumentRangeError);
    expect(() => wide.alloc(2 ** 53 - 1)).toThrow(OutOfMemoryError);
  });
  test('a view has its full length, or is refused by a typed error if the engine has no array of that length', () => {
    const count = 5 * GIB - 64;
    const maxLength = ((): number => {
      try {
        return new Uint8Array(wide.buffer, 64, count).length;
      } catch {
        return 0; // V8 before that of Node 22 has at maxLength 2^32 elements
      }
    })();
    const refused = { code: 'INVALID_RANGE', value: count };
    for (const view of [
      () => wide.viewUint8Array(64, count),
      () => wide.wrapUint8Array(64, count).view,
      () => wide.wrapUint8Array(64, count).allocatedBytesView,
    ])
      if (maxLength > 0) expect(view().length).toBe(count);
      else expect(view).toThrow(expect.objectContaining(refused));
    if (maxLength > 0) expect(wide.heapUint8.length).toBe(5 * GIB);
    else
      expect(() => wide.heapUint8).toThrow(
        expect.objectContaining({ code: 'INVALID_RANGE', value: 5 * GIB }),
      );
    expect(wide.heapFloat64.length).toBe((5 * GIB) / 8);
    if (maxLength === 0)
      for (const act of [
        () => wide.fill(64, count),
        () => wide.readBytes(64, count),
        () => wide.copy(72, 64, count - 8),
      ])
        expect(act).toThrow(expect.objectContaining({ code: 'INVALID_RANGE' }));
    expect(wide.readInt32(4 * GIB + 8)).toBe(1); // nothing was written
  });
  test('a 53-bit pointer beyond 2^53 - 1 is refused', () => {
    wide.writeBigUint64(4 * GIB + 128, 2n ** 53n);
    expect(() => ptr53.read(wide, 4 * GIB + 128)).toThrow(ArgumentRangeError);
  });
});

test('an array length that the engine refuses is an INVALID_RANGE of the count, and other errors pass unchanged', () => {
  const small = createWasmHeapManager64(() => new ArrayBuffer(64), () => 8, () => undefined); // prettier-ignore
  class Limited extends Uint8Array<ArrayBufferLike> {
    constructor(buffer: ArrayBufferLike, at?: number, count = 0) {
      if (count > 4) throw new RangeError(`Invalid typed array length: ${count}`);
      if (count === 0) throw new TypeError('another error');
      super(buffer, at, count);
    }
  }
  expect(small.view(Limited, 8, 4).length).toBe(4);
  expect(() => small.view(Limited, 8, 5)).toThrow(ArgumentRangeError);
  expect(() => small.view(Limited, 8, 5)).toThrow(expect.objectContaining({ code: 'INVALID_RANGE', value: 5 }));
  expect(() => small.view(Limited, 8, 0)).toThrow('another error');
  expect(() => small.view(Limited, 60, 5)).toThrow(OutOfBoundsError);
  expect(() => small.view(Limited, 8, -1)).toThrow('an integer in [0, ');
}); // prettier-ignore

test('the functions of a 64-bit module get bigints only', () => {
  const seen: unknown[] = [];
  const buffer = new ArrayBuffer(1024);
  const method = (...args: bigint[]): bigint => {
    seen.push(...args);
    return 64n;
  };
  const own = createWasmHeapManager64(() => buffer, method, method, {
    calloc: method,
    realloc: method,
    alignedAlloc: method,
  });
  own.free(own.realloc(own.alloc(8), 16));
  own.free(own.alloc(16, 64));
  expect(seen).toEqual([1n, 8n, 64n, 16n, 64n, 64n, 64n, 64n]);
  expect(() => createWasmHeapManager64(() => buffer, 5 as never, method)).toThrow(TypeError);
});

interface Resizable {
  toResizableBuffer?: () => ArrayBuffer;
}
test.runIf('toResizableBuffer' in WebAssembly.Memory.prototype)(
  'a memory whose buffer was made resizable is followed, also when JavaScript resizes it',
  () => {
    const memory = new WebAssembly.Memory({ initial: 1, maximum: 8 }) as WebAssembly.Memory & Resizable;
    let next = 64;
    const malloc = (bytes: bigint): number => (next += Number(bytes) + 8) - Number(bytes) - 8;
    const own = createWasmHeapManager64(memory, malloc, () => undefined);
    const text = own.allocNullTerminatedUtf8String('h\u00e9llo');
    const buffer = memory.toResizableBuffer?.();
    expect(text.value).toBe('h\u00e9llo');
    buffer?.resize(2 * 65536);
    own.writeInt32(65536, 5);
    expect([own.readInt32(65536), own.byteLength, text.write('caf\u00e9 '.repeat(1)).value]).toEqual([
      5,
      131072,
      'caf\u00e9 ',
    ]);
    memory.grow(1);
    own.writeInt32(131072, 6);
    expect([own.readInt32(131072), own.heapInt32.length]).toEqual([6, 3 * 16384]);
  },
);
