// SPDX-License-Identifier: MIT
// What a codec is: an encoding as a noun, with a verb for each framing. It is one object per encoding, so that a
// program carries only those that it names.
import { ArgumentTypeError, EncodingError } from '../errors.ts';
import type { Address } from '../memory/address.ts';
import type { LinearMemory } from '../memory/memory.ts';
import {
  readFixed,
  readPaired,
  readPrefixed,
  readSized,
  readTerminated,
  writeFixed,
  writePaired,
  writePrefixed,
  writeSized,
  writeTerminated,
} from './framing.ts';
import type { StringRef, TextHeap } from './ref.ts';
import type { WordBytes } from './word.ts';

/** What to do with text that has no exact form. */
export interface TextOptions {
  /**
   * A lone surrogate: `replace` (unless given) makes it U+FFFD, `throw` refuses the string, `wtf8` keeps it, as
   * its three bytes in UTF-8 and as it is in UTF-16 and UTF-32, in reads as in writes.
   */
  readonly surrogates?: 'replace' | 'throw' | 'wtf8';
  /** Bytes that are not of the encoding: `replace` (unless given) reads U+FFFD, `throw` refuses them. */
  readonly invalid?: 'replace' | 'throw';
  /** A U+0000 inside a string that ends at its first NUL: `throw` (unless given) refuses it, `allow` writes it. */
  readonly nul?: 'throw' | 'allow';
}

/** A text that has been measured and can be stored. */
export interface Encoded {
  /** Bytes it takes. */
  readonly byteLength: number;
  /** Writes them all to `target`, which has that length. */
  copyTo(target: Uint8Array): void;
}

/** @throws {ArgumentTypeError} when `value` is not a primitive string */
export function assertString(value: unknown): asserts value is string {
  if (typeof value !== 'string') throw new ArgumentTypeError('a string', value);
}

/** Returns the index of the first lone surrogate from `from` on, which begins no second half, or -1. O(n). */
export function loneSurrogate(text: string, from = 0): number {
  for (let i = from; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0xd800 || unit > 0xdfff) continue;
    const next = text.charCodeAt(i + 1); // NaN at the end
    if (unit > 0xdbff || !(next >= 0xdc00 && next <= 0xdfff)) return i;
    i++;
  }
  return -1;
}

const POLICIES: Readonly<Record<keyof TextOptions, readonly string[]>> = {
  surrogates: ['replace', 'throw', 'wtf8'],
  invalid: ['replace', 'throw'],
  nul: ['throw', 'allow'],
};

/** @throws {ArgumentTypeError} when `options` is given and is no object, or has a name or a policy that is none */
export function assertTextOptions(options: TextOptions | undefined): void {
  if (options === undefined) return;
  if (typeof options !== 'object' || options === null) throw new ArgumentTypeError('text options', options);
  for (const [name, policy] of Object.entries(options)) {
    const policies = POLICIES[name as keyof TextOptions] as readonly string[] | undefined; // or another name
    if (!policies)
      throw new ArgumentTypeError(`one of the text options ${Object.keys(POLICIES).join(', ')}`, name);
    if (policy !== undefined && !policies.includes(policy as string))
      throw new ArgumentTypeError(`a policy of ${name}: ${policies.join(', ')}`, policy);
  }
}

/** @throws {ArgumentTypeError} when it is 0: to strings that is NULL */
export function assertNotNull(at: number): void {
  if (at === 0) throw new ArgumentTypeError('an address other than 0 (NULL)', at);
}

/**
 * Returns `text` with its lone surrogates as the policy has them. O(n).
 * @throws {EncodingError} when it has one and the policy is `throw`
 */
export function wellFormed(text: string, policy: TextOptions['surrogates'] = 'replace'): string {
  if (policy === 'wtf8' || text.isWellFormed?.()) return text;
  const at = loneSurrogate(text);
  if (at < 0) return text;
  if (policy === 'throw') throw new EncodingError(`the string has a lone surrogate at index ${at}`, at);
  return replaceLone(text, at);
}

