// SPDX-License-Identifier: MIT
// UTF-32, little-endian: one element of four bytes per code point, at any address. Engines have no coder for it.
import type { Encoding } from './encoding.ts';
import { bufferMethods, replacement } from './platform.ts';
import { wellFormed, type Policy } from './policy.ts';

/** Returns the number of code points. */
function countPoints(text: string): number {
  let points = 0;
  for (let i = 0; i < text.length; i++, points++) if ((text.codePointAt(i) as number) > 0xffff) i++; // in range
  return points;
}

function encodeInto(
  bytes: Uint8Array,
  at: number,
  text: string,
  max: number,
  { surrogates }: Policy,
): number {
  const whole = wellFormed(text, surrogates);
  const points = countPoints(whole);
  if (points > max) return -1;
  const data = new DataView(bytes.buffer, bytes.byteOffset + at, 4 * points);
  for (let i = 0, to = 0; i < whole.length; i++, to += 4) {
    const point = whole.codePointAt(i) as number; // i is in range
    data.setUint32(to, point, true);
    if (point > 0xffff) i++;
  }
  return points;
}

/** A buffer for UTF-16 units, as many as a call takes arguments; and the bytes of the same buffer. */
let scratch: readonly [Uint16Array, Uint8Array] | undefined;
function newScratch(): readonly [Uint16Array, Uint8Array] {
  const units = new Uint16Array(4097);
  return [units, new Uint8Array(units.buffer)];
}

/** Returns the string of the first `used` units. Buffer's method is ten times faster; it needs little-endian units. */
function join(units: Uint16Array, bytes: Uint8Array, used: number): string {
  units[used] = 1;
  return bufferMethods && bytes[2 * used] === 1
    ? bufferMethods.ucs2Slice.call(bytes, 0, 2 * used)
    : String.fromCharCode.apply(null, units.subarray(0, used) as unknown as number[]); // apply takes any array-like
}

function decodeRange(bytes: Uint8Array, start: number, end: number, policy: Policy, base: number): string {
  const data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [units, halves] = (scratch ??= newScratch());
  let text = '';
  let used = 0;
  for (let at = start; at < end; at += 4) {
    let point = at + 4 > end ? 0x110000 : data.getUint32(at, true);
    if (point > 0xffff || (point & 0xf800) === 0xd800) {
      point = validPoint(point, policy, base + at);
      if (point > 0xffff) {
        units[used++] = 0xd7c0 + (point >> 10);
        point = 0xdc00 | (point & 0x3ff);
      }
    }
    units[used++] = point;
    if (used > 4094) {
      text += join(units, halves, used);
      used = 0;
    }
  }
  return text + join(units, halves, used);
}

/** Returns the code point to read for an element above U+FFFF or a surrogate. Throws as {@link replacement}. */
const validPoint = (point: number, policy: Policy, address: number): number =>
  point <= 0x10ffff && (point > 0xffff || policy.surrogates === 'wtf8')
    ? point
    : replacement(policy, address);

/** UTF-32, little-endian. */
export const utf32Encoding: Encoding = {
  name: 'utf-32le',
  label: 'Utf32',
  bytesPerElement: 4,
  singleElementLimit: 0xd800,
  countElements: (text, { surrogates }) => countPoints(wellFormed(text, surrogates)),
  encodeInto,
  decodeRange,
  elementsOf: () => 1,
};
