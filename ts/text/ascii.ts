// SPDX-License-Identifier: MIT
// ASCII: U+0000 to U+007F, one byte each. A byte above is not text; browsers' "ascii" is windows-1252.
//
// Bytes are read as UTF-8: the result has as many units as there are bytes exactly when each byte is ASCII or,
// replaced by U+FFFD, no part of anything; and that is how ASCII reads them too.
import { EncodingError } from '../errors.ts';
import { assertString, TextCodec, type Encoded, type TextOptions } from './codec.ts';
import { copyUnits, prepareBytes } from './latin1.ts';
import { Builder, native } from './platform.ts';
import { utf8 } from './utf8.ts';

class Ascii extends TextCodec {
  prepare(text: string): Encoded {
    assertString(text);
    if (native?.measure(text) === text.length)
      return { byteLength: text.length, copyTo: (target) => copyUnits(text, target) };
    return prepareBytes(text, /[^\0-\x7f]/, this.name);
  }
  decode(bytes: Uint8Array, options?: TextOptions, at = 0): string {
    const text = utf8.decode(bytes, undefined, at);
    const same = text.length === bytes.length;
    if (same && (options?.invalid !== 'throw' || text.indexOf('\ufffd') < 0)) return text;
    if (options?.invalid === 'throw') {
      const index = at + bytes.findIndex((byte) => byte > 0x7f);
      throw new EncodingError(`the byte at address ${index} is not ASCII`, index);
    }
    const builder = new Builder();
    for (const byte of bytes) builder.add(byte > 0x7f ? 0xfffd : byte);
    return builder.done();
  }
}

/** ASCII. */
export const ascii: TextCodec = /* @__PURE__ */ new Ascii('us-ascii', 'Ascii', 1, 0x80);
