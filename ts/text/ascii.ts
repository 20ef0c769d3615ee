// SPDX-License-Identifier: MIT
// ASCII: U+0000 to U+007F, one byte each. A byte above is not text; browsers' "ascii" is windows-1252.
//
// Without a Buffer bytes are read as UTF-8 first: where that has a unit for each byte and no U+FFFD all are ASCII.
import { TextCodec } from './codec.ts';
import { layBytes } from './latin1.ts';
import { gather, native, NO_TEXT, take } from './platform.ts';
import { toPolicy } from './policy.ts';
import { utf8 } from './utf8.ts';

/** ASCII. */
export const ascii: TextCodec = /* @__PURE__ */ new TextCodec(
  'us-ascii',
  'Ascii',
  1,
  0x80,
  (text) => layBytes(text, native?.measure(text) === text.length, /[^\0-\x7f]/, 'ASCII'),
  (bytes, start, end, policy, base) => {
    const text = native
      ? native.latin1Slice.call(bytes, start, end)
      : utf8.slice(bytes, start, end, toPolicy(undefined), base);
    if (
      native ? native.measure(text) === text.length : text.length === end - start && !text.includes('\ufffd')
    )
      return text;
    return gather(start, end, policy, base, (at) => {
      const byte = bytes[at] as number; // at is inside
      return take(1, byte > 0x7f ? NO_TEXT : byte);
    });
  },
);
