// Integer constants as clang has them for wasm32: the types of literals, conversions, what is no constant.
import { expect, test } from 'vitest';
import { cdef, DeclarationError } from '../../../ts/index.ts';

const constantOf = (expression: string, pointerSize: 4 | 8 = 4): unknown =>
  (cdef(`#define X ${expression}\n`, { pointerSize }).constants as { X: unknown }).X;

test.each([
  ['~0', -1],
  ['~0u', 4294967295],
  ['-1u', 4294967295],
  ['1u - 2', 4294967295],
  ['-1 < 0u', 0],
  ['1 << 31', -2147483648],
  ['1u << 31', 2147483648],
  ['1LL << 40', 1099511627776],
  ['0xFFFFFFFF', 4294967295],
  ['2147483648', 2147483648],
  ['-2147483648', -2147483648],
  ['0x7FFFFFFF + 1', -2147483648],
  ['0xFFFFFFFFFFFFFFFFull', 18446744073709551615n],
  ['-9223372036854775807LL - 1', -9223372036854775808n],
  ['7 / -2', -3],
  ['-7 % 3', -1],
  ['1 ? 2 : 3', 2],
  ['(0 ? -1 : 0u) - 1', 4294967295],
  ['6 ^ 3', 5],
  ['0b101', 5],
  ['0755', 493],
  ["'\\xff'", -1],
  ["'\\377'", -1],
  ["'\\0'", 0],
  ["'a' + 1", 98],
  ['(unsigned char)300', 44],
  ['(signed char)200', -56],
  ['(int)5', 5],
  ['(uint64_t)-1', 18446744073709551615n],
  ['sizeof(long) - 8', 4294967292],
  ['sizeof(void *)', 4],
  ['!5 || 3 && 2', 1],
])('%s', (expression, value) => {
  expect(constantOf(expression)).toBe(value);
});

test('long has 64 bits where pointers have', () => {
  expect([constantOf('-1UL', 4), constantOf('-1UL', 8)]).toEqual([4294967295, 18446744073709551615n]);
  expect(constantOf('sizeof(long)', 8)).toBe(8);
});

test.each(['1 << 32', '1 << -1', '1 / 0', '089', "'ab'", "'é'", '1.5', '1e3', '"text"', '(float)1', 'Y', '1 +', '(1', 'sizeof 1'])(
  '%s is no integer constant: its use throws',
  (expression) => {
    expect(() => constantOf(expression)).toThrow(DeclarationError);
    expect(() => constantOf(expression)).toThrow(/line 1, column 9: X is not an integer constant/);
  },
); // prettier-ignore

test('a macro without a value is no constant and no error', () => {
  expect(cdef('#define API\nAPI int f(void);').constants).toEqual({});
  expect(constantOf('')).toBeUndefined();
});
