// SPDX-License-Identifier: MIT
// Validation of numbers that users and modules pass in: addresses, counts, alignments.
import { ArgumentRangeError, ArgumentTypeError, OutOfBoundsError } from '../errors.ts';

/** An address: what wasm returns (a signed or unsigned number), or a bigint from a 64-bit module. */
export type Address = number | bigint;

/** The size of the 32-bit address space in bytes. */
export const ADDRESS_SPACE_32: number = 2 ** 32;

/** True if `value` is an integer in [0, 2^32). */
export const isUint32 = (value: unknown): value is number =>
  typeof value === 'number' && value >>> 0 === value;

/**
 * Returns `address` as a byte offset into a memory of `byteLength` bytes. An integer in [-2^31, 0) is an address above
 * 2 GiB as wasm returns it (i32), and 2^32 is added to it, unless the memory is larger than 4 GiB. Does not check that
 * the address lies inside the memory.
 * @param size bytes that the caller wants to access there, for the error
 * @throws {ArgumentTypeError} if it is neither a number nor a bigint
 * @throws {OutOfBoundsError} if it is not an integer, is any other negative number, or is above 2^53 - 1
 */
export function toAddress(address: Address, size: number, byteLength: number): number {
  if (typeof address !== 'number' && typeof address !== 'bigint')
    throw new ArgumentTypeError('an address (number or bigint)', address);
  const at = toPointer(address);
  if (at >= 0 && (address >= 0 || byteLength <= ADDRESS_SPACE_32)) return at;
  throw new OutOfBoundsError(address, size, byteLength);
}

/**
 * Returns `value` if it is an integer in [min, max).
 * @param what names it in the error: `a size in bytes`, `a count of elements`
 * @throws {ArgumentTypeError} if it is not a number
 * @throws {ArgumentRangeError} if it is any other number
 */
export function toCount(value: number, what: string, min = 0, max: number = 2 ** 53): number {
  if (Number.isInteger(value) && value >= min && value < max) return value + 0;
  throw invalidCount(value, what, min, max); // a separate function keeps this one small enough to inline
}

function invalidCount(value: number, what: string, min: number, max: number): Error {
  return typeof value === 'number'
    ? new ArgumentRangeError(`${what}, an integer in [${min}, ${max})`, value)
    : new ArgumentTypeError(what, value);
}

/** True if `value` is a power of two from 1 to 65,536. Any other value, of any type, is false. */
export function isAlign(value: number): boolean {
  return isUint32(value) && (value - 1) >>> 0 < 65536 && (value & (value - 1)) === 0;
}

/**
 * Returns `value` if it is a power of two from 1 to 65,536.
 * @throws {ArgumentTypeError} if it is not a number
 * @throws {ArgumentRangeError} if it is any other number
 */
export function toAlign(value: number): number {
  if (isAlign(value)) return value;
  throw new ArgumentRangeError(
    'an alignment, a power of two from 1 to 65536',
    toCount(value, 'an alignment'),
  );
}

/**
 * Returns a pointer that a module returned as a number: a signed i32 becomes unsigned, a bigint a number, -0 becomes 0.
 * Returns NaN for any other value.
 */
export function toPointer(value: unknown): number {
  const at = typeof value === 'bigint' && value >= 0 ? Number(value) : (value as number); // or of another type
  if (!Number.isSafeInteger(at) || at < -(2 ** 31)) return NaN;
  return at < 0 ? at + ADDRESS_SPACE_32 : at + 0;
}
