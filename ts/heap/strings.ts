// SPDX-License-Identifier: MIT
// The manager's string methods.
import { ArgumentTypeError } from '../errors.ts';
import { toCount, type Address } from '../memory/address.ts';
import type { Block } from '../memory/block.ts';
import type { RefHeap } from '../scalar/ref.ts';
import { Utf8StringRef } from '../text/ref.ts';
import {
  assertTextOrCount,
  encodeTerminated,
  readSized,
  readTerminated,
  terminatorOf,
  writeTerminated,
} from '../text/terminated.ts';
import type { TextOptions } from '../text/utf8.ts';

/** What strings need of a heap. */
interface TextHeap extends RefHeap {
  lendTo<R>(bytes: number, align: number, make: (block: Block) => R): R;
  blockAt(address: Address): Block | undefined;
  readonly strangers: Block;
}

/** The string methods of the manager. */
export interface HeapStrings {
  /**
   * Returns the UTF-8 string at `address`, up to its NUL.
   * @param limit the most bytes it may have, its NUL included
   * @throws {EncodingError} when there is no NUL there; never reads past the memory
   */
  readNullTerminatedUtf8String(address: Address, limit?: number, options?: TextOptions): string;
  /** Returns the text of exactly `byteLength` bytes of UTF-8 at `address`; NULs among them are text. */
  readUtf8String(address: Address, byteLength: number, options?: TextOptions): string;
  /**
   * Writes `text` and a NUL at `address`, whole or not at all. Returns the bytes written, without the NUL.
   * @param capacity bytes the place has, the NUL's included; unless given, the block's that starts there, or
   *   else all to the memory's end
   * @throws {EncodingError} when it does not fit, or has a NUL inside
   */
  writeNullTerminatedUtf8String(
    address: Address,
    text: string,
    capacity?: number,
    options?: TextOptions,
  ): number;
  /** Allocates a string's place: for `text` and its NUL, or for that many bytes and a NUL. */
  allocNullTerminatedUtf8String(textOrCount: string | number, options?: TextOptions): Utf8StringRef;
  /**
   * Borrows the string at `address`.
   * @param capacity bytes the place has; unless given, the block's that starts there, or else just the string's
   */
  wrapNullTerminatedUtf8String(address: Address, capacity?: number): Utf8StringRef;
}

/** Puts the string methods on the manager's prototype. */
export function installStrings(prototype: object): void {
  const methods: HeapStrings & ThisType<TextHeap> = {
    readNullTerminatedUtf8String(address, limit, options) {
      return readTerminated(this, address, limit, options);
    },
    readUtf8String(address, byteLength, options) {
      return readSized(this, address, byteLength, options);
    },
    writeNullTerminatedUtf8String(address, text, capacity, options) {
      return writeTerminated(this, address, text, capacity ?? this.blockAt(address)?.byteLength, options);
    },
    allocNullTerminatedUtf8String(textOrCount, options) {
      assertTextOrCount(textOrCount);
      const bytes = typeof textOrCount === 'string' ? encodeTerminated(textOrCount, options) : undefined;
      const size = (bytes ? bytes.length : toCount(textOrCount as number, 'a size in bytes')) + 1; // not bytes: a number
      return this.lendTo(size, 1, (block) => {
        if (bytes) this.writeBytes(block.address, bytes);
        this.fill(block.address + size - 1, 1);
        if (!bytes) this.fill(block.address, 1);
        return new Utf8StringRef(this, block.address, size, block, true);
      });
    },
    wrapNullTerminatedUtf8String(address, capacity) {
      const at = this.locate(address, toCount(capacity ?? 0, 'a capacity in bytes'));
      if (at === 0) throw new ArgumentTypeError('an address other than 0 (NULL)', address);
      const block = this.blockAt(at);
      const room = capacity ?? block?.byteLength ?? terminatorOf(this, at) - at + 1;
      return new Utf8StringRef(this, at, room, block ?? this.strangers, false);
    },
  };
  Object.assign(prototype, methods);
}
