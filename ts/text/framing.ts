// SPDX-License-Identifier: MIT
// Where a text begins and ends in a memory: NUL-terminated, sized, a fixed field, behind its count, or behind a
// pointer and a count. All counts are of the codec's elements.
//
//   T1  A write measures first and then stores: the whole text with all that belongs to it, or nothing.
//   T2  A read never passes the end of the memory: a string that has no NUL before it is an error.
import { ArgumentRangeError, EncodingError } from '../errors.ts';
import type { Address } from '../memory/address.ts';
import type { LinearMemory } from '../memory/memory.ts';
import type { Encoded, TextCodec } from './codec.ts';
import { assertString, toPolicy, type Policy, type TextOptions } from './policy.ts';
import { readShort, SHORT_WRITE, writeShort } from './short.ts';
import { baseOf, bytesIn, countTerminated, indexOfNul, placeOf, search } from './terminator.ts';
import { assertNotNull, isSmall, readWord, toElements, toWord, writeWord, type WordBytes } from './word.ts';

/** Where a text begins and ends. */
export type Framing = 'Terminated' | 'Sized' | 'Fixed' | 'Prefixed' | 'Paired';
export const FRAMINGS: readonly Framing[] = ['Terminated', 'Sized', 'Fixed', 'Prefixed', 'Paired'];

/** Bytes of a prefix or a pair: what is at the address of a text before, or instead of, the text. */
export function headOf(framing: Framing, wordBytes: number): number {
  return framing === 'Prefixed' ? toWord(wordBytes) : framing === 'Paired' ? 2 * toWord(wordBytes) : 0;
}

/** Reads a text; `given` is the limit or the count of elements, or the bytes of a word. */
export function read(
  codec: TextCodec,
  framing: Framing,
  memory: LinearMemory,
  address: Address,
  given?: number,
  options?: TextOptions,
): string {
  const policy = toPolicy(options);
  const isSized = framing === 'Sized';
  if (isSized || framing === 'Terminated') {
    const text = readShort(codec, memory, address, given, isSized, policy);
    if (text !== undefined) return text;
    if (given && isSized && isSmall(given)) {
      const at = placeOf(memory, address, given * codec.bytesPerElement);
      assertNotNull(at);
      return readAt(codec, memory, at, given, policy);
    }
  }
  const found = find(framing, memory, address, codec.bytesPerElement, given, given as WordBytes);
  return readAt(codec, memory, found[0], found[1], policy);
}

/** The text of elements that are in the memory. */
export function readAt(
  codec: TextCodec,
  memory: LinearMemory,
  start: number,
  count: number,
  policy: Policy,
): string {
  const end = start + count * codec.bytesPerElement;
  const base = baseOf(start, end);
  return decode(codec, bytesIn(memory, start, end), start - base, end - base, policy, base);
}

/** The text of some of `bytes`. @throws {EncodingError} also when the engine has no string as long */
export function decode(
  codec: TextCodec,
  bytes: Uint8Array,
  start: number,
  end: number,
  policy: Policy,
  base: number,
): string {
  try {
    return codec.slice(bytes, start, end, policy, base);
  } catch (cause) {
    if (cause instanceof EncodingError) throw cause;
    const at = base + start;
    const error = new EncodingError(`the ${end - start} bytes at address ${at} make no string`, at);
    error.cause = cause;
    throw error;
  }
}

/**
 * Returns where a text is: its first byte, its elements. All are in the memory.
 * @param room its limit or its count; of no use to those that have words
 * @throws {EncodingError} when it has no NUL, or no pointer
 */
export function find(
  framing: Framing,
  memory: LinearMemory,
  address: Address,
  size: number,
  room?: number,
  wordBytes: WordBytes = 4,
): [start: number, count: number] {
  const head = headOf(framing, wordBytes);
  const at = placeOf(memory, address, head);
  if (room !== 0) assertNotNull(at); // C's empty string may well be (NULL, 0)
  if (framing === 'Terminated') return [at, countTerminated(memory, at, size, room)];
  let start = at + head;
  let count: number;
  if (head) {
    count = readWord(memory, start - wordBytes, wordBytes);
    if (framing === 'Paired') start = readWord(memory, at, wordBytes);
    if (start === 0 && count > 0) throw new EncodingError(`the pair at address ${at} has no pointer`, at);
  } else count = toElements(room as number); // undefined is refused there
  if (count > 0) placeOf(memory, start, count * size);
  if (framing === 'Fixed') {
    const found = search(memory, start, size, count);
    if (found >= 0) count = found;
  }
  return [start, count];
}

