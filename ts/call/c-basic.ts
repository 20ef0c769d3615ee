// SPDX-License-Identifier: MIT
// The scalars of C's built-in types.
import type { AnyScalar } from '../scalar/scalar.ts';
import {
  bool,
  f16,
  f32,
  f64,
  i128,
  i16,
  i32,
  i64,
  i8,
  u128,
  u16,
  u32,
  u64,
  u8,
} from '../scalar/types.gen.ts';
import type { PointerSize } from '../struct/layout.ts';

const FIXED: Readonly<Record<string, AnyScalar>> = {
  int8_t: i8, uint8_t: u8, int16_t: i16, uint16_t: u16, int32_t: i32, uint32_t: u32, int64_t: i64, uint64_t: u64,
  bool, _Bool: bool, float: f32, double: f64, _Float16: f16, wchar_t: i32, off_t: i64, time_t: i64, intmax_t: i64,
  uintmax_t: u64,
}; // prettier-ignore

/** Returns the scalar of a type such as `unsigned long int`; undefined for `void` and unsupported types. */
export function basicType(name: string, pointerSize: PointerSize): AnyScalar | undefined {
  const fixed = FIXED[name];
  if (fixed) return fixed;
  const words = name.split(' ');
  const has = (word: string): boolean => words.includes(word);
  const isWide = pointerSize === 8;
  if (has('void') || has('double')) return undefined; // long double
  if (/^(size_t|uintptr_t)$/.test(name)) return isWide ? u64 : u32;
  if (/^(ssize_t|ptrdiff_t|intptr_t)$/.test(name)) return isWide ? i64 : i32;
  const isUnsigned = has('unsigned');
  if (has('__int128')) return isUnsigned ? u128 : i128;
  if (has('char')) return isUnsigned ? u8 : i8;
  if (has('short')) return isUnsigned ? u16 : i16;
  const longs = words.filter((word) => word === 'long').length;
  if (longs === 2 || (longs === 1 && isWide)) return isUnsigned ? u64 : i64;
  return isUnsigned ? u32 : i32;
}
