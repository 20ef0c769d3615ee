// SPDX-License-Identifier: MIT
// Elements: what array refs and slices have in common, as methods that are installed on both.
import { argumentError, ArgumentRangeError, ArgumentTypeError, define } from '../errors.ts';
import { toCount } from '../memory/address.ts';
import { repeatBytes, viewClass, viewLength } from '../memory/bytes.ts';
import type { Allocation } from '../memory/allocation.ts';
import { MAX_ELEMENTS } from '../memory/buffers.ts';
import type { LinearMemory } from '../memory/linear-memory.ts';
import { hasOwnElements, type ScalarDescriptor, type ScalarValue, type Values } from './descriptor.ts';
import { ElementIterator, type ViewIteratorClass } from './iterator.ts';
import { installPrinting, printValues } from './print.ts';
import { assertValues, encodeValues, storeValues } from './values.ts';

const OFFSET = 'an offset in elements';

/** Consecutive elements of one type, checked at each use. */
export interface ElementSequence<T extends ScalarValue, A extends ArrayBufferView> {
  readonly type: ScalarDescriptor<T, A>;
  readonly length: number;
  readonly address: number;
  at(index: number): T;
  setAt(index: number, value: T): this;
  /** Returns the memory. @throws {FreedError} {@link StaleEpochError} if the elements are invalid */
  liveMemory(): LinearMemory;
}

/** The methods of array refs and of slices. */
export interface ElementMethods<T extends ScalarValue, A extends ArrayBufferView> {
  /** Returns the elements as an ordinary array. */
  toArray(): T[];
  /** Returns a new typed array over the elements; see {@link LinearMemory.view} for how long it is valid. */
  typedArray(): A;
  /** Returns a copy of the elements as a typed array with a separate buffer, which can be posted and kept. */
  copy(): A;
  /** Sets the elements from `start` up to, not including, `end` to `value`; negative ones count from the end. */
  fill(value: T, start?: number, end?: number): this;
  /**
   * Copies `source` to the elements from index `offset` (default: 0) on: all of it or, if a value is refused or they do
   * not fit, nothing. It may overlap the elements.
   */
  copyFrom(source: Values<T>, offset?: number): this;
  /**
   * Copies all elements to an array ref, a slice, a typed array or an array, from its index `offset` (default: 0) on.
   * @throws {ArgumentTypeError} if the target is none of them, or a typed array of another JavaScript type
   * @throws {ArgumentRangeError} if they do not fit
   */
  copyTo(target: CopyTarget<T>, offset?: number): this;
  /** Iterates over the elements. Each is read and checked when it is reached. */
  [Symbol.iterator](): IterableIterator<T>;
  /** Returns the elements for JSON: an array of numbers or booleans, or of strings for bigints. */
  toJSON(): (number | boolean | string)[];
}

/** An object that elements are copied to. */
export type CopyTarget<T> =
  { copyFrom(source: Values<T>, offset?: number): unknown } | { length: number; [index: number]: T };

/** The elements as the methods see them. */
interface Sequence extends ElementSequence<ScalarValue, ArrayBufferView> {
  readonly allocation: Allocation;
  /** The iterator of its type, in programs that have the classes of refs.gen.ts. */
  readonly ViewIterator?: ViewIteratorClass | undefined;
  typedArray(): ArrayBufferView;
}

/** The elements in [start, end), where negative indices count from the end: the address of the first, and their number. */
export function rangeOf(
  { type, length, address }: { type: { size: number }; length: number; address: number },
  start: number,
  end: number,
): [at: number, count: number] {
  const from = toIndex(start, length, length + 1); // an end may be one past the last
  return [address + from * type.size, Math.max(0, toIndex(end, length, length + 1) - from)];
}

