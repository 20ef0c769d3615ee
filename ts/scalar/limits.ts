// SPDX-License-Identifier: MIT
// Range checks of values: clamped to the range of the type, or refused.
import { ArgumentRangeError } from '../errors.ts';
import { toCount } from '../memory/address.ts';
import { roundToEven } from './half.ts';

/** Returns the integer of 0 to 255 nearest to `x`, ties to even; NaN becomes 0. */
export function clamp(x: number): number {
  return x > 0 ? roundToEven(Math.min(x, 255)) : 0;
}

/** @throws {ArgumentRangeError} if `x` is not an integer in [-2^31, 2^32) */
export function pointer32(x: number): number {
  return toCount(x, 'a ptr32', -(2 ** 31), 2 ** 32);
}

/** Returns the bits of a ptr53. @throws {ArgumentRangeError} if `x` is not an integer in [0, 2^53) */
export function pointer53(x: number): bigint {
  return BigInt(toCount(x, 'a ptr53'));
}

/** Returns the number of a ptr53. @throws {ArgumentRangeError} if the bits are 2^53 or more */
export function fromPointer53(bits: bigint): number {
  return toCount(Number(bits), 'a ptr53 in memory');
}

/** @throws {ArgumentRangeError} if `x` is not in [0, 2^64) */
export function pointer64(x: bigint): bigint {
  if (BigInt.asUintN(64, x) === x) return x;
  throw new ArgumentRangeError('a ptr64, an integer in [0, 2^64)', x);
}