/** `text` with U+FFFD for its lone surrogates, the first of which is at `first`. By hand: JavaScriptCore's /u is wrong. */
function replaceLone(text: string, first: number): string {
  let whole = '';
  let done = 0;
  for (let at = first; at >= 0; at = loneSurrogate(text, done)) {
    whole += `${text.slice(done, at)}\ufffd`;
    done = at + 1;
  }
  return whole + text.slice(done);
}

/** An encoding. Counts are of its elements: bytes in ASCII, Latin-1 and UTF-8, 2 bytes in UTF-16, 4 in UTF-32. */
export abstract class TextCodec {
  /** Its name, as in `utf-8`. */
  readonly name: string;
  /** Its name in the manager's methods, as in `readNullTerminatedUtf8String`. */
  readonly label: string;
  /** Bytes of an element. */
  readonly bytesPerElement: 1 | 2 | 4;
  /** Elements below this are characters by themselves; the library's own. */
  readonly plain: number;

  constructor(name: string, label: string, bytesPerElement: 1 | 2 | 4, plain: number) {
    this.name = name;
    this.label = label;
    this.bytesPerElement = bytesPerElement;
    this.plain = plain;
  }

  /**
   * Measures `text`, so that it can be stored after it is known to fit.
   * @throws {EncodingError} when it has a character that the encoding lacks, or a lone surrogate under `throw`
   * @throws {ArgumentTypeError} when it is not a string
   */
  abstract prepare(text: string, options?: TextOptions): Encoded;
  /**
   * Returns the text of `bytes`. U+FEFF is text like any other.
   * @param at where they start, for the error
   * @throws {EncodingError} when they are not of this encoding and the policy is `throw`
   */
  abstract decode(bytes: Uint8Array, options?: TextOptions, at?: number): string;

  /** Returns how many bytes `text` takes, without a terminator. Errors as {@link prepare}. O(n). */
  byteLength(text: string, options?: TextOptions): number {
    assertTextOptions(options);
    return this.prepare(text, options).byteLength;
  }
  /** Returns the bytes of `text`, in a buffer of their own. Errors as {@link prepare}. */
  encode(text: string, options?: TextOptions): Uint8Array<ArrayBuffer> {
    assertTextOptions(options);
    const encoded = this.prepare(text, options);
    const bytes = new Uint8Array(encoded.byteLength);
    encoded.copyTo(bytes);
    return bytes;
  }

  /** Returns the string at `address` up to its NUL, which must be among the first `limit` elements. */
  readTerminated(memory: LinearMemory, address: Address, limit?: number, options?: TextOptions): string {
    return readTerminated(this, memory, address, limit, options);
  }
  /** Writes `text` and a NUL, whole or not at all. Returns the elements written, without the NUL. */
  writeTerminated(
    memory: LinearMemory,
    address: Address,
    text: string,
    capacity?: number,
    options?: TextOptions,
  ): number {
    return writeTerminated(this, memory, address, text, capacity, options);
  }
  /** Allocates a place for `text`, or for that many elements, and a NUL. */
  allocTerminated(heap: TextHeap, textOrCount: string | number, options?: TextOptions): StringRef {
    return heap.allocText(this, 'Terminated', textOrCount, undefined, options);
  }
  /** Borrows the string at `address`; its place has `capacity` elements. */
  wrapTerminated(heap: TextHeap, address: Address, capacity?: number): StringRef {
    return heap.wrapText(this, 'Terminated', address, capacity);
  }

  /** Returns the text of exactly `count` elements; NULs among them are text. */
  readSized(memory: LinearMemory, address: Address, count: number, options?: TextOptions): string {
    return readSized(this, memory, address, count, options);
  }
  /** Writes `text` without a terminator, whole or not at all. Returns the elements written. */
  writeSized(
    memory: LinearMemory,
    address: Address,
    text: string,
    capacity?: number,
    options?: TextOptions,
  ): number {
    return writeSized(this, memory, address, text, capacity, options);
  }
  /** Allocates a place for `text`, or for that many elements, without a terminator. */
  allocSized(heap: TextHeap, textOrCount: string | number, options?: TextOptions): StringRef {
    return heap.allocText(this, 'Sized', textOrCount, undefined, options);
  }
  /** Borrows the `count` elements at `address`. */
  wrapSized(heap: TextHeap, address: Address, count: number): StringRef {
    return heap.wrapText(this, 'Sized', address, count);
  }

