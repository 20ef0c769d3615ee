// SPDX-License-Identifier: MIT
// LinearMemory: bounds, alignment and growth of any linear memory. Knows bytes, not types.
//
//   M1  `data` is a DataView over the whole buffer as it was at the last refresh; `views.data` is the same object.
//   M2  Accesses do not check for growth. A stale view throws (a detached buffer) or is too short (a shared memory);
//       the caller then calls `locate`, which refreshes it, and retries. docs/performance.md has the cost of checking.
//   M3  Typed arrays do not throw when they are stale. `bytes` has length 0 once its buffer is detached, and its length
//       is compared before it is used.
//   M4  No enumerable property leads to the bytes. Else a printer that ignores the printed form, such as the one of a
//       failed `assert.deepStrictEqual(ref, 1)`, would walk the whole memory behind a ref.
import {
  ArgumentRangeError,
  ArgumentTypeError,
  define,
  MisalignedError,
  OutOfBoundsError,
} from '../errors.ts';
import { toAddress, toCount, type Address } from './address.ts';
import {
  allBytesOf,
  bufferOf,
  growByNone,
  viewOf,
  type ElementsClass,
  type MemorySource,
} from './buffers.ts';

/** The access mode of the process: access-mode.ts. Its properties are added and never changed. */
export interface AccessMode {
  G2?: true;
  G3?: true;
}

/**
 * The current views of one memory. One class, shared by a memory and all refs in it, so that engines see one shape at
 * every access.
 */
export class MemoryViews {
  declare data: DataView;
  /** All bytes. See M3. */
  declare bytes: Uint8Array;
  /** The first {@link MAX_ELEMENTS} of `bytes`, for Buffer methods; made when first needed. */
  declare low: Uint8Array | undefined;
  declare readonly mode: AccessMode;
  constructor(data: DataView) {
    define(this, 'data', data);
    define(this, 'bytes', allBytesOf(data.buffer));
    define(this, 'low');
  }
}

/** An own property that structuredClone reads: a clone of a heap, or of a ref in it, would copy the whole memory. */
const REFUSE_CLONE: PropertyDescriptor = {
  enumerable: true,
  get() {
    throw new ArgumentTypeError(
      'ref.copy(), slice.handle() or the WebAssembly.Memory, to clone or post',
      this,
    );
  },
};

/** A linear memory: bounds-checked access to its bytes that survives growth. */
export class LinearMemory {
  /** @internal M1. An access through it throws if the memory has grown; {@link locate} then renews it. */
  declare data: DataView;
  /** @internal The bytes of `data`. */
  declare bytes: Uint8Array;
  /** @internal The same two views, for refs, which reach them through their allocation. */
  declare readonly views: MemoryViews;
  /** @internal */
  declare readonly mode: AccessMode;
  /** @internal The source as given. Not private (#): a Proxy of a memory has no private members. */
  declare readonly heapGetter: MemorySource;

  /**
   * @param source a `WebAssembly.Memory`, any object with a `buffer`, or a function that returns the buffer
   * @throws {ArgumentTypeError} if the source is neither a function nor an object
   * @throws {ModuleError} if the source gives no live buffer
   */
  constructor(source: MemorySource) {
    if (Object(source) !== source)
      throw new ArgumentTypeError('a WebAssembly.Memory or a function that returns a buffer', source);
    Object.defineProperty(this, 'cloned', REFUSE_CLONE); // first, as structuredClone reads properties in order
    const data = viewOf(() => bufferOf(source));
    const views = new MemoryViews(data);
    define(this, 'heapGetter', source);
    define(this, 'data', data);
    define(this, 'views', views);
    define(this, 'bytes', views.bytes);
  }

  /** The current buffer. Growth replaces it (unshared memory) or leaves it too short (shared memory). */
  get buffer(): ArrayBufferLike {
    return this.refresh().buffer;
  }

  /** The current size of the memory in bytes. */
  get byteLength(): number {
    return this.refresh().byteLength;
  }

  /** Returns a summary for JSON, never the bytes. */
  toJSON(): object {
    return { byteLength: this.byteLength };
  }

  /**
   * Renews the view if the memory has grown, and returns it.
   * @internal
   * @throws {ModuleError} if the source gives no live buffer
   */
  refresh(): DataView {
    const buffer = bufferOf(this.heapGetter);
    // A detached buffer has byteLength 0; asking the view for its length would throw.
    if (buffer !== this.data.buffer || buffer.byteLength === 0) this.setView(viewOf(() => buffer));
    return this.data;
  }

  /** @internal Sets the view to `data`, which covers the memory as it is now. */
  setView(data: DataView): void {
    const { views } = this;
    this.data = views.data = data;
    this.bytes = views.bytes = allBytesOf(data.buffer);
    views.low = undefined;
  }

  /**
   * Returns `address` as an unsigned number, after checking that `size` bytes there lie inside the memory as it is now.
   * @param align the alignment of the address in bytes. Default: 1
   * @throws {ArgumentTypeError} if the address is neither a number nor a bigint
   * @throws {OutOfBoundsError} if it is not an integer, any byte lies outside, or the size is negative or NaN
   * @throws {MisalignedError} if it is not a multiple of `align`
   */
  locate(address: Address, size: number, align = 1): number {
    const end = this.refresh().byteLength;
    const at = toAddress(address, size, end);
    if (!(size >= 0 && at <= end - size)) {
      // Another thread may have grown a shared memory. Browsers can give the old buffer for a while after that; growing
      // by 0 pages makes them give the current one.
      growByNone(this.heapGetter);
      if (this.refresh().byteLength > end) return this.locate(address, size, align);
      throw new OutOfBoundsError(address, size, end);
    }
    if (at % align !== 0) throw new MisalignedError(at, align);
    return at;
  }

  /**
   * Returns a new typed array over `count` elements at `address`. An ordinary typed array, valid until the memory grows or
   * the block is freed; nothing checks it after that. Posting it to another thread clones the whole memory.
   * @throws {OutOfBoundsError} {@link MisalignedError} {@link ArgumentTypeError} as {@link locate}
   * @throws {ArgumentRangeError} if the count is not an integer of at least 0, or the engine has no array that long
   */
  view<A extends ArrayBufferView>(Elements: ElementsClass<A>, address: Address, count: number): A {
    const size = Elements?.BYTES_PER_ELEMENT;
    if (typeof Elements !== 'function' || typeof size !== 'number')
      throw new ArgumentTypeError('the constructor of a typed array', Elements);
    const at = this.locate(address, toCount(count, 'a count of elements') * size, size);
    try {
      return new Elements(this.data.buffer, at, count);
    } catch (error) {
      throw countError(error, count);
    }
  }
}

/** Returns the error to throw for an engine's error about a typed array of `count` elements; other errors unchanged. */
export const countError = (error: unknown, count: number): unknown =>
  error instanceof RangeError && !('code' in error)
    ? new ArgumentRangeError('a count that fits in an array', count)
    : error;

// The mode is a property of the prototypes, which V8 treats as a constant. A variable would not be constant in bundles:
// bundlers turn `const` at the top of a module into `var`. The mode has a separate class because V8 checks the shape of
// a `{}` at each access, as other objects begin with that shape and change it.
class Mode implements AccessMode {}
const mode = new Mode();
for (const { prototype } of [MemoryViews, LinearMemory]) define(prototype, 'mode', mode);
