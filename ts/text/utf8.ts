// SPDX-License-Identifier: MIT
// UTF-8 (RFC 3629, WHATWG Encoding). The loops here do bit for bit what the engine's coders do, which some
// places (an AudioWorklet) do not have; they also do WTF-8 (https://simonsapin.github.io/wtf-8/).
import { EncodingError } from '../errors.ts';
import {
  assertString,
  assertTextOptions,
  TextCodec,
  wellFormed,
  type Encoded,
  type TextOptions,
} from './codec.ts';
import { Builder, Decoder, Encoder, made, native, own } from './platform.ts';

let encoder: TextEncoder | undefined;
let lenient: TextDecoder | undefined;
let strict: TextDecoder | undefined;

/**
 * Returns how many bytes `text` takes in UTF-8, without a terminator; a lone surrogate counts as U+FFFD. O(n).
 * @throws {ArgumentTypeError} when it is not a string
 */
export function utf8ByteLength(text: string): number {
  assertString(text);
  if (native) return native.measure(text);
  let bytes = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) continue;
    bytes += unit < 0x800 ? 1 : 2;
    // A pair is two units and four bytes: two from their count, two from the first of them.
    if (unit >= 0xd800 && unit < 0xdc00) {
      const next = text.charCodeAt(i + 1);
      if (next >= 0xdc00 && next <= 0xdfff) i++;
    }
  }
  return bytes;
}

function encodeLoop(text: string): Uint8Array {
  const bytes = new Uint8Array(utf8ByteLength(text));
  let at = 0;
  for (let i = 0; i < text.length; i++) {
    const point = text.codePointAt(i) as number; // i is inside
    if (point > 0xffff) i++;
    if (point < 0x80) bytes[at++] = point;
    else {
      const more = point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
      bytes[at++] = (0xff00 >> (more + 1)) | (point >> (6 * more)); // 0xc0, 0xe0, 0xf0 once cut to a byte
      for (let shift = 6 * (more - 1); shift >= 0; shift -= 6) bytes[at++] = 0x80 | ((point >> shift) & 0x3f);
    }
  }
  return bytes;
}

/** The bytes that may follow a lead directly: [low, high]; the rest are 80..BF (Unicode, table 3-7). */
function secondOf(lead: number, surrogates: boolean): [number, number] {
  if (lead === 0xe0) return [0xa0, 0xbf];
  if (lead === 0xed && !surrogates) return [0x80, 0x9f];
  if (lead === 0xf0) return [0x90, 0xbf];
  return [0x80, lead === 0xf4 ? 0x8f : 0xbf];
}

/** Returns the text of `bytes`, as the engine's decoder would, or with surrogates as WTF-8 has them. */
export function decodeLoop(bytes: Uint8Array, at: number, options: TextOptions): string {
  const builder = new Builder();
  for (let i = 0; i < bytes.length;) {
    const start = i;
    const lead = bytes[i++] as number; // i was inside
    let point = lead;
    if (lead > 0x7f) {
      let more = lead < 0xc2 || lead > 0xf4 ? 0 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
      let [low, high] = secondOf(lead, options.surrogates === 'wtf8');
      point = more ? lead & (0x3f >> more) : -1;
      for (; more > 0; more--) {
        const byte = bytes[i] ?? 0;
        if (byte < low || byte > high) {
          point = -1;
          break;
        }
        point = (point << 6) | (byte & 0x3f);
        [low, high] = [0x80, 0xbf];
        i++;
      }
    }
    if (point < 0 && options.invalid === 'throw') throw refused(at + start, at);
    builder.add(point < 0 ? 0xfffd : point);
  }
  return builder.done();
}

const refused = (index: number, at: number): EncodingError =>
  new EncodingError(`the byte at address ${index}, in the text at address ${at}, is not UTF-8`, index);

class Utf8 extends TextCodec {
  prepare(text: string, options?: TextOptions): Encoded {
    assertString(text);
    const policy = options?.surrogates;
    const whole = policy === 'throw' || !Encoder ? wellFormed(text, policy) : text;
    const byLoop = !Encoder || (policy === 'wtf8' && wellFormed(text) !== text);
    if (native && !byLoop) {
      const byteLength = native.measure(whole);
      const write = byteLength === whole.length ? native.latin1Write : native.utf8Write;
      return { byteLength, copyTo: (target) => void write.call(target, whole, 0, byteLength) };
    }
    const bytes = byLoop || !Encoder ? encodeLoop(whole) : (encoder ??= new Encoder()).encode(whole);
    return { byteLength: bytes.length, copyTo: (target) => target.set(bytes) };
  }

  decode(bytes: Uint8Array, options: TextOptions = {}, at = 0): string {
    const { length } = bytes;
    return made(
      () => {
        if (!Decoder || options.surrogates === 'wtf8') return decodeLoop(bytes, at, options);
        if (options.invalid !== 'throw')
          return native
            ? native.utf8Slice.call(bytes, 0, length)
            : (lenient ??= new Decoder('utf-8', { ignoreBOM: true })).decode(own(bytes));
        return (strict ??= new Decoder('utf-8', { ignoreBOM: true, fatal: true })).decode(own(bytes));
      },
      bytes,
      at,
      'not UTF-8',
    );
  }

  override byteLength(text: string, options?: TextOptions): number {
    assertTextOptions(options);
    return utf8ByteLength(options?.surrogates === 'throw' ? wellFormed(text, 'throw') : text);
  }
}

/** UTF-8. */
export const utf8: TextCodec = /* @__PURE__ */ new Utf8('utf-8', 'Utf8', 1, 0x80);
