// SPDX-License-Identifier: MIT
// Short text, by loops over its elements: up to some length they beat a call of the engine's coder, which they leave
// all else to. Where the engines differ is measured by bench/ts/text.bench.mjs.
import { isSmall, type Address } from '../memory/address.ts';
import type { LinearMemory } from '../memory/memory.ts';
import type { TextCodec } from './codec.ts';
import { hasNul, native } from './platform.ts';
import { loneSurrogate, type Policy } from './policy.ts';
import { bytesIn, indexOfNul, roomAt } from './terminator.ts';
import { element } from './word.ts';

// Where the loops end (`node bench/ts/text.bench.mjs lengths`). Reads of bytes: 22 to 26 in Node and Deno. Reads of
// UTF-16: 8, of UTF-32: never. Writes of bytes: 32 in Node 24 and 26, 40 and more in Node 20, Deno and Bun; of
// wider elements 24.
const SHORT_READ = 24;
/** In Bun a string of the Buffer's is made as fast as one by a loop, at any length. */
const byBuffer = native && 'Bun' in globalThis ? native : undefined;
const SHORT_WRITE = 32;
/** How far a NUL is looked for by a loop. */
const NEAR = 24;
/** More bytes than any loop reads from where a text begins. They are not tried beyond the end: see growth.ts. */
const REACH = 4 * (NEAR + 2);
/** Every engine has strings that long. */
const LONG = 2 ** 27;

const { fromCharCode } = String;
/** The units of a short text, those of four bytes in one number, and a 0 behind them. */
const units = /* @__PURE__ */ new Int32Array(SHORT_WRITE + 1);

/**
 * The text up to its NUL, which is among the first `limit` elements, or when `sized` all of these, if that is made fast.
 * Else undefined, as for anything that is wrong: the long way looks again, at the memory as it is then.
 */
export function readSoon(
  codec: TextCodec,
  memory: LinearMemory,
  address: Address,
  limit: number | undefined,
  sized: boolean,
  policy: Policy,
): string | undefined {
  if (
    !isSmall(address) ||
    address === 0 ||
    !(limit === undefined ? !sized : isSmall(limit) && limit > 0 && limit <= LONG)
  )
    return undefined;
  const { bytesPerElement: size, plain } = codec;
  const most = limit ?? LONG;
  let count = most;
  try {
    const bytes = bytesIn(memory, 0, 0);
    if (!(address <= bytes.length - REACH)) return undefined;
    const { data } = memory;
    if (size > 1) {
      if (!sized) count = nearWide(data, address, size, Math.min(count, NEAR + 1));
      if (count >= 0 && count <= (size === 2 ? 8 : SHORT_READ) && !(sized && byBuffer)) {
        const text = joinWide(data, address, size, count, plain);
        if (text !== undefined) return text;
      }
    } else {
      if (!sized) count = near(data, address, plain);
      if (count >= 0 && count <= SHORT_READ && (sized || count < most)) {
        const text = joinBytes(data, bytes, address, count, plain);
        if (text !== undefined) return text;
      }
      if (!sized && limit === undefined && count < 0) count = indexOfNul(bytes, address) - address;
    }
    const end = address + count * size;
    if (count < 0 || (!sized && count >= most) || end > bytes.length) return undefined;
    return codec.slice(bytes, address, end, policy, 0);
  } catch {
    return undefined; // the end of the memory as it was, or what the long way has an error for
  }
}

// Bytes have code of their own: where it is shared with wider elements, JavaScriptCore takes twice the time.

/** How many elements are before the first 0, or -1 where none of `most` is. */
function nearWide(data: DataView, address: number, size: number, most: number): number {
  let i = 0;
  for (; size === 2 && i + 2 <= most; i += 2) {
    const word = data.getInt32(address + 2 * i, true);
    if ((word - 0x00010001) & ~word & 0x80008000) break; // one of the two is 0
  }
  for (; i < most; i++) if (element(data, address + i * size, size) === 0) return i;
  return -1;
}

/** The string of `count` elements that are plain, or of pairs of surrogates; undefined when it is another. */
function joinWide(
  data: DataView,
  address: number,
  size: number,
  count: number,
  plain: number,
): string | undefined {
  let text = '';
  let isPlain = true;
  for (let i = 0; i < count; i++) {
    const unit = element(data, address + i * size, size);
    if (unit >= plain && size > 2) return undefined;
    isPlain &&= unit < plain;
    text += fromCharCode(unit);
  }
  return isPlain || loneSurrogate(text) < 0 ? text : undefined;
}

