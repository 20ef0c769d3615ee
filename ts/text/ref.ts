// SPDX-License-Identifier: MIT
// Refs to strings: one string in a heap, with its encoding and its framing.
import { ArgumentTypeError } from '../errors.ts';
import type { Allocation } from '../memory/allocation.ts';
import { installPrinting } from '../scalar/print.ts';
import { Ref, retainedBy, type NewRef, type RefHeap } from '../scalar/ref.ts';
import type { Encoding } from './encoding.ts';
import { tryRead, tryWrite } from './fast-path.ts';
import { headerBytesOf, locateString, readString, writeString, type Framing } from './framing.ts';
import { toPolicy, type TextOptions } from './policy.ts';
import { elementsClassOf, type WordBytes } from './word.ts';

/** The elements of a string: bytes, or elements of 2 or 4 bytes. */
export type TextElements = Uint8Array | Uint16Array | Uint32Array;

/** The properties that refs to strings have in common. A ref has few fields and no private method: B3 of memory/allocation.ts. */
export interface StringKind {
  readonly codec: Encoding;
  readonly framing: Framing;
  readonly wordBytes: WordBytes;
  readonly headerBytes: number;
  readonly StringRef: typeof StringRef;
}

/** The text of a pointer and length that other code wrote: it does not follow its header. */
export interface DistantText {
  readonly address: number;
  readonly allocation: Allocation;
}

/** A ref to a string. Counts are in elements of the encoding. */
export class StringRef extends Ref {
  /** The capacity in elements, with the terminator, without the header. */
  readonly allocatedElementCount: number;
  /** @internal */
  readonly kind: StringKind;
  /** @internal */
  readonly distant: DistantText | undefined;
  #count: number; // also of a ref that is frozen

  /** @internal */
  constructor(
    heap: RefHeap,
    address: number,
    allocation: Allocation,
    owned: boolean,
    kind: StringKind,
    capacity: number,
    distant: DistantText | undefined,
  ) {
    super();
    // biome-ignore lint/complexity/noUselessThisAlias: the read-only fields are written through this type
    const ref: NewRef = this;
    ref.heap = heap;
    ref.address = address;
    ref.allocation = allocation;
    ref.views = allocation.memory.views;
    this.allocatedElementCount = capacity;
    this.kind = kind;
    this.distant = distant;
    this.#count = capacity;
    if (owned) heap.registerOwner(this);
  }

  /** The encoding of the text. */
  get codec(): Encoding {
    return this.kind.codec;
  }
  /** The layout of the string in memory. */
  get framing(): Framing {
    return this.kind.framing;
  }
  /** The size in bytes of the length prefix, or of the pointer and of the length. */
  get wordBytes(): WordBytes {
    return this.kind.wordBytes;
  }
  get byteLength(): number {
    const { headerBytes, codec } = this.kind;
    return this.distant ? headerBytes : headerBytes + this.allocatedElementCount * codec.bytesPerElement;
  }
  /** @internal The address of the text. */
  get textAddress(): number {
    return this.distant ? this.distant.address : this.address + this.kind.headerBytes;
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
    const { codec, framing, wordBytes } = this.kind;
    const { address } = this;
    const { memory } = this.allocation;
    const hasHeader = framing === 'Prefixed' || framing === 'Paired';
    const isSized = framing === 'Sized';
    const room = this.room;
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
    const { codec, framing, wordBytes } = this.kind;
    const { address, allocatedElementCount: capacity } = this;
    const { memory } = this.allocation;
    const terminator = framing === 'Terminated' ? 1 : framing === 'Sized' ? 0 : -1;
    if (terminator === 0) void this.room; // throws for a Proxy, before anything is written
    let count = terminator < 0 ? -1 : tryWrite(codec, memory, address, text, capacity, policy, terminator);
    if (count < 0)
      count = writeString(
        codec,
        framing,
        memory,
        address,
        text,
        policy,
        capacity,
        wordBytes,
        this.textAddress,
      );
    if (terminator === 0) this.#count = count;
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
    return this.textRange()[1];
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
    const [start, count] = this.textRange();
    return retainedBy(this, this.allocation.memory.view(Uint8Array, start, count * this.bytesPerElement));
  }
  /** A new view of the elements of the string. @throws {MisalignedError} if its address is not a multiple of their size */
  get encodedElementsView(): TextElements {
    return this.elements(...this.textRange());
  }
  /** A new view of all allocated elements. Throws as {@link encodedElementsView}. */
  get allocatedElementsView(): TextElements {
    this.assertLive();
    return this.elements(this.textAddress, this.allocatedElementCount);
  }

  private elements(start: number, count: number): TextElements {
    const Elements = elementsClassOf(this.bytesPerElement);
    return retainedBy(this, this.allocation.memory.view<TextElements>(Elements, start, count));
  }

  /** Returns the address of the text and its number of elements. */
  private textRange(): [number, number] {
    this.assertLive();
    const { framing, address, wordBytes, bytesPerElement } = this;
    return locateString(framing, this.allocation.memory, address, bytesPerElement, this.room, wordBytes);
  }

  /** The number of elements to read: for a sized string those that were written, else the capacity. */
  private get room(): number {
    if (this.framing !== 'Sized') return this.allocatedElementCount;
    if (!(#count in this)) throw new ArgumentTypeError('a ref, not a Proxy of one', this);
    return this.#count;
  }

  /** @throws {FreedError} if the block was freed, or the block that the pointer points to */
  override assertLive(): void {
    super.assertLive();
    if (this.distant && !this.distant.allocation.isLive)
      throw this.distant.allocation.freedError(this.distant.address);
  }
}

installPrinting(StringRef.prototype, (ref: StringRef) => JSON.stringify(ref.value));

/** A ref to a NUL-terminated string. The name is wasm-heap-manager's. */
export class NullTerminatedStringRef extends StringRef {}

/** The kinds of strings by encoding. */
const kinds: WeakMap<Encoding, StringKind[]> = /* @__PURE__ */ new WeakMap();
/** The kind that was asked for last. */
let lastKind: StringKind | undefined;

/** Returns the kind of strings, made when first needed. */
export function stringKindOf(codec: Encoding, framing: Framing, wordBytes: WordBytes): StringKind {
  if (lastKind?.codec === codec && lastKind.framing === framing && lastKind.wordBytes === wordBytes)
    return lastKind;
  let known = kinds.get(codec);
  if (!known) kinds.set(codec, (known = []));
  lastKind = known.find((kind) => kind.framing === framing && kind.wordBytes === wordBytes);
  if (!lastKind) known.push((lastKind = makeKind(codec, framing, wordBytes)));
  return lastKind;
}

const makeKind = (codec: Encoding, framing: Framing, wordBytes: WordBytes): StringKind => ({
  codec,
  framing,
  wordBytes,
  headerBytes: headerBytesOf(framing, wordBytes),
  StringRef: framing === 'Terminated' ? class extends NullTerminatedStringRef {} : StringRef,
});

/** Returns the class of refs to NUL-terminated strings in `codec`, for `instanceof`. */
export const terminatedRefClass = (codec: Encoding): typeof NullTerminatedStringRef =>
  stringKindOf(codec, 'Terminated', 4).StringRef;
