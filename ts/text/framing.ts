// SPDX-License-Identifier: MIT
// Where a text begins and ends in a memory: NUL-terminated, sized, a fixed field, behind its count, or behind a
// pointer and a count. All counts are of the codec's elements.
//
//   T1  A write measures first and then stores: the whole text with all that belongs to it, or nothing.
//   T2  A read never passes the end of the memory: a string that has no NUL before it is an error.
import { ArgumentRangeError, EncodingError } from '../errors.ts';
import { toAddress, toCount, type Address } from '../memory/address.ts';
import type { LinearMemory } from '../memory/memory.ts';
import { assertNotNull, assertString, assertTextOptions, type TextCodec, type TextOptions } from './codec.ts';
import { countTerminated, search, toRoom } from './terminator.ts';
import { element, readWord, toWord, writeWord, type WordBytes } from './word.ts';

/** Up to here a loop over the elements beats a call of the engine's coder (bench/ts/text.bench.mjs). */
const SHORT = 16;

export function readTerminated(
  codec: TextCodec,
  memory: LinearMemory,
  address: Address,
  limit?: number,
  options?: TextOptions,
): string {
  assertTextOptions(options);
  const most = limit === undefined ? SHORT : Math.min(toRoom(limit), SHORT);
  const short = readShort(codec, memory.data, address, most, false);
  if (short !== undefined) return short;
  const size = codec.bytesPerElement;
  const count = countTerminated(memory, address, size, limit); // renews the view
  const at = toAddress(address, count, memory.data.byteLength);
  return codec.decode(new Uint8Array(memory.data.buffer, at, count * size), options, at);
}

/**
 * The text of up to `most` elements when all are plain: up to its NUL, or `sized`, all of them. Else undefined, as for
 * anything that goes wrong.
 */
function readShort(
  codec: TextCodec,
  data: DataView,
  address: Address,
  most: number,
  sized: boolean,
): string | undefined {
  const { bytesPerElement: size, plain } = codec;
  let text = '';
  try {
    if ((address as number) >>> 0 !== address || address === 0) return undefined;
    for (let i = 0; i < most; i++) {
      const unit = size === 1 ? data.getUint8(address + i) : element(data, address + i * size, size);
      if (unit === 0 && !sized) return text;
      if (unit >= plain) return undefined;
      text += String.fromCharCode(unit);
    }
    return sized ? text : undefined;
  } catch {
    return undefined; // the end of the memory as it was: the long way looks again
  }
}

export function readSized(
  codec: TextCodec,
  memory: LinearMemory,
  address: Address,
  count: number,
  options?: TextOptions,
): string {
  assertTextOptions(options);
  const isShort = count > 0 && count <= SHORT && Number.isInteger(count);
  const short = isShort ? readShort(codec, memory.data, address, count, true) : undefined;
  if (short !== undefined) return short;
  const size = codec.bytesPerElement;
  const at = memory.locate(address, 0);
  if (count > 0) assertNotNull(at); // C's empty string may well be (NULL, 0)
  return codec.decode(memory.view(Uint8Array, at, toRoom(count) * size), options, at);
}

export function readFixed(
  codec: TextCodec,
  memory: LinearMemory,
  address: Address,
  count: number,
  options?: TextOptions,
): string {
  return readSized(codec, memory, address, countFixed(codec, memory, address, count), options);
}

/** Returns how many elements of a field are before its first NUL: all when it has none. */
export function countFixed(codec: TextCodec, memory: LinearMemory, address: Address, count: number): number {
  const size = codec.bytesPerElement;
  const at = memory.locate(address, toCount(count, 'a count of elements') * size);
  const found = search(memory, at, size, count);
  return found < 0 ? count : found;
}

export function readPrefixed(
  codec: TextCodec,
  memory: LinearMemory,
  address: Address,
  prefixBytes: WordBytes = 4,
  options?: TextOptions,
): string {
  const at = memory.locate(address, toWord(prefixBytes));
  return readSized(codec, memory, at + prefixBytes, readWord(memory, at, prefixBytes), options);
}

export function readPaired(
  codec: TextCodec,
  memory: LinearMemory,
  address: Address,
  wordBytes: WordBytes = 4,
  options?: TextOptions,
): string {
  const [at, count] = readPair(memory, address, wordBytes);
  return count === 0 ? '' : readSized(codec, memory, at, count, options);
}

/**
 * Returns a pointer and the count behind it.
 * @throws {EncodingError} when the pointer is NULL and the count is not 0
 */
export function readPair(memory: LinearMemory, address: Address, wordBytes: WordBytes = 4): [number, number] {
  const at = memory.locate(address, 2 * toWord(wordBytes));
  const place = readWord(memory, at, wordBytes);
  const count = readWord(memory, at + wordBytes, wordBytes);
  if (place === 0 && count > 0) throw new EncodingError(`the pair at address ${at} has no pointer`, at);
  return [place, count];
}

