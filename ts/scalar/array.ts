// SPDX-License-Identifier: MIT
// Array refs: refs to consecutive scalars. Element i lies at address + i * size.
import { argumentError, ArgumentTypeError, DoubleFreeError, NotOwnedError } from '../errors.ts';
import type { Allocation } from '../memory/allocation.ts';
import { attemptAll } from '../memory/attempt.ts';
import type { LinearMemory } from '../memory/linear-memory.ts';
import { atomicLoad, atomicStore } from './atomic.ts';
import type { ScalarDescriptor, ScalarValue, Values } from './descriptor.ts';
import { installElementMethods, isCopyable, rangeOf, toIndex, type ElementMethods } from './elements.ts';
import type { ViewIteratorClass } from './iterator.ts';
import { Ref, retainedBy, type RefHeap } from './ref.ts';

/** The heap operations that array refs need. */
export interface ArrayRefHeap extends RefHeap {
  /** @internal `ref.resize(length)` calls it. */
  resizeScalarArray<T extends ScalarValue, A extends ArrayBufferView>(
    ref: ScalarArrayRef<T, A>,
    length: number,
  ): ScalarArrayRef<T, A>;
}

/** A ref to `length` scalars of one type. Every index is checked. */
export abstract class ScalarArrayRef<
  T extends ScalarValue = ScalarValue,
  A extends ArrayBufferView = ArrayBufferView,
> extends Ref {
  declare readonly heap: ArrayRefHeap;
  /** The number of elements. */
  declare readonly length: number;
  /** The type of the elements. */
  abstract readonly type: ScalarDescriptor<T, A>;
  /** @internal Set by ref-classes.ts. */
  declare readonly ViewIterator?: ViewIteratorClass | undefined;

  get byteLength(): number {
    return this.length * this.type.size;
  }

  /**
   * Returns element `index`; a negative index counts from the end, as in `Array.prototype.at`.
   * @throws {ArgumentRangeError} if it is not an integer in [-length, length)
   * @throws {FreedError} if the block was freed
   */
  at(index: number): T {
    return this.type.read(this.allocation.memory, this.addressOf(index));
  }
  /** Writes element `index`. Throws as {@link at}. Returns the ref. */
  setAt(index: number, value: T): this {
    this.type.write(this.allocation.memory, this.addressOf(index), value);
    return this;
  }
  /**
   * Returns a ref to the elements from `start` up to, not including, `end`; negative ones count from the end.
   * It borrows this ref's block: it cannot be freed, and becomes invalid when the block is freed.
   */
  subarray(start = 0, end: number = this.length): ScalarArrayRef<T, A> {
    this.assertLive();
    const [address, length] = rangeOf(this, start, end);
    const Same = this.constructor as ScalarArrayRefClass<T, A>;
    const part = new Same(this.heap, address, length, this.allocation, false);
    part.retains = this;
    return part;
  }
  /**
   * Changes the length, in place if the allocator can, and returns the ref that owns the array from then on. This ref
   * and every other ref to the block become invalid. New elements are 0, unless the option `clearAllocatedRegions` is
   * false. O(n).
   * @throws {DoubleFreeError} if the block was freed
   * @throws {NotOwnedError} if the ref borrows
   * @throws {OutOfMemoryError} if there is no memory; nothing has changed then
   */
  resize(length: number): ScalarArrayRef<T, A> {
    if (!this.owned) throw new NotOwnedError(this.address, 'the ref borrows it, made by wrap');
    return this.heap.resizeScalarArray(this, length);
  }

  /** The same as `length`. */
  get elementCount(): number {
    return this.length;
  }
  /** The size of one element in bytes. */
  get bytesPerElement(): number {
    return this.type.size;
  }
  /** A new typed array over the elements; see {@link LinearMemory.view} for how long it is valid. */
  get view(): A {
    return retainedBy(this, this.type.view(this.allocation.memory, this.address, this.length));
  }
  /** The same as {@link at}. */
  readAt(index: number): T {
    return this.at(index);
  }
  /** The same as {@link setAt}. */
  writeAt(index: number, value: T): this {
    return this.setAt(index, value);
  }
  /** Loads element `index` atomically. */
  readAtomicAt(index: number): T {
    return atomicLoad(this.type, this.allocation.memory, this.addressOf(index));
  }
  /** Stores element `index` atomically. Returns the ref. */
  writeAtomicAt(index: number, value: T): this {
    atomicStore(this.type, this.allocation.memory, this.addressOf(index), value);
    return this;
  }
  /** Copies `values` to the elements, as {@link copyFrom}; or writes one element, as {@link setAt}. */
  set(values: Values<T>, offset?: number): this;
  set(index: number, value: T): this;
  set(first: Values<T> | number, second?: number | T): this {
    return typeof first === 'number'
      ? this.setAt(first, second as T) // setAt refuses an invalid index
      : this.copyFrom(first, second as number | undefined);
  }
  /** As {@link Ref.free}. @throws {ArgumentTypeError} if `freeElements` is set: the elements are not pointers */
  override free(options?: { readonly freeElements?: boolean }): void {
    if (freesElements(options)) throw new ArgumentTypeError('an array of pointers', this.type.name);
    super.free();
  }
  /** @internal */
  elementValues(): ArrayLike<T> {
    return isCopyable(this) ? (this.view as unknown as ArrayLike<T>) : this.toArray(); // `view` shows these elements
  }
  /** @internal */
  liveMemory(): LinearMemory {
    this.assertLive();
    return this.allocation.memory;
  }
  /** @internal */
  get printedName(): string {
    return `${this.type.label}ArrayRef(${this.length})`;
  }
  /** @internal The address of element `index`. @throws {ArgumentRangeError} if there is no such element */
  protected addressOf(index: number): number {
    return this.address + toIndex(index, this.length) * this.type.size;
  }
}

/** The methods that array refs and slices have in common. */
export interface ScalarArrayRef<T extends ScalarValue, A extends ArrayBufferView> extends ElementMethods<
  T,
  A
> {}
installElementMethods(ScalarArrayRef.prototype);

/** Reads the option, if it is an own property. */
function freesElements(options: { readonly freeElements?: boolean } = {}): boolean {
  try {
    return Object.hasOwn(options, 'freeElements') && options.freeElements === true;
  } catch (error) {
    throw argumentError(error, 'an options object', options);
  }
}

/** A ref to an array of pointers. */
export abstract class PointerArrayRef<
  T extends number | bigint = number | bigint,
  A extends ArrayBufferView = ArrayBufferView,
> extends ScalarArrayRef<T, A> {
  /**
   * As {@link Ref.free}. With `freeElements`, frees the blocks that the elements point to first.
   * @throws {LinmemAggregateError} with every error, after all were tried
   */
  override free(options: { readonly freeElements?: boolean } = {}): void {
    const all = freesElements(options) && this.owned && this.allocation.isLive ? this.length : 0;
    const seen = new Set<T>();
    const frees = Array.from({ length: all }, (_, i) => () => {
      const pointer = this.at(i);
      if (pointer && seen.has(pointer)) throw new DoubleFreeError(Number(pointer), ' as another element');
      seen.add(pointer);
      this.heap.free(pointer);
    });
    if (all > 0) attemptAll([...frees, () => super.free()]);
    else super.free(); // or throws, before any element is freed
  }
}

/** The constructor of the array refs of one type. @internal */
export type ScalarArrayRefClass<T extends ScalarValue, A extends ArrayBufferView> = new (
  heap: ArrayRefHeap,
  address: number,
  length: number,
  allocation: Allocation,
  owned: boolean,
) => ScalarArrayRef<T, A>;
