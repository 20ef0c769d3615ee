// SPDX-License-Identifier: MIT
// UTF-16, little-endian: two bytes an element, at any address.
import { EncodingError } from '../errors.ts';
import { TextCodec, type Encoded } from './codec.ts';
import { Decoder, fast, fromUnits, native, own } from './platform.ts';
import { loneSurrogate, wellFormed, type Policy } from './policy.ts';

let decoder: TextDecoder | undefined;

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

/** The text of the units as they are. An odd byte at the end is no unit. */
const units = (bytes: Uint8Array, start: number, end: number): string =>
  native
    ? native.ucs2Slice.call(bytes, start, end)
    : fromUnits(new Uint16Array(bytes.slice(start, end).buffer));

function slice(bytes: Uint8Array, start: number, end: number, policy: Policy, base: number): string {
  const keeps = policy.surrogates === 'wtf8';
  const odd = (end - start) % 2;
  const strict = policy.invalid === 'throw';
  if (!native && Decoder && !keeps && !strict && !odd)
    return (decoder ??= new Decoder('utf-16le', { ignoreBOM: true })).decode(own(bytes, start, end));
  const text = units(bytes, start, end - odd);
  const lone = keeps ? -1 : loneSurrogate(text);
  if (strict && (odd || lone >= 0)) {
    const at = base + start + 2 * (lone < 0 ? text.length : lone);
    throw new EncodingError(`the element at address ${at} is not UTF-16`, at);
  }
  return (lone < 0 ? text : wellFormed(text)) + (odd ? '\ufffd' : '');
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
