// SPDX-License-Identifier: MIT
// Numbers as users and modules give them: addresses, counts, alignments. Wrong ones end here.
import { ArgumentRangeError, ArgumentTypeError, OutOfBoundsError } from '../errors.ts';

/** An address as a caller may give it: what wasm returns, signed or not, or a bigint from a 64-bit module. */
export type Address = number | bigint;

/** The most an address of a 32-bit memory can be, plus one. */
const SPAN32 = 2 ** 32;

/**
 * Returns `address` as a number of bytes from the start of a memory of `byteLength` bytes.
 * An integer in [-2^31, 0) is an address above 2 GiB as wasm returns it (i32), and means that plus 2^32;
 * a memory above 4 GiB has no such addresses. The end of the memory is not checked here.
 * @param size bytes that will be accessed there, for the error
 * @throws {ArgumentTypeError} when it is neither a number nor a bigint
 * @throws {OutOfBoundsError} when it is not an integer (NaN, fractions), negative otherwise, or beyond 2^53 - 1
 */
export function toAddress(address: Address, size: number, byteLength: number): number {
  if (typeof address === 'number') {
    if (address >= 0 ? Number.isSafeInteger(address) : Number.isInteger(address)) {
      if (address >= 0) return address + 0; // -0 is 0
      if (address >= -(2 ** 31) && byteLength <= SPAN32) return address + SPAN32;
    }
  } else if (typeof address === 'bigint') {
    if (address >= 0n && address <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(address);
  } else {
    throw new ArgumentTypeError('an address (number or bigint)', address);
  }
  throw new OutOfBoundsError(address, size, byteLength);
}

/**
 * Returns `value` when it is a whole number in [0, 2^53).
 * @param what names it in the error: `a size in bytes`, `a count of elements`
 * @throws {ArgumentTypeError} when it is not a number
 * @throws {ArgumentRangeError} when it is NaN, negative, fractional or 2^53 and more
 */
export function toCount(value: number, what: string): number {
  if (typeof value !== 'number') throw new ArgumentTypeError(what, value);
  if (value >= 0 && Number.isSafeInteger(value)) return value + 0;
  throw new ArgumentRangeError(`${what}, an integer from 0 to 2^53 - 1`, value);
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
  if (typeof value !== 'number') throw new ArgumentTypeError('an alignment', value);
  if (isAlign(value)) return value;
  throw new ArgumentRangeError('an alignment, a power of two from 1 to 65536', value);
}

/** The allocator's answer: `0` stays 0, a signed i32 becomes unsigned, a bigint a number; anything else is NaN. */
export function toPointer(value: unknown): number {
  if (typeof value === 'bigint')
    return value >= 0n && value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : NaN;
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) return NaN;
  if (value >= 0) return value;
  return value >= -(2 ** 31) ? value + SPAN32 : NaN;
}
