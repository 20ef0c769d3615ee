// SPDX-License-Identifier: MIT
// What a codec is: an encoding as a noun, with a verb for each framing. It is one object per encoding, so that a
// program carries only those that it names.
import type { Address } from '../memory/address.ts';
import type { LinearMemory } from '../memory/memory.ts';
import { decode, FRAMINGS, read, tailOf, write, writeLong, type Framing } from './framing.ts';
import { assertString, toPolicy, type Policy, type TextOptions } from './policy.ts';
import { writeSoon } from './short.ts';
import type { StringRef, TextHeap } from './ref.ts';
import { toElements, type WordBytes } from './word.ts';

/** A text that has been measured and can be stored. */
export interface Encoded {
  /** Bytes it takes. */
  readonly byteLength: number;
  /** Writes them all to `target` from `at` (0 unless given) on, which has room for them. */
  copyTo(target: Uint8Array, at?: number): void;
}

/** An encoding. Counts are of its elements: bytes in ASCII, Latin-1 and UTF-8, 2 bytes in UTF-16, 4 in UTF-32. */
export class TextCodec {
  /** Its name, as in `utf-8`. */
  readonly name: string;
  /** Its name in the manager's methods, as in `readNullTerminatedUtf8String`. */
  readonly label: string;
  /** Bytes of an element. */
  readonly bytesPerElement: 1 | 2 | 4;
  /** Elements below this are characters by themselves; the library's own. */
  readonly plain: number;
  /** Counts the elements that a text takes; the library's own. Errors as {@link prepare}. */
  readonly count: (text: string, policy: Policy) => number;
  /**
   * Writes a text to `bytes` from `at` on, if it takes no more than `most` elements, which are there. Returns its
   * elements; or -1, and nothing is written then. The library's own. Errors as {@link prepare}.
   * @param isCounted whether `most` is what {@link count} returned, so that it need not look again
   */
  readonly put: (
    bytes: Uint8Array,
    at: number,
    text: string,
    most: number,
    policy: Policy,
    isCounted?: boolean,
  ) => number;
  /** The text of the bytes from `start` up to `end`; byte 0 is at address `base`; the library's own. */
  readonly slice: (bytes: Uint8Array, start: number, end: number, policy: Policy, base: number) => string;
  /** Elements of a code point; the library's own. */
  readonly width: (point: number) => number;

  // All codecs are of this one class, so that code for all of them meets one shape of object.
  constructor(
    name: string,
    label: string,
    bytesPerElement: 1 | 2 | 4,
    plain: number,
    count: TextCodec['count'],
    put: TextCodec['put'],
    slice: TextCodec['slice'],
    width: TextCodec['width'] = () => 1,
  ) {
    this.name = name;
    this.label = label;
    this.bytesPerElement = bytesPerElement;
    this.plain = plain;
    this.count = count;
    this.put = put;
    this.slice = slice;
    this.width = width;
    for (const framing of FRAMINGS)
      for (const [verb, act] of verbsOf(this, framing))
        Object.assign(this, {
          // biome-ignore lint/suspicious/noExplicitAny: as in Verb
          [verb + framing]: (where: LinearMemory, what: any, a: any, b: any, c: any, d: any, e: any) =>
            act.call(where, what, a, b, c, d, e),
        });
  }

  /**
   * Measures `text`, so that it can be stored after it is known to fit.
   * @throws {EncodingError} when it has a character that the encoding lacks, or a lone surrogate under `throw`
   * @throws {ArgumentTypeError} when it is not a string
   */
  prepare(text: string, options?: TextOptions): Encoded {
    const policy = toPolicy(options);
    assertString(text);
    const count = this.count(text, policy);
    return {
      byteLength: count * this.bytesPerElement,
      copyTo: (target, at = 0) => void this.put(target, at, text, count, policy, true),
    };
  }
  /** Returns how many bytes `text` takes, without a terminator. Errors as {@link prepare}. O(n). */
  byteLength(text: string, options?: TextOptions): number {
    return this.prepare(text, options).byteLength;
  }
  /** Returns how many units of `text`, its `length` at most, make whole characters in `count` elements. O(n). */
  fit(text: string, count: number): number {
    assertString(text);
    let i = 0;
    for (let room = toElements(count); i < text.length;) {
      const point = text.codePointAt(i) as number; // i is inside
      room -= this.width(point);
      if (room < 0) break;
      i += point > 0xffff ? 2 : 1;
    }
    return i;
  }
  /** Returns the bytes of `text`, in a buffer of their own. Errors as {@link prepare}. */
  encode(text: string, options?: TextOptions): Uint8Array<ArrayBuffer> {
    const encoded = this.prepare(text, options);
    const bytes = new Uint8Array(encoded.byteLength);
    encoded.copyTo(bytes);
    return bytes;
  }
  /**
   * Returns the text of `bytes`. U+FEFF is text like any other.
   * @param at where they start, for the error
   * @throws {EncodingError} when they are not of this encoding and the policy is `throw`
   */
  decode(bytes: Uint8Array, options?: TextOptions, at = 0): string {
    return decode(this, bytes, 0, bytes.length, toPolicy(options), at);
  }
}

/** The verbs of a codec, one of each for each framing. */
export interface TextCodec {
  /** Returns the string at `address` up to its NUL, which must be among the first `limit` elements. */
  readTerminated(memory: LinearMemory, address: Address, limit?: number, options?: TextOptions): string;
  /**
   * Writes `text` and a NUL, whole or not at all. Returns the elements written, without the NUL. Where no capacity
   * is given the block of the heap that it is in is the limit, if it is in one; so in all framings.
   */
  writeTerminated(
    memory: LinearMemory,
    address: Address,
    text: string,
    capacity?: number,
    options?: TextOptions,
  ): number;
  /** Allocates a place for `text`, or for that many elements, and a NUL. */
  allocTerminated(
    heap: Pick<TextHeap, 'allocText'>,
    textOrCount: string | number,
    options?: TextOptions,
  ): StringRef;
  /** Borrows the string at `address`; its place has `capacity` elements. */
  wrapTerminated(heap: TextHeap, address: Address, capacity?: number): StringRef;

