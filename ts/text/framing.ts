// SPDX-License-Identifier: MIT
// Where a text begins and ends in a memory: NUL-terminated, sized, a fixed field, behind its count, or behind a
// pointer and a count. All counts are of the codec's elements.
//
//   T1  A write measures first and then stores: the whole text with all that belongs to it, or nothing.
//   T2  A read never passes the end of the memory: a string that has no NUL before it is an error.
import { ArgumentRangeError, EncodingError } from '../errors.ts';
import type { Address } from '../memory/address.ts';
import type { LinearMemory } from '../memory/memory.ts';
import type { TextCodec } from './codec.ts';
import { assertString, toPolicy, type Policy, type TextOptions } from './policy.ts';
import { hasNul } from './platform.ts';
import { readSoon, writeSoon } from './short.ts';
import { baseOf, bytesIn, countTerminated, placeOf, roomAt, search } from './terminator.ts';
import { assertNotNull, readWord, toElements, toWord, writeWord, type WordBytes } from './word.ts';

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
  const isSimple = isSized || framing === 'Terminated';
  const text = isSimple ? readSoon(codec, memory, address, given, isSized, policy) : undefined;
  if (text !== undefined) return text;
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
  const policy = toPolicy(options);
  const tail = tailOf(framing);
  const count = tail < 0 ? -1 : writeSoon(codec, memory, address, text, capacity, policy, tail);
  return count < 0
    ? writeLong(codec, framing, memory, address, text, capacity, policy, wordBytes, place)
    : count;
}

/** Elements of the terminator where a text is all there is but for that; -1 in other framings. */
export const tailOf = (framing: Framing): number =>
  framing === 'Terminated' ? 1 : framing === 'Sized' ? 0 : -1;

/** Writes as {@link write} does, the way that takes any text and framing. */
export function writeLong(
  codec: TextCodec,
  framing: Framing,
  memory: LinearMemory,
  address: Address,
  text: string,
  capacity: number | undefined,
  policy: Policy,
  wordBytes: WordBytes,
  place: Address,
): number {
  assertString(text);
  const size = codec.bytesPerElement;
  const head = headOf(framing, wordBytes);
  const isPaired = framing === 'Paired';
  const isFixed = framing === 'Fixed';
  const tail = Math.max(0, tailOf(framing));
  const room =
    capacity === undefined && !isFixed
      ? roomAt(memory, placeOf(memory, place, 0), isPaired ? 0 : head, size)
      : toElements(capacity as number); // undefined is refused there
  const most = (head ? Math.min(room, 256 ** wordBytes - 1) : room) - tail;
  let kept = text;
  let count = codec.count(text, policy);
  if (count > most) {
    if (!policy.truncate || most < 0)
      throw new EncodingError(
        `${count + tail} elements in a place of ${most + tail}`,
        most + tail,
        most + tail,
      );
    kept = text.slice(0, codec.fit(text, most));
    count = codec.count(kept, policy);
  }
  if (tail || isFixed) assertNoNul(text, policy);
  const whole = (isFixed ? room : count + tail) * size;
  const at = placeOf(memory, address, head);
  if (head + whole > 0) assertNotNull(at);
  const start = placeOf(memory, isPaired ? place : at + head, whole);
  if (whole > 0) assertNotNull(start);
  if (isPaired && start >= 256 ** wordBytes)
    throw new ArgumentRangeError(`a pointer of ${wordBytes} bytes`, start);
  const end = start + whole;
  const bytes = bytesIn(memory, start, end);
  const base = baseOf(start, end);
  codec.put(bytes, start - base, kept, count, policy, true);
  let i = start - base + count * size;
  if (end - base - i > 4) bytes.fill(0, i, end - base);
  else for (; i < end - base; i++) bytes[i] = 0;
  if (isPaired) writeWord(memory, at, wordBytes, start);
  if (head) writeWord(memory, at + head - wordBytes, wordBytes, count);
  return count;
}

/** @throws {EncodingError} when `text` has a NUL and the policy is `throw` */
function assertNoNul(text: string, policy: Policy): void {
  if (policy.nul !== 'throw' || !hasNul(text)) return;
  const nul = text.indexOf('\0');
  throw new EncodingError(`a NUL at index ${nul} would end the string`, nul);
}
