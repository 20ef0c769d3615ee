// SPDX-License-Identifier: MIT
// TextCodec: an encoding with its operations on memories, heaps and byte arrays. One object per encoding, so that a bundle
// has only those it uses.
import type { Address } from '../memory/address.ts';
import { bytesOf } from '../memory/bytes.ts';
import type { LinearMemory } from '../memory/linear-memory.ts';
import type { Encoding } from './encoding.ts';
import { decode, fittingUnits } from './framing.ts';
import { fixed, paired, prefixed, sized, terminated } from './framings.ts';
import { assertString, toPolicy, type TextOptions } from './policy.ts';
import type { StringRef } from './ref.ts';
import type { TextAllocator, TextHeap } from './string-alloc.ts';
import { toElementCount, type WordBytes } from './word.ts';
import type { OwnBytes } from '../memory/platform-types.ts';

/** A text that has been measured. */
export interface Encoded {
  /** The size in bytes. */
  readonly byteLength: number;
  /** Writes all bytes to `target`, from index `at` (default: 0) on. `target` must be large enough. */
  copyTo(target: Uint8Array, at?: number): void;
}

/** A text encoding. Counts are in its elements: bytes in ASCII, Latin-1 and UTF-8, 2 bytes in UTF-16, 4 in UTF-32. */
export class TextCodec implements Encoding {
  /** The standard name, as in `utf-8`. */
  readonly name: string;
  /** The name in method names, as in `readNullTerminatedUtf8String`. */
  readonly label: string;
  /** The size of an element in bytes. */
  readonly bytesPerElement: 1 | 2 | 4;
  /** @internal */
  readonly singleElementLimit: number;
  /** @internal */
  readonly countElements: Encoding['countElements'];
  /** @internal */
  readonly encodeInto: Encoding['encodeInto'];
  /** @internal */
  readonly decodeRange: Encoding['decodeRange'];
  /** @internal */
  readonly elementsOf: Encoding['elementsOf'];

  /** @internal All codecs are of one class, so that engines see one shape of object. */
  constructor(encoding: Encoding) {
    this.name = encoding.name;
    this.label = encoding.label;
    this.bytesPerElement = encoding.bytesPerElement;
    this.singleElementLimit = encoding.singleElementLimit;
    this.countElements = encoding.countElements;
    this.encodeInto = encoding.encodeInto;
    this.decodeRange = encoding.decodeRange;
    this.elementsOf = encoding.elementsOf;
  }

  /**
   * Measures `text`, to be stored once it is known to fit.
   * @throws {EncodingError} if it has a character that the encoding lacks, or a lone surrogate under the policy `throw`
   * @throws {ArgumentTypeError} if it is not a string
   */
  prepare(text: string, options?: TextOptions): Encoded {
    const policy = toPolicy(options);
    assertString(text);
    const count = this.countElements(text, policy);
    return {
      byteLength: count * this.bytesPerElement,
      copyTo: (target, at = 0) => void this.encodeInto(target, at, text, count, policy, true),
    };
  }
  /** Returns the size of `text` in bytes, without a terminator. Throws as {@link prepare}. O(n). */
  byteLength(text: string, options?: TextOptions): number {
    return this.prepare(text, options).byteLength;
  }
  /** Returns the number of code units of `text`, in whole characters, that fit in `count` elements. O(n). */
  fit(text: string, count: number): number {
    assertString(text);
    return fittingUnits(this, text, toElementCount(count));
  }
  /** Returns the bytes of `text`. Throws as {@link prepare}. */
  encode(text: string, options?: TextOptions): OwnBytes {
    const encoded = this.prepare(text, options);
    const bytes = new Uint8Array(encoded.byteLength);
    encoded.copyTo(bytes);
    return bytes;
  }
  /**
   * Returns the text of `bytes`. A leading U+FEFF is kept.
   * @param at the address of the first byte, for the error
   * @throws {EncodingError} if they are invalid and the policy is `throw`
   * @throws {ArgumentTypeError} if they are no buffer and no view of one, or detached
   */
  decode(bytes: Uint8Array, options?: TextOptions, at = 0): string {
    const policy = toPolicy(options);
    const all = bytesOf(bytes); // refuses other values; its length property can be wrong
    return decode(this, all, 0, all.length, policy, at);
  }

  /**
   * Returns the NUL-terminated string at `address`. The NUL must be among the first `limit` elements. O(n).
   * @throws {EncodingError} if there is no NUL, or the bytes are invalid and the policy is `throw`
   * @throws {OutOfBoundsError} {@link ArgumentTypeError} if the address is invalid; also if it is 0 (NULL)
   */
  readTerminated(memory: LinearMemory, address: Address, limit?: number, options?: TextOptions): string {
    return terminated.read(this, memory, address, limit, options);
  }
  /** As {@link readTerminated}, but returns null for address 0: for a `char *` that may be NULL. */
  readNullable(memory: LinearMemory, address: Address, limit?: number, options?: TextOptions): string | null {
    return address === 0 || address === 0n ? null : terminated.read(this, memory, address, limit, options);
  }
  /**
   * Writes `text` and a NUL, whole or not at all. Returns the number of elements, without the NUL. O(n). The default
   * capacity, in all framings, reaches to the end of the heap's block that contains `address`, else of the memory.
   * @throws {EncodingError} if the text does not fit, or has a character that the encoding or a policy refuses
   * @throws {OutOfBoundsError} {@link ArgumentTypeError} if the address is invalid; also if it is 0 (NULL)
   */
  writeTerminated(
    memory: LinearMemory,
    address: Address,
    text: string,
    capacity?: number,
    options?: TextOptions,
  ): number {
    return terminated.write(this, memory, address, text, capacity, options);
  }
  /**
   * Allocates a block for `text`, or for a number of elements, and a NUL. Returns the ref that owns it.
   * @throws {OutOfMemoryError} if there is no memory; {@link EncodingError} as {@link writeTerminated}
   */
  allocTerminated(heap: TextAllocator, textOrCount: string | number, options?: TextOptions): StringRef {
    return terminated.alloc(this, heap, textOrCount, options);
  }
  /** Returns a borrowing ref to the NUL-terminated string at `address`, with a capacity of `capacity` elements. */
  wrapTerminated(heap: TextHeap, address: Address, capacity?: number): StringRef {
    return terminated.wrap(this, heap, address, capacity);
  }

