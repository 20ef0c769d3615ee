// SPDX-License-Identifier: MIT
// Array refs: n scalars in a row in a heap. Element i lies at address + i * size.
import { ArgumentRangeError, ArgumentTypeError, FreedError } from '../errors.ts';
import { toCount } from '../memory/address.ts';
import type { Block } from '../memory/block.ts';
import { Ref, type RefHeap } from './ref.ts';
import type { Scalar, ScalarValue, Values } from './scalar.ts';

/** A ref to `length` scalars of one type. Every index is checked. */
export abstract class ScalarArrayRef<
  T extends ScalarValue = ScalarValue,
  A extends ArrayBufferView = ArrayBufferView,
> extends Ref {
  /** Elements it has. */
  readonly length: number;
  /** The row of the table that says how an element is read and written. */
  abstract readonly type: Scalar<T, A>;

  constructor(heap: RefHeap, address: number, length: number, size: number, block: Block, owned: boolean) {
    super(heap, address, length * size, block, owned);
    this.length = length;
  }

  /**
   * Returns element `index`; a negative index counts from the end, as in `Array.prototype.at`.
   * @throws {ArgumentRangeError} when it is no integer in [-length, length)
   * @throws {FreedError} when its block was freed
   */
  abstract at(index: number): T;
  /** Writes element `index`; errors as {@link at}. Returns the ref. */
  abstract setAt(index: number, value: T): this;

  /** The same as `length`. */
  get elementCount(): number {
    return this.length;
  }
  /** Bytes of one element. */
  get bytesPerElement(): number {
    return this.type.size;
  }
  /** A fresh typed array over the elements; see {@link LinearMemory.view} for how long it is valid. */
  get view(): A {
    this.assertLive();
    return this.type.view(this.heap, this.address, this.length);
  }
  /** Reads element `index`; the same as {@link at}. */
  readAt(index: number): T {
    return this.at(index);
  }
  /** Writes element `index`; the same as {@link setAt}. */
  writeAt(index: number, value: T): this {
    return this.setAt(index, value);
  }
  /** Copies `values` to the elements from `offset` on: all of them or, when one is wrong or has no place, none. */
  set(values: Values<T>, offset = 0): this {
    this.assertLive();
    const bytes = encodeValues(this.type, values);
    const start = toCount(offset, 'an offset in elements');
    const count = bytes.length / this.type.size;
    if (start > this.length - count)
      throw new ArgumentRangeError(
        `an offset that leaves room for ${count} of ${this.length} elements`,
        offset,
      );
    this.heap.writeBytes(this.address + start * this.type.size, bytes);
    return this;
  }
  /** Returns the elements as an ordinary array. */
  toArray(): T[] {
    return [...this];
  }
  /** Goes over the elements from first to last; each is read when its turn comes. */
  *[Symbol.iterator](): IterableIterator<T> {
    for (let i = 0; i < this.length; i++) yield this.at(i);
  }
}

/** The class of the array refs of one row. */
export type ScalarArrayRefClass<T extends ScalarValue, A extends ArrayBufferView> = new (
  heap: RefHeap,
  address: number,
  length: number,
  block: Block,
  owned: boolean,
) => ScalarArrayRef<T, A>;

/** Makes the array ref class of a row; one for each, for the reason at `scalarRefClass`. */
export function scalarArrayRefClass<T extends ScalarValue, A extends ArrayBufferView>(
  row: Scalar<T, A>,
): ScalarArrayRefClass<T, A> {
  return class extends ScalarArrayRef<T, A> {
    constructor(heap: RefHeap, address: number, length: number, block: Block, owned: boolean) {
      super(heap, address, length, row.size, block, owned);
    }
    get type(): Scalar<T, A> {
      return row;
    }
    at(index: number): T {
      if (!this.block.live) throw new FreedError(this.address);
      const i = index >>> 0;
      const place = i === index && i < this.length ? i : toIndex(index, this.length);
      return row.read(this.heap, this.address + place * row.size);
    }
    setAt(index: number, value: T): this {
      if (!this.block.live) throw new FreedError(this.address);
      const i = index >>> 0;
      const place = i === index && i < this.length ? i : toIndex(index, this.length);
      row.write(this.heap, this.address + place * row.size, value);
      return this;
    }
  };
}

function toIndex(index: number, length: number): number {
  if (typeof index !== 'number') throw new ArgumentTypeError('an index (number)', index);
  if (Number.isInteger(index) && index >= -length && index < length)
    return index < 0 ? index + length : index;
  throw new ArgumentRangeError(`an index in [${-length}, ${length})`, index);
}

/**
 * Returns the bytes of `values` as elements of `row`, in a buffer of their own. Everything a caller can hook
 * (getters, proxies) runs here, before any byte of a heap is touched.
 * @throws {ArgumentTypeError} when it has no length, or a value has the wrong type
 */
export function encodeValues<T extends ScalarValue>(
  row: Scalar<T>,
  values: Values<T>,
): Uint8Array<ArrayBuffer> {
  if (typeof values !== 'object' || values === null || typeof values.length !== 'number')
    throw new ArgumentTypeError(`an array of ${row.name}`, values);
  const length = toCount(values.length, 'a length');
  // A typed array of the row's own kind: its bytes are the elements. Copied, as it may lie in the same memory.
  if (values instanceof row.Elements && row.Elements.name === `${row.label}Array`)
    return new Uint8Array(new Uint8Array(values.buffer, values.byteOffset, values.byteLength));
  const data = new DataView(new ArrayBuffer(length * row.size));
  for (let i = 0; i < length; i++) {
    const value = values[i] as T; // `Values` has a T at every index below length
    if (typeof value !== row.kind) throw new ArgumentTypeError(`a ${row.kind} at index ${i}`, value);
    row.set(data, i * row.size, value);
  }
  return new Uint8Array(data.buffer);
}
