// SPDX-License-Identifier: MIT
// Numbers as users and modules give them: addresses, counts, alignments. Wrong ones end here.
import { ArgumentRangeError, ArgumentTypeError, OutOfBoundsError } from '../errors.ts';

/** An address as a caller may give it: what wasm returns, signed or not, or a bigint from a 64-bit module. */
export type Address = number | bigint;

/** The most an address of a 32-bit memory can be, plus one. */
const SPAN32 = 2 ** 32;

/** Whether a value is a whole number below 2^32. */
export const isSmall = (value: unknown): value is number =>
  typeof value === 'number' && value >>> 0 === value;

/**
 * Returns `address` as a number of bytes from the start of a memory of `byteLength` bytes.
 * An integer in [-2^31, 0) is an address above 2 GiB as wasm returns it (i32), and means that plus 2^32;
 * a memory above 4 GiB has no such addresses. The end of the memory is not checked here.
 * @param size bytes that will be accessed there, for the error
 * @throws {ArgumentTypeError} when it is neither a number nor a bigint
 * @throws {OutOfBoundsError} when it is not an integer (NaN, fractions), negative otherwise, or beyond 2^53 - 1
 */
export function toAddress(address: Address, size: number, byteLength: number): number {
  if (typeof address !== 'number' && typeof address !== 'bigint')
    throw new ArgumentTypeError('an address (number or bigint)', address);
  const at = toPointer(address);
  if (at >= 0 && (address >= 0 || byteLength <= SPAN32)) return at;
  throw new OutOfBoundsError(address, size, byteLength);
}

/**
 * Returns `value` when it is a whole number in [least, end), which is [0, 2^53) unless given.
 * @param what names it in the error: `a size in bytes`, `a count of elements`
 * @throws {ArgumentTypeError} when it is not a number
 * @throws {ArgumentRangeError} when it is another number
 */
export function toCount(value: number, what: string, least = 0, end: number = 2 ** 53): number {
  if (Number.isInteger(value) && value >= least && value < end) return value + 0;
  throw wrongCount(value, what, least, end); // not made here, so that engines take the rest into whoever calls
}

function wrongCount(value: number, what: string, least: number, end: number): Error {
  return typeof value === 'number'
    ? new ArgumentRangeError(`${what}, an integer in [${least}, ${end})`, value)
    : new ArgumentTypeError(what, value);
}

/** True for a power of two from 1 to 65,536; asks for no type, and any other value is none. */
export function isAlign(value: number): boolean {
  return value >>> 0 === value && (value - 1) >>> 0 < 65536 && (value & (value - 1)) === 0;
}

/**
 * Returns `value` when it is a power of two from 1 to 65,536.
 * @throws {ArgumentTypeError} when it is not a number
 * @throws {ArgumentRangeError} when it is another number
 */
export function toAlign(value: number): number {
  if (isAlign(toCount(value, 'an alignment'))) return value;
  throw new ArgumentRangeError('an alignment, a power of two from 1 to 65536', value);
}

/**
 * A pointer as an allocator gives it, as a number: a signed i32 becomes unsigned, a bigint a number, -0 becomes 0;
 * what is no integer from -2^31 to 2^53 - 1, or another type, is NaN.
 */
export function toPointer(value: unknown): number {
  const at = typeof value === 'bigint' && value >= 0 ? Number(value) : (value as number); // or of another type
  if (!Number.isSafeInteger(at) || at < -(2 ** 31)) return NaN;
  return at < 0 ? at + SPAN32 : at + 0;
}
