// SPDX-License-Identifier: MIT
// Numbers held within what a row can store: clamped, or refused.
import { ArgumentRangeError } from '../errors.ts';
import { roundToEven } from './half.ts';

/** The nearest of 0 to 255, ties to even; NaN is 0. */
export function clamp(x: number): number {
  return x > 0 ? roundToEven(Math.min(x, 255)) : 0;
}

/** @throws {ArgumentRangeError} when `x` is no integer in [-2^31, 2^32) */
export function pointer32(x: number): number {
  return within(x, -(2 ** 31), 2 ** 32, 'ptr32');
}

/** Returns the bits of a ptr53. @throws {ArgumentRangeError} when `x` is no integer in [0, 2^53) */
export function pointer53(x: number): bigint {
  return BigInt(within(x, 0, 2 ** 53, 'ptr53'));
}

/** Returns the number of a ptr53. @throws {ArgumentRangeError} when the bits are 2^53 or more */
export function fromPointer53(bits: bigint): number {
  return within(Number(bits), 0, 2 ** 53, 'ptr53 in memory');
}

/** @throws {ArgumentRangeError} when `x` is not in [0, 2^64) */
export function pointer64(x: bigint): bigint {
  if (BigInt.asUintN(64, x) === x) return x;
  throw new ArgumentRangeError('a ptr64, an integer in [0, 2^64)', x);
}

function within(x: number, least: number, end: number, name: string): number {
  if (Number.isInteger(x) && x >= least && x < end) return x;
  throw new ArgumentRangeError(`a ${name}, an integer in [${least}, ${end})`, x);
}
