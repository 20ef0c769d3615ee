// SPDX-License-Identifier: MIT
// UTF-32, little-endian: four bytes a code point, at any address.
import { TextCodec } from './codec.ts';
import { gather, NO_TEXT, take } from './platform.ts';
import { wellFormed, type Policy } from './policy.ts';

/** Code points of a text. */
function pointsOf(text: string): number {
  let points = 0;
  for (let i = 0; i < text.length; i++, points++) if ((text.codePointAt(i) as number) > 0xffff) i++; // inside
  return points;
}

function put(bytes: Uint8Array, at: number, text: string, most: number, { surrogates }: Policy): number {
  const whole = wellFormed(text, surrogates);
  const points = pointsOf(whole);
  if (points > most) return -1;
  const data = new DataView(bytes.buffer, bytes.byteOffset + at, 4 * points);
  for (let i = 0, to = 0; i < whole.length; i++, to += 4) {
    const point = whole.codePointAt(i) as number; // i is inside
    data.setUint32(to, point, true);
    if (point > 0xffff) i++;
  }
  return points;
}

function slice(bytes: Uint8Array, start: number, end: number, policy: Policy, base: number): string {
  const data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return gather(start, end, policy, base, (at) => {
    const point = at + 4 > end ? NO_TEXT : data.getUint32(at, true);
    const isLone = point >= 0xd800 && point <= 0xdfff && policy.surrogates !== 'wtf8';
    return take(4, point > 0x10ffff || isLone ? NO_TEXT : point);
  });
}

/** UTF-32, little-endian. */
export const utf32: TextCodec = /* @__PURE__ */ new TextCodec(
  'utf-32le',
  'Utf32',
  4,
  0xd800,
  (text, { surrogates }) => pointsOf(wellFormed(text, surrogates)),
  put,
  slice,
);
