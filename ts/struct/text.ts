// SPDX-License-Identifier: MIT
// Types of strings: `chars(16)` is `char name[16]`, `cstr` is `char *`.
import { toCount } from '../memory/address.ts';
import type { Address } from '../memory/address.ts';
import type { LinearMemory } from '../memory/linear-memory.ts';
import type { Ref } from '../scalar/ref.ts';
import type { TextCodec } from '../text/codec.ts';
import { utf8 } from '../text/codecs.ts';
import type { Simple } from './infer.ts';
import type { Layout } from './layout.ts';
import type { Origin } from './origin.ts';
import { AnyPointer, loadPointer, storePointer, toTarget } from './pointer.ts';
import type { TextStore } from './texts.ts';
import { ArgumentTypeError, assertHas } from '../errors.ts';
import type { CompositeType } from './type.ts';

/** A fixed-length string field. The string ends at its first NUL, or at the end of the field. */
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
    // The memory may be a staged copy, whose addresses are not those of the heap.
    return this.codec.readFixed(memory, address, this.length);
  }
  /** @internal */
  store(memory: LinearMemory, address: number, value: unknown): void {
    this.codec.writeFixed(memory, address, value as string, this.length); // refuses other types
  }
  /** @internal */
  live(origin: Origin, address: number): string {
    return this.load(origin.allocation.memory, address);
  }
}
export interface CharsType extends Simple<string> {}

/**
 * A string in a field such as `char name[16]`. A longer string is refused. The rest of the field is filled with NULs; a
 * full field has none.
 * @param length in elements of the encoding: bytes, or 2-byte units for UTF-16
 * @param codec Default: UTF-8
 */
export function chars(length: number, codec: TextCodec = utf8): CharsType {
  assertHas(codec, 'readFixed', 'a codec such as utf8');
  return new CharsType(toCount(length, 'a length', 1, 2 ** 31), codec);
}

/** A pointer to a NUL-terminated UTF-8 string. */
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
      if (!texts)
        throw new ArgumentTypeError('an address or null: borrowed memory cannot own a string', value);
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
 * `char *`: a string, or null for NULL. A string that it is set to is copied. The owner of the struct owns the copy,
 * which is freed with the struct, or when the field is set again.
 */
export const cstr: CStringType = /* @__PURE__ */ new CStringType();
