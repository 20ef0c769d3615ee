// SPDX-License-Identifier: MIT
// UTF-8 (RFC 3629, WHATWG Encoding). The loops here give the same results as the engine's coders, which an AudioWorklet
// lacks; they also do WTF-8 (https://simonsapin.github.io/wtf-8/).
import { setBytes } from '../memory/bytes.ts';
import type { Encoding } from './encoding.ts';
import {
  bufferMethods,
  decodePoints,
  decodeWith,
  Decoder,
  encodedUtf8,
  INVALID,
  isEncodedFaster,
  isOneByte,
  nativeBufferMethods,
  pointOf,
  slowUtf8Methods,
  type WriteText,
} from './platform.ts';
import { assertString, loneSurrogate, wellFormed, type Policy } from './policy.ts';

/** Returns the number of bytes of a code point. */
const bytesOfPoint = (point: number): number =>
  point < 0x80 ? 1 : point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
const codePointOf = (character: string): number => character.codePointAt(0) as number; // not empty

/**
 * Returns the number of bytes of `text` in UTF-8, without a terminator; a lone surrogate counts as U+FFFD. O(n).
 * @throws {ArgumentTypeError} if it is not a string
 */
export function utf8ByteLength(text: string): number {
  assertString(text);
  if (bufferMethods) return bufferMethods.utf8Length(text);
  let bytes = 0;
  for (const character of text) bytes += bytesOfPoint(codePointOf(character));
  return bytes;
}

function encodeLoop(text: string): Uint8Array {
  const bytes = new Uint8Array(utf8ByteLength(text));
  let at = 0;
  for (const character of text) {
    const point = codePointOf(character);
    let more = bytesOfPoint(point);
    // 0xc0, 0xe0 or 0xf0 in the low byte
    bytes[at++] = more > 1 ? (0xff00 >> more) | (point >> (6 * more - 6)) : point;
    while (--more > 0) bytes[at++] = 0x80 | ((point >> (6 * more - 6)) & 0x3f);
  }
  return bytes;
}

/** Returns the text of `bytes` as the engine's decoder does, or with surrogates as in WTF-8. */
export function decodeLoop(
  bytes: Uint8Array,
  start: number,
  end: number,
  policy: Policy,
  base: number,
): string {
  const keeps = policy.surrogates === 'wtf8';
  return decodePoints(start, end, policy, base, (from) => {
    const lead = bytes[from] as number; // from is in range
    if (lead < 0x80) return pointOf(1, lead);
    const more = lead < 0xc2 || lead > 0xf4 ? 0 : lead < 0xe0 ? 1 : lead < 0xf0 ? 2 : 3;
    // The range of the second byte (Unicode, table 3-7); all others are 80..BF.
    let low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
    let high = lead === 0xf4 ? 0x8f : lead === 0xed && !keeps ? 0x9f : 0xbf;
    let point = lead & (0x3f >> more);
    let at = from + 1;
    for (; at <= from + more; at++) {
      const byte = at < end ? (bytes[at] as number) : 0; // at is in range
      if (byte < low || byte > high) break;
      point = (point << 6) | (byte & 0x3f);
      low = 0x80;
      high = 0xbf;
    }
    return pointOf(at - from, more && at > from + more ? point : INVALID);
  });
}

/** From this length on, Deno's TextDecoder is faster than its Buffer. */
const LONG = nativeBufferMethods ? Infinity : 512;
const utf8Slice = bufferMethods?.utf8Slice;
const utf8Write = bufferMethods?.utf8Write as WriteText; // called only if bufferMethods is there

/** True unless the text has lone surrogates to keep, which the engine's coder replaces. */
function isStandard(text: string, surrogates: Policy['surrogates']): boolean {
  if (surrogates === 'throw') wellFormed(text, surrogates);
  return surrogates !== 'wtf8' || loneSurrogate(text) < 0;
}

const encode = (text: string, standard: boolean): Uint8Array =>
  (standard ? encodedUtf8(text) : undefined) ?? encodeLoop(standard ? wellFormed(text) : text);

function count(text: string, { surrogates }: Policy): number {
  const standard = isStandard(text, surrogates);
  return standard && bufferMethods ? bufferMethods.utf8Length(text) : encode(text, standard).length;
}

/** See {@link Encoding.encodeInto}. A unit has at most 3 bytes, and one below U+0100 at most 2. */
function encodeInto(
  bytes: Uint8Array,
  at: number,
  text: string,
  max: number,
  { surrogates }: Policy,
  isCounted?: boolean,
): number {
  const standard = isStandard(text, surrogates);
  const { length } = text;
  if (standard && bufferMethods) {
    if (
      isCounted ||
      ((3 * length <= max || (2 * length <= max && isOneByte(text))) &&
        // Long one-byte texts are counted even if they fit, in engines that count faster than they encode.
        !(slowUtf8Methods && length > 512 && isOneByte(text)))
    )
      return utf8Write.call(bytes, text, at, max);
    if (!isEncodedFaster(text)) {
      const needed = bufferMethods.utf8Length(text);
      if (needed > max) return -1;
      const asciiWrite = needed === length ? nativeBufferMethods?.latin1Write : undefined;
      return (asciiWrite ?? utf8Write).call(bytes, text, at, needed);
    }
  }
  const made = encode(text, standard);
  if (made.length > max) return -1;
  setBytes(bytes, made, at);
  return made.length;
}

function decodeRange(bytes: Uint8Array, start: number, end: number, policy: Policy, base: number): string {
  if (policy.invalid !== 'throw' && policy.surrogates !== 'wtf8') {
    if (utf8Slice && end - start < LONG) return utf8Slice.call(bytes, start, end);
    if (Decoder) return decodeWith('utf-8', false, bytes, start, end);
  } else if (Decoder) {
    try {
      return decodeWith('utf-8', true, bytes, start, end);
    } catch {
      // The loop finds the invalid bytes.
    }
  }
  return decodeLoop(bytes, start, end, policy, base);
}

/** UTF-8. */
export const utf8Encoding: Encoding = {
  name: 'utf-8',
  label: 'Utf8',
  bytesPerElement: 1,
  singleElementLimit: 0x80,
  countElements: count,
  encodeInto,
  decodeRange,
  elementsOf: bytesOfPoint,
};