/** How many plain bytes are before the first 0, or -1 where that is not near, or another is before it. */
function near(data: DataView, address: number, plain: number): number {
  let i = 0;
  // Four at a time, while none of them is 0 or, where it would not be plain, above 0x7f.
  const high = plain > 0x80 ? 0 : 0x80808080;
  for (; i < NEAR; i += 4) {
    const word = data.getInt32(address + i, true);
    if ((((word - 0x01010101) & ~word & 0x80808080) | (word & high)) !== 0) break;
  }
  for (; i <= NEAR; i++) {
    const byte = data.getUint8(address + i);
    if (byte === 0) return i;
    if (byte >= plain) break;
  }
  return -1;
}

/** The string of `count` bytes, or undefined when one is not plain. */
function joinBytes(
  data: DataView,
  bytes: Uint8Array,
  address: number,
  count: number,
  plain: number,
): string | undefined {
  const high = plain > 0x80 ? 0 : 0x80808080;
  let text = '';
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    const word = data.getInt32(address + i, true);
    if ((word & high) !== 0) return undefined;
    // Half the time of one at a time.
    if (!byBuffer) text += fromCharCode(word & 255, (word >> 8) & 255, (word >> 16) & 255, word >>> 24);
  }
  for (; i < count; i++) {
    const byte = data.getUint8(address + i);
    if (byte >= plain) return undefined;
    if (!byBuffer) text += fromCharCode(byte);
  }
  return byBuffer ? byBuffer.latin1Slice.call(bytes, address, address + count) : text;
}

/**
 * Writes a text, and `tail` NULs, if that is made fast. Returns its elements; or -1, and nothing is written, as for
 * anything that is wrong: the long way looks again.
 */
export function writeSoon(
  codec: TextCodec,
  memory: LinearMemory,
  address: Address,
  text: string,
  capacity: number | undefined,
  policy: Policy,
  tail: number,
): number {
  if (typeof text !== 'string' || !isSmall(address) || address === 0) return -1;
  const { bytesPerElement: size, plain } = codec;
  const { length } = text;
  const last = length + tail - 1;
  const room = capacity === undefined ? roomAt(memory, address, 0, size) : isSmall(capacity) ? capacity : -1;
  if (last < 0 || last >= room) return -1;
  const whole = size === 1 ? length & ~3 : 0; // units that are stored four at a time
  const bytes = bytesIn(memory, 0, 0);
  if (length > (size === 1 ? SHORT_WRITE : 24) || !pack(text, length, whole, size, plain, tail))
    return writeWhole(codec, bytes, address, text, room, policy, tail);
  if (address + (last + 1) * size > bytes.length) return -1;
  try {
    const { data } = memory;
    // The last element first: it throws, if any does, before anything is written.
    let i = last;
    for (; i >= whole; i--) {
      const unit = units[i] as number; // i is inside
      if (size === 1) data.setUint8(address + i, unit);
      else if (size === 2) data.setUint16(address + 2 * i, unit, true);
      else data.setUint32(address + 4 * i, unit, true);
    }
    for (i = whole - 4; i >= 0; i -= 4) data.setUint32(address + i, units[i] as number, true); // inside
    return length;
  } catch {
    return -1;
  }
}

/** Takes the units of a short text apart; false when one is not plain, or a NUL that would end it. */
function pack(
  text: string,
  length: number,
  whole: number,
  size: number,
  plain: number,
  tail: number,
): boolean {
  let isPlain = true;
  let i = 0;
  for (; i < whole; i += 4) {
    const one = text.charCodeAt(i);
    const two = text.charCodeAt(i + 1);
    const three = text.charCodeAt(i + 2);
    const four = text.charCodeAt(i + 3);
    const word = one | (two << 8) | (three << 16) | (four << 24);
    if (((one | two | three | four) & -plain) | ((word - 0x01010101) & ~word & 0x80808080 & -tail))
      return false;
    units[i] = word;
  }
  for (; i < length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < tail || (unit >= plain && size !== 2)) return false;
    isPlain &&= unit < plain;
    units[i] = unit;
  }
  units[i] = 0;
  return isPlain || loneSurrogate(text) < 0; // pairs of surrogates do in UTF-16
}

/** Writes a text by one call of the engine's, if its place is in the memory as it was when last asked for. */
function writeWhole(
  codec: TextCodec,
  bytes: Uint8Array,
  address: number,
  text: string,
  room: number,
  policy: Policy,
  tail: number,
): number {
  const { bytesPerElement: size } = codec;
  if (address >= bytes.length) return -1; // what is left is below 2^31 from here on
  const most = Math.min(room, (bytes.length - address) >> (size >> 1)) - tail;
  if (tail > 0 && policy.nul === 'throw' && hasNul(text)) return -1;
  const count = codec.put(bytes, address, text, most, policy);
  if (count >= 0 && tail > 0) {
    const end = address + count * size;
    for (let i = 0; i < size; i++) bytes[end + i] = 0;
  }
  return count;
}
