// SPDX-License-Identifier: MIT
// Latin-1 (ISO 8859-1): byte n is U+00n, all 256 of them. Not windows-1252, which is what browsers call latin1.
import { EncodingError } from '../errors.ts';
import { TextCodec, type Encoded } from './codec.ts';
import { fast, gather, native, take } from './platform.ts';

/** @throws {EncodingError} when `text` has a unit that `beyond` finds */
export function layBytes(text: string, isAscii: boolean, beyond: RegExp, name: string): Encoded {
  const { length } = text;
  const index = isAscii ? -1 : text.search(beyond); // where none can be V8 sees that at once
  if (index >= 0) throw new EncodingError(`the character at index ${index} is not in ${name}`, index);
  return {
    byteLength: length,
    copyTo(target, at = 0) {
      if (fast) fast.latin1Write.call(target, text, at, length);
      else if (isAscii && native) native.utf8Write.call(target, text, at, length);
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
  (text) => layBytes(text, !fast && native?.measure(text) === text.length, /[^\0-\xff]/, 'Latin-1'),
  (bytes, start, end, policy, base) =>
    native
      ? native.latin1Slice.call(bytes, start, end)
      : gather(start, end, policy, base, (at) => take(1, bytes[at] as number)), // at is inside
);
