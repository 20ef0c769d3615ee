// SPDX-License-Identifier: MIT
// Latin-1 (ISO 8859-1): byte n is U+00n, all 256 of them. Not windows-1252, which is what browsers call latin1.
import { EncodingError } from '../errors.ts';
import { TextCodec, type Encoded } from './codec.ts';
import { fast, fromUnits, native } from './platform.ts';

/** @throws {EncodingError} when `text` has a unit of `beyond` or more */
export function layBytes(text: string, beyond: number, name: string): Encoded {
  const { length } = text;
  const isAscii = native?.measure(text) === length;
  if (!isAscii)
    for (let i = 0; i < length; i++)
      if (text.charCodeAt(i) >= beyond)
        throw new EncodingError(`the character at index ${i} is not in ${name}`, i);
  return {
    byteLength: length,
    copyTo(target, at = 0) {
      if (fast) fast.latin1Write.call(target, text, at, length);
      else if (isAscii) native?.utf8Write.call(target, text, at, length);
      else for (let i = 0; i < length; i++) target[at + i] = text.charCodeAt(i);
    },
  };
}

/** Latin-1, exactly U+0000 to U+00FF. */
export const latin1: TextCodec = /* @__PURE__ */ new TextCodec(
  'iso-8859-1',
  'Latin1',
  1,
  0x100,
  (text) => layBytes(text, 0x100, 'Latin-1'),
  (bytes, start, end) =>
    native ? native.latin1Slice.call(bytes, start, end) : fromUnits(bytes.subarray(start, end)),
);
