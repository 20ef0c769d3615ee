// SPDX-License-Identifier: MIT
// UTF-16, little-endian: elements of two bytes, at any address.
import type { Encoding } from './encoding.ts';
import {
  bufferMethods,
  decodePoints,
  decodeWith,
  Decoder,
  INVALID,
  nativeBufferMethods,
  pointOf,
} from './platform.ts';
import { loneSurrogate, wellFormed, type Policy } from './policy.ts';

// Constants of this file: V8 calls a constant function directly.
const ucs2Write = nativeBufferMethods?.ucs2Write;
const ucs2Slice = bufferMethods?.ucs2Slice;

function encodeInto(
  bytes: Uint8Array,
  at: number,
  text: string,
  max: number,
  { surrogates }: Policy,
): number {
  const { length } = text;
  if (length > max) return -1;
  const whole = wellFormed(text, surrogates);
  if (ucs2Write) return ucs2Write.call(bytes, whole, at, 2 * length) / 2;
  const data = new DataView(bytes.buffer, bytes.byteOffset + at, 2 * length);
  for (let i = 0; i < length; i++) data.setUint16(2 * i, whole.charCodeAt(i), true);
  return length;
}

function decodeRange(bytes: Uint8Array, start: number, end: number, policy: Policy, base: number): string {
  const isEven = (end - start) % 2 === 0;
  const keeps = policy.surrogates === 'wtf8';
  if (ucs2Slice && isEven) {
    const text = ucs2Slice.call(bytes, start, end);
    if (keeps || loneSurrogate(text) < 0) return text;
    if (policy.invalid !== 'throw') return wellFormed(text);
  } else if (Decoder && isEven && !keeps && policy.invalid !== 'throw')
    return decodeWith('utf-16le', false, bytes, start, end);
  const data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return decodePoints(start, end, policy, base, (at) => {
    if (at + 2 > end) return pointOf(2, INVALID);
    const unit = data.getUint16(at, true);
    const next = at + 4 > end ? 0 : data.getUint16(at + 2, true);
    if (unit >> 10 === 0x36 && next >> 10 === 0x37) return pointOf(4, (unit << 10) + next - 0x35fdc00);
    return pointOf(2, unit >> 11 === 0x1b && !keeps ? INVALID : unit);
  });
}

/** UTF-16, little-endian. */
export const utf16Encoding: Encoding = {
  name: 'utf-16le',
  label: 'Utf16',
  bytesPerElement: 2,
  singleElementLimit: 0xd800,
  countElements: (text, { surrogates }) => wellFormed(text, surrogates).length,
  encodeInto,
  decodeRange,
  elementsOf: (point) => (point > 0xffff ? 2 : 1),
};