const methods = {
  toArray(this: Sequence) {
    const values: ScalarValue[] = [];
    for (let i = 0; i < this.length; i++) values.push(this.at(i));
    return values;
  },
  typedArray(this: Sequence) {
    return this.type.view(this.liveMemory(), this.address, this.length);
  },
  copy(this: Sequence) {
    const { type, length } = this;
    const { Elements } = type;
    const perElement = type.size / Elements.BYTES_PER_ELEMENT;
    const memory = this.liveMemory();
    const bytes = new Uint8Array(memory.view(Uint8Array, this.address, length * type.size)); // any alignment
    return new Elements(bytes.buffer, 0, length * perElement);
  },
  fill(this: Sequence, value: ScalarValue, start = 0, end: number = this.length) {
    const [at, count] = rangeOf(this, start, end);
    const bytes = encodeValues(this.type, [value]);
    const memory = this.liveMemory();
    if (count > 0) storeValues(memory, at, bytes);
    repeatBytes(memory, at, bytes.length, count * this.type.size);
    return this;
  },
  copyFrom(this: Sequence, source: Values<ScalarValue>, offset = 0) {
    this.liveMemory();
    assertValues(source, this.type.name);
    const start = toCount(offset, OFFSET, 0, this.length + 1);
    const bytes = encodeValues(this.type, source, this.length - start, true);
    // After all user code: reading the source may have freed the elements.
    storeValues(this.liveMemory(), this.address + start * this.type.size, bytes);
    return this;
  },
  copyTo(this: Sequence, target: CopyTarget<ScalarValue>, offset = 0) {
    if (hasCopyFrom(target)) {
      (target as Extract<typeof target, { copyFrom: unknown }>).copyFrom(this as never, offset); // as just tested
      return this;
    }
    const start = toCount(offset, OFFSET);
    const isOwn = viewClass(target) === this.type.Elements.name; // shows elements as a view of these does
    const values = isOwn ? methods.copy.call(this) : methods.toArray.call(this);
    storeIn(target as ScalarArray, values as ScalarArray, start, isOwn ? undefined : this.type.kind);
    return this;
  },
  [Symbol.iterator](this: Sequence): IterableIterator<ScalarValue> {
    const { ViewIterator, type, address, length } = this;
    const isViewable = address % type.size === 0 && length <= MAX_ELEMENTS;
    return new ((isViewable && ViewIterator) || ElementIterator)(this) as IterableIterator<ScalarValue>; // of this type
  },
  toJSON(this: Sequence) {
    return methods.toArray.call(this).map((value) => (typeof value === 'bigint' ? String(value) : value));
  },
};

const TARGET = 'an array, a typed array, a ref or a slice';

function hasCopyFrom(target: unknown): boolean {
  try {
    return !Array.isArray(target) && !ArrayBuffer.isView(target) && 'copyFrom' in Object(target);
  } catch (error) {
    throw argumentError(error, TARGET, target);
  }
}

interface ScalarArray {
  length: number;
  [index: number]: ScalarValue;
}
/** Stores `values` in an array or a typed array, which must have values of `kind`, if that is given. */
function storeIn(target: ScalarArray, values: ScalarArray, start: number, kind: string | undefined): void {
  const isView = ArrayBuffer.isView(target);
  const room = isView ? viewLength(target) : Infinity;
  if (room === undefined || (!isView && !Array.isArray(target))) throw new ArgumentTypeError(TARGET, target);
  if (isView && kind && (viewClass(target)?.startsWith('Big') ? 'bigint' : 'number') !== kind)
    throw new ArgumentTypeError(`a typed array of ${kind}s`, target);
  if (start > room - values.length)
    throw new ArgumentRangeError(
      `an offset at which ${values.length} elements fit in a length of ${room}`,
      start,
    );
  try {
    for (let i = 0; i < values.length; i++) target[start + i] = values[i] as ScalarValue; // i is in range
  } catch (error) {
    throw argumentError(error, 'an array that can be written', target);
  }
}

/** The number of indices that throw. A loop that uses indices by mistake begins with 0. */
const GUARDED_INDICES = 256;

/** Puts {@link ElementMethods} on a prototype, and accessors that refuse `array[0]`. */
export function installElementMethods(prototype: object): void {
  for (const [name, method] of Object.entries(Object.getOwnPropertyDescriptors(methods)))
    Object.defineProperty(prototype, name, { ...method, enumerable: false });
  define(prototype, Symbol.iterator, methods[Symbol.iterator]);
  for (let i = 0; i < GUARDED_INDICES; i++)
    Object.defineProperty(prototype, i, { get: refuseIndex, set: refuseIndex, configurable: true });
  installPrinting(prototype, (sequence) =>
    printValues(sequence as unknown as Iterable<unknown> & { length: number }),
  );
}

function refuseIndex(this: unknown): never {
  throw new ArgumentTypeError(
    'at(index) or setAt(index, value): array refs and slices have no indices',
    this,
  );
}

/** True if the elements can be copied as bytes from a typed array over them. */
export const isCopyable = (sequence: { readonly type: object; readonly address: number }): boolean => {
  const type = sequence.type as ScalarDescriptor; // of any value
  return hasOwnElements(type) && sequence.address % type.size === 0;
};

/**
 * Returns `index` counted from the first element.
 * @param end the index must be below it. Default: the length
 * @throws {ArgumentRangeError} if there is no such element
 */
export function toIndex(index: number, length: number, end: number = length): number {
  const at = toCount(index, 'an index', -length, end);
  return at < 0 ? at + length : at;
}
