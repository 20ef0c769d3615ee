// SPDX-License-Identifier: MIT
// Bytes of a memory, whole ranges at a time. Functions and not methods of the memory, so that a program that has
// none of them in use has none of them in its bundle; every heap has them as methods too.
import { ArgumentTypeError } from '../errors.ts';
import type { Address } from './address.ts';
import type { LinearMemory } from './memory.ts';

// As they are at import: a page that replaces them later changes nothing here.
const { apply } = Reflect;
const { set, fill, copyWithin } = Uint8Array.prototype;

/** Returns a copy of `size` bytes at `address`, in a buffer of its own. */
export function readBytes(memory: LinearMemory, address: Address, size: number): Uint8Array<ArrayBuffer> {
  return new Uint8Array(memory.view(Uint8Array, address, size));
}

/** Copies all of `source` to `address`. The two may overlap. Writes all or, when it does not fit, nothing. */
export function writeBytes(
  memory: LinearMemory,
  address: Address,
  source: ArrayBufferView | ArrayBufferLike,
): void {
  putBytes(memory, address, bytesOf(source));
}

/** The same for bytes that are known to be there. */
export function putBytes(memory: LinearMemory, address: Address, bytes: Uint8Array): void {
  setBytes(memory.view(Uint8Array, address, bytes.length), bytes);
}

/** Copies `bytes` into `target` from `at` on. */
export function setBytes(target: Uint8Array, bytes: Uint8Array, at = 0): void {
  apply(set, target, [bytes, at]);
}

/** Sets `size` bytes at `address` to `value` (its lowest 8 bits), 0 unless given. */
export function fillBytes(memory: LinearMemory, address: Address, size: number, value = 0): void {
  if (typeof value !== 'number') throw new ArgumentTypeError('a byte (number)', value);
  apply(fill, memory.view(Uint8Array, address, size), [value]);
}

/** Copies `size` bytes from `source` to `target`, both addresses here. They may overlap, as with memmove. */
export function copyBytes(memory: LinearMemory, target: Address, source: Address, size: number): void {
  const from = memory.view(Uint8Array, source, size);
  setBytes(memory.view(Uint8Array, target, size), from);
}

/** Repeats the first `size` bytes at `address` until there are `all` of them. Cost: O(log(all / size)) calls. */
export function repeatBytes(memory: LinearMemory, address: Address, size: number, all: number): void {
  const bytes = memory.view(Uint8Array, address, all);
  for (let done = size; done < all; done *= 2) apply(copyWithin, bytes, [done, 0, done]); // stops at the end
}

/** The bytes of a buffer or of a view of one, not copied. @throws {ArgumentTypeError} when it is stale or neither */
export function bytesOf(source: ArrayBufferView | ArrayBufferLike): Uint8Array {
  const isView = ArrayBuffer.isView(source);
  try {
    // A DataView takes no detached buffer: the elements of a stale view are gone, it is not just empty.
    const { buffer } = new DataView(isView ? source.buffer : source);
    return isView ? new Uint8Array(buffer, source.byteOffset, source.byteLength) : new Uint8Array(buffer);
  } catch {
    throw new ArgumentTypeError('a buffer or a view of one, not detached', source);
  }
}
