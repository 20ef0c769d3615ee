import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import {
  ArgumentRangeError,
  ArgumentTypeError,
  EncodingError,
  FreedError,
  OutOfBoundsError,
  utf8,
  utf8ByteLength,
} from '../../../ts/index.ts';
import { fakeHeap, fakeModule } from '../../support/heap.ts';
import { SEED } from '../../support/prng.ts';

const { heap, module } = fakeHeap();
const ADDRESS = 512;
const END = 65536;
const text = fc.string({ unit: 'grapheme', maxLength: 60 }).filter((s) => !s.includes('\0'));

afterEach(() => {
  expect([...module.live.keys()], 'blocks still live').toEqual([]);
  expect(module.badFrees).toEqual([]);
});

test(`a string comes back, and its length is the measured one (SEED=${SEED})`, () => {
  fc.assert(
    fc.property(text, (value) => {
      const written = heap.writeNullTerminatedUtf8String(ADDRESS, value);
      expect(written).toBe(utf8ByteLength(value));
      expect(heap.readNullTerminatedUtf8String(ADDRESS)).toBe(value);
      expect(heap.readUtf8String(ADDRESS, written)).toBe(value);
      expect(heap.readUint8(ADDRESS + written)).toBe(0);
    }),
    { seed: SEED },
  );
});

test(`a string that does not fit changes no byte (SEED=${SEED})`, () => {
  fc.assert(
    fc.property(text, fc.nat(80), (value, capacity) => {
      heap.fill(ADDRESS, 400, 0x77);
      const needed = utf8ByteLength(value) + 1;
      if (capacity >= needed) {
        heap.writeNullTerminatedUtf8String(ADDRESS, value, capacity);
        expect(heap.readBytes(ADDRESS + needed, 100).every((byte) => byte === 0x77)).toBe(true);
      } else {
        expect(() => heap.writeNullTerminatedUtf8String(ADDRESS, value, capacity)).toThrow(
          expect.objectContaining({ code: 'ENCODING', capacity }),
        );
        expect(heap.readBytes(ADDRESS, 400).every((byte) => byte === 0x77)).toBe(true);
      }
    }),
    { seed: SEED },
  );
});

test('results are the same on both sides of the length where the method changes', () => {
  for (const length of [0, 1, 15, 16, 17, 23, 24, 25, 26, 63, 64, 65, 4096])
    for (const unit of ['x', '\u00e9', '\u20ac', '\ud83d\ude00']) {
      const value = `${unit.repeat(length)}a`;
      heap.writeNullTerminatedUtf8String(ADDRESS, value);
      expect(heap.readNullTerminatedUtf8String(ADDRESS)).toBe(value);
      expect(heap.readNullTerminatedUtf8String(ADDRESS, utf8ByteLength(value) + 1)).toBe(value);
      expect(() => heap.readNullTerminatedUtf8String(ADDRESS, utf8ByteLength(value))).toThrow(EncodingError);
    }
});

describe('at the end of the memory', () => {
  test('a string without a NUL is an error, not a longer read', () => {
    heap.fill(END - 100, 100, 0x61);
    for (const at of [END - 100, END - 1]) {
      expect(() => heap.readNullTerminatedUtf8String(at)).toThrow(EncodingError);
      expect(() => heap.wrapNullTerminatedUtf8String(at)).toThrow(expect.objectContaining({ index: at }));
    }
    expect(() => heap.readNullTerminatedUtf8String(END)).toThrow(EncodingError);
    expect(() => heap.readNullTerminatedUtf8String(END + 1)).toThrow(OutOfBoundsError);
    heap.fill(END - 100, 100);
  });
  test('a string that fits to the last byte is written; one byte more writes nothing', () => {
    heap.writeNullTerminatedUtf8String(END - 4, 'abc');
    expect(heap.readNullTerminatedUtf8String(END - 4)).toBe('abc');
    expect(() => heap.writeNullTerminatedUtf8String(END - 4, 'wxyz')).toThrow(OutOfBoundsError);
    expect(() => heap.writeNullTerminatedUtf8String(END - 4, '\u20ac\u20ac')).toThrow(OutOfBoundsError);
    expect(heap.readNullTerminatedUtf8String(END - 4)).toBe('abc');
    heap.fill(END - 4, 4);
  });
  test('a sized string that passes the end is refused', () => {
    expect(() => heap.readUtf8String(END - 4, 5)).toThrow(OutOfBoundsError);
    expect(heap.readUtf8String(END, 0)).toBe('');
    for (const wrong of [NaN, -1, 0.5])
      expect(() => heap.readUtf8String(8, wrong)).toThrow(ArgumentRangeError);
  });
});

test('a NUL inside is refused with its index, or written with the option `nul`', () => {
  heap.writeNullTerminatedUtf8String(ADDRESS, 'before');
  expect(() => heap.writeNullTerminatedUtf8String(ADDRESS, 'a\0b')).toThrow(
    expect.objectContaining({ index: 1 }),
  );
  expect(heap.readNullTerminatedUtf8String(ADDRESS)).toBe('before');
  expect(() => heap.allocNullTerminatedUtf8String('a\0b')).toThrow(EncodingError);
  expect(heap.writeNullTerminatedUtf8String(ADDRESS, 'a\0b', 8, { nul: 'allow' })).toBe(3);
  expect(heap.readUtf8String(ADDRESS, 3)).toBe('a\0b');
});

