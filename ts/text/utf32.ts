// SPDX-License-Identifier: MIT
// UTF-32, little-endian: four bytes a code point, at any address.
import { EncodingError } from '../errors.ts';
import { assertString, TextCodec, wellFormed, type Encoded, type TextOptions } from './codec.ts';
import { Builder, made } from './platform.ts';

class Utf32 extends TextCodec {
  prepare(text: string, options?: TextOptions): Encoded {
    assertString(text);
    const whole = wellFormed(text, options?.surrogates);
    let count = whole.length;
    for (let i = 0; i < whole.length; i++)
      if ((whole.codePointAt(i) as number) > 0xffff) {
        count--; // i is inside; two units are one point
        i++;
      }
    return {
      byteLength: 4 * count,
      copyTo(target) {
        const data = new DataView(target.buffer, target.byteOffset, target.byteLength);
        for (let i = 0, at = 0; i < whole.length; i++, at += 4) {
          const point = whole.codePointAt(i) as number; // i is inside
          data.setUint32(at, point, true);
          if (point > 0xffff) i++;
        }
      },
    };
  }

  decode(bytes: Uint8Array, options?: TextOptions, at = 0): string {
    const data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const keeps = options?.surrogates === 'wtf8';
    const builder = new Builder();
    for (let i = 0; i < bytes.length; i += 4) {
      let point = i + 4 > bytes.length ? -1 : data.getUint32(i, true);
      if (point > 0x10ffff || (!keeps && point >= 0xd800 && point <= 0xdfff)) point = -1;
      if (point < 0 && options?.invalid === 'throw')
        throw new EncodingError(`the element at address ${at + i} is no code point`, at + i);
      builder.add(point < 0 ? 0xfffd : point);
    }
    return made(() => builder.done(), bytes, at, 'UTF-32');
  }
}

/** UTF-32, little-endian. */
export const utf32: TextCodec = /* @__PURE__ */ new Utf32('utf-32le', 'Utf32', 4, 0xd800);
