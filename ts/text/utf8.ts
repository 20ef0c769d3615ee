// SPDX-License-Identifier: MIT
// UTF-8 (RFC 3629, WHATWG Encoding). The loops here do bit for bit what the engine's coders do, which some
// places (an AudioWorklet) do not have; they also do WTF-8 (https://simonsapin.github.io/wtf-8/).
import { setBytes } from '../memory/bytes.ts';
import { TextCodec } from './codec.ts';
import {
  byCount,
  decodeBy,
  Decoder,
  encoded,
  fast,
  gather,
  isNarrow,
  makesFaster,
  native,
  NO_TEXT,
  take,
  type Store,
} from './platform.ts';
import { assertString, loneSurrogate, wellFormed, type Policy } from './policy.ts';

/** Bytes of a code point. */
const width = (point: number): number => (point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4);
const pointOf = (character: string): number => character.codePointAt(0) as number; // of one that is there

/**
 * Returns how many bytes `text` takes in UTF-8, without a terminator; a lone surrogate counts as U+FFFD. O(n).
 * @throws {ArgumentTypeError} when it is not a string
 */
export function utf8ByteLength(text: string): number {
  assertString(text);
  if (native) return native.measure(text);
  let bytes = 0;
  for (const character of text) bytes += width(pointOf(character));
  return bytes;
}

function encodeLoop(text: string): Uint8Array {
  const bytes = new Uint8Array(utf8ByteLength(text));
  let at = 0;
  for (const character of text) {
    const point = pointOf(character);
    let more = width(point);
    // 0xc0, 0xe0, 0xf0 once cut to a byte
    bytes[at++] = more > 1 ? (0xff00 >> more) | (point >> (6 * more - 6)) : point;
    while (--more > 0) bytes[at++] = 0x80 | ((point >> (6 * more - 6)) & 0x3f);
  }
  return bytes;
}

/** Returns the text of `bytes`, as the engine's decoder would, or with surrogates as WTF-8 has them. */
export function decodeLoop(
  bytes: Uint8Array,
  start: number,
  end: number,
  policy: Policy,
  base: number,
): string {
  const keeps = policy.surrogates === 'wtf8';
  return gather(start, end, policy, base, (from) => {
    const lead = bytes[from] as number; // from is inside
    if (lead < 0x80) return take(1, lead);
    const more = lead < 0xc2 || lead > 0xf4 ? 0 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
    // What may follow directly (Unicode, table 3-7); the rest are 80..BF.
    let low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
    let high = lead === 0xf4 ? 0x8f : lead === 0xed && !keeps ? 0x9f : 0xbf;
    let point = lead & (0x3f >> more);
    let at = from + 1;
    for (; at <= from + more; at++) {
      const byte = at < end ? (bytes[at] as number) : 0; // at is inside
      if (byte < low || byte > high) break;
      point = (point << 6) | (byte & 0x3f);
      low = 0x80;
      high = 0xbf;
    }
    return take(at - from, more && at > from + more ? point : NO_TEXT);
  });
}

/** From this length on Deno's decoder beats its Buffer. */
const LONG = fast ? Infinity : 512;
const utf8Slice = native?.utf8Slice;
const utf8Write = native?.utf8Write as Store; // called where there is one

/** Whether the engine's coder will do for a text, which has a lone surrogate and is to keep it otherwise. */
function isCommon(text: string, surrogates: Policy['surrogates']): boolean {
  if (surrogates === 'throw') wellFormed(text, surrogates);
  return surrogates !== 'wtf8' || loneSurrogate(text) < 0;
}

const bytesOf = (text: string, common: boolean): Uint8Array =>
  (common ? encoded(text) : undefined) ?? encodeLoop(common ? wellFormed(text) : text);

function count(text: string, { surrogates }: Policy): number {
  const common = isCommon(text, surrogates);
  return common && native ? native.measure(text) : bytesOf(text, common).length;
}

/** See {@link TextCodec.put}. A unit takes 3 bytes at most, and one below U+0100 takes 2. */
function put(
  bytes: Uint8Array,
  at: number,
  text: string,
  most: number,
  { surrogates }: Policy,
  isCounted?: boolean,
): number {
  const common = isCommon(text, surrogates);
  const { length } = text;
  if (common && native) {
    if (
      isCounted ||
      ((3 * length <= most || (2 * length <= most && isNarrow(text))) &&
        // Where the engine counts faster than it encodes, long ones that are narrow are counted even so.
        !(byCount && length > 512 && isNarrow(text)))
    )
      return utf8Write.call(bytes, text, at, most);
    if (!makesFaster(text)) {
      const needed = native.measure(text);
      if (needed > most) return -1;
      return (fast && needed === length ? fast.latin1Write : utf8Write).call(bytes, text, at, needed);
    }
  }
  const made = bytesOf(text, common);
  if (made.length > most) return -1;
  setBytes(bytes, made, at);
  return made.length;
}

function slice(bytes: Uint8Array, start: number, end: number, policy: Policy, base: number): string {
  if (policy.invalid !== 'throw' && policy.surrogates !== 'wtf8') {
    if (utf8Slice && end - start < LONG) return utf8Slice.call(bytes, start, end);
    if (Decoder) return decodeBy('utf-8', false, bytes, start, end);
  } else if (Decoder) {
    try {
      return decodeBy('utf-8', true, bytes, start, end);
    } catch {
      // The loop says where.
    }
  }
  return decodeLoop(bytes, start, end, policy, base);
}

/** UTF-8. */
export const utf8: TextCodec = /* @__PURE__ */ new TextCodec(
  'utf-8',
  'Utf8',
  1,
  0x80,
  count,
  put,
  slice,
  width,
);
