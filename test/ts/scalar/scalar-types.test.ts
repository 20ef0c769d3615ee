import { describe, expect, test } from 'vitest';
import {
  fillBytes,
  readBytes,
  ArgumentRangeError,
  ArgumentTypeError,
  bool,
  f16,
  f32,
  f64,
  i128,
  i16,
  i256,
  i32,
  i64,
  i8,
  LinearMemory,
  OutOfBoundsError,
  ptr32,
  ptr53,
  ptr64,
  scalarTypes,
  u128,
  u16,
  u256,
  u32,
  u64,
  u8,
  u8c,
  type Scalar,
  type ScalarValue,
} from '../../../ts/index.ts';
import { halfToNumber, numberToHalf } from '../../../ts/scalar/half.ts';

type ScalarType = Scalar<ScalarValue>;
const all = scalarTypes as unknown as readonly ScalarType[]; // the tests give each type values of its own kind

/** Values that come back as they went in. */
const EXACT: Record<string, readonly ScalarValue[]> = {
  i8: [0, 1, -1, 127, -128],
  u8: [0, 1, 255],
  u8c: [0, 1, 255],
  i16: [0, -1, 32767, -32768],
  u16: [0, 65535],
  i32: [0, -1, 2 ** 31 - 1, -(2 ** 31)],
  u32: [0, 2 ** 31, 2 ** 32 - 1],
  i64: [0n, -1n, 2n ** 63n - 1n, -(2n ** 63n)],
  u64: [0n, 2n ** 64n - 1n],
  f16: [0, -0, 1, -2.5, 65504, 2 ** -24, Infinity, -Infinity, NaN],
  f32: [0, -0, 1.5, -(2 ** 100), Infinity, NaN],
  f64: [0, -0, Math.PI, Number.MAX_VALUE, 5e-324, -Infinity, NaN],
  ptr32: [0, 8, 2 ** 32 - 1],
  ptr53: [0, 2 ** 32, 2 ** 53 - 1],
  ptr64: [0n, 2n ** 64n - 1n],
  i128: [0n, -1n, 2n ** 127n - 1n, -(2n ** 127n), 0x0123456789abcdef_fedcba9876543210n],
  u128: [0n, 2n ** 128n - 1n, 0x0123456789abcdef_fedcba9876543210n],
  i256: [0n, -1n, 2n ** 255n - 1n, -(2n ** 255n)],
  u256: [0n, 2n ** 256n - 1n, 2n ** 200n + 3n],
  bool: [true, false],
};

/** The stored values of values outside the range. */
const WRAPPED: readonly (readonly [ScalarType, ScalarValue, ScalarValue])[] = [
  [i8, 128, -128],
  [i8, 300, 44],
  [u8, -1, 255],
  [u8, 1.9, 1],
  [u8, NaN, 0],
  [u8c, 300, 255],
  [u8c, -5, 0],
  [u8c, 0.5, 0],
  [u8c, 1.5, 2],
  [u8c, 2.5, 2],
  [u8c, 254.5, 254],
  [u8c, NaN, 0],
  [i16, 32768, -32768],
  [u16, -1, 65535],
  [i32, 2 ** 31, -(2 ** 31)],
  [u32, -1, 2 ** 32 - 1],
  [i64, 2n ** 63n, -(2n ** 63n)],
  [u64, -1n, 2n ** 64n - 1n],
  [f32, 0.1, Math.fround(0.1)],
  [f16, 65520, Infinity],
  [f16, 65519, 65504],
  [ptr32, -8, 2 ** 32 - 8],
  [i128, 2n ** 127n, -(2n ** 127n)],
  [u128, -1n, 2n ** 128n - 1n],
  [u256, -1n, 2n ** 256n - 1n],
].map(([type, given, stored]) => [type as ScalarType, given as ScalarValue, stored as ScalarValue] as const);

const PAGE = 65536;
const memories: [string, () => LinearMemory][] = [
  ['unshared', () => new LinearMemory(new WebAssembly.Memory({ initial: 1 }))],
  ['shared', () => new LinearMemory(new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }))],
  ['resizable', () => new LinearMemory({ buffer: new ArrayBuffer(PAGE, { maxByteLength: 2 * PAGE }) })],
];

describe.each(memories)('in %s memory', (_name, newMemory) => {
  const memory = newMemory();
  test.each(all)('$name keeps its values exactly, at any alignment', (type) => {
    for (const at of [64, 65, 67, PAGE - type.size])
      for (const value of EXACT[type.name] ?? []) {
        type.write(memory, at, value);
        expect(type.read(memory, at)).toBe(value);
      }
    expect(EXACT[type.name]?.length).toBeGreaterThan(1);
  });

  test.each(all)('$name touches its own bytes only', (type) => {
    fillBytes(memory, 120, 64, 0xa5);
    type.write(memory, 128, EXACT[type.name]?.[0] as ScalarValue);
    expect(readBytes(memory, 120, 8).every((byte) => byte === 0xa5)).toBe(true);
    expect(readBytes(memory, 128 + type.size, 8).every((byte) => byte === 0xa5)).toBe(true);
  });

  test.each(all)('$name is refused if any of its bytes is outside, and changes nothing', (type) => {
    fillBytes(memory, PAGE - 64, 64, 0x5a);
    for (const at of [PAGE - type.size + 1, PAGE, PAGE + 8, 2 ** 32, NaN, -1, 0.5]) {
      expect(() => type.read(memory, at)).toThrow(OutOfBoundsError);
      expect(() => type.write(memory, at, EXACT[type.name]?.[1] as ScalarValue)).toThrow(OutOfBoundsError);
    }
    expect(readBytes(memory, PAGE - 64, 64).every((byte) => byte === 0x5a)).toBe(true);
  });
});