  /** Returns the string of exactly `count` elements; NULs are characters. Throws as {@link readTerminated}. */
  readSized(memory: LinearMemory, address: Address, count: number, options?: TextOptions): string {
    return sized.read(this, memory, address, count, options);
  }
  /** Writes `text` without a terminator. Returns the number of elements. Throws as {@link writeTerminated}. */
  writeSized(
    memory: LinearMemory,
    address: Address,
    text: string,
    capacity?: number,
    options?: TextOptions,
  ): number {
    return sized.write(this, memory, address, text, capacity, options);
  }
  /** Allocates a block for `text`, or for a number of elements, without a terminator. */
  allocSized(heap: TextAllocator, textOrCount: string | number, options?: TextOptions): StringRef {
    return sized.alloc(this, heap, textOrCount, options);
  }
  /** Returns a borrowing ref to the `count` elements at `address`. */
  wrapSized(heap: TextHeap, address: Address, count: number): StringRef {
    return sized.wrap(this, heap, address, count);
  }

  /** Returns the string in a field of `count` elements (`char[16]`): up to its first NUL, or all of it. */
  readFixed(memory: LinearMemory, address: Address, count: number, options?: TextOptions): string {
    return fixed.read(this, memory, address, count, options);
  }
  /**
   * Writes `text` to a field of `count` elements and fills the rest with NULs. A full field has no NUL. Returns the number
   * of elements of the text. Throws as {@link writeTerminated}.
   */
  writeFixed(
    memory: LinearMemory,
    address: Address,
    text: string,
    count: number,
    options?: TextOptions,
  ): number {
    return fixed.write(this, memory, address, text, count, options);
  }
  /** Allocates a field for `text`, or of a number of elements. */
  allocFixed(heap: TextAllocator, textOrCount: string | number, options?: TextOptions): StringRef {
    return fixed.alloc(this, heap, textOrCount, options);
  }
  /** Returns a borrowing ref to the field of `count` elements at `address`. */
  wrapFixed(heap: TextHeap, address: Address, count: number): StringRef {
    return fixed.wrap(this, heap, address, count);
  }

  /** Returns the length-prefixed string at `address`. The prefix is an unsigned integer of `prefixBytes` (default: 4). */
  readPrefixed(
    memory: LinearMemory,
    address: Address,
    prefixBytes?: WordBytes,
    options?: TextOptions,
  ): string {
    return prefixed.read(this, memory, address, prefixBytes, options);
  }
  /**
   * Writes the length prefix and `text`. `capacity` is in elements, without the prefix. Returns the number of elements.
   * Throws as {@link writeTerminated}; also if the prefix cannot hold the length.
   */
  writePrefixed(
    memory: LinearMemory,
    address: Address,
    text: string,
    prefixBytes?: WordBytes,
    capacity?: number,
    options?: TextOptions,
  ): number {
    return prefixed.write(this, memory, address, text, prefixBytes, capacity, options);
  }
  /** Allocates a block for a prefix and `text`, or for a prefix and a number of elements. */
  allocPrefixed(
    heap: TextAllocator,
    textOrCount: string | number,
    prefixBytes?: WordBytes,
    options?: TextOptions,
  ): StringRef {
    return prefixed.alloc(this, heap, textOrCount, prefixBytes, options);
  }
  /** Returns a borrowing ref to a length-prefixed string with a capacity of `capacity` elements (default: its length). */
  wrapPrefixed(heap: TextHeap, address: Address, prefixBytes?: WordBytes, capacity?: number): StringRef {
    return prefixed.wrap(this, heap, address, prefixBytes, capacity);
  }

  /** Returns the string that the pointer and length at `address` refer to. Each has `wordBytes` (default: 4). */
  readPaired(memory: LinearMemory, address: Address, wordBytes?: WordBytes, options?: TextOptions): string {
    return paired.read(this, memory, address, wordBytes, options);
  }
  /**
   * Writes `text` at `textAddress` without a terminator, and its pointer and length at `address`. Returns the number of
   * elements. Throws as {@link writeTerminated}.
   */
  writePaired(
    memory: LinearMemory,
    address: Address,
    text: string,
    textAddress: Address,
    wordBytes?: WordBytes,
    capacity?: number,
    options?: TextOptions,
  ): number {
    return paired.write(this, memory, address, text, textAddress, wordBytes, capacity, options);
  }
  /** Allocates one block for a pointer and length and, after them, `text` or a number of elements. */
  allocPaired(
    heap: TextAllocator,
    textOrCount: string | number,
    wordBytes?: WordBytes,
    options?: TextOptions,
  ): StringRef {
    return paired.alloc(this, heap, textOrCount, wordBytes, options);
  }
  /**
   * Returns a borrowing ref to a pointer and length, whose text has a capacity of `capacity` elements (default: its
   * length).
   */
  wrapPaired(heap: TextHeap, address: Address, wordBytes?: WordBytes, capacity?: number): StringRef {
    return paired.wrap(this, heap, address, wordBytes, capacity);
  }
}
