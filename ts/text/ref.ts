// SPDX-License-Identifier: MIT
// Refs to strings: one place in a heap, with its codec and its framing.
import { FreedError } from '../errors.ts';
import type { Address } from '../memory/address.ts';
import type { Block } from '../memory/block.ts';
import { Ref, type NewRef, type RefHeap } from '../scalar/ref.ts';
import type { TextCodec } from './codec.ts';
import { find, read, write, type Framing } from './framing.ts';
import type { TextOptions } from './policy.ts';
import { elementsOf, type WordBytes } from './word.ts';

/** What strings need of a heap. The heap room implements it. */
export interface TextHeap extends RefHeap {
  allocText(
    codec: TextCodec,
    framing: Framing,
    textOrCount: string | number,
    wordBytes?: WordBytes,
    options?: TextOptions,
  ): StringRef;
  wrapText(
    codec: TextCodec,
    framing: Framing,
    address: Address,
    count?: number,
    wordBytes?: WordBytes,
  ): StringRef;
}

/** The elements of a string: bytes, or 2 or 4 bytes each. */
export type TextElements = Uint8Array | Uint16Array | Uint32Array;

/** A ref to a string. Counts are of the codec's elements. */
export class StringRef extends Ref {
  readonly byteLength: number;
  /** How its text is encoded. */
  readonly codec: TextCodec;
  /** Where its text begins and ends. */
  readonly framing: Framing;
  /** Elements its place has: a terminator is among them, a prefix is not. */
  readonly allocatedElementCount: number;
  /** Bytes of its prefix, or of each word of its pair. */
  readonly wordBytes: WordBytes;
  /** Where the place of its text is; the library's own. */
  readonly place: number;
  /** The block of that place, which a pair borrows from; the library's own. */
  readonly lender: Block;
  #count: number;

  constructor(
    heap: RefHeap,
    address: number,
    byteLength: number,
    block: Block,
    owned: boolean,
    codec: TextCodec,
    framing: Framing,
    room: number,
    wordBytes: WordBytes,
    place: number,
    lender: Block,
  ) {
    super();
    // biome-ignore lint/complexity/noUselessThisAlias: its fields can be written as long as it is new
    const ref: NewRef = this;
    ref.heap = heap;
    ref.address = address;
    ref.block = block;
    ref.owned = owned;
    ref.cell = block.memory.cell;
    this.byteLength = byteLength;
    this.codec = codec;
    this.framing = framing;
    this.allocatedElementCount = room;
    this.wordBytes = wordBytes;
    this.place = place;
    this.lender = lender;
    this.#count = room;
    if (owned) heap.own(this);
  }

  /**
   * The string in memory. Setting it writes the whole string or, when it does not fit, nothing.
   * @throws {FreedError} when its block was freed, or for a pair the block that its text is in
   * @throws {EncodingError} when it has no NUL though it must (reading), or does not fit (writing)
   */
  get value(): string {
    return this.read();
  }
  set value(text: string) {
    this.write(text);
  }

  /** Returns the string in memory; errors as {@link value}. */
  read(options?: TextOptions): string {
    this.assertLive();
    const { codec, framing, address, wordBytes } = this;
    const given = framing === 'Prefixed' || framing === 'Paired' ? wordBytes : this.#room;
    return read(codec, framing, this.block.memory, address, given, options);
  }

  /** Writes `text`, whole or not at all. Returns the ref. */
  write(text: string, options?: TextOptions): this {
    this.assertLive();
    const { codec, framing, address, allocatedElementCount: room, wordBytes, place } = this;
    const { memory } = this.block;
    this.#count = write(codec, framing, memory, address, text, room, options, wordBytes, place);
    return this;
  }

  /** Bytes of an element. */
  get bytesPerElement(): 1 | 2 | 4 {
    return this.codec.bytesPerElement;
  }
  /** Elements of the string now, without a terminator. O(n) where it has one. */
  get encodedElementCount(): number {
    return this.#find()[1];
  }
  /** Bytes of the string now, without a terminator. */
  get encodedByteLength(): number {
    return this.encodedElementCount * this.bytesPerElement;
  }
  /** The same as `encodedByteLength`. */
  get encodedByteCount(): number {
    return this.encodedByteLength;
  }
  /** A fresh view of the string's bytes, without a terminator. */
  get encodedBytesView(): Uint8Array {
    const [start, count] = this.#find();
    return this.keep(this.block.memory.view(Uint8Array, start, count * this.bytesPerElement));
  }
  /** A fresh view of the string's elements. @throws {MisalignedError} when its address is no multiple of theirs */
  get encodedElementsView(): TextElements {
    return this.#elements(...this.#find());
  }
  /** A fresh view of all elements of its place; errors as {@link encodedElementsView}. */
  get allocatedElementsView(): TextElements {
    this.assertLive();
    return this.#elements(this.place, this.allocatedElementCount);
  }

  #elements(start: number, count: number): TextElements {
    return this.keep(this.block.memory.view<TextElements>(elementsOf(this.bytesPerElement), start, count));
  }

  /** Where in the memory the text lies: first byte, elements. */
  #find(): [number, number] {
    this.assertLive();
    const { framing, address, wordBytes, bytesPerElement } = this;
    return find(framing, this.block.memory, address, bytesPerElement, this.#room, wordBytes);
  }

  /** The elements that its text is in: of a sized one those that were written. */
  get #room(): number {
    return this.framing === 'Sized' ? this.#count : this.allocatedElementCount;
  }

  /** @throws {FreedError} when its block was freed, or that of the text of a pair */
  override assertLive(): void {
    super.assertLive();
    if (!this.lender.live) throw new FreedError(this.place);
  }
}

/** A ref to a string that ends at its first NUL: what wasm-heap-manager has. */
export class NullTerminatedStringRef extends StringRef {}

const classes: WeakMap<TextCodec, typeof NullTerminatedStringRef> = /* @__PURE__ */ new WeakMap();

/** The class of the refs to NUL-terminated strings of one codec, for `instanceof`. */
export function terminatedRefClass(codec: TextCodec): typeof NullTerminatedStringRef {
  let made = classes.get(codec);
  if (!made) classes.set(codec, (made = class extends NullTerminatedStringRef {}));
  return made;
}
