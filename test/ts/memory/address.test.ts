import { describe, expect, test } from 'vitest';
import { ArgumentRangeError, ArgumentTypeError, OutOfBoundsError } from '../../../ts/index.ts';
import { toAddress, toAlign, toCount, toPointer, type Address } from '../../../ts/memory/address.ts';

const END = 65536;

describe('toAddress', () => {
  test.each<[Address, number]>([
    [0, 0],
    [-0, 0],
    [4096, 4096],
    [2 ** 32 + 8, 2 ** 32 + 8],
    [2 ** 53 - 1, 2 ** 53 - 1],
    [-1, 2 ** 32 - 1],
    [-(2 ** 31), 2 ** 31],
    [7n, 7],
    [2n ** 53n - 1n, 2 ** 53 - 1],
  ])('%s is the address %s', (given, address) => expect(toAddress(given, 4, END)).toBe(address));

  test.each<Address>([NaN, Infinity, -Infinity, 0.5, -0.5, 1e300, 2 ** 53, -(2 ** 31) - 1, -1n, 2n ** 53n])(
    '%s is refused with its value, the size and the length in the error',
    (given) => {
      expect(() => toAddress(given, 4, END)).toThrow(OutOfBoundsError);
      expect(() => toAddress(given, 4, END)).toThrow(
        expect.objectContaining({ code: 'OUT_OF_BOUNDS', address: given, size: 4, byteLength: END }),
      );
    },
  );

  test('a negative number is not an address in a memory above 4 GiB', () => {
    expect(() => toAddress(-1, 4, 2 ** 32 + 65536)).toThrow(OutOfBoundsError);
    expect(toAddress(-1, 4, 2 ** 32)).toBe(2 ** 32 - 1);
  });

  test.each(['16', true, null, undefined, {}, [24], Symbol('p'), () => 8])(
    '%s is refused as a type',
    (given) => {
      const act = (): number => toAddress(given as never, 4, END);
      expect(act).toThrow(ArgumentTypeError);
      expect(act).toThrow(TypeError);
      expect(act).toThrow(expect.objectContaining({ code: 'INVALID_TYPE', value: given }));
    },
  );
});

describe('toCount and toAlign', () => {
  test.each([NaN, -1, 1.5, 2 ** 53, Infinity])('%s is not a count', (given) => {
    expect(() => toCount(given, 'a size')).toThrow(ArgumentRangeError);
    expect(() => toCount(given, 'a size')).toThrow(expect.objectContaining({ value: given }));
  });
  test.each(['1', 1n, null, undefined])('%s is refused as a type', (given) => {
    expect(() => toCount(given as never, 'a size')).toThrow(ArgumentTypeError);
    expect(() => toAlign(given as never)).toThrow(ArgumentTypeError);
  });
  test('minus zero is the count 0', () => expect(toCount(-0, 'a size')).toBe(0));
  test.each([0, 3, 24, -8, 2 ** 17, 2 ** 31, 2 ** 32 + 1, 0.5, NaN])('%s is not an alignment', (given) =>
    expect(() => toAlign(given)).toThrow(ArgumentRangeError),
  );
  test('powers of two up to 65,536 are alignments', () => {
    for (let align = 1; align <= 65536; align *= 2) expect(toAlign(align)).toBe(align);
  });
});

test.each<[unknown, number]>([
  [0, 0],
  [16, 16],
  [-16, 2 ** 32 - 16],
  [16n, 16],
  [undefined, NaN],
  ['16', NaN],
  [1.5, NaN],
  [-(2 ** 31) - 1, NaN],
  [-1n, NaN],
  [2n ** 60n, NaN],
])('an allocator that answers %s means the address %s', (given, address) =>
  expect(toPointer(given)).toBe(address),
);
