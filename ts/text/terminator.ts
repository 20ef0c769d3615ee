// SPDX-License-Identifier: MIT
// Finding the NUL that ends a string.
import { ArgumentRangeError, EncodingError } from '../errors.ts';
import { isSmall, type Address } from '../memory/address.ts';
import { MOST, type LinearMemory } from '../memory/memory.ts';
import { fast } from './platform.ts';
import { assertNotNull, element, elementsOf, toElements } from './word.ts';

/** The most elements that are searched at once, for the same reason. */
const PART = 2 ** 28;

/** The address of byte 0 of what {@link bytesIn} returns. */
export const baseOf = (start: number, end: number): number => (end > MOST ? start : 0);

/** Bytes of the memory as it was when last asked for, those from `start` up to `end` among them. */
export function bytesIn(memory: LinearMemory, start: number, end: number): Uint8Array {
  const { cell, data } = memory;
  const { bytes } = cell;
  if (end > MOST) return new Uint8Array(data.buffer, start, end - start);
  return bytes.length > MOST ? (cell.low ??= bytes.subarray(0, MOST)) : bytes;
}

/**
 * The same as `memory.locate(address, size)`, but asks for the buffer only when the view of it as it was will not do:
 * a detached one has no bytes, and one of a shared memory that grew is right as far as it goes.
 */
export function placeOf(memory: LinearMemory, address: Address, size: number): number {
  return isSmall(address) && address + size <= bytesIn(memory, 0, 0).length
    ? address
    : memory.locate(address, size);
}

/** Elements from `head` bytes behind `at` to the end of the heap's block there; Infinity where none is known. */
export function roomAt(memory: LinearMemory, at: number, head: number, size: number): number {
  const bytes = (memory as { roomAt?(address: number): number | undefined }).roomAt?.(at);
  return bytes === undefined ? Infinity : Math.max(0, Math.floor((bytes - head) / size));
}

/**
 * Returns how many elements of `size` bytes are before the first that is 0. O(n).
 * @param limit the most elements to look at; to the memory's end unless given
 * @throws {OutOfBoundsError} when the address is outside the memory
 * @throws {EncodingError} when there is none
 */
export function countTerminated(
  memory: LinearMemory,
  address: Address,
  size: number,
  limit?: number,
): number {
  if (size !== 1 && size !== 2 && size !== 4)
    throw new ArgumentRangeError('1, 2 or 4 bytes per element', size);
  const most = limit === undefined ? Infinity : toElements(limit);
  const at = placeOf(memory, address, 0);
  assertNotNull(at);
  for (;;) {
    const { byteLength } = memory.data;
    const span = Math.min(most, Math.floor((byteLength - at) / size));
    const count = search(memory, at, size, span);
    if (count >= 0) return count;
    if (memory.byteLength === byteLength)
      throw new EncodingError(`no NUL in the ${span} elements from address ${at}`, at, span);
  }
}

/** Returns the index of the first 0 from `start` on, or -1. */
export const indexOfNul = (bytes: Uint8Array, start: number): number =>
  fast ? fast.indexOf.call(bytes, 0, start) : bytes.indexOf(0, start);

/** Returns the index of the first element that is 0 among `span`, or -1. The range is in the memory. */
export function search(memory: LinearMemory, at: number, size: number, span: number): number {
  const { data } = memory;
  if (at % size > 0) {
    for (let i = 0; i < span; i++) if (element(data, at + i * size, size) === 0) return i;
    return -1;
  }
  for (let done = 0; done < span; done += PART) {
    const view = new (elementsOf(size))(data.buffer, at + done * size, Math.min(PART, span - done));
    const found = size === 1 ? indexOfNul(view, 0) : view.indexOf(0);
    if (found >= 0) return done + found;
  }
  return -1;
}
