// SPDX-License-Identifier: MIT
// Refs to strings: a place of `capacity` bytes for text and its NUL.
import type { Address } from '../memory/address.ts';
import { Ref } from '../scalar/ref.ts';
import { readTerminated, terminatorOf, writeTerminated } from './terminated.ts';

/** A ref to a NUL-terminated UTF-8 string. Its place has `byteLength` bytes, the NUL's among them. */
export class Utf8StringRef extends Ref {
  /**
   * The string in memory, up to its NUL. Setting it writes the whole string or, when it does not fit, nothing.
   * @throws {FreedError} when its block was freed
   * @throws {EncodingError} when it has no NUL (reading), or does not fit (writing)
   */
  get value(): string {
    this.assertLive();
    return readTerminated(this.heap, this.address, this.byteLength);
  }
  set value(text: string) {
    this.assertLive();
    writeTerminated(this.heap, this.address, text, this.byteLength);
  }
  /** The same as reading `value`. */
  read(): string {
    return this.value;
  }
  /** The same as setting `value`. Returns the ref. */
  write(text: string): this {
    this.value = text;
    return this;
  }
  /** Elements (bytes) the place has, the NUL's included. */
  get allocatedElementCount(): number {
    return this.byteLength;
  }
  /** Bytes of the string now, without its NUL. O(n). */
  get encodedByteLength(): number {
    this.assertLive();
    return terminatorOf(this.heap, this.address, this.byteLength) - this.address;
  }
  /** A fresh view of the string's bytes, without its NUL. */
  get encodedBytesView(): Uint8Array {
    return this.heap.view(Uint8Array, this.address as Address, this.encodedByteLength);
  }
}