export function writeTerminated(
  codec: TextCodec,
  memory: LinearMemory,
  address: Address,
  text: string,
  capacity?: number,
  options?: TextOptions,
): number {
  assertString(text);
  assertTextOptions(options);
  const room = toRoom(capacity);
  if (text.length < room && text.length <= SHORT && writeShort(codec, memory, address, text))
    return text.length;
  assertNoNul(text, options);
  return store(codec, memory, address, text, room - 1, 0, 1, 0, options);
}

/** Writes a short plain text and its NUL; false, and nothing written, when it is another or has no place. */
function writeShort(codec: TextCodec, memory: LinearMemory, address: Address, text: string): boolean {
  const { bytesPerElement: size, plain } = codec;
  const { length } = text;
  for (let i = 0; i < length; i++) {
    const unit = text.charCodeAt(i);
    if (unit === 0 || unit >= plain) return false;
  }
  try {
    if ((address as number) >>> 0 !== address || address === 0) return false;
    const { data } = memory;
    // The last element first: it throws before anything is written.
    if (size === 1) {
      data.setUint8(address + length, 0);
      for (let i = 0; i < length; i++) data.setUint8(address + i, text.charCodeAt(i));
    } else if (size === 2) {
      data.setUint16(address + 2 * length, 0);
      for (let i = 0; i < length; i++) data.setUint16(address + 2 * i, text.charCodeAt(i), true);
    } else {
      data.setUint32(address + 4 * length, 0);
      for (let i = 0; i < length; i++) data.setUint32(address + 4 * i, text.charCodeAt(i), true);
    }
    return true;
  } catch {
    return false;
  }
}

export function writeSized(
  codec: TextCodec,
  memory: LinearMemory,
  address: Address,
  text: string,
  capacity?: number,
  options?: TextOptions,
): number {
  return store(codec, memory, address, text, toRoom(capacity), 0, 0, 0, options);
}

export function writeFixed(
  codec: TextCodec,
  memory: LinearMemory,
  address: Address,
  text: string,
  count: number,
  options?: TextOptions,
): number {
  assertString(text);
  assertNoNul(text, options);
  return store(codec, memory, address, text, toCount(count, 'a count of elements'), 0, 0, count, options);
}

export function writePrefixed(
  codec: TextCodec,
  memory: LinearMemory,
  address: Address,
  text: string,
  prefixBytes: WordBytes = 4,
  capacity?: number,
  options?: TextOptions,
): number {
  const most = Math.min(toRoom(capacity), 256 ** toWord(prefixBytes) - 1);
  const count = store(codec, memory, address, text, most, prefixBytes, 0, 0, options);
  writeWord(memory, memory.locate(address, prefixBytes), prefixBytes, count);
  return count;
}

export function writePaired(
  codec: TextCodec,
  memory: LinearMemory,
  address: Address,
  text: string,
  place: Address,
  wordBytes: WordBytes = 4,
  capacity?: number,
  options?: TextOptions,
): number {
  const most = Math.min(toRoom(capacity), 256 ** toWord(wordBytes) - 1);
  const at = memory.locate(address, 2 * wordBytes);
  const start = memory.locate(place, 0);
  if (start >= 256 ** wordBytes) throw new ArgumentRangeError(`a pointer of ${wordBytes} bytes`, start);
  const count = store(codec, memory, start, text, most, 0, 0, 0, options);
  writeWord(memory, at, wordBytes, start);
  writeWord(memory, at + wordBytes, wordBytes, count);
  return count;
}

/** @throws {EncodingError} when `text` has a NUL and the policy does not allow it */
export function assertNoNul(text: string, options?: TextOptions): void {
  const nul = options?.nul === 'allow' ? -1 : text.indexOf('\0');
  if (nul >= 0) throw new EncodingError(`the string has a NUL at index ${nul}, where C would end it`, nul);
}

/**
 * Stores `text` behind `head` bytes that the caller fills, with `tail` NULs or filled with them to `pad` elements.
 * Returns its elements. T1.
 * @throws {EncodingError} when it has more than `most` elements
 */
function store(
  codec: TextCodec,
  memory: LinearMemory,
  address: Address,
  text: string,
  most: number,
  head: number,
  tail: number,
  pad: number,
  options?: TextOptions,
): number {
  const size = codec.bytesPerElement;
  assertTextOptions(options);
  const encoded = codec.prepare(text, options);
  const count = encoded.byteLength / size;
  if (count > most) {
    const room = Math.max(most + tail, 0);
    throw new EncodingError(
      `the string takes ${count} elements${tail ? ' and a NUL' : ''}, the place has ${room}`,
      room,
      room,
    );
  }
  const end = head + encoded.byteLength;
  const whole = head + Math.max(count + tail, pad) * size;
  const place = memory.view(Uint8Array, address, whole);
  if (whole > 0) assertNotNull(place.byteOffset);
  encoded.copyTo(place.subarray(head, end));
  place.fill(0, end);
  return count;
}
