import { describe, expect, test } from 'vitest';
import {
  ArgumentRangeError,
  ArgumentTypeError,
  copyBytes,
  fillBytes,
  i32,
  LinearMemory,
  MisalignedError,
  ModuleError,
  OutOfBoundsError,
  readBytes,
  u8,
  writeBytes,
} from '../../../ts/index.ts';
import { elsewhere } from '../../support/thread.ts';

const newMemory = (initial = 1, maximum = 16): LinearMemory & { wasm: WebAssembly.Memory } => {
  const wasm = new WebAssembly.Memory({ initial, maximum });
  return Object.assign(new LinearMemory(wasm), { wasm });
};

describe('growth', () => {
  test('reads, writes and views work after an unshared memory grew, also by 0 pages', () => {
    const memory = newMemory();
    i32.write(memory, 8, 42);
    memory.wasm.grow(0);
    expect(i32.read(memory, 8)).toBe(42);
    memory.wasm.grow(1);
    i32.write(memory, 65536, 43);
    expect(i32.read(memory, 65536)).toBe(43);
    expect([...memory.view(Int32Array, 65536, 1)]).toEqual([43]);
    memory.wasm.grow(0);
    i32.write(memory, 8, 44);
    expect(new Int32Array(memory.wasm.buffer)[2]).toBe(44);
  });

  test('a memory that grew to exactly its maximum can be used to its last byte and not beyond', () => {
    const memory = newMemory(1, 3);
    memory.wasm.grow(2);
    u8.write(memory, 3 * 65536 - 1, 7);
    expect(u8.read(memory, 3 * 65536 - 1)).toBe(7);
    expect(() => memory.wasm.grow(1)).toThrow(RangeError);
    expect(() => u8.read(memory, 3 * 65536)).toThrow(OutOfBoundsError);
    expect(u8.read(memory, 3 * 65536 - 1)).toBe(7);
  });

  test('a shared memory that another thread grew is seen at its new length', async () => {
    const shared = new WebAssembly.Memory({ initial: 1, maximum: 4, shared: true });
    const memory = new LinearMemory(shared);
    expect(memory.byteLength).toBe(65536);
    await elsewhere(shared, 'memory.grow(2); new Uint8Array(memory.buffer)[131072] = 9');
    expect(u8.read(memory, 131072)).toBe(9);
    u8.write(memory, 131073, 8);
    expect([...memory.view(Uint8Array, 131072, 2)]).toEqual([9, 8]);
    expect(() => u8.read(memory, 3 * 65536)).toThrow(expect.objectContaining({ byteLength: 3 * 65536 }));
  });

  test('values that run code when converted, and could grow the memory during a write, are refused', () => {
    const memory = newMemory();
    const value = { valueOf: () => memory.wasm.grow(1) };
    expect(() => i32.write(memory, 0, value as never)).toThrow(ArgumentTypeError);
    expect(memory.byteLength).toBe(65536);
  });

  test('accesses follow a resizable buffer as it grows', () => {
    const buffer = new ArrayBuffer(16, { maxByteLength: 64 });
    const memory = new LinearMemory(() => buffer);
    buffer.resize(32);
    i32.write(memory, 28, 5);
    expect(i32.read(memory, 28)).toBe(5);
    buffer.resize(8);
    expect(() => i32.read(memory, 8)).toThrow(OutOfBoundsError);
  });
});

describe('addresses above 2 GiB', () => {
  const PAGES = 40000;
  const high = 3 * 2 ** 29; // 1.5 GiB
  const above = 2 ** 31 + 4096;
  const memory = new LinearMemory(new WebAssembly.Memory({ initial: PAGES, maximum: PAGES }));

  test('signed (i32), unsigned and bigint addresses are the same address', () => {
    i32.write(memory, above, 77);
    expect(i32.read(memory, above - 2 ** 32)).toBe(77);
    expect(i32.read(memory, BigInt(above))).toBe(77);
    i32.write(memory, above - 2 ** 32, 78);
    expect(i32.read(memory, above)).toBe(78);
    expect([...memory.view(Int32Array, above - 2 ** 32, 1)]).toEqual([78]);
    expect(i32.read(memory, high)).toBe(0);
  });
  test('at 2^31 itself, and across it', () => {
    i32.write(memory, 2 ** 31 - 2, -2);
    expect(i32.read(memory, 2 ** 31 - 2)).toBe(-2);
    expect(u8.read(memory, -(2 ** 31))).toBe(0xff);
  });
  test('a negative address beyond the end is out of bounds, with the address as it was given', () => {
    expect(() => i32.read(memory, -4)).toThrow(
      expect.objectContaining({ code: 'OUT_OF_BOUNDS', address: -4 }),
    );
  });
});

