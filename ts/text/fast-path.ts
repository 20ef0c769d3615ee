// SPDX-License-Identifier: MIT
// The fast paths of strings that are NUL-terminated or sized. Short strings are decoded and encoded by loops, which beat
// a call of the engine's coder up to the lengths below (docs/performance.md, bench/ts/text.bench.mjs).
import { isUint32, type Address } from '../memory/address.ts';
import type { LinearMemory } from '../memory/linear-memory.ts';
import type { Encoding } from './encoding.ts';
import { bufferMethods, hasNul } from './platform.ts';
import { loneSurrogate, type Policy } from './policy.ts';
import { bytesIn, capacityAt, indexOfNul } from './terminator.ts';
import { readElement } from './word.ts';

// The longest strings that loops handle (`node bench/ts/text.bench.mjs lengths`). Reads of bytes: 22 to 26 in Node and
// Deno; of UTF-16: 8; of UTF-32: all. Writes of bytes: 32 in Node 24 and 26, 40 and more in Node 20, Deno and Bun; of
// wider elements: 24.
const SHORT_READ = 24;
/** In Bun, Buffer makes a string as fast as a loop, at any length. */
const bunMethods = bufferMethods && 'Bun' in globalThis ? bufferMethods : undefined;
const SHORT_WRITE = 32;
/** The number of elements in which a loop searches for the NUL. */
const NEAR = 24;
/** More bytes than any loop reads. Strings nearer to the end of the memory take the general path. */
const MAX_READ_BYTES = 4 * (NEAR + 2);
/** A number of elements of which every engine can make a string. */
const LONG = 2 ** 27;

const { fromCharCode } = String;
/** The elements of a short text, with four single bytes packed into a number, followed by a 0. */
const units = /* @__PURE__ */ new Int32Array(SHORT_WRITE + 1);

/**
 * Returns the text up to its NUL, which is among the first `limit` elements, or all of these if `isSized`. Returns
 * undefined if there is no fast path or the read is an error: the caller then takes the general path.
 */
export function tryRead(
  encoding: Encoding,
  memory: LinearMemory,
  address: Address,
  limit: number | undefined,
  isSized: boolean,
  policy: Policy,
): string | undefined {
  if (
    !isUint32(address) ||
    address === 0 ||
    !(limit === undefined ? !isSized : isUint32(limit) && limit > 0 && limit <= LONG)
  )
    return undefined;
  const { bytesPerElement: size, singleElementLimit } = encoding;
  const max = limit ?? LONG;
  let count = max;
  try {
    const bytes = bytesIn(memory, 0, 0);
    if (!(address <= bytes.length - MAX_READ_BYTES)) return undefined;
    const { data } = memory;
    if (size > 1) {
      if (!isSized) count = countWide(data, address, size, Math.min(count, NEAR + 1));
      if (count >= 0 && count <= (size === 2 ? 8 : SHORT_READ) && !(isSized && bunMethods)) {
        const text = joinWide(data, address, size, count, singleElementLimit);
        if (text !== undefined) return text;
      }
    } else {
      if (!isSized) count = countBytes(data, address, singleElementLimit);
      if (count >= 0 && count <= SHORT_READ && (isSized || count < max)) {
        const text = joinBytes(data, bytes, address, count, singleElementLimit);
        if (text !== undefined) return text;
      }
      if (!isSized && limit === undefined && count < 0) count = indexOfNul(bytes, address) - address;
    }
    const end = address + count * size;
    if (count < 0 || (!isSized && count >= max) || end > bytes.length) return undefined;
    return encoding.decodeRange(bytes, address, end, policy, 0);
  } catch {
    return undefined; // the end of a stale view, or an error that the general path throws
  }
}

// Bytes have separate code: code that is shared with wider elements takes twice the time in JavaScriptCore.

/** Returns the number of elements before the first 0, or -1 if none of the first `max` is 0. */
function countWide(data: DataView, address: number, size: number, max: number): number {
  let i = 0;
  for (; size === 2 && i + 2 <= max; i += 2) {
    const word = data.getInt32(address + 2 * i, true);
    if ((word - 0x00010001) & ~word & 0x80008000) break; // one of the two is 0
  }
  for (; i < max; i++) if (readElement(data, address + i * size, size) === 0) return i;
  return -1;
}

/** Returns the string of `count` elements; undefined unless all are single elements or surrogate pairs. */
function joinWide(
  data: DataView,
  address: number,
  size: number,
  count: number,
  singleElementLimit: number,
): string | undefined {
  let text = '';
  let allSingle = true;
  for (let i = 0; i < count; i++) {
    const unit = readElement(data, address + i * size, size);
    if (unit >= singleElementLimit && size > 2) return undefined;
    allSingle &&= unit < singleElementLimit;
    text += fromCharCode(unit);
  }
  return allSingle || loneSurrogate(text) < 0 ? text : undefined;
}

/**
 * Returns the number of single bytes before the first 0; -1 if none of the first {@link NEAR} is 0, or another byte
 * comes before it.
 */
