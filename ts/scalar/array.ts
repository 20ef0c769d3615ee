// SPDX-License-Identifier: MIT
// Array refs: n scalars in a row in a heap. Element i lies at address + i * size.
import { ArgumentRangeError, ArgumentTypeError } from '../errors.ts';
import { toCount } from '../memory/address.ts';
import { attemptAll } from '../memory/attempt.ts';
import type { Block } from '../memory/block.ts';
import { repeatBytes } from '../memory/bytes.ts';
import { atomicLoad, atomicStore } from './atomic.ts';
import { Ref, type RefHeap } from './ref.ts';
import type { Scalar, ScalarValue, Values } from './scalar.ts';
import { encodeValues, hasOwnElements, storeValues } from './values.ts';

const OFFSET = 'an offset in elements';

/** A ref to `length` scalars of one type. Every index is checked. */
export abstract class ScalarArrayRef<
  T extends ScalarValue = ScalarValue,
  A extends ArrayBufferView = ArrayBufferView,
> extends Ref {
  /** Elements it has. */
  declare readonly length: number;
  /** The row of the table that says how an element is read and written. */
  abstract readonly type: Scalar<T, A>;

  get byteLength(): number {
    return this.length * this.type.size;
  }

  /**
   * Returns element `index`; a negative index counts from the end, as in `Array.prototype.at`.
   * @throws {ArgumentRangeError} when it is no integer in [-length, length)
   * @throws {FreedError} when its block was freed
   */
  at(index: number): T {
    return this.type.read(this.block.memory, this.place(index));
  }
  /** Writes element `index`; errors as {@link at}. Returns the ref. */
  setAt(index: number, value: T): this {
    this.type.write(this.block.memory, this.place(index), value);
    return this;
  }
  /**
   * Returns a ref to the elements from `start` up to, not including, `end`; negative ones count from the end.
   * It borrows from this ref's block: it cannot be freed, and ends with it.
   */
  subarray(start = 0, end: number = this.length): ScalarArrayRef<T, A> {
    this.assertLive();
    const past = this.length + 1; // an end may be just behind the last
    const from = toIndex(start, this.length, past);
    const length = Math.max(0, toIndex(end, this.length, past) - from);
    const Same = this.constructor as ScalarArrayRefClass<T, A>;
    const part = new Same(this.heap, this.address + from * this.type.size, length, this.block, false);
    part.source = this;
    return part;
  }
  /**
   * Makes the array `length` elements long, in place where the allocator can, and returns the ref that owns it
   * now; this one and every other of the block end. Elements that are added are 0 unless the option
   * `clearAllocatedRegions` is false. O(n).
   * @throws {NotOwnedError} when it borrows
   * @throws {OutOfMemoryError} when there is no room; then nothing has changed
   */
  resize(length: number): ScalarArrayRef<T, A> {
    return this.heap.resizeScalarArray(this, length);
  }

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
    return this.keep(this.type.view(this.block.memory, this.address, this.length));
  }
  /** Reads element `index`; the same as {@link at}. */
  readAt(index: number): T {
    return this.at(index);
  }
  /** Writes element `index`; the same as {@link setAt}. */
  writeAt(index: number, value: T): this {
    return this.setAt(index, value);
  }
  /** Loads element `index` in one indivisible step. */
  readAtomicAt(index: number): T {
    return atomicLoad(this.type, this.block.memory, this.place(index));
  }
  /** Stores element `index` in one indivisible step. Returns the ref. */
  writeAtomicAt(index: number, value: T): this {
    atomicStore(this.type, this.block.memory, this.place(index), value);
    return this;
  }
  /**
   * Copies `values` to the elements from `offset` on: all of them or, when one is wrong or has no place, none.
   * They may overlap the elements.
   */
  set(values: Values<T>, offset = 0): this {
    this.assertLive();
    const start = toCount(offset, OFFSET, 0, this.length + 1);
    const bytes = encodeValues(this.type, values, this.length - start, true);
    storeValues(this.block.memory, this.address + start * this.type.size, bytes);
    return this;
  }
  /** Copies elements here from `source`, another array ref or anything with indices; the same as {@link set}. */
  copyFrom(source: ScalarArrayRef<T> | Values<T>, offset = 0): this {
    return this.set(source instanceof ScalarArrayRef ? (source.toValues() as Values<T>) : source, offset);
  }
  /** Copies all elements to `target` from its `offset` on: to another array ref, a typed array or an array. */
  copyTo(target: ScalarArrayRef<T> | { length: number; [index: number]: T }, offset = 0): this {
    if (target instanceof ScalarArrayRef) {
      target.copyFrom(this, offset);
      return this;
    }
    if (!Array.isArray(target) && !ArrayBuffer.isView(target))
      throw new ArgumentTypeError('an array or an array ref', target);
    const start = toCount(offset, OFFSET);
    const values = this.toArray();
    if (!Array.isArray(target) && start > target.length - values.length)
      throw new ArgumentRangeError(
        `an offset that leaves room for ${values.length} of ${target.length} elements`,
        start,
      );
    for (let i = 0; i < values.length; i++) target[start + i] = values[i] as T; // i is inside
    return this;
  }
  /** Sets the elements from `start` up to, not including, `end` to `value`; negative ones count from the end. */
  fill(value: T, start = 0, end: number = this.length): this {
    const { address, byteLength, block } = this.subarray(start, end);
    const bytes = encodeValues(this.type, [value]);
    if (byteLength > 0) storeValues(block.memory, address, bytes);
    repeatBytes(block.memory, address, bytes.length, byteLength);
    return this;
  }
  /** Returns the elements as an ordinary array. */
  toArray(): T[] {
    const values: T[] = [];
    for (let i = 0; i < this.length; i++) values.push(this.at(i));
    return values;
  }
  /** Goes over the elements from first to last; each is read when its turn comes. */
  *[Symbol.iterator](): IterableIterator<T> {
    for (let i = 0; i < this.length; i++) yield this.at(i);
  }
  /** As {@link Ref.free}; what elements point to can only be freed by a {@link PointerArrayRef}. */
  override free(options?: { readonly freeElements?: boolean }): void {
    if (options?.freeElements) throw new ArgumentTypeError('an array of pointers', this.type.name);
    super.free();
  }
  /** The elements as {@link encodeValues} takes them fastest: a typed array of the row's own kind, if there is one. */
  protected toValues(): unknown {
    return hasOwnElements(this.type) && this.address % this.type.size === 0 ? this.view : this.toArray();
  }
  /** The address of element `index`. @throws {ArgumentRangeError} when there is none */
  protected place(index: number): number {
    const i = index >>> 0;
    const at = i === index && i < this.length ? i : toIndex(index, this.length);
    return this.address + at * this.type.size;
  }
}

/** A ref to pointers in a row. */
export abstract class PointerArrayRef<
  T extends number | bigint = number | bigint,
  A extends ArrayBufferView = ArrayBufferView,
> extends ScalarArrayRef<T, A> {
  /**
   * As {@link Ref.free}. With `freeElements`, first frees what each element points to.
   * @throws {AggregateError} with every error, after all were tried
   */
  override free(options: { readonly freeElements?: boolean } = {}): void {
    const all = options.freeElements && this.owned && this.block.live ? this.length : 0;
    const acts = Array.from({ length: all }, (_, i) => () => this.heap.free(this.at(i)));
    if (all > 0) attemptAll([...acts, () => super.free()]);
    else super.free(); // or throws, before any element is freed
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

/**
 * The place of element `index`, counted from the first.
 * @param past what it must be below, the length unless given
 * @throws {ArgumentRangeError} when there is none
 */
export function toIndex(index: number, length: number, past: number = length): number {
  const at = toCount(index, 'an index', -length, past);
  return at < 0 ? at + length : at;
}
