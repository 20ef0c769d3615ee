// SPDX-License-Identifier: MIT
// Whole ranges of bytes. They are functions, so that a bundle has only those it uses; WasmHeapManager has them as
// methods.
import { ArgumentTypeError } from '../errors.ts';
import { isUint32, type Address } from './address.ts';
import { assertMemory } from './buffers.ts';
import type { LinearMemory } from './linear-memory.ts';
import type { OwnBytes } from './platform-types.ts';

// Taken at import: a page that replaces them later has no effect here.
const { apply } = Reflect;
const { set, fill, copyWithin } = /* @__PURE__ */ (() => Uint8Array.prototype)();

/** Returns a copy of `size` bytes at `address`. */
export function readBytes(memory: LinearMemory, address: Address, size: number): OwnBytes {
  assertMemory(memory);
  return new Uint8Array(memory.view(Uint8Array, address, size));
}

/** Copies all of `source` to `address`; the two may overlap. Writes all of it or, if it does not fit, nothing. */
export function writeBytes(
  memory: LinearMemory,
  address: Address,
  source: ArrayBufferView | ArrayBufferLike,
): void {
  if (!tryWriteBytes(memory, address, source)) putBytes(memory, address, bytesOf(source));
}

/**
 * Writes `source` through the view of the last refresh, without a new view. Returns false if it is no Uint8Array or
 * does not fit there.
 */
function tryWriteBytes(memory: LinearMemory, address: Address, source: object): boolean {
  if (!isUint32(address) || address === 0 || !ArrayBuffer.isView(source)) return false;
  if (apply(slots.tag, source, []) !== ('Uint8Array' as never)) return false;
  try {
    const { bytes } = memory.data && memory; // data first: a memory that polls then renews both
    if (address > bytes.length - (apply(slots.length, source, []) as number)) return false;
    setBytes(bytes, source as Uint8Array, address); // refuses a source that is detached or out of bounds
    return true;
  } catch {
    return false; // the general path throws
  }
}

/** As {@link writeBytes}, for bytes whose buffer is known to be live. */
export function putBytes(memory: LinearMemory, address: Address, bytes: Uint8Array): void {
  assertMemory(memory);
  setBytes(memory.view(Uint8Array, address, bytes.length), bytes);
}

/** Copies `bytes` into `target` from index `at` on. */
export function setBytes(target: Uint8Array, bytes: Uint8Array, at = 0): void {
  apply(set, target, [bytes, at]);
}

/** Sets `size` bytes at `address` to the lowest 8 bits of `value`. Default: 0. */
export function fillBytes(memory: LinearMemory, address: Address, size: number, value = 0): void {
  if (typeof value !== 'number') throw new ArgumentTypeError('a byte (number)', value);
  assertMemory(memory);
  apply(fill, memory.view(Uint8Array, address, size), [value]);
}

/** Sets bytes that are in bounds to 0. A few are set one by one, which is faster than making a typed array. */
export function clearBytes(memory: LinearMemory, address: number, size: number): void {
  if (size <= 64)
    try {
      const { data } = memory;
      let at = address;
      for (const last = address + size - 8; at <= last; at += 8) data.setFloat64(at, 0);
      while (at < address + size) data.setUint8(at++, 0);
      return;
    } catch {} // the view is stale
  fillBytes(memory, address, size);
}

/** Copies `size` bytes from `source` to `target`, two addresses in this memory. They may overlap, as in memmove. */
export function copyBytes(memory: LinearMemory, target: Address, source: Address, size: number): void {
  assertMemory(memory);
  const from = memory.view(Uint8Array, source, size);
  setBytes(memory.view(Uint8Array, target, size), from);
}

/** Repeats the first `size` bytes at `address` until `total` bytes are set. Cost: O(log(total / size)) calls. */
export function repeatBytes(memory: LinearMemory, address: Address, size: number, total: number): void {
  const bytes = memory.view(Uint8Array, address, total);
  for (let done = size; done < total; done *= 2) apply(copyWithin, bytes, [done, 0, done]); // stops at the end
}

// The internal slots of views: own properties and subclasses may return wrong values.
const slots = /* @__PURE__ */ (() => {
  const typedArray = Object.getPrototypeOf(Uint8Array.prototype) as object;
  const getter = (prototype: object, name: string) =>
    Object.getOwnPropertyDescriptor(prototype, name)?.get as (this: unknown) => never; // every engine has them
  const of = (prototype: object) => ({
    buffer: getter(prototype, 'buffer'),
    byteOffset: getter(prototype, 'byteOffset'),
    byteLength: getter(prototype, 'byteLength'),
  });
  return {
    typedArray: of(typedArray),
    dataView: of(DataView.prototype),
    length: getter(typedArray, 'length'),
    tag: getter(typedArray, Symbol.toStringTag as never), // undefined for a DataView
    at: Uint8Array.prototype.at,
  };
})();

/** Returns the length of a typed array from its internal slot; undefined for a DataView. */
export function viewLength(view: ArrayBufferView): number | undefined {
  return viewClass(view) === undefined ? undefined : (apply(slots.length, view, []) as number);
}
/** Returns the name of the class of a typed array, of any realm; undefined for anything else. */
export const viewClass = (view: unknown): string | undefined => apply(slots.tag, view, []);

/**
 * Returns the bytes of a buffer or of a view, not copied.
 * @throws {ArgumentTypeError} if it is neither, or detached, or a view outside its buffer
 */
export function bytesOf(source: ArrayBufferView | ArrayBufferLike): Uint8Array {
  try {
    if (!ArrayBuffer.isView(source)) {
      new DataView(source); // refuses a detached buffer, where a typed array would just be empty
      return new Uint8Array(source);
    }
    const isTypedArray = apply(slots.tag, source, []) !== undefined;
    if (isTypedArray) apply(slots.at, source, [0]); // refuses one that is detached or out of bounds
    const { buffer, byteOffset, byteLength } = isTypedArray ? slots.typedArray : slots.dataView;
    return new Uint8Array(
      apply(buffer, source, []),
      apply(byteOffset, source, []),
      apply(byteLength, source, []),
    );
  } catch {
    throw new ArgumentTypeError('a buffer or a view of one, not detached', source);
  }
}
