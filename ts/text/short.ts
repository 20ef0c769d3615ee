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

/** The most elements that are read by a loop. Bun's Buffer is faster at any length. */
const SHORT_READ: number = native && 'Bun' in globalThis ? 0 : 16;
/** The most elements that are written by a loop. */
export const SHORT_WRITE = 24;
/** How far a NUL is looked for by a loop. */
const NEAR = 16;
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
    if (count >= 0 && count <= SHORT_READ && (sized ? count > 0 : count < most))
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
  for (let i = 0; i <= NEAR; i++) {
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
  let at = address;
  const end = at + count * size;
  for (; at + 4 * size <= end; at += 4 * size) {
    const a = element(data, at, size);
    const b = element(data, at + size, size);
    const c = element(data, at + 2 * size, size);
    const d = element(data, at + 3 * size, size);
    if (a >= plain || b >= plain || c >= plain || d >= plain) return undefined;
    text += fromCharCode(a, b, c, d); // half the time of one at a time
  }
  for (; at < end; at += size) {
    const unit = element(data, at, size);
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
      const at = address + i * size;
      if (size === 1) data.setUint8(at, unit);
      else if (size === 2) data.setUint16(at, unit, true);
      else data.setUint32(at, unit, true);
    }
    return true;
  } catch {
    return false;
  }
}