  /** Returns the text of exactly `count` elements; NULs among them are text. */
  readSized(memory: LinearMemory, address: Address, count: number, options?: TextOptions): string;
  /** Writes `text` without a terminator, whole or not at all. Returns the elements written. */
  writeSized(
    memory: LinearMemory,
    address: Address,
    text: string,
    capacity?: number,
    options?: TextOptions,
  ): number;
  /** Allocates a place for `text`, or for that many elements, without a terminator. */
  allocSized(
    heap: Pick<TextHeap, 'allocText'>,
    textOrCount: string | number,
    options?: TextOptions,
  ): StringRef;
  /** Borrows the `count` elements at `address`. */
  wrapSized(heap: TextHeap, address: Address, count: number): StringRef;

  /** Returns the text of a field of `count` elements, as `char[16]`: up to its first NUL, or all of it. */
  readFixed(memory: LinearMemory, address: Address, count: number, options?: TextOptions): string;
  /** Writes `text` to a field of `count` elements and fills the rest with NULs. A full field has none. */
  writeFixed(
    memory: LinearMemory,
    address: Address,
    text: string,
    count: number,
    options?: TextOptions,
  ): number;
  /** Allocates a field for `text`, or of that many elements. */
  allocFixed(
    heap: Pick<TextHeap, 'allocText'>,
    textOrCount: string | number,
    options?: TextOptions,
  ): StringRef;
  /** Borrows the field of `count` elements at `address`. */
  wrapFixed(heap: TextHeap, address: Address, count: number): StringRef;

  /** Returns the text behind a count of elements, an unsigned integer of `prefixBytes` (4 unless given). */
  readPrefixed(
    memory: LinearMemory,
    address: Address,
    prefixBytes?: WordBytes,
    options?: TextOptions,
  ): string;
  /** Writes the count of elements and `text`; `capacity` counts elements, the prefix not among them. */
  writePrefixed(
    memory: LinearMemory,
    address: Address,
    text: string,
    prefixBytes?: WordBytes,
    capacity?: number,
    options?: TextOptions,
  ): number;
  /** Allocates a place for a prefix and `text`, or that many elements. */
  allocPrefixed(
    heap: Pick<TextHeap, 'allocText'>,
    textOrCount: string | number,
    prefixBytes?: WordBytes,
    options?: TextOptions,
  ): StringRef;
  /** Borrows a prefixed string; its place has `capacity` elements, or just its own. */
  wrapPrefixed(heap: TextHeap, address: Address, prefixBytes?: WordBytes, capacity?: number): StringRef;

  /** Returns the text that the pair at `address` points to: a pointer, then a count of elements. */
  readPaired(memory: LinearMemory, address: Address, wordBytes?: WordBytes, options?: TextOptions): string;
  /** Writes `text` at `place` without a terminator, and the pair that says so at `address`. */
  writePaired(
    memory: LinearMemory,
    address: Address,
    text: string,
    place: Address,
    wordBytes?: WordBytes,
    capacity?: number,
    options?: TextOptions,
  ): number;
  /** Allocates a pair and, behind it in the same block, a place for `text` or for that many elements. */
  allocPaired(
    heap: Pick<TextHeap, 'allocText'>,
    textOrCount: string | number,
    wordBytes?: WordBytes,
    options?: TextOptions,
  ): StringRef;
  /** Borrows the pair at `address`; the place it points to has `capacity` elements, or just its own. */
  wrapPaired(heap: TextHeap, address: Address, wordBytes?: WordBytes, capacity?: number): StringRef;
}

/** A verb of a codec, as a method of a heap's. Each takes its own arguments: callers see them in the interfaces. */
// biome-ignore lint/suspicious/noExplicitAny: for that reason
export type Verb = (this: any, what: any, a?: any, b?: any, c?: any, d?: any, e?: any) => unknown;

/** The four verbs of a framing by name. Functions that call others by name, so that V8 takes these into them. */
export function verbsOf(codec: TextCodec, framing: Framing): [string, Verb][] {
  const isPaired = framing === 'Paired';
  const hasWord = isPaired || framing === 'Prefixed';
  const tail = tailOf(framing);
  return [
    [
      'read',
      function (this: LinearMemory, address, given, options) {
        return read(codec, framing, this, address, given, options);
      },
    ],
    [
      'write',
      tail < 0
        ? function (this: LinearMemory, address, text, a, b, c, d?: TextOptions) {
            if (!hasWord) return write(codec, framing, this, address, text, a, b);
            return isPaired
              ? write(codec, framing, this, address, text, c, d, b, a)
              : write(codec, framing, this, address, text, b, c, a);
          }
        : function (this: LinearMemory, address, text, a, b) {
            const policy = toPolicy(b);
            const count = writeSoon(codec, this, address, text, a, policy, tail);
            return count < 0 ? writeLong(codec, framing, this, address, text, a, policy, 4, address) : count;
          },
    ],
    [
      'alloc',
      function (this: TextHeap, given, a, b) {
        return this.allocText(codec, framing, given, hasWord ? a : undefined, hasWord ? b : a);
      },
    ],
    [
      'wrap',
      function (this: TextHeap, address, a, b) {
        return this.wrapText(codec, framing, address, hasWord ? b : a, hasWord ? a : undefined);
      },
    ],
  ];
}
