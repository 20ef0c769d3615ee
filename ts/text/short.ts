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
export const SHORT_READ: number = native && 'Bun' in globalThis ? 0 : 16;
/** The most elements that are written by a loop. */
export const SHORT_WRITE = 24;
/** How far a NUL is looked for by a loop: in words of four bytes, or in elements. */
const NEAR = 32;

/** Every engine has strings that long. */
const LONG = 2 ** 27;

const { fromCharCode } = String;

const isAddress = (address: Address): address is number => isSmall(address) && address !== 0;

/** The text of a few elements when all are plain. Else undefined, as for anything that is wrong: see {@link readNear}. */
export function readShort(
  codec: TextCodec,
  memory: LinearMemory,
  address: Address,
  count: number,
): string | undefined {
  try {
    if (isAddress(address)) return join(memory.data, address, codec.bytesPerElement, count, codec.plain);
  } catch {
    // The end of the memory as it was.
  }
  return undefined;
}

/**
 * The text up to its NUL, which is among the first `limit` elements, when that is found fast. Else undefined, as for
 * anything that is wrong: the long way looks again, at the memory as it is then.
 */
export function readNear(
  codec: TextCodec,
  memory: LinearMemory,
  address: Address,
  limit: number | undefined,
  policy: Policy,
): string | undefined {
  if (!isAddress(address) || !(limit === undefined || isSmall(limit))) return undefined;
  const { bytesPerElement: size, plain } = codec;
  const { data } = memory;
  const most = Math.min(limit ?? LONG, LONG);
  let count: number;
  try {
    count = size === 1 ? nearByte(data, address, plain) : nearElement(data, address, size, plain);
    if (count >= 0 && count <= SHORT_READ && count < most) return join(data, address, size, count, plain);
  } catch {
    return undefined; // the end of the memory as it was
  }
  const bytes = bytesIn(memory, 0, 0);
  const isPlain = count >= 0;
  if (!isPlain && size === 1 && limit === undefined) count = indexOfNul(bytes, address) - address;
  const end = address + count * size;
  if (count < 0 || count >= most || end > bytes.length) return undefined;
  return isPlain && native && size === 1
    ? native.latin1Slice.call(bytes, address, end)
    : codec.slice(bytes, address, end, policy, 0);
}

/** How many plain bytes are before the first 0, or -1 where that is not near, or another byte is before it. */
function nearByte(data: DataView, address: number, plain: number): number {
  const high = plain > 0x80 ? 0 : 0x80808080;
  for (let at = address; at < address + NEAR; at += 4) {
    const word = data.getUint32(at, true);
    // A byte that is 0 borrows; what it does to those above it does not matter, as the first is looked for.
    if ((((word - 0x01010101) & ~word & 0x80808080) | (word & high)) === 0) continue;
    for (; ; at++) {
      const byte = data.getUint8(at);
      if (byte === 0) return at - address;
      if (byte >= plain) return -1;
    }
  }
  return -1;
}

/** The same for wider elements. */
function nearElement(data: DataView, address: number, size: number, plain: number): number {
  for (let i = 0; i < NEAR; i++) {
    const unit = element(data, address + i * size, size);
    if (unit === 0) return i;
    if (unit >= plain) return -1;
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
  for (; i + 4 <= count; i += 4) {
    const at = address + i * size;
    const a = element(data, at, size);
    const b = element(data, at + size, size);
    const c = element(data, at + 2 * size, size);
    const d = element(data, at + 3 * size, size);
    if (a >= plain || b >= plain || c >= plain || d >= plain) return undefined;
    text += fromCharCode(a, b, c, d); // half the time of one at a time
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
  if (!isAddress(address) || length + tail === 0) return false;
  try {
    const { data } = memory;
    // The last element first: it throws before anything is written.
    if (tail) put(data, address + length * size, size, 0);
    for (let i = length - 1; i >= 0; i--) put(data, address + i * size, size, text.charCodeAt(i));
    return true;
  } catch {
    return false;
  }
}

function put(data: DataView, at: number, size: number, unit: number): void {
  if (size === 1) data.setUint8(at, unit);
  else if (size === 2) data.setUint16(at, unit, true);
  else data.setUint32(at, unit, true);
}
