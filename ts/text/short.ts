// SPDX-License-Identifier: MIT
// Short text, by loops over its elements: up to some length they beat a call of the engine's coder, which they leave
// all else to. Where the engines differ is measured by bench/ts/text.bench.mjs.
import type { Address } from '../memory/address.ts';
import type { LinearMemory } from '../memory/memory.ts';
import type { TextCodec } from './codec.ts';
import { native } from './platform.ts';
import type { Policy } from './policy.ts';
import { bytesIn, indexOfNul } from './terminator.ts';
import { element, isSmall } from './word.ts';

// Where the loops end (`node bench/ts/text.bench.mjs lengths`). Reads of bytes: 22 to 26 in Node and Deno, and in Bun
// the Buffer is as fast at any length. Reads of UTF-16: 12 to 18, of UTF-32: never. Writes: 17 in Node 26, 24 to 34 in
// Node 20, Deno and Bun.
const SHORT_READ: number = native && 'Bun' in globalThis ? 0 : 24;
const SHORT_READ_16: number = Math.min(SHORT_READ, 16);
/** The most elements that are written by a loop. */
export const SHORT_WRITE = 20;
/** How far a NUL is looked for by a loop. */
const NEAR = 24;
/** Every engine has strings that long. */
const LONG = 2 ** 27;

const { fromCharCode } = String;

/**
 * The text up to its NUL, which is among the first `limit` elements, or when `sized` all of these, if that is made fast.
 * Else undefined, as for anything that is wrong: the long way looks again, at the memory as it is then.
 */
export function readShort(
  codec: TextCodec,
  memory: LinearMemory,
  address: Address,
  limit: number | undefined,
  sized: boolean,
  policy: Policy,
): string | undefined {
  if (!isSmall(address) || address === 0 || !(limit === undefined ? !sized : isSmall(limit)))
    return undefined;
  const { bytesPerElement: size, plain } = codec;
  const most = Math.min(limit ?? LONG, LONG);
  let count = most;
  try {
    const { data } = memory;
    if (!sized) count = near(data, address, size, plain);
    if (
      count >= 0 &&
      count <= (size === 2 ? SHORT_READ_16 : SHORT_READ) &&
      (sized ? count > 0 : count < most)
    )
      return join(data, address, size, count, plain);
  } catch {
    return undefined; // the end of the memory as it was
  }
  if (sized || size > 1) return undefined;
  const bytes = bytesIn(memory, 0, 0);
  const isPlain = count >= 0;
  if (!isPlain && limit === undefined) count = indexOfNul(bytes, address) - address;
  const end = address + count;
  if (count < 0 || count >= most || end > bytes.length) return undefined;
  return isPlain && native
    ? native.latin1Slice.call(bytes, address, end)
    : codec.slice(bytes, address, end, policy, 0);
}

/** How many plain elements are before the first 0, or -1 where that is not near, or another is before it. */
function near(data: DataView, address: number, size: number, plain: number): number {
  let i = 0;
  if (size === 1) {
    // Four bytes at a time, while none of them is 0 or, where it would not be plain, above 0x7f.
    const high = plain > 0x80 ? 0 : 0x80808080;
    for (; i < NEAR; i += 4) {
      const word = data.getUint32(address + i, true);
      if ((((word - 0x01010101) & ~word & 0x80808080) | (word & high)) !== 0) break;
    }
  }
  for (; i <= NEAR; i++) {
    const unit = element(data, address + i * size, size);
    if (unit === 0) return i;
    if (unit >= plain) break;
  }
  return -1;
}

/** The string of `count` elements, or undefined when one is not plain. */
function join(
  data: DataView,
  address: number,
  size: number,
  count: number,
  plain: number,
): string | undefined {
  let text = '';
  let i = 0;
  if (size === 1) {
    const high = plain > 0x80 ? 0 : 0x80808080;
    for (; i + 4 <= count; i += 4) {
      const word = data.getUint32(address + i, true);
      if ((word & high) !== 0) return undefined;
      // Half the time of one at a time.
      text += fromCharCode(word & 255, (word >> 8) & 255, (word >> 16) & 255, word >>> 24);
    }
  }
  for (; i < count; i++) {
    const unit = element(data, address + i * size, size);
    if (unit >= plain) return undefined;
    text += fromCharCode(unit);
  }
  return text;
}

/** Writes a short plain text, and `tail` NULs; false, and nothing written, when it is another or has no place. */
export function writeShort(
  codec: TextCodec,
  memory: LinearMemory,
  address: Address,
  text: string,
  tail: number,
): boolean {
  const { bytesPerElement: size, plain } = codec;
  const { length } = text;
  for (let i = 0; i < length; i++) {
    const unit = text.charCodeAt(i);
    if (unit >= plain || (unit === 0 && tail > 0)) return false;
  }
  if (!isSmall(address) || address === 0 || length + tail === 0) return false;
  try {
    const { data } = memory;
    // The last element first: it throws before anything is written.
    for (let i = length + tail - 1; i >= 0; i--) {
      const unit = i < length ? text.charCodeAt(i) : 0;
      if (size === 1) data.setUint8(address + i, unit);
      else if (size === 2) data.setUint16(address + 2 * i, unit, true);
      else data.setUint32(address + 4 * i, unit, true);
    }
    return true;
  } catch {
    return false;
  }
}