/** Writes a text, whole or not at all. T1. Returns its elements. */
export function write(
  codec: TextCodec,
  framing: Framing,
  memory: LinearMemory,
  address: Address,
  text: string,
  capacity?: number,
  options?: TextOptions,
  wordBytes: WordBytes = 4,
  place: Address = address,
): number {
  const isTerminated = framing === 'Terminated';
  if (
    typeof text === 'string' &&
    text.length <= SHORT_WRITE &&
    !options &&
    (isTerminated || framing === 'Sized')
  ) {
    const tail = isTerminated ? 1 : 0;
    const room = capacity === undefined ? roomAt(memory, address, 0, codec.bytesPerElement) : capacity;
    const fits = (capacity === undefined || isSmall(capacity)) && text.length + tail <= room;
    if (fits && writeShort(codec, memory, address, text, tail)) return text.length;
  }
  return writeLong(codec, framing, memory, address, text, capacity, options, wordBytes, place);
}

function writeLong(
  codec: TextCodec,
  framing: Framing,
  memory: LinearMemory,
  address: Address,
  text: string,
  capacity: number | undefined,
  options: TextOptions | undefined,
  wordBytes: WordBytes,
  place: Address,
): number {
  assertString(text);
  const policy = toPolicy(options);
  const size = codec.bytesPerElement;
  const head = headOf(framing, wordBytes);
  const isPaired = framing === 'Paired';
  const isFixed = framing === 'Fixed';
  const tail = framing === 'Terminated' ? 1 : 0;
  const room =
    capacity === undefined && !isFixed
      ? roomAt(memory, place, isPaired ? 0 : head, size)
      : toElements(capacity as number); // undefined is refused there
  const encoded = fitted(codec, text, head ? Math.min(room, 256 ** wordBytes - 1) : room, tail, policy);
  if ((tail || isFixed) && policy.nul === 'throw') assertNoNul(text, encoded.bytes);
  const count = encoded.byteLength / size;
  const whole = (isFixed ? room : count + tail) * size;
  const at = placeOf(memory, address, head);
  if (head + whole > 0) assertNotNull(at);
  const start = placeOf(memory, isPaired ? place : at + head, whole);
  if (whole > 0) assertNotNull(start);
  if (isPaired && start >= 256 ** wordBytes)
    throw new ArgumentRangeError(`a pointer of ${wordBytes} bytes`, start);
  store(memory, start, encoded, whole);
  if (isPaired) writeWord(memory, at, wordBytes, start);
  if (head) writeWord(memory, at + head - wordBytes, wordBytes, count);
  return count;
}

/** Elements from `head` bytes behind `address` to the end of the heap's block there; Infinity where none is known. */
function roomAt(memory: LinearMemory, address: Address, head: number, size: number): number {
  const heap = memory as { roomAt?(address: number): number | undefined };
  const bytes = heap.roomAt?.(placeOf(memory, address, 0));
  return bytes === undefined ? Infinity : Math.max(0, Math.floor((bytes - head) / size));
}

/** @throws {EncodingError} when `text` has a NUL. In its bytes it is found faster, where they are there. */
function assertNoNul(text: string, bytes?: Uint8Array): void {
  if (bytes && indexOfNul(bytes, 0) < 0) return;
  const nul = text.indexOf('\0');
  if (nul >= 0) throw new EncodingError(`a NUL at index ${nul} would end the string`, nul);
}

/**
 * Measures `text`, or what of it has room where that is enough.
 * @throws {EncodingError} when it takes more than `room` elements, `tail` more among them
 */
function fitted(codec: TextCodec, text: string, room: number, tail: number, policy: Policy): Encoded {
  const encoded = codec.lay(text, policy);
  const count = encoded.byteLength / codec.bytesPerElement + tail;
  if (count <= room) return encoded;
  if (policy.truncate && room >= tail) {
    const { byteLength, copyTo } = codec.lay(text.slice(0, codec.fit(text, room - tail)), policy);
    return { byteLength, copyTo }; // its bytes are not those of the whole text
  }
  throw new EncodingError(`${count} elements in a place of ${room}`, room, room);
}

/** Stores a text, and NULs behind it in the rest of `whole` bytes. */
function store(memory: LinearMemory, at: number, encoded: Encoded, whole: number): void {
  const bytes = bytesIn(memory, at, at + whole);
  const start = at - baseOf(at, at + whole);
  encoded.copyTo(bytes, start);
  let i = start + encoded.byteLength;
  if (start + whole - i > 4) bytes.fill(0, i, start + whole);
  else for (; i < start + whole; i++) bytes[i] = 0;
}
