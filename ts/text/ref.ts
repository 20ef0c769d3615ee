// SPDX-License-Identifier: MIT
// Refs to strings: one string in a heap, with its encoding and its framing.
import type { Allocation } from '../memory/allocation.ts';
import { installPrinting } from '../scalar/print.ts';
import { Ref, type NewRef, type RefHeap } from '../scalar/ref.ts';
import type { Encoding } from './encoding.ts';
import { tryRead, tryWrite } from './fast-path.ts';
import { locateString, readString, writeString, type Framing } from './framing.ts';
import { toPolicy, type TextOptions } from './policy.ts';
import { elementsClassOf, type WordBytes } from './word.ts';

/** The elements of a string: bytes, or elements of 2 or 4 bytes. */
export type TextElements = Uint8Array | Uint16Array | Uint32Array;

/** A ref to a string. Counts are in elements of the encoding. */
export class StringRef extends Ref {
  readonly byteLength: number;
  /** The encoding of the text. */
  readonly codec: Encoding;
  /** The layout of the string in memory. */
  readonly framing: Framing;
  /** The capacity in elements, with the terminator, without the header. */
  readonly allocatedElementCount: number;
  /** The size in bytes of the length prefix, or of the pointer and of the length. */
  readonly wordBytes: WordBytes;
  /** @internal The address of the text. */
  readonly textAddress: number;
  /** @internal The allocation of the text. That of a pointer and length may be another. */
  readonly textAllocation: Allocation;
  #count: number;

  /** @internal */
  constructor(
    heap: RefHeap,
    address: number,
    byteLength: number,
    allocation: Allocation,
    owned: boolean,
    codec: Encoding,
    framing: Framing,
    capacity: number,
    wordBytes: WordBytes,
    textAddress: number,
    textAllocation: Allocation,
  ) {
    super();
    // biome-ignore lint/complexity/noUselessThisAlias: the read-only fields are written through this type
    const ref: NewRef = this;
    ref.heap = heap;
    ref.address = address;
    ref.allocation = allocation;
    ref.owned = owned;
    ref.views = allocation.memory.views;
    this.byteLength = byteLength;
    this.codec = codec;
    this.framing = framing;
    this.allocatedElementCount = capacity;
    this.wordBytes = wordBytes;
    this.textAddress = textAddress;
    this.textAllocation = textAllocation;
    this.#count = capacity;
    if (owned) heap.registerOwner(this);
  }

  /**
   * The string in memory. Setting it writes the whole string or, if it does not fit, nothing.
   * @throws {FreedError} if the block was freed, or the block that the pointer points to
   * @throws {EncodingError} if it has no NUL where one must be (reads), or does not fit (writes)
   */
  get value(): string {
    return this.read();
  }
  set value(text: string) {
    this.write(text);
  }

  /** Returns the string in memory. Throws as {@link value}. */
  read(options?: TextOptions): string {
    const policy = toPolicy(options); // before the liveness check: a getter may free the block
    this.assertLive();
    const { codec, framing, address, wordBytes } = this;
    const { memory } = this.allocation;
    const hasHeader = framing === 'Prefixed' || framing === 'Paired';
    const isSized = framing === 'Sized';
    const room = this.#room;
    const text =
      isSized || framing === 'Terminated'
        ? tryRead(codec, memory, address, room, isSized, policy)
        : undefined;
    return text ?? readString(codec, framing, memory, address, policy, hasHeader ? wordBytes : room);
  }

  /** Writes `text`, whole or not at all. Returns the ref. Throws as {@link value}. */
  write(text: string, options?: TextOptions): this {
    const policy = toPolicy(options); // as above
    this.assertLive();
    const { codec, framing, address, allocatedElementCount: capacity, wordBytes, textAddress } = this;
    const { memory } = this.allocation;
    const terminator = framing === 'Terminated' ? 1 : framing === 'Sized' ? 0 : -1;
    let count = terminator < 0 ? -1 : tryWrite(codec, memory, address, text, capacity, policy, terminator);
    if (count < 0)
      count = writeString(codec, framing, memory, address, text, policy, capacity, wordBytes, textAddress);
    this.#count = count;
    return this;
  }

  /** @internal */
  get printedName(): string {
    return `${this.framing === 'Terminated' ? 'NullTerminated' : this.framing}${this.codec.label}StringRef`;
  }
  /** Returns the string for JSON. Throws as {@link value}. */
  toJSON(): string {
    return this.value;
  }
  /** The size of an element in bytes. */
  get bytesPerElement(): 1 | 2 | 4 {
    return this.codec.bytesPerElement;
  }
  /** The current length of the string in elements, without a terminator. O(n) if it has one. */
  get encodedElementCount(): number {
    return this.#locate()[1];
  }
  /** The current length of the string in bytes, without a terminator. */
  get encodedByteLength(): number {
    return this.encodedElementCount * this.bytesPerElement;
  }
  /** The same as `encodedByteLength`. */
  get encodedByteCount(): number {
    return this.encodedByteLength;
  }
  /** A new view of the bytes of the string, without a terminator. */
  get encodedBytesView(): Uint8Array {
    const [start, count] = this.#locate();
    return this.retainedBy(this.allocation.memory.view(Uint8Array, start, count * this.bytesPerElement));
  }
  /** A new view of the elements of the string. @throws {MisalignedError} if its address is not a multiple of their size */
  get encodedElementsView(): TextElements {
    return this.#elements(...this.#locate());
  }
  /** A new view of all allocated elements. Throws as {@link encodedElementsView}. */
  get allocatedElementsView(): TextElements {
    this.assertLive();
    return this.#elements(this.textAddress, this.allocatedElementCount);
  }

  #elements(start: number, count: number): TextElements {
    const Elements = elementsClassOf(this.bytesPerElement);
    return this.retainedBy(this.allocation.memory.view<TextElements>(Elements, start, count));
  }

  /** Returns the address of the text and its number of elements. */
  #locate(): [number, number] {
    this.assertLive();
    const { framing, address, wordBytes, bytesPerElement } = this;
    return locateString(framing, this.allocation.memory, address, bytesPerElement, this.#room, wordBytes);
  }

  /** The number of elements to read: for a sized string those that were written, else the capacity. */
  get #room(): number {
    return this.framing === 'Sized' ? this.#count : this.allocatedElementCount;
  }

  /** @throws {FreedError} if the block was freed, or the block that the pointer points to */
  override assertLive(): void {
    super.assertLive();
    if (!this.textAllocation.isLive) throw this.textAllocation.freedError(this.textAddress);
  }
}

installPrinting(StringRef.prototype, (ref: StringRef) => JSON.stringify(ref.value));

/** A ref to a NUL-terminated string. The name is wasm-heap-manager's. */
export class NullTerminatedStringRef extends StringRef {}

const classes: WeakMap<object, typeof NullTerminatedStringRef> = /* @__PURE__ */ new WeakMap();

/** Returns the class of refs to NUL-terminated strings in `codec`, for `instanceof`. */
export function terminatedRefClass(codec: Encoding): typeof NullTerminatedStringRef {
  let found = classes.get(codec);
  if (!found) classes.set(codec, (found = class extends NullTerminatedStringRef {}));
  return found;
}
