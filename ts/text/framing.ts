// SPDX-License-Identifier: MIT
// Framings: the layouts of strings in memory, and the general path that reads and writes them. Counts are in elements.
//
//   T1  A write measures first and stores then: the whole string with its terminator or header, or nothing.
//   T2  A read never passes the end of the memory: a string without a NUL before the end is an error.
import { ArgumentRangeError, EncodingError } from '../errors.ts';
import type { Address } from '../memory/address.ts';
import { assertMemory } from '../memory/buffers.ts';
import type { LinearMemory } from '../memory/linear-memory.ts';
import type { Encoding } from './encoding.ts';
import { hasNul } from './platform.ts';
import { assertString, type Policy } from './policy.ts';
import { baseOf, bytesIn, capacityAt, countTerminated, findNul, locateText } from './terminator.ts';
import { assertNotNull, readWord, toElementCount, toWordBytes, writeWord, type WordBytes } from './word.ts';

/**
 * The layout of a string in memory: NUL-terminated, sized (only the caller knows the length), a fixed-length field
 * (`char[16]`), length-prefixed, or a pointer and a length.
 */
export type Framing = 'Terminated' | 'Sized' | 'Fixed' | 'Prefixed' | 'Paired';

/** Returns the bytes before the text of a length-prefixed string, or of a pointer and length. */
export function headerBytesOf(framing: Framing, wordBytes: number): number {
  if (framing === 'Prefixed') return toWordBytes(wordBytes);
  return framing === 'Paired' ? 2 * toWordBytes(wordBytes) : 0;
}

/**
 * Reads a string by the general path.
 * @param countOrWord the limit, the count, or the size of a word, depending on the framing
 */
export function readString(
  encoding: Encoding,
  framing: Framing,
  memory: LinearMemory,
  address: Address,
  policy: Policy,
  countOrWord?: number,
): string {
  assertMemory(memory);
  const size = encoding.bytesPerElement;
  const word = countOrWord as WordBytes; // checked where it is used
  const [start, count] = locateString(framing, memory, address, size, countOrWord, word);
  const end = start + count * size;
  const base = baseOf(start, end);
  return decode(encoding, bytesIn(memory, start, end), start - base, end - base, policy, base);
}

/** Returns the text of `bytes` in [start, end). @throws {EncodingError} also if the engine has no string that long */
export function decode(
  encoding: Encoding,
  bytes: Uint8Array,
  start: number,
  end: number,
  policy: Policy,
  base: number,
): string {
  try {
    return encoding.decodeRange(bytes, start, end, policy, base);
  } catch (cause) {
    if (cause instanceof EncodingError) throw cause;
    const at = base + start;
    const error = new EncodingError(
      `the engine has no string for the ${end - start} bytes at address ${at}`,
      at,
    );
    error.cause = cause;
    throw error;
  }
}

/**
 * Returns the address of the first byte of the text, and its number of elements. All are in bounds.
 * @param room the limit or the count; unused in framings with a header
 * @throws {EncodingError} if the text has no NUL, or its pointer is NULL
 */
export function locateString(
  framing: Framing,
  memory: LinearMemory,
  address: Address,
  size: number,
  room?: number,
  wordBytes: WordBytes = 4,
): [start: number, count: number] {
  const headerBytes = headerBytesOf(framing, wordBytes);
  const at = locateText(memory, address, headerBytes);
  if (room !== 0) assertNotNull(at); // an empty string in C may be (NULL, 0)
  if (framing === 'Terminated') return [at, countTerminated(memory, at, size, room)];
  let start = at + headerBytes;
  let count: number;
  if (headerBytes) {
    count = readWord(memory, start - wordBytes, wordBytes);
    if (framing === 'Paired') start = readWord(memory, at, wordBytes);
    if (start === 0 && count > 0)
      throw new EncodingError(
        `the pointer and length at address ${at}: the pointer is NULL, the length is ${count}`,
        at,
      );
  } else count = toElementCount(room as number); // refuses undefined
  if (count > 0) locateText(memory, start, count * size);
  if (framing === 'Fixed') {
    const found = findNul(memory, start, size, count);
    if (found >= 0) count = found;
  }
  return [start, count];
}