test('a memory of exactly 4 GiB can be used to its last byte', () => {
  let wasm: WebAssembly.Memory;
  try {
    wasm = new WebAssembly.Memory({ initial: 65536, maximum: 65536 });
  } catch {
    return; // a machine or browser that does not give so much address space
  }
  const memory = new LinearMemory(wasm);
  expect(memory.byteLength).toBe(2 ** 32);
  i32.write(memory, 2 ** 32 - 4, 5);
  expect(i32.read(memory, -4)).toBe(5);
  expect(() => i32.read(memory, 2 ** 32 - 3)).toThrow(OutOfBoundsError);
  expect(() => i32.read(memory, 2 ** 32)).toThrow(OutOfBoundsError);
});

describe('views and bytes', () => {
  const memory = newMemory();
  test('a misaligned view is refused with the address and the alignment', () => {
    const act = (): unknown => memory.view(Float64Array, 4, 1);
    expect(act).toThrow(MisalignedError);
    expect(act).toThrow(expect.objectContaining({ code: 'MISALIGNED', address: 4, align: 8 }));
  });
  test('a view is never shorter than requested', () => {
    expect(() => memory.view(Uint8Array, 65530, 7)).toThrow(OutOfBoundsError);
    expect(() => memory.view(Int32Array, 0, 2 ** 30)).toThrow(OutOfBoundsError);
    expect(() => memory.view(Int32Array, 0, 2 ** 53 - 1)).toThrow(OutOfBoundsError);
    expect(memory.view(Uint8Array, 65536, 0).length).toBe(0);
  });
  test.each([NaN, -1, 1.5, 2 ** 53])('a view of %s elements is refused', (count) =>
    expect(() => memory.view(Uint8Array, 0, count)).toThrow(ArgumentRangeError),
  );
  test('writeBytes and readBytes copy, and refuse what does not fit without writing any of it', () => {
    writeBytes(memory, 100, new Uint8Array([1, 2, 3]));
    const copy = readBytes(memory, 100, 3);
    expect([...copy]).toEqual([1, 2, 3]);
    expect(copy.buffer).not.toBe(memory.buffer);
    expect(() => writeBytes(memory, 65534, new Uint8Array([9, 9, 9]))).toThrow(OutOfBoundsError);
    expect([...readBytes(memory, 65534, 2)]).toEqual([0, 0]);
    for (const wrong of [5, 'abc', null, undefined, [1, 2]])
      expect(() => writeBytes(memory, 0, wrong as never)).toThrow(ArgumentTypeError);
  });
  test('copy moves overlapping bytes as memmove does, both ways', () => {
    writeBytes(memory, 200, new Uint8Array([1, 2, 3, 4, 5, 6]));
    copyBytes(memory, 202, 200, 4);
    expect([...readBytes(memory, 200, 6)]).toEqual([1, 2, 1, 2, 3, 4]);
    copyBytes(memory, 200, 202, 4);
    expect([...readBytes(memory, 200, 6)]).toEqual([1, 2, 3, 4, 3, 4]);
  });
  test('fill sets exactly its bytes', () => {
    fillBytes(memory, 300, 3, 0xaa);
    expect([...readBytes(memory, 299, 5)]).toEqual([0, 0xaa, 0xaa, 0xaa, 0]);
    expect(() => fillBytes(memory, 300, 3, '1' as never)).toThrow(ArgumentTypeError);
  });
});

test('locate refuses a size that is negative or NaN, and takes a size of 0 at the end', () => {
  const memory = newMemory();
  for (const size of [-1, -(2 ** 32), -Infinity, NaN])
    for (const address of [0, 8, 65536])
      expect(() => memory.locate(address, size), `${size} at ${address}`).toThrow(OutOfBoundsError);
  expect(memory.locate(65536, 0)).toBe(65536);
});

describe('sources', () => {
  test.each([5, 'memory', null, undefined])('%s is not a source', (source) =>
    expect(() => new LinearMemory(source as never)).toThrow(ArgumentTypeError),
  );
  test.each([[() => undefined], [() => 5], [{}], [{ buffer: 1 }]])(
    '%s is not a source, as it has no buffer',
    (source) => expect(() => new LinearMemory(source as never)).toThrow(ModuleError),
  );
  test('a source that returns a detached buffer is a ModuleError, and nothing is read as undefined', () => {
    let buffer = new ArrayBuffer(16);
    const memory = new LinearMemory(() => buffer);
    structuredClone(buffer, { transfer: [buffer] });
    expect(() => u8.read(memory, 0)).toThrow(ModuleError);
    buffer = new ArrayBuffer(32);
    expect(u8.read(memory, 31)).toBe(0);
  });
  test('a source that returns another buffer each time is read at its current one once the old one fails', () => {
    let buffer = new ArrayBuffer(16);
    const memory = new LinearMemory(() => buffer);
    buffer = new ArrayBuffer(32);
    u8.write(memory, 20, 3);
    expect(new Uint8Array(buffer)[20]).toBe(3);
  });
});