  /** Returns the text of a field of `count` elements, as `char[16]`: up to its first NUL, or all of it. */
  readFixed(memory: LinearMemory, address: Address, count: number, options?: TextOptions): string {
    return readFixed(this, memory, address, count, options);
  }
  /** Writes `text` to a field of `count` elements and fills the rest with NULs. A full field has none. */
  writeFixed(
    memory: LinearMemory,
    address: Address,
    text: string,
    count: number,
    options?: TextOptions,
  ): number {
    return writeFixed(this, memory, address, text, count, options);
  }
  /** Allocates a field for `text`, or of that many elements. */
  allocFixed(heap: TextHeap, textOrCount: string | number, options?: TextOptions): StringRef {
    return heap.allocText(this, 'Fixed', textOrCount, undefined, options);
  }
  /** Borrows the field of `count` elements at `address`. */
  wrapFixed(heap: TextHeap, address: Address, count: number): StringRef {
    return heap.wrapText(this, 'Fixed', address, count);
  }

  /** Returns the text behind a count of elements, an unsigned integer of `prefixBytes` (4 unless given). */
  readPrefixed(
    memory: LinearMemory,
    address: Address,
    prefixBytes?: WordBytes,
    options?: TextOptions,
  ): string {
    return readPrefixed(this, memory, address, prefixBytes, options);
  }
  /** Writes the count of elements and `text`; `capacity` counts elements, the prefix not among them. */
  writePrefixed(
    memory: LinearMemory,
    address: Address,
    text: string,
    prefixBytes?: WordBytes,
    capacity?: number,
    options?: TextOptions,
  ): number {
    return writePrefixed(this, memory, address, text, prefixBytes, capacity, options);
  }
  /** Allocates a place for a prefix and `text`, or that many elements. */
  allocPrefixed(
    heap: TextHeap,
    textOrCount: string | number,
    prefixBytes?: WordBytes,
    options?: TextOptions,
  ): StringRef {
    return heap.allocText(this, 'Prefixed', textOrCount, prefixBytes, options);
  }
  /** Borrows a prefixed string; its place has `capacity` elements, or just its own. */
  wrapPrefixed(heap: TextHeap, address: Address, prefixBytes?: WordBytes, capacity?: number): StringRef {
    return heap.wrapText(this, 'Prefixed', address, capacity, prefixBytes);
  }

  /** Returns the text that the pair at `address` points to: a pointer, then a count of elements. */
  readPaired(memory: LinearMemory, address: Address, wordBytes?: WordBytes, options?: TextOptions): string {
    return readPaired(this, memory, address, wordBytes, options);
  }
  /** Writes `text` at `place` without a terminator, and the pair that says so at `address`. */
  writePaired(
    memory: LinearMemory,
    address: Address,
    text: string,
    place: Address,
    wordBytes?: WordBytes,
    capacity?: number,
    options?: TextOptions,
  ): number {
    return writePaired(this, memory, address, text, place, wordBytes, capacity, options);
  }
  /** Allocates a pair and, behind it in the same block, a place for `text` or for that many elements. */
  allocPaired(
    heap: TextHeap,
    textOrCount: string | number,
    wordBytes?: WordBytes,
    options?: TextOptions,
  ): StringRef {
    return heap.allocText(this, 'Paired', textOrCount, wordBytes, options);
  }
  /** Borrows the pair at `address`; the place it points to has `capacity` elements, or just its own. */
  wrapPaired(heap: TextHeap, address: Address, wordBytes?: WordBytes, capacity?: number): StringRef {
    return heap.wrapText(this, 'Paired', address, capacity, wordBytes);
  }
}
