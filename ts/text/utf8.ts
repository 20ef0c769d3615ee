// SPDX-License-Identifier: MIT
// UTF-8 (RFC 3629, WHATWG Encoding). The loops here do bit for bit what the engine's coders do, which some
// places (an AudioWorklet) do not have; they also do WTF-8 (https://simonsapin.github.io/wtf-8/).
import { EncodingError } from '../errors.ts';
import { TextCodec, type Encoded } from './codec.ts';
import {
  Builder,
  Decoder,
  encodeShort,
  encodeWhole,
  fast,
  makesFaster,
  native,
  own,
  storeShort,
} from './platform.ts';
import { assertString, loneSurrogate, wellFormed, type Policy } from './policy.ts';

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
export function decodeLoop(
  bytes: Uint8Array,
  from: number,
  end: number,
  { surrogates, invalid }: Policy,
  base: number,
): string {
  const builder = new Builder(end - from);
  for (let i = from; i < end;) {
    const start = i;
    const lead = bytes[i++] as number; // i was inside
    let point = lead;
    if (lead > 0x7f) {
      let more = lead < 0xc2 || lead > 0xf4 ? 0 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
      let [low, high] = secondOf(lead, surrogates === 'wtf8');
      point = more ? lead & (0x3f >> more) : -1;
      for (; more > 0; more--) {
        const byte = i < end ? (bytes[i] as number) : 0; // i is inside
        if (byte < low || byte > high) {
          point = -1;
          break;
        }
        point = (point << 6) | (byte & 0x3f);
        [low, high] = [0x80, 0xbf];
        i++;
      }
    }
    if (point < 0 && invalid === 'throw')
      throw new EncodingError(`the byte at address ${base + start} is not UTF-8`, base + start);
    builder.add(point < 0 ? 0xfffd : point);
  }
  return builder.done();
}

/** From this length on Deno's decoder beats its Buffer. */
const LONG = fast ? Infinity : 512;
const utf8Slice = native?.utf8Slice;

function lay(text: string, { surrogates }: Policy): Encoded {
  if (surrogates === 'throw') wellFormed(text, surrogates);
  const keeps = surrogates === 'wtf8' && loneSurrogate(text) >= 0;
  const short = !keeps && makesFaster(text) ? encodeShort(text) : undefined;
  if (short)
    return {
      byteLength: short.length,
      bytes: short,
      copyTo: (target, at = 0) => storeShort(text, target, at),
    };
  if (native && !keeps) {
    const byteLength = native.measure(text);
    const write = fast && byteLength === text.length ? fast.latin1Write : native.utf8Write;
    return { byteLength, copyTo: (target, at = 0) => void write.call(target, text, at, byteLength) };
  }
  const bytes = (keeps ? undefined : encodeWhole(text)) ?? encodeLoop(keeps ? text : wellFormed(text));
  return { byteLength: bytes.length, copyTo: (target, at = 0) => target.set(bytes, at) };
}

function slice(bytes: Uint8Array, start: number, end: number, policy: Policy, base: number): string {
  if (policy.invalid !== 'throw' && policy.surrogates !== 'wtf8') {
    if (utf8Slice && end - start < LONG) return utf8Slice.call(bytes, start, end);
    if (Decoder)
      return (lenient ??= new Decoder('utf-8', { ignoreBOM: true })).decode(own(bytes, start, end));
  } else if (Decoder) {
    try {
      strict ??= new Decoder('utf-8', { ignoreBOM: true, fatal: true });
      return strict.decode(own(bytes, start, end));
    } catch {
      // The loop says where.
    }
  }
  return decodeLoop(bytes, start, end, policy, base);
}

/** UTF-8. */
export const utf8: TextCodec = /* @__PURE__ */ new TextCodec('utf-8', 'Utf8', 1, 0x80, lay, slice, (point) =>
  point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4,
);
