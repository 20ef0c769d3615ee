// SPDX-License-Identifier: MIT
// ASCII: U+0000 to U+007F, one byte each. A byte above is not text; browsers' "ascii" is windows-1252.
//
// Bytes are read as UTF-8 first: where that has a unit for each byte and no U+FFFD all are ASCII. V8 before 13 reads
// UTF-8 slower than it reads Latin-1 and counts what that has in UTF-8.
import { TextCodec } from './codec.ts';
import { countBytes, putBytes } from './latin1.ts';
import { byCount, fast, gather, isAscii, isNarrow, native, NO_TEXT, take } from './platform.ts';
import { toPolicy } from './policy.ts';
import { utf8 } from './utf8.ts';

const store = fast?.latin1Write ?? native?.utf8Write;

const count = (text: string): number =>
  countBytes(text, native?.measure(text) === text.length, /[^\0-\x7f]/, 'ASCII');

/** ASCII. */
export const ascii: TextCodec = /* @__PURE__ */ new TextCodec(
  'us-ascii',
  'Ascii',
  1,
  0x80,
  count,
  (bytes, at, text, most, _, isCounted) =>
    putBytes(bytes, at, text, isCounted ? most : count(text), most, store),
  (bytes, start, end, policy, base) => {
    const text = byCount
      ? byCount.latin1Slice.call(bytes, start, end)
      : utf8.slice(bytes, start, end, toPolicy(undefined), base);
    // A text that is narrow has no U+FFFD.
    if (
      byCount
        ? // A text of more than 1 MiB is kept where it takes ten times as long to count.
          (end - start > 2 ** 19 && isAscii(bytes.subarray(start, end))) ||
          byCount.measure(text) === text.length
        : text.length === end - start && (native ? isNarrow(text) : !text.includes('\ufffd'))
    )
      return text;
    return gather(start, end, policy, base, (at) => {
      const byte = bytes[at] as number; // at is inside
      return take(1, byte > 0x7f ? NO_TEXT : byte);
    });
  },
);