test.each([5, null, undefined, {}, Symbol('x'), new String('x')])(
  '%s is refused as a string to write',
  (value) => {
    expect(() => heap.writeNullTerminatedUtf8String(ADDRESS, value as never)).toThrow(ArgumentTypeError);
  },
);
test.each([null, undefined, {}, 5n])('%s is refused as a string or size to allocate', (value) => {
  expect(() => heap.allocNullTerminatedUtf8String(value as never)).toThrow(ArgumentTypeError);
});
test.each([NaN, -1, 1.5])('a capacity of %s is refused', (capacity) => {
  expect(() => heap.writeNullTerminatedUtf8String(ADDRESS, 'a', capacity)).toThrow(ArgumentRangeError);
  expect(() => heap.readNullTerminatedUtf8String(ADDRESS, capacity)).toThrow(ArgumentRangeError);
  expect(() => heap.allocNullTerminatedUtf8String(capacity)).toThrow(ArgumentRangeError);
});
test.each([NaN, -5, 0.5, 2 ** 53])('an address of %s is refused', (address) => {
  expect(() => heap.readNullTerminatedUtf8String(address)).toThrow(OutOfBoundsError);
  expect(() => heap.writeNullTerminatedUtf8String(address, 'a')).toThrow(OutOfBoundsError);
});

test('pointers and lengths of 8 bytes are read with all their bits', () => {
  const words = heap.view(BigUint64Array, ADDRESS, 2);
  for (let bit = 0; bit < 53; bit++) {
    const [address, size] = [END + 2 ** bit, 3 + 2 ** bit];
    words.set([BigInt(address), 5n]);
    expect(() => utf8.readPaired(heap, ADDRESS, 8)).toThrow(
      expect.objectContaining({ code: 'OUT_OF_BOUNDS', address, size: 5 }),
    );
    words.set([BigInt(size)]);
    if (bit >= 16)
      expect(() => utf8.readPrefixed(heap, ADDRESS, 8)).toThrow(
        expect.objectContaining({ code: 'OUT_OF_BOUNDS', address: ADDRESS + 8, size }),
      );
  }
  words.fill(0n);
});

describe('string refs', () => {
  test('hold their initial string, and any that fits', () => {
    const ref = heap.allocNullTerminatedUtf8String('h\u00e9llo');
    expect([ref.value, ref.byteLength, ref.encodedByteLength]).toEqual(['h\u00e9llo', 7, 6]);
    expect(ref.write('abc').read()).toBe('abc');
    expect([...ref.encodedBytesView]).toEqual([97, 98, 99]);
    expect(() => ref.write('1234567')).toThrow(EncodingError);
    expect(ref.value).toBe('abc');
    ref.free();
    expect(() => ref.value).toThrow(FreedError);
    expect(() => ref.write('a')).toThrow(FreedError);
  });
  test('made for a number of bytes have that capacity and the NUL', () => {
    const ref = heap.allocNullTerminatedUtf8String(5);
    expect([ref.value, ref.byteLength]).toEqual(['', 6]);
    ref.value = '12345';
    expect(() => ref.write('123456')).toThrow(EncodingError);
    ref.free();
  });
  test('wrapped have the capacity of the block if it is known, else the length of the string', () => {
    const ref = heap.allocNullTerminatedUtf8String(20);
    expect(heap.wrapNullTerminatedUtf8String(ref.address).byteLength).toBe(21);
    heap.writeNullTerminatedUtf8String(ADDRESS, 'abc');
    const wrapped = heap.wrapNullTerminatedUtf8String(ADDRESS);
    expect(wrapped.byteLength).toBe(4);
    expect(() => wrapped.write('abcd')).toThrow(EncodingError);
    expect(heap.wrapNullTerminatedUtf8String(ADDRESS, 16).write('abcd').value).toBe('abcd');
    ref.free();
  });
  test('a write to a known block without a capacity stops at its end', () => {
    const ref = heap.allocNullTerminatedUtf8String(4);
    expect(() => heap.writeNullTerminatedUtf8String(ref.address, '12345')).toThrow(EncodingError);
    ref.free();
  });
  test('do not trust memory that was not cleared', () => {
    const dirty = fakeHeap({ clearAllocatedRegions: false });
    dirty.heap.fill(1024, 512, 0x41);
    const ref = dirty.heap.allocNullTerminatedUtf8String(10);
    expect(ref.value).toBe('');
    ref.free();
  });
});

test('a string of 8 MiB comes back', () => {
  const big = fakeHeap({}, fakeModule(new WebAssembly.Memory({ initial: 300 })));
  const value = 'caf\u00e9 \u6f22\u5b57 \ud83d\ude00 '.repeat(2 ** 19);
  const ref = big.heap.allocNullTerminatedUtf8String(value);
  expect(ref.value === value).toBe(true);
  ref.free();
});
