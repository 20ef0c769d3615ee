// SPDX-License-Identifier: MIT
// ASCII: U+0000 to U+007F, one byte each. A byte above is not text; browsers' "ascii" is windows-1252.
//
// Without a Buffer bytes are read as UTF-8: the result has as many units as there are bytes exactly when each byte is
// ASCII or, replaced by U+FFFD, no part of anything; and that is how ASCII reads them too.
import { EncodingError } from '../errors.ts';
import { TextCodec } from './codec.ts';
import { layBytes } from './latin1.ts';
import { Builder, native } from './platform.ts';
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
    const strict = policy.invalid === 'throw';
    const text = native
      ? native.latin1Slice.call(bytes, start, end)
      : utf8.slice(bytes, start, end, toPolicy(undefined), base);
    if (native ? native.measure(text) === text.length : text.length === end - start && !strict) return text;
    const builder = new Builder(end - start);
    for (let i = start; i < end; i++) {
      const byte = bytes[i] as number; // i is inside
      if (byte > 0x7f && strict)
        throw new EncodingError(`the byte at address ${base + i} is not ASCII`, base + i);
      builder.add(byte > 0x7f ? 0xfffd : byte);
    }
    return builder.done();
  },
);
