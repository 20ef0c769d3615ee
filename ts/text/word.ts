// SPDX-License-Identifier: MIT
// Unsigned little-endian integers in a memory: a string's elements, counts and pointers.
import { ArgumentRangeError, ArgumentTypeError } from '../errors.ts';
import { toCount } from '../memory/address.ts';
import type { LinearMemory } from '../memory/memory.ts';

/** Bytes of a count or a pointer in memory. */
export type WordBytes = 1 | 2 | 4 | 8;

/** The typed array of such elements. They are all seen as one class, which has what is needed of them. */
export const elementsOf = (size: number): typeof Uint8Array =>
  [Uint8Array, Uint16Array, Uint32Array][size >> 1] as typeof Uint8Array;

/** Returns the element at `at`. */
export function element(data: DataView, at: number, size: number): number {
  return size === 1 ? data.getUint8(at) : size === 2 ? data.getUint16(at, true) : data.getUint32(at, true);
}

/** Returns a count of elements. @throws as {@link toCount} */
export const toElements = (count: number): number => toCount(count, 'a count of elements');

/** @throws {ArgumentTypeError} when it is 0: to strings that is NULL */
export function assertNotNull(at: number): void {
  if (at === 0) throw new ArgumentTypeError('an address other than 0 (NULL)', at);
}

/** @throws {ArgumentRangeError} when it is not 1, 2, 4 or 8 */
export function toWord(bytes: number): number {
  if (bytes === 1 || bytes === 2 || bytes === 4 || bytes === 8) return bytes;
  throw new ArgumentRangeError('a word of 1, 2, 4 or 8 bytes', bytes);
}

/** The unsigned integer at `at`, a place in the memory. */
export function readWord(memory: LinearMemory, at: number, bytes: number): number {
  const { data } = memory;
  return bytes < 8
    ? element(data, at, bytes)
    : data.getUint32(at, true) + data.getUint32(at + 4, true) * 2 ** 32;
}

export function writeWord(memory: LinearMemory, at: number, bytes: number, value: number): void {
  for (let i = 0, rest = value; i < bytes; i++, rest = Math.floor(rest / 256))
    memory.data.setUint8(at + i, rest % 256);
}
