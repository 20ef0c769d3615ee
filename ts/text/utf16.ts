// SPDX-License-Identifier: MIT
// UTF-16, little-endian: two bytes an element, at any address.
import { TextCodec, type Encoded } from './codec.ts';
import { decodeBy, Decoder, fast, gather, native, NO_TEXT, take } from './platform.ts';
import { loneSurrogate, wellFormed, type Policy } from './policy.ts';

function lay(text: string, policy: Policy): Encoded {
  const whole = wellFormed(text, policy.surrogates);
  const byteLength = 2 * whole.length;
  return {
    byteLength,
    copyTo(target, at = 0) {
      if (fast) {
        fast.ucs2Write.call(target, whole, at, byteLength);
        return;
      }
      const data = new DataView(target.buffer, target.byteOffset + at, byteLength);
      for (let i = 0; i < byteLength; i += 2) data.setUint16(i, whole.charCodeAt(i >> 1), true);
    },
  };
}

function slice(bytes: Uint8Array, start: number, end: number, policy: Policy, base: number): string {
  const isEven = (end - start) % 2 === 0;
  const keeps = policy.surrogates === 'wtf8';
  if (native && isEven) {
    const text = native.ucs2Slice.call(bytes, start, end);
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
  lay,
  slice,
  (point) => (point > 0xffff ? 2 : 1),
);