const memory = new LinearMemory(new WebAssembly.Memory({ initial: 1 }));

test.each(WRAPPED)('$0.name stores %s as %s', (type, given, stored) => {
  type.write(memory, 8, given);
  expect(type.read(memory, 8)).toBe(stored);
});

test.each(all)('$name refuses every value of another type with the value in the error', (type) => {
  type.write(memory, 8, EXACT[type.name]?.[1] as ScalarValue);
  const before = type.read(memory, 8);
  const others = [5, 5n, true, '5', null, undefined, {}, [5], Symbol('x')].filter(
    (x) => typeof x !== type.kind,
  );
  for (const value of others) {
    expect(() => type.write(memory, 8, value as never)).toThrow(ArgumentTypeError);
    expect(() => type.write(memory, 8, value as never)).toThrow(expect.objectContaining({ value }));
  }
  expect(type.read(memory, 8)).toBe(before);
});

test.each(all)('a view of $name covers count * size bytes and refuses a misaligned address', (type) => {
  expect(type.view(memory, 64, 3).byteLength).toBe(3 * type.size);
  expect(() => type.view(memory, 64, 1.5)).toThrow(ArgumentRangeError);
  expect(() => type.view(memory, 64, 2 ** 32)).toThrow(OutOfBoundsError);
  if (type.size > 1)
    expect(() => type.view(memory, 65, 1)).toThrow(expect.objectContaining({ code: 'MISALIGNED' }));
});

test('integers lie in memory with the lowest byte first', () => {
  u16.write(memory, 0, 0x0102);
  u32.write(memory, 8, 0x01020304);
  u64.write(memory, 16, 0x0102030405060708n);
  u128.write(memory, 32, 0x0102n << 112n);
  expect([...readBytes(memory, 0, 2)]).toEqual([2, 1]);
  expect([...readBytes(memory, 8, 4)]).toEqual([4, 3, 2, 1]);
  expect([...readBytes(memory, 16, 8)]).toEqual([8, 7, 6, 5, 4, 3, 2, 1]);
  expect([...readBytes(memory, 46, 2)]).toEqual([2, 1]);
});

describe('pointers', () => {
  test.each<[ScalarType, ScalarValue]>([
    [ptr32 as unknown as ScalarType, 2 ** 32],
    [ptr32 as unknown as ScalarType, -(2 ** 31) - 1],
    [ptr32 as unknown as ScalarType, 0.5],
    [ptr32 as unknown as ScalarType, NaN],
    [ptr53 as unknown as ScalarType, -1],
    [ptr53 as unknown as ScalarType, 2 ** 53],
    [ptr64 as unknown as ScalarType, -1n],
    [ptr64 as unknown as ScalarType, 2n ** 64n],
  ])('$0.name refuses %s', (type, value) => {
    type.write(memory, 8, type.kind === 'bigint' ? 16n : 16);
    expect(() => type.write(memory, 8, value)).toThrow(ArgumentRangeError);
    expect(type.read(memory, 8)).toEqual(type.kind === 'bigint' ? 16n : 16);
  });
  test('ptr53 refuses to read a value above 2^53 - 1', () => {
    u64.write(memory, 8, 2n ** 53n);
    expect(() => ptr53.read(memory, 8)).toThrow(ArgumentRangeError);
  });
});

describe('half precision', () => {
  test('every one of the 65,536 patterns survives number and back', () => {
    for (let bits = 0; bits < 65536; bits++) {
      const value = halfToNumber(bits);
      if (Number.isNaN(value)) continue;
      if (numberToHalf(value) !== bits) expect(numberToHalf(value)).toBe(bits);
    }
  });
  test('a number between two halves rounds to the nearer, a tie to the even one', () => {
    for (let bits = 0; bits < 0x7bff; bits++) {
      const low = halfToNumber(bits);
      const high = halfToNumber(bits + 1);
      const middle = (low + high) / 2;
      const got = [
        numberToHalf(middle),
        numberToHalf(low + (middle - low) / 2),
        numberToHalf(high - (high - middle) / 2),
      ];
      const want = [bits % 2 === 0 ? bits : bits + 1, bits, bits + 1];
      if (got.join() !== want.join()) expect(got).toEqual(want);
    }
  });
  test('agrees with the conversion of the engine, if it has one', () => {
    const data = new DataView(new ArrayBuffer(2)) as DataView & {
      setFloat16?: (at: number, value: number) => void;
    };
    if (!data.setFloat16) return;
    for (let i = 0; i < 1e5; i++) {
      const value = (Math.random() - 0.5) * 2 ** (Math.random() * 44 - 26);
      data.setFloat16(0, value);
      if (data.getUint16(0) !== numberToHalf(value)) expect(numberToHalf(value)).toBe(data.getUint16(0));
    }
  });
});

test('the names and sizes are those of C', () => {
  const sizes = Object.fromEntries(all.map((type) => [type.name, type.size]));
  expect(sizes).toEqual({
    i8: 1, u8: 1, u8c: 1, i16: 2, u16: 2, i32: 4, u32: 4, i64: 8, u64: 8, f16: 2, f32: 4, f64: 8,
    ptr32: 4, ptr53: 8, ptr64: 8, i128: 16, u128: 16, i256: 32, u256: 32, bool: 1,
  }); // prettier-ignore
  expect([
    i8,
    u8,
    u8c,
    i16,
    u16,
    i32,
    u32,
    i64,
    u64,
    f16,
    f32,
    f64,
    ptr32,
    ptr53,
    ptr64,
    i128,
    u128,
    i256,
    u256,
    bool,
  ]).toEqual(scalarTypes);
});
