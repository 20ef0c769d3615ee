// SPDX-License-Identifier: MIT
// Any linear memory, safely: growth, sharing, bounds, alignment. Knows bytes, not types.
//
//   M1  `data` is a DataView over the whole buffer as it was when last asked for, never a part of it;
//       `cell.data` is the same one.
//   M2  Nobody asks whether it is current before an access, unless some have failed (growth.ts). A view of a detached
//       buffer throws, a view of a shared memory that grew is too short and throws: whoever catches calls `locate`,
//       which renews it. Asking first (`memory.buffer === kept`) would cost 4 to 20 times the access (bench/ts/scalar.bench.mjs).
//   M3  Typed arrays do not throw when they are stale. `bytes` is the one that is kept, beside `data` and as long as
//       it: its length, which is compared before it is used, is 0 once it is detached. (Or the most that the engine
//       has in an array, where the memory has more.)
import { ArgumentTypeError, MisalignedError, ModuleError, OutOfBoundsError } from '../errors.ts';
import { toAddress, toCount, type Address } from './address.ts';

/** Where the bytes are: a `WebAssembly.Memory`, or anything else with a `buffer`, or a function that returns one. */
export type MemorySource = { readonly buffer: ArrayBufferLike } | (() => ArrayBufferLike);

/** The class of a typed array. */
export interface ElementsClass<A extends ArrayBufferView> {
  readonly name: string;
  readonly BYTES_PER_ELEMENT: number;
  new (buffer: ArrayBufferLike, byteOffset?: number, length?: number): A;
}

/** A place for one view. Of one class for all memories, so that who reads through it never asks which it has. */
export class ViewCell {
  /** Little-endian by use. */
  data: DataView;
  /** Its bytes: see M3. */
  bytes: Uint8Array;
  /** For the text room: those of them that can be searched and sliced at any offset, when not all can. */
  low: Uint8Array | undefined;
  constructor(data: DataView) {
    this.data = data;
    this.bytes = bytesOf(data.buffer);
    this.low = undefined;
  }
}

/** A linear memory: its bytes, found again after every growth. */
export class LinearMemory {
  /**
   * The whole memory as it was when last needed; the library's own. An access through it may throw because the
   * memory has grown; {@link locate} then renews it.
   */
  data: DataView;
  /** Its bytes, as the memory was then; the library's own. */
  bytes: Uint8Array;
  /** Holds the same two views, for refs; the library's own. They reach it through their block, which may be of no memory. */
  readonly cell: ViewCell;
  readonly #source: () => ArrayBufferLike;

  /**
   * @throws {ArgumentTypeError} when the source is no function and no object
   * @throws {ModuleError} when the source gives no usable buffer
   */
  constructor(source: MemorySource) {
    if (Object(source) !== source)
      throw new ArgumentTypeError('a memory or a function returning a buffer', source);
    this.#source = typeof source === 'function' ? source : () => source.buffer;
    this.data = viewOf(this.#source);
    this.cell = new ViewCell(this.data);
    this.bytes = this.cell.bytes;
  }

  /** The current buffer. A growth replaces it (unshared memory) or leaves it too short (shared memory). */
  get buffer(): ArrayBufferLike {
    return this.refresh().buffer;
  }

  /** Bytes in the memory now. */
  get byteLength(): number {
    return this.refresh().byteLength;
  }

  /**
   * Makes the view cover the memory as it is now, and returns it.
   * @throws {ModuleError} when the source gives no usable buffer
   */
  refresh(): DataView {
    const buffer = this.#source();
    // A detached buffer has no bytes; the view's own length would throw.
    if (buffer !== this.data.buffer || buffer.byteLength === 0) this.see(viewOf(() => buffer));
    return this.data;
  }

  /** Takes `data` for the memory as it is now; the library's own. */
  see(data: DataView): void {
    const { cell } = this;
    this.data = cell.data = data;
    this.bytes = cell.bytes = bytesOf(data.buffer);
    cell.low = undefined;
  }

  /**
   * Returns the place of `size` bytes at `address` as a number, once it is known that they are all inside
   * the memory as it is now.
   * @param align what the place must be a multiple of, in bytes; 1 unless given
   * @throws {ArgumentTypeError} when the address is neither a number nor a bigint
   * @throws {OutOfBoundsError} when it is no integer, negative, or any of the bytes is outside, or the size is no size
   * @throws {MisalignedError} when it is not a multiple of `align`
   */
  locate(address: Address, size: number, align = 1): number {
    const end = this.refresh().byteLength;
    const at = toAddress(address, size, end);
    if (!(at <= end - size)) throw new OutOfBoundsError(address, size, end);
    if (at % align !== 0) throw new MisalignedError(at, align);
    return at;
  }

  /**
   * Returns a fresh typed array over `count` elements at `address`. It is the engine's own object: valid until
   * the memory grows or the block is freed, and nothing can check it after that. Take it, use it, drop it.
   * @throws {OutOfBoundsError} {@link MisalignedError} as {@link locate}
   * @throws {ArgumentRangeError} when the count is not a whole number
   */
  view<A extends ArrayBufferView>(Elements: ElementsClass<A>, address: Address, count: number): A {
    const size = Elements.BYTES_PER_ELEMENT;
    const at = this.locate(address, toCount(count, 'a count of elements') * size, size);
    return new Elements(this.data.buffer, at, count);
  }
}

/** The class of a view over a whole buffer. */
export type ViewClass = new (buffer: ArrayBufferLike) => DataView;

/** A view of the whole buffer. @throws {ModuleError} when there is none */
export function viewOf(source: () => ArrayBufferLike, View: ViewClass = DataView): DataView {
  try {
    return new View(source());
  } catch (cause) {
    throw new ModuleError('the memory gave no live buffer', { missing: ['memory'] }, { cause });
  }
}

/** As many elements as every engine has in a typed array, and the highest offset that a Buffer's methods take. */
export const MOST: number = 2 ** 31 - 1;

/** All bytes, or as many as an array has. */
function bytesOf(buffer: ArrayBufferLike): Uint8Array {
  try {
    return new Uint8Array(buffer);
  } catch {
    return new Uint8Array(buffer, 0, MOST);
  }
}

/** Whether `value` is of the engine's class `name`, in this realm or another. */
export const isOf = (name: string, value: unknown): boolean =>
  Object.prototype.toString.call(value) === `[object ${name}]`;

/**
 * Whether threads share the memory. Asked by the name of its buffer: a page without cross-origin isolation has shared
 * memories, but no SharedArrayBuffer.
 */
export const isShared = (memory: LinearMemory): boolean => isOf('SharedArrayBuffer', memory.buffer);

/** Whether `value` is a WebAssembly.Memory. */
export const isMemory = (value: unknown): value is WebAssembly.Memory => isOf('WebAssembly.Memory', value);
