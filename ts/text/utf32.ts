// SPDX-License-Identifier: MIT
// UTF-32, little-endian: four bytes a code point, at any address.
import { EncodingError } from '../errors.ts';
import { TextCodec, type Encoded } from './codec.ts';
import { Builder } from './platform.ts';
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
  const keeps = policy.surrogates === 'wtf8';
  const builder = new Builder((end - start) / 4);
  for (let i = start; i < end; i += 4) {
    let point = i + 4 > end ? -1 : data.getUint32(i, true);
    if (point > 0x10ffff || (!keeps && point >= 0xd800 && point <= 0xdfff)) point = -1;
    if (point < 0 && policy.invalid === 'throw')
      throw new EncodingError(`the element at address ${base + i} is no code point`, base + i);
    builder.add(point < 0 ? 0xfffd : point);
  }
  return builder.done();
}

/** UTF-32, little-endian. */
export const utf32: TextCodec = /* @__PURE__ */ new TextCodec('utf-32le', 'Utf32', 4, 0xd800, lay, slice);
