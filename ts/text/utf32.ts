// SPDX-License-Identifier: MIT
// UTF-32, little-endian: four bytes a code point, at any address. No engine has a coder for it.
import { TextCodec } from './codec.ts';
import { native, replaced } from './platform.ts';
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

/** UTF-16 units on their way into a string, as many as a call takes as arguments; and their bytes. */
let scratch: readonly [Uint16Array, Uint8Array] | undefined;
function newScratch(): readonly [Uint16Array, Uint8Array] {
  const units = new Uint16Array(4097);
  return [units, new Uint8Array(units.buffer)];
}

/** The string of the first `used` units. The Buffer's call takes a tenth of the time, of bytes in one order only. */
function join(units: Uint16Array, bytes: Uint8Array, used: number): string {
  units[used] = 1;
  return native && bytes[2 * used] === 1
    ? native.ucs2Slice.call(bytes, 0, 2 * used)
    : String.fromCharCode.apply(null, units.subarray(0, used) as unknown as number[]); // or anything with elements
}

function slice(bytes: Uint8Array, start: number, end: number, policy: Policy, base: number): string {
  const data = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [units, halves] = (scratch ??= newScratch());
  let text = '';
  let used = 0;
  for (let at = start; at < end; at += 4) {
    let point = at + 4 > end ? 0x110000 : data.getUint32(at, true);
    if (point > 0xffff || (point & 0xf800) === 0xd800) {
      point = checked(point, policy, base + at);
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

/** The code point to read for what is above U+FFFF or a surrogate. @throws {EncodingError} as {@link replaced} */
const checked = (point: number, policy: Policy, address: number): number =>
  point <= 0x10ffff && (point > 0xffff || policy.surrogates === 'wtf8') ? point : replaced(policy, address);

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
