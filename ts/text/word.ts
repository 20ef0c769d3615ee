// SPDX-License-Identifier: MIT
// Unsigned little-endian integers in a memory: elements, counts and pointers of strings.
import { ArgumentRangeError, ArgumentTypeError } from '../errors.ts';
import { toCount } from '../memory/address.ts';
import type { LinearMemory } from '../memory/linear-memory.ts';

/** The size in bytes of a count or a pointer in memory. */
export type WordBytes = 1 | 2 | 4 | 8;

/** Returns the typed array class for elements of `size` bytes, typed as one class whose members all of them have. */
export const elementsClassOf = (size: number): typeof Uint8Array =>
  [Uint8Array, Uint16Array, Uint32Array][size >> 1] as typeof Uint8Array;

/** Returns the element at `at`. */
export function readElement(data: DataView, at: number, size: number): number {
  return size === 1 ? data.getUint8(at) : size === 2 ? data.getUint16(at, true) : data.getUint32(at, true);
}

/** Returns `count` if it is a count of elements. Throws as {@link toCount}. */
export const toElementCount = (count: number): number => toCount(count, 'a count of elements');

/** @throws {ArgumentTypeError} if `at` is 0 (NULL) */
export function assertNotNull(at: number): void {
  if (at === 0) throw new ArgumentTypeError('an address other than 0 (NULL)', at);
}

/** Returns `bytes` if it is 1, 2, 4 or 8. @throws {ArgumentRangeError} if not */
export function toWordBytes(bytes: number): number {
  if (bytes === 1 || bytes === 2 || bytes === 4 || bytes === 8) return bytes;
  throw new ArgumentRangeError('a word of 1, 2, 4 or 8 bytes', bytes);
}

/** Returns the unsigned integer at `at`, which is in bounds. */
export function readWord(memory: LinearMemory, at: number, bytes: number): number {
  const { data } = memory;
  return bytes < 8
    ? readElement(data, at, bytes)
    : data.getUint32(at, true) + data.getUint32(at + 4, true) * 2 ** 32;
}

/** Writes the unsigned integer at `at`, which is in bounds. */
export function writeWord(memory: LinearMemory, at: number, bytes: number, value: number): void {
  for (let i = 0, rest = value; i < bytes; i++, rest = Math.floor(rest / 256))
    memory.data.setUint8(at + i, rest % 256);
}
