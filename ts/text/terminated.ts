// SPDX-License-Identifier: MIT
// NUL-terminated UTF-8 in a memory: what C calls a string. Also sized UTF-8: n bytes with no terminator.
//
//   T1  A write measures first and then stores: it stores the whole string and its NUL, or nothing.
//   T2  A read never passes the end of the memory: a string that has no NUL before it is an error.
import { ArgumentTypeError, EncodingError } from '../errors.ts';
import { toCount, type Address } from '../memory/address.ts';
import type { LinearMemory } from '../memory/memory.ts';
import { assertString, decodeUtf8, encodeUtf8, type TextOptions } from './utf8.ts';

/** Up to here a loop over the bytes beats a call of the platform's coder (bench/ts/text.bench.mjs). */
const SHORT = 24;
const LIMIT = 'a limit in bytes';

/**
 * Returns the string at `address`, up to its NUL. O(n).
 * @param limit the most bytes it may have, its NUL included; to the end of the memory unless given
 * @throws {OutOfBoundsError} when the address is outside the memory
 * @throws {EncodingError} when there is no NUL within the limit or before the memory's end, or the bytes are
 *   not UTF-8 and the policy is `throw`
 */
export function readTerminated(
  memory: LinearMemory,
  address: Address,
  limit?: number,
  options?: TextOptions,
): string {
  const short = readShort(
    memory.data,
    address,
    limit === undefined ? SHORT : Math.min(toCount(limit, LIMIT), SHORT),
  );
  if (short !== undefined) return short;
  const at = memory.locate(address, 0);
  const end = terminatorOf(memory, at, limit);
  return decodeUtf8(memory.view(Uint8Array, at, end - at), at, options);
}

/**
 * Returns the address of the first NUL at or after `address`. O(n).
 * @throws {EncodingError} {@link OutOfBoundsError} as {@link readTerminated}
 */
export function terminatorOf(memory: LinearMemory, address: Address, limit?: number): number {
  const at = memory.locate(address, 0);
  const room = memory.byteLength - at;
  const span = limit === undefined ? room : Math.min(toCount(limit, LIMIT), room);
  const length = memory.view(Uint8Array, at, span).indexOf(0);
  if (length < 0) throw new EncodingError(`no NUL in the ${span} bytes from address ${at}`, at, span);
  return at + length;
}

/**
 * Returns the text of exactly `byteLength` bytes at `address`; NULs among them are text. O(n).
 * @throws {OutOfBoundsError} when any of the bytes is outside the memory
 * @throws {EncodingError} when they are not UTF-8 and the policy is `throw`
 */
export function readSized(
  memory: LinearMemory,
  address: Address,
  byteLength: number,
  options?: TextOptions,
): string {
  const bytes = memory.view(Uint8Array, address, byteLength);
  return decodeUtf8(bytes, bytes.byteOffset, options);
}

/**
 * Writes `text` and a NUL at `address`: all of it or, when it does not fit, nothing. O(n).
 * Returns the bytes written, without the NUL.
 * @param capacity bytes the place has, the NUL's included; to the end of the memory unless given
 * @throws {ArgumentTypeError} when `text` is not a string
 * @throws {EncodingError} when it does not fit into the capacity, has a U+0000 inside, or has a lone surrogate
 *   and the policy is `throw`
 * @throws {OutOfBoundsError} when it does not fit into the memory
 */
export function writeTerminated(
  memory: LinearMemory,
  address: Address,
  text: string,
  capacity?: number,
  options?: TextOptions,
): number {
  assertString(text);
  const room = capacity === undefined ? Infinity : toCount(capacity, 'a capacity in bytes');
  if (isShortAscii(text) && text.length < room && writeShort(memory, address, text)) return text.length;
  const bytes = encodeTerminated(text, options);
  if (bytes.length >= room) throw tooLong(bytes.length, room);
  const place = memory.view(Uint8Array, address, bytes.length + 1);
  place.set(bytes);
  place[bytes.length] = 0;
  return bytes.length;
}

/** Returns the bytes of `text` without a NUL, once it is known to have none inside. Errors as {@link writeTerminated}. */
export function encodeTerminated(text: string, options?: TextOptions): Uint8Array<ArrayBuffer> {
  assertString(text);
  const nul = options?.nul === 'allow' ? -1 : text.indexOf('\0');
  if (nul >= 0) throw new EncodingError(`the string has a NUL at index ${nul}, where C would end it`, nul);
  return encodeUtf8(text, options);
}

function tooLong(needed: number, capacity: number): EncodingError {
  return new EncodingError(
    `the string takes ${needed} bytes and a NUL, the place has ${capacity} bytes`,
    capacity,
    capacity,
  );
}

/** The string at `address` when it is short and ASCII; else undefined, as for anything that goes wrong. */
function readShort(data: DataView, address: Address, most: number): string | undefined {
  let text = '';
  try {
    if ((address as number) >>> 0 !== address) return undefined;
    for (let i = 0; i < most; i++) {
      const byte = data.getUint8(address + i);
      if (byte === 0) return text;
      if (byte > 0x7f) return undefined;
      text += String.fromCharCode(byte);
    }
  } catch {
    // The end of the memory as it was: the long way looks again.
  }
  return undefined;
}

function isShortAscii(text: string): boolean {
  if (text.length > SHORT) return false;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit === 0 || unit > 0x7f) return false;
  }
  return true;
}

/** Writes short ASCII and its NUL; false, and nothing written, when the memory as it was has no such place. */
function writeShort(memory: LinearMemory, address: Address, text: string): boolean {
  try {
    if ((address as number) >>> 0 !== address) return false;
    const data = memory.data;
    data.setUint8(address + text.length, 0); // the last byte first: it throws before anything is written
    for (let i = 0; i < text.length; i++) data.setUint8(address + i, text.charCodeAt(i));
    return true;
  } catch {
    return false;
  }
}

/** @throws {ArgumentTypeError} when it is neither a string nor a number */
export function assertTextOrCount(value: unknown): asserts value is string | number {
  if (typeof value !== 'string' && typeof value !== 'number')
    throw new ArgumentTypeError('a string, or a number of bytes', value);
}
