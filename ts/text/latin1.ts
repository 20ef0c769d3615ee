// SPDX-License-Identifier: MIT
// Latin-1 (ISO 8859-1): byte n is U+00n, for all 256 bytes. (The "latin1" of browsers is windows-1252.)
import { EncodingError } from '../errors.ts';
import type { Encoding } from './encoding.ts';
import {
  bufferMethods,
  decodePoints,
  isOneByte,
  nativeBufferMethods,
  pointOf,
  type WriteText,
} from './platform.ts';

/** Returns the length of `text`. @throws {EncodingError} if it has a unit that `beyond` matches */
export function countBytes(text: string, isKnown: boolean, beyond: RegExp, name: string): number {
  const index = isKnown ? -1 : text.search(beyond);
  if (index >= 0) throw new EncodingError(`the character at index ${index} is not in ${name}`, index);
  return text.length;
}

// Constants of this file: V8 calls a constant function directly.
const latin1Write = nativeBufferMethods?.latin1Write;
const latin1Slice = bufferMethods?.latin1Slice;

/** Writes the `length` units of `text` as one byte each. Returns the length; or -1 if it is above `max`. */
export function encodeBytes(
  bytes: Uint8Array,
  at: number,
  text: string,
  length: number,
  max: number,
  write: WriteText | undefined,
): number {
  if (length > max) return -1;
  if (write) return write.call(bytes, text, at, length);
  for (let i = 0; i < length; i++) bytes[at + i] = text.charCodeAt(i);
  return length;
}

const count = (text: string): number => countBytes(text, isOneByte(text), /[^\0-\xff]/, 'Latin-1');

/** Latin-1: exactly U+0000 to U+00FF. */
export const latin1Encoding: Encoding = {
  name: 'iso-8859-1',
  label: 'Latin1',
  bytesPerElement: 1,
  singleElementLimit: 0x100,
  countElements: count,
  encodeInto: (bytes, at, text, max) => encodeBytes(bytes, at, text, count(text), max, latin1Write),
  decodeRange: (bytes, start, end, policy, base) =>
    latin1Slice
      ? latin1Slice.call(bytes, start, end)
      : decodePoints(start, end, policy, base, (at) => pointOf(1, bytes[at] as number)), // at is in range
  elementsOf: () => 1,
};
