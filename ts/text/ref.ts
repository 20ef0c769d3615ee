// SPDX-License-Identifier: MIT
// Refs to strings: one place in a heap, with its codec and its framing.
import type { Address } from '../memory/address.ts';
import type { Block } from '../memory/block.ts';
import type { LinearMemory } from '../memory/memory.ts';
import { Ref, type RefHeap } from '../scalar/ref.ts';
import type { TextCodec, TextOptions } from './codec.ts';
import { countFixed, readPair } from './framing.ts';
import { countTerminated } from './terminator.ts';
import { readWord, type WordBytes } from './word.ts';

/** Where a text begins and ends. */
export type Framing = 'Terminated' | 'Sized' | 'Fixed' | 'Prefixed' | 'Paired';

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
  /** How its text is encoded. */
  readonly codec: TextCodec;
  /** Where its text begins and ends. */
  readonly framing: Framing;
  /** Elements its place has: a terminator is among them, a prefix is not. */
  readonly allocatedElementCount: number;
  /** Bytes of its prefix, or of each word of its pair. */
  readonly wordBytes: WordBytes;
  /** Where its text lies, for a pair; the library's own. */
  readonly place: number;
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
  ) {
    super(heap, address, byteLength, block, owned);
    this.codec = codec;
    this.framing = framing;
    this.allocatedElementCount = room;
    this.wordBytes = wordBytes;
    this.place = place;
    this.#count = room;
  }

  /**
   * The string in memory. Setting it writes the whole string or, when it does not fit, nothing.
   * @throws {FreedError} when its block was freed
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
    const [memory, start, count] = this.#find();
    return this.codec.readSized(memory, start, count, options);
  }

  /** Writes `text`, whole or not at all. Returns the ref. */
  write(text: string, options?: TextOptions): this {
    const { codec, address, wordBytes, allocatedElementCount: room } = this;
    this.assertLive();
    const { memory } = this.block;
    if (this.framing === 'Terminated') codec.writeTerminated(memory, address, text, room, options);
    else if (this.framing === 'Fixed') codec.writeFixed(memory, address, text, room, options);
    else if (this.framing === 'Prefixed')
      codec.writePrefixed(memory, address, text, wordBytes, room, options);
    else if (this.framing === 'Paired')
      codec.writePaired(memory, address, text, this.place, wordBytes, room, options);
    else this.#count = codec.writeSized(memory, address, text, room, options);
    return this;
  }

  /** Bytes of an element. */
  get bytesPerElement(): 1 | 2 | 4 {
    return this.codec.bytesPerElement;
  }
  /** Elements of the string now, without a terminator. O(n) where it has one. */
  get encodedElementCount(): number {
    return this.#find()[2];
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
    const [memory, start, count] = this.#find();
    return this.keep(memory.view(Uint8Array, start, count * this.bytesPerElement));
  }
  /** A fresh view of the string's elements. @throws {MisalignedError} when its address is no multiple of theirs */
  get encodedElementsView(): TextElements {
    const [memory, start, count] = this.#find();
    return this.#elements(memory, start, count);
  }
  /** A fresh view of all elements of its place; errors as {@link encodedElementsView}. */
  get allocatedElementsView(): TextElements {
    this.assertLive();
    const head = this.framing === 'Prefixed' ? this.wordBytes : 0;
    const start = this.framing === 'Paired' ? this.place : this.address + head;
    return this.#elements(this.block.memory, start, this.allocatedElementCount);
  }

  #elements(memory: LinearMemory, start: number, count: number): TextElements {
    const size = this.bytesPerElement;
    const Elements = size === 1 ? Uint8Array : size === 2 ? Uint16Array : Uint32Array;
    return this.keep(memory.view<TextElements>(Elements, start, count));
  }

  /** The memory, and where in it the text lies: first byte, elements. */
  #find(): [LinearMemory, number, number] {
    this.assertLive();
    const { codec, address, framing, wordBytes, allocatedElementCount: room } = this;
    const { memory } = this.block;
    if (framing === 'Terminated')
      return [memory, address, countTerminated(memory, address, codec.bytesPerElement, room)];
    if (framing === 'Fixed') return [memory, address, countFixed(codec, memory, address, room)];
    if (framing === 'Paired') return [memory, ...readPair(memory, address, wordBytes)];
    if (framing === 'Prefixed') {
      const at = memory.locate(address, wordBytes);
      return [memory, at + wordBytes, readWord(memory, at, wordBytes)];
    }
    return [memory, address, this.#count];
  }
}
