// SPDX-License-Identifier: MIT
// UTF-16, little-endian: two bytes an element, at any address.
import {
  assertString,
  loneSurrogate,
  TextCodec,
  wellFormed,
  type Encoded,
  type TextOptions,
} from './codec.ts';
import { EncodingError } from '../errors.ts';
import { Decoder, fromUnits, made, native, own } from './platform.ts';

let decoder: TextDecoder | undefined;

/** The text of the units as they are. An odd byte at the end is no unit. */
function raw(bytes: Uint8Array): string {
  if (native) return native.ucs2Slice.call(bytes, 0, bytes.length);
  return fromUnits(new Uint16Array(bytes.slice(0, bytes.length & ~1).buffer));
}

class Utf16 extends TextCodec {
  prepare(text: string, options?: TextOptions): Encoded {
    assertString(text);
    const whole = wellFormed(text, options?.surrogates);
    const byteLength = 2 * whole.length;
    return {
      byteLength,
      copyTo(target) {
        if (native) native.ucs2Write.call(target, whole, 0, byteLength);
        else
          for (let i = 0; i < whole.length; i++) {
            const unit = whole.charCodeAt(i);
            target[2 * i] = unit;
            target[2 * i + 1] = unit >>> 8;
          }
      },
    };
  }

  decode(bytes: Uint8Array, options?: TextOptions, at = 0): string {
    const keeps = options?.surrogates === 'wtf8';
    const strict = options?.invalid === 'throw';
    if (!native && Decoder && !keeps && !strict && bytes.length % 2 === 0) {
      decoder ??= new Decoder('utf-16le', { ignoreBOM: true });
      const coder = decoder;
      return made(() => coder.decode(own(bytes)), bytes, at, 'UTF-16');
    }
    let text = made(() => raw(bytes), bytes, at, 'UTF-16');
    const odd = bytes.length % 2 > 0;
    if (strict) {
      const lone = keeps ? -1 : text.isWellFormed?.() ? -1 : loneSurrogate(text);
      if (odd || lone >= 0) {
        const index = at + 2 * (lone < 0 ? text.length : lone);
        throw new EncodingError(`the element at address ${index} is not UTF-16`, index);
      }
    } else if (!keeps) text = wellFormed(text);
    return odd ? `${text}\ufffd` : text;
  }
}

/** UTF-16, little-endian. */
export const utf16: TextCodec = /* @__PURE__ */ new Utf16('utf-16le', 'Utf16', 2, 0xd800);
