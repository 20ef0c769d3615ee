// SPDX-License-Identifier: MIT
// Text as types: `chars(16)` is `char name[16]`, `cstr` is `char *`.
import { toCount } from '../memory/address.ts';
import type { Address } from '../memory/address.ts';
import type { LinearMemory } from '../memory/linear-memory.ts';
import { assertHas } from '../scalar/descriptor.ts';
import type { Ref } from '../scalar/ref.ts';
import type { TextCodec } from '../text/codec.ts';
import { utf8 } from '../text/codecs.ts';
import type { Simple } from './infer.ts';
import type { Layout } from './layout.ts';
import type { Origin } from './origin.ts';
import { AnyPointer, loadPointer, storePointer, toTarget } from './pointer.ts';
import type { TextStore } from './texts.ts';
import { ArgumentTypeError } from '../errors.ts';
import type { CompositeType } from './type.ts';

/** A field of characters: up to its first NUL, or all of it. */
export class CharsType implements CompositeType {
  readonly name: string;
  readonly length: number;
  readonly codec: TextCodec;
  constructor(length: number, codec: TextCodec) {
    this.name = `char[${length}]`;
    this.length = length;
    this.codec = codec;
  }
  layout(): Layout {
    const { bytesPerElement } = this.codec;
    return { size: this.length * bytesPerElement, align: bytesPerElement };
  }
  /** @internal */
  load(memory: LinearMemory, address: number): string {
    // Not a NUL check of the heap's: a staged copy begins at 0.
    return this.codec.readFixed(memory, address, this.length);
  }
  /** @internal */
  store(memory: LinearMemory, address: number, value: unknown): void {
    this.codec.writeFixed(memory, address, value as string, this.length); // which refuses other types
  }
  /** @internal */
  live(origin: Origin, address: number): string {
    return this.load(origin.allocation.memory, address);
  }
}
export interface CharsType extends Simple<string> {}

/**
 * Text in place, as `char name[16]`. Longer text is refused; the rest is filled with NULs; a full field has none.
 * @param length elements of the encoding: bytes, or 2-byte units for UTF-16
 * @param codec UTF-8 by default
 */
export function chars(length: number, codec: TextCodec = utf8): CharsType {
  assertHas(codec, 'readFixed', 'a codec such as utf8');
  return new CharsType(toCount(length, 'a length', 1, 2 ** 31), codec);
}

/** A pointer to NUL-terminated UTF-8. */
export class CStringType extends AnyPointer implements CompositeType {
  readonly name = 'char *';
  /** @internal */
  override load(memory: LinearMemory, address: number): string | null {
    const at = loadPointer(memory, address);
    return at === 0 ? null : utf8.readTerminated(memory, at);
  }
  /** @internal */
  store(memory: LinearMemory, address: number, value: unknown, texts?: TextStore): void {
    if (typeof value !== 'string') {
      texts?.drop(address);
      storePointer(memory, address, toTarget(value, this.name, texts?.heap));
    } else {
      if (!texts) throw new ArgumentTypeError('an address or null: nothing here can own text', value);
      storePointer(memory, address, texts.put(address, value));
    }
  }
  /** @internal */
  live(origin: Origin, address: number): string | null {
    return this.load(origin.allocation.memory, address);
  }
}
export interface CStringType extends Simple<string | null, string | Ref | Address | null> {}

/**
 * `char *`: a string, or null for NULL. Text that it is set to is copied, belongs to whatever owns the struct, and is
 * freed with it, or when the field is set again.
 */
export const cstr: CStringType = /* @__PURE__ */ new CStringType();
