// SPDX-License-Identifier: MIT
// UTF-16, little-endian: two bytes an element, at any address.
import { TextCodec } from './codec.ts';
import { decodeBy, Decoder, fast, gather, native, NO_TEXT, take } from './platform.ts';
import { loneSurrogate, wellFormed, type Policy } from './policy.ts';

// Of this module's own, so that V8 sees which function it is, and calls it without a detour.
const ucs2Write = fast?.ucs2Write;
const ucs2Slice = native?.ucs2Slice;

function put(bytes: Uint8Array, at: number, text: string, most: number, { surrogates }: Policy): number {
  const { length } = text;
  if (length > most) return -1;
  const whole = wellFormed(text, surrogates);
  if (ucs2Write) return ucs2Write.call(bytes, whole, at, 2 * length) / 2;
  const data = new DataView(bytes.buffer, bytes.byteOffset + at, 2 * length);
  for (let i = 0; i < length; i++) data.setUint16(2 * i, whole.charCodeAt(i), true);
  return length;
}

function slice(bytes: Uint8Array, start: number, end: number, policy: Policy, base: number): string {
  const isEven = (end - start) % 2 === 0;
  const keeps = policy.surrogates === 'wtf8';
  if (ucs2Slice && isEven) {
    const text = ucs2Slice.call(bytes, start, end);
    if (keeps || loneSurrogate(text) < 0) return text;
    if (policy.invalid !== 'throw') return wellFormed(text);
  } else if (Decoder && isEven && !keeps && policy.invalid !== 'throw')
    return decodeBy('utf-16le', false, bytes, start, end);
  const data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return gather(start, end, policy, base, (at) => {
    if (at + 2 > end) return take(2, NO_TEXT);
    const unit = data.getUint16(at, true);
    const next = at + 4 > end ? 0 : data.getUint16(at + 2, true);
    if (unit >> 10 === 0x36 && next >> 10 === 0x37) return take(4, (unit << 10) + next - 0x35fdc00);
    return take(2, unit >> 11 === 0x1b && !keeps ? NO_TEXT : unit);
  });
}

/** UTF-16, little-endian. */
export const utf16: TextCodec = /* @__PURE__ */ new TextCodec(
  'utf-16le',
  'Utf16',
  2,
  0xd800,
  (text, { surrogates }) => wellFormed(text, surrogates).length,
  put,
  slice,
  (point) => (point > 0xffff ? 2 : 1),
);
