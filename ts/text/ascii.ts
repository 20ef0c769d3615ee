// SPDX-License-Identifier: MIT
// ASCII: U+0000 to U+007F, one byte each. Bytes above are invalid. (The "ascii" of browsers is windows-1252.)
//
// Bytes are decoded as UTF-8 first: if the result has one unit per byte and no U+FFFD, all bytes are ASCII. V8 before 13
// decodes Latin-1 faster than UTF-8, and is asked for the UTF-8 length of the result instead.
import type { Encoding } from './encoding.ts';
import { countBytes, encodeBytes } from './latin1.ts';
import {
  bufferMethods,
  decodePoints,
  INVALID,
  isAscii,
  isOneByte,
  nativeBufferMethods,
  pointOf,
  slowUtf8Methods,
} from './platform.ts';
import { toPolicy } from './policy.ts';
import { utf8Encoding } from './utf8.ts';

const writeBytes = nativeBufferMethods?.latin1Write ?? bufferMethods?.utf8Write;

const count = (text: string): number =>
  countBytes(text, bufferMethods?.utf8Length(text) === text.length, /[^\0-\x7f]/, 'ASCII');

/** ASCII. */
export const asciiEncoding: Encoding = {
  name: 'us-ascii',
  label: 'Ascii',
  bytesPerElement: 1,
  singleElementLimit: 0x80,
  countElements: count,
  encodeInto: (bytes, at, text, max, _, isCounted) =>
    encodeBytes(bytes, at, text, isCounted ? max : count(text), max, writeBytes),
  decodeRange(bytes, start, end, policy, base) {
    const text = slowUtf8Methods
      ? slowUtf8Methods.latin1Slice.call(bytes, start, end)
      : utf8Encoding.decodeRange(bytes, start, end, toPolicy(undefined), base);
    if (isAsciiText(text, bytes, start, end)) return text;
    return decodePoints(start, end, policy, base, (at) => {
      const byte = bytes[at] as number; // at is in range
      return pointOf(1, byte > 0x7f ? INVALID : byte);
    });
  },
  elementsOf: () => 1,
};

/** True if `text`, which was decoded from the bytes in [start, end), is all ASCII. */
function isAsciiText(text: string, bytes: Uint8Array, start: number, end: number): boolean {
  if (slowUtf8Methods)
    // Above 1 MiB the engine keeps a text in a form that takes ten times as long to measure.
    return (
      (end - start > 2 ** 19 && isAscii(bytes.subarray(start, end)) === true) ||
      slowUtf8Methods.utf8Length(text) === text.length
    );
  // A one-byte text has no U+FFFD.
  return text.length === end - start && (bufferMethods ? isOneByte(text) : !text.includes('\ufffd'));
}
