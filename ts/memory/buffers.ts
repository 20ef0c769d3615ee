// SPDX-License-Identifier: MIT
// Buffers: their kinds, and views of whole buffers.
import { ArgumentTypeError, ModuleError } from '../errors.ts';
import type { WebAssemblyMemory } from './platform-types.ts';

/** The source of a memory's bytes: a `WebAssembly.Memory`, any other object with a `buffer`, or a function. */
export type MemorySource = { readonly buffer: ArrayBufferLike } | (() => ArrayBufferLike);

/** The constructor of a typed array. */
export interface ElementsClass<A extends ArrayBufferView> {
  readonly name: string;
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBufferLike, byteOffset?: number, length?: number): A;
}

/** The constructor of a `DataView`, or of a subclass. */
export type DataViewClass = new (buffer: ArrayBufferLike) => DataView;

/** The longest typed array that every engine can make, which is also the largest offset that Buffer methods take. */
export const MAX_ELEMENTS: number = 2 ** 31 - 1;

/** Returns the buffer of `source`. */
export const bufferOf = (source: MemorySource): ArrayBufferLike =>
  typeof source === 'function' ? source() : source.buffer;

/** Returns a view of the whole buffer. @throws {ModuleError} if the source gives no live buffer */
export function viewOf(source: () => ArrayBufferLike, View: DataViewClass = DataView): DataView {
  try {
    return new View(source());
  } catch (cause) {
    throw new ModuleError('the memory gave no live buffer', { missing: ['memory'] }, { cause });
  }
}

/** Returns all bytes of a buffer, or the first {@link MAX_ELEMENTS} if the engine has no longer array. */
export function allBytesOf(buffer: ArrayBufferLike): Uint8Array {
  try {
    return new Uint8Array(buffer);
  } catch {
    return new Uint8Array(buffer, 0, MAX_ELEMENTS);
  }
}

/** Grows a shared memory by 0 pages, which makes its `buffer` the current one. Does nothing to another source. */
export function growByNone(source: MemorySource): void {
  const memory = source as WebAssemblyMemory; // or a function, which has no buffer
  if (isShared(memory))
    // An unshared memory would detach its buffer. A 64-bit one takes a bigint.
    for (const none of [0, 0n])
      try {
        memory.grow(none as number);
        return;
      } catch {} // the other kind, or it cannot grow
}

const objectToString = Object.prototype.toString;
/** True if `value` is an instance of the built-in class `name`, of this realm or another. */
export const isOf = (name: string, value: unknown): boolean =>
  objectToString.call(value) === `[object ${name}]`;

/**
 * True if threads share the memory. Decided by the name of the buffer's class: a page without cross-origin isolation
 * has shared memories but no global SharedArrayBuffer.
 */
export const isShared = (memory: { readonly buffer: ArrayBufferLike }): boolean =>
  isOf('SharedArrayBuffer', memory.buffer);

/** @throws {ArgumentTypeError} unless `memory` is a LinearMemory */
export function assertMemory(memory: unknown): void {
  // Not by assertHas: this runs in every copy of bytes, and a property that is named in the code is found faster.
  try {
    if (typeof (memory as { refresh: unknown }).refresh === 'function') return;
  } catch {} // null, undefined or a revoked proxy
  throw new ArgumentTypeError('a memory or a heap', memory);
}

/** True if `value` is a `WebAssembly.Memory`. */
export const isMemory = (value: unknown): value is WebAssemblyMemory => isOf('WebAssembly.Memory', value);
