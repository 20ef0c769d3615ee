// SPDX-License-Identifier: MIT
// UTF-32, little-endian: four bytes a code point, at any address.
import { TextCodec, type Encoded } from './codec.ts';
import { gather, NO_TEXT, take } from './platform.ts';
import { wellFormed, type Policy } from './policy.ts';

function lay(text: string, policy: Policy): Encoded {
  const whole = wellFormed(text, policy.surrogates);
  let count = 0;
  for (let i = 0; i < whole.length; i++, count++) if ((whole.codePointAt(i) as number) > 0xffff) i++; // inside
  return {
    byteLength: 4 * count,
    copyTo(target, start = 0) {
      const data = new DataView(target.buffer, target.byteOffset + start, 4 * count);
      for (let i = 0, at = 0; i < whole.length; i++, at += 4) {
        const point = whole.codePointAt(i) as number; // i is inside
        data.setUint32(at, point, true);
        if (point > 0xffff) i++;
      }
    },
  };
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
export const utf32: TextCodec = /* @__PURE__ */ new TextCodec('utf-32le', 'Utf32', 4, 0xd800, lay, slice);