/**
 * Writes a string by the general path. T1. Returns its number of elements.
 * @param capacity in elements. Default: to the end of the heap's block, if the address is in one
 * @param wordBytes the size of the length prefix, or of the pointer and of the length
 * @param textAddress the address of the text, if the framing is a pointer and length
 */
export function writeString(
  encoding: Encoding,
  framing: Framing,
  memory: LinearMemory,
  address: Address,
  text: string,
  policy: Policy,
  capacity: number | undefined,
  wordBytes: WordBytes = 4,
  textAddress?: Address,
): number {
  assertMemory(memory);
  assertString(text);
  const size = encoding.bytesPerElement;
  const headerBytes = headerBytesOf(framing, wordBytes);
  const isPaired = framing === 'Paired';
  const isFixed = framing === 'Fixed';
  const terminator = framing === 'Terminated' ? 1 : 0;
  const textAt = isPaired ? (textAddress as Address) : address; // undefined is refused
  const room =
    capacity !== undefined || isFixed
      ? toElementCount(capacity as number) // refuses undefined
      : capacityAt(memory, locateText(memory, textAt, 0), isPaired ? 0 : headerBytes, size);
  const max = (headerBytes ? Math.min(room, 256 ** wordBytes - 1) : room) - terminator;
  const [kept, count] = fitText(encoding, text, max, terminator, policy);
  if (terminator || isFixed) assertNoNul(text, policy);
  const bytes = (isFixed ? room : count + terminator) * size;
  const at = locateText(memory, address, headerBytes);
  if (headerBytes + bytes > 0) assertNotNull(at);
  const start = locateText(memory, isPaired ? textAt : at + headerBytes, bytes);
  if (bytes > 0) assertNotNull(start);
  if (isPaired && start >= 256 ** wordBytes)
    throw new ArgumentRangeError(`a pointer of ${wordBytes} bytes`, start);
  store(encoding, memory, start, bytes, kept, count, policy);
  if (isPaired) writeWord(memory, at, wordBytes, start);
  if (headerBytes) writeWord(memory, at + headerBytes - wordBytes, wordBytes, count);
  return count;
}

/** Returns the text, or the part of it that fits under the policy `truncate`, with its number of elements. */
function fitText(
  encoding: Encoding,
  text: string,
  max: number,
  terminator: number,
  policy: Policy,
): [text: string, count: number] {
  const count = encoding.countElements(text, policy);
  if (count <= max) return [text, count];
  if (!policy.truncate || max < 0)
    throw new EncodingError(
      `expected at most ${max + terminator} elements, got ${count + terminator}`,
      max + terminator,
      max + terminator,
    );
  const kept = text.slice(0, fittingUnits(encoding, text, max));
  return [kept, encoding.countElements(kept, policy)];
}

/** Returns the number of code units of `text`, in whole characters, that fit in `count` elements. O(n). */
export function fittingUnits(encoding: Encoding, text: string, count: number): number {
  let i = 0;
  for (let room = count; i < text.length;) {
    const point = text.codePointAt(i) as number; // i is in range
    room -= encoding.elementsOf(point);
    if (room < 0) break;
    i += point > 0xffff ? 2 : 1;
  }
  return i;
}

/** Stores the `count` elements of a text at `start`, and zeros up to `byteLength` bytes. All are in bounds. */
function store(
  encoding: Encoding,
  memory: LinearMemory,
  start: number,
  byteLength: number,
  text: string,
  count: number,
  policy: Policy,
): void {
  const end = start + byteLength;
  const bytes = bytesIn(memory, start, end);
  const base = baseOf(start, end);
  encoding.encodeInto(bytes, start - base, text, count, policy, true);
  let i = start - base + count * encoding.bytesPerElement;
  if (end - base - i > 4) bytes.fill(0, i, end - base);
  else for (; i < end - base; i++) bytes[i] = 0;
}

/** @throws {EncodingError} if `text` has a NUL and the policy is `throw` */
function assertNoNul(text: string, policy: Policy): void {
  if (policy.nul !== 'throw' || !hasNul(text)) return;
  const nul = text.indexOf('\0');
  throw new EncodingError(
    `a NUL at index ${nul} would end the string; pass { nul: 'allow' } to write it`,
    nul,
  );
}
