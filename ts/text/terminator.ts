// SPDX-License-Identifier: MIT
// Finding the NUL that ends a string.
import { ArgumentRangeError, EncodingError } from '../errors.ts';
import { toCount, type Address } from '../memory/address.ts';
import type { LinearMemory } from '../memory/memory.ts';
import { assertNotNull } from './codec.ts';
import { native } from './platform.ts';
import { element } from './word.ts';

/** A count of elements that a caller may leave out. */
export const toRoom = (count: number | undefined): number =>
  count === undefined ? Infinity : toCount(count, 'a count of elements');

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
  const most = toRoom(limit);
  const at = memory.locate(address, 0);
  assertNotNull(at);
  const span = Math.min(most, Math.floor((memory.byteLength - at) / size));
  const count = search(memory, at, size, span);
  if (count < 0) throw new EncodingError(`no NUL in the ${span} elements from address ${at}`, at, span);
  return count;
}

/** Returns the index of the first element that is 0 among `span`, or -1. The range is in the memory. */
export function search(memory: LinearMemory, at: number, size: number, span: number): number {
  const bytes = memory.view(Uint8Array, at, span * size);
  if (size === 1) return native ? native.indexOf.call(bytes, 0, 0) : bytes.indexOf(0);
  if (at % size === 0) {
    if (size === 4) return memory.view(Uint32Array, at, span).indexOf(0);
    const found = native ? native.indexOf.call(bytes, '\0', 0, 'utf16le') : 1;
    return found % 2 === 0 ? found / 2 : memory.view(Uint16Array, at, span).indexOf(0);
  }
  const { data } = memory;
  for (let i = 0; i < span; i++) if (element(data, at + i * size, size) === 0) return i;
  return -1;
}