function countBytes(data: DataView, address: number, singleElementLimit: number): number {
  let i = 0;
  // Reads four at a time, while none of them is 0, or above 0x7f if the limit is not 0x100.
  const high = singleElementLimit > 0x80 ? 0 : 0x80808080;
  for (; i < NEAR; i += 4) {
    const word = data.getInt32(address + i, true);
    if ((((word - 0x01010101) & ~word & 0x80808080) | (word & high)) !== 0) break;
  }
  for (; i <= NEAR; i++) {
    const byte = data.getUint8(address + i);
    if (byte === 0) return i;
    if (byte >= singleElementLimit) break;
  }
  return -1;
}

/** Returns the string of `count` bytes; undefined unless all are single bytes. */
function joinBytes(
  data: DataView,
  bytes: Uint8Array,
  address: number,
  count: number,
  singleElementLimit: number,
): string | undefined {
  const high = singleElementLimit > 0x80 ? 0 : 0x80808080;
  let text = '';
  let i = 0;
  for (; i + 4 <= count; i += 4) {
    const word = data.getInt32(address + i, true);
    if ((word & high) !== 0) return undefined;
    // Half the time of one at a time.
    if (!bunMethods) text += fromCharCode(word & 255, (word >> 8) & 255, (word >> 16) & 255, word >>> 24);
  }
  for (; i < count; i++) {
    const byte = data.getUint8(address + i);
    if (byte >= singleElementLimit) return undefined;
    if (!bunMethods) text += fromCharCode(byte);
  }
  return bunMethods ? bunMethods.latin1Slice.call(bytes, address, address + count) : text;
}

/**
 * Writes a text and its terminator of `terminatorElements` (0 or 1). Returns the number of elements of the text; or -1,
 * and writes nothing, if there is no fast path or the write is an error: the caller then takes the general path.
 */
export function tryWrite(
  encoding: Encoding,
  memory: LinearMemory,
  address: Address,
  text: string,
  capacity: number | undefined,
  policy: Policy,
  terminatorElements: number,
): number {
  if (typeof text !== 'string' || !isUint32(address) || address === 0) return -1;
  const { bytesPerElement: size, singleElementLimit } = encoding;
  const { length } = text;
  const last = length + terminatorElements - 1;
  const room =
    capacity === undefined ? capacityAt(memory, address, 0, size) : isUint32(capacity) ? capacity : -1;
  if (last < 0 || last >= room) return -1;
  if (!memory?.views) return -1; // no memory: the general path throws
  const packed = size === 1 ? length & ~3 : 0; // elements that are stored four at a time
  const bytes = bytesIn(memory, 0, 0);
  const isShort = length <= (size === 1 ? SHORT_WRITE : 24);
  if (!isShort || !pack(text, length, packed, size, singleElementLimit, terminatorElements))
    return writeByEncoder(encoding, bytes, address, text, room, policy, terminatorElements);
  if (address + (last + 1) * size > bytes.length) return -1;
  try {
    const { data } = memory;
    // The last element first: it throws, if any does, before anything is written.
    let i = last;
    for (; i >= packed; i--) {
      const unit = units[i] as number; // i is in range
      if (size === 1) data.setUint8(address + i, unit);
      else if (size === 2) data.setUint16(address + 2 * i, unit, true);
      else data.setUint32(address + 4 * i, unit, true);
    }
    for (i = packed - 4; i >= 0; i -= 4) data.setUint32(address + i, units[i] as number, true); // in range
    return length;
  } catch {
    return -1;
  }
}

/** Puts the elements of a short text into `units`. False if an element is not a single one, or is a NUL. */
function pack(
  text: string,
  length: number,
  packed: number,
  size: number,
  singleElementLimit: number,
  terminatorElements: number,
): boolean {
  let allSingle = true;
  let i = 0;
  for (; i < packed; i += 4) {
    const one = text.charCodeAt(i);
    const two = text.charCodeAt(i + 1);
    const three = text.charCodeAt(i + 2);
    const four = text.charCodeAt(i + 3);
    const word = one | (two << 8) | (three << 16) | (four << 24);
    if (
      ((one | two | three | four) & -singleElementLimit) |
      ((word - 0x01010101) & ~word & 0x80808080 & -terminatorElements)
    )
      return false;
    units[i] = word;
  }
  for (; i < length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < terminatorElements || (unit >= singleElementLimit && size !== 2)) return false;
    allSingle &&= unit < singleElementLimit;
    units[i] = unit;
  }
  units[i] = 0;
  return allSingle || loneSurrogate(text) < 0; // surrogate pairs are fine in UTF-16
}

/** Writes a text by the encoding's own method, if its range lies in the last view. */
function writeByEncoder(
  encoding: Encoding,
  bytes: Uint8Array,
  address: number,
  text: string,
  room: number,
  policy: Policy,
  terminatorElements: number,
): number {
  const { bytesPerElement: size } = encoding;
  if (address >= bytes.length) return -1; // so that the difference below is less than 2^31
  const max = Math.min(room, (bytes.length - address) >> (size >> 1)) - terminatorElements;
  if (terminatorElements > 0 && policy.nul === 'throw' && hasNul(text)) return -1;
  const count = encoding.encodeInto(bytes, address, text, max, policy);
  if (count >= 0 && terminatorElements > 0) {
    const end = address + count * size;
    for (let i = 0; i < size; i++) bytes[end + i] = 0;
  }
  return count;
}
