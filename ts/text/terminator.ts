// SPDX-License-Identifier: MIT
// Searches for the NUL of a string.
import { ArgumentRangeError, EncodingError } from '../errors.ts';
import { isUint32, type Address } from '../memory/address.ts';
import { MAX_ELEMENTS } from '../memory/buffers.ts';
import type { LinearMemory } from '../memory/linear-memory.ts';
import { nativeBufferMethods } from './platform.ts';
import { assertNotNull, elementsClassOf, readElement, toElementCount } from './word.ts';

/** The number of elements that are searched at once: every engine has typed arrays of that length. */
const PART = 2 ** 28;

/** Returns the address of byte 0 of the result of {@link bytesIn}. */
export const baseOf = (start: number, end: number): number => (end > MAX_ELEMENTS ? start : 0);

/** Returns a view of the memory as of its last refresh that contains the bytes in [start, end). */
export function bytesIn(memory: LinearMemory, start: number, end: number): Uint8Array {
  const { views, data } = memory;
  const { bytes } = views;
  if (end > MAX_ELEMENTS) return new Uint8Array(data.buffer, start, end - start);
  return bytes.length > MAX_ELEMENTS ? (views.low ??= bytes.subarray(0, MAX_ELEMENTS)) : bytes;
}

/**
 * As `memory.locate(address, size)`, but refreshes the memory only if its last view is too short: a detached view has no
 * bytes, and that of a shared memory that grew is valid up to its end.
 */
export function locateText(memory: LinearMemory, address: Address, size: number): number {
  return isUint32(address) && address + size <= bytesIn(memory, 0, 0).length
    ? address
    : memory.locate(address, size);
}

/**
 * Returns the number of elements from `headerBytes` after `at` to the end of the heap's block there; Infinity if the heap
 * knows no block there.
 */
export function capacityAt(memory: LinearMemory, at: number, headerBytes: number, size: number): number {
  const bytes = (memory as { capacityAt?(at: number): number | undefined } | undefined)?.capacityAt?.(at);
  return bytes === undefined ? Infinity : Math.max(0, Math.floor((bytes - headerBytes) / size));
}

/**
 * Returns the number of elements of `size` bytes before the first that is 0. O(n).
 * @param limit the number of elements to search. Default: all to the end of the memory
 * @throws {OutOfBoundsError} if the address lies outside the memory
 * @throws {EncodingError} if none of them is 0
 */
export function countTerminated(
  memory: LinearMemory,
  address: Address,
  size: number,
  limit?: number,
): number {
  if (size !== 1 && size !== 2 && size !== 4)
    throw new ArgumentRangeError('1, 2 or 4 bytes per element', size);
  const max = limit === undefined ? Infinity : toElementCount(limit);
  const at = locateText(memory, address, 0);
  assertNotNull(at);
  for (;;) {
    const { byteLength } = memory.data;
    const span = Math.min(max, Math.floor((byteLength - at) / size));
    const count = findNul(memory, at, size, span);
    if (count >= 0) return count;
    if (memory.byteLength === byteLength)
      throw new EncodingError(`no NUL in the ${span} elements from address ${at}`, at, span);
  }
}

/** Returns the index of the first 0 from index `start` on, or -1. */
export const indexOfNul = (bytes: Uint8Array, start: number): number =>
  nativeBufferMethods ? nativeBufferMethods.indexOf.call(bytes, 0, start) : bytes.indexOf(0, start);

/** Returns the index of the first 0 among `span` elements, or -1. The range is in bounds. */
export function findNul(memory: LinearMemory, at: number, size: number, span: number): number {
  const { data } = memory;
  if (at % size > 0) {
    for (let i = 0; i < span; i++) if (readElement(data, at + i * size, size) === 0) return i;
    return -1;
  }
  for (let done = 0; done < span; done += PART) {
    const view = new (elementsClassOf(size))(data.buffer, at + done * size, Math.min(PART, span - done));
    const found = size === 1 ? indexOfNul(view, 0) : view.indexOf(0);
    if (found >= 0) return done + found;
  }
  return -1;
}
