// SPDX-License-Identifier: MIT
// Converts values to the bytes of a type. Every bulk write converts all values before it stores the first.
import { argumentError, ArgumentRangeError, ArgumentTypeError, OutOfMemoryError } from '../errors.ts';
import { toCount, type Address } from '../memory/address.ts';
import { bytesOf, putBytes, viewClass, viewLength } from '../memory/bytes.ts';
import type { LinearMemory } from '../memory/linear-memory.ts';
import {
  assertKind,
  assertType,
  hasOwnElements,
  type ScalarDescriptor,
  type ScalarValue,
  type Values,
} from './descriptor.ts';

// Allocating a buffer costs more than converting a few values, so one small buffer is reused. encodeValues clears the
// variable while user code (getters, proxies) may run, and storeValues restores it.
const SMALL_BYTES = 512;
let spareView: DataView<ArrayBuffer> | undefined;
let usedView: DataView<ArrayBuffer> | undefined;

/**
 * Returns the bytes of `values` as elements of `type`, for {@link storeValues}. All user code (getters, proxies) runs
 * here, before any byte of a heap is touched; the length is read once.
 * @param max the capacity: the largest number of values
 * @param isAlias true if the result may be the source's own bytes: only if nothing happens before they are stored
 * @throws {ArgumentTypeError} if `values` has no length and is not iterable, or a value has the wrong type
 * @throws {ArgumentRangeError} if there are more than `max` values
 * @throws {OutOfMemoryError} if the engine cannot make a buffer that large
 */
export function encodeValues<T extends ScalarValue>(
  type: ScalarDescriptor<T>,
  values: Values<T>,
  max: number = Infinity,
  isAlias = false,
): Uint8Array {
  assertType(type);
  try {
    return encode(type, values, max, isAlias);
  } catch (error) {
    throw argumentError(error, listOf(type.name), values);
  }
}

const listOf = (what: string): string => `an array, a typed array, a ref or an iterable of ${what}`;

function encode<T extends ScalarValue>(
  type: ScalarDescriptor<T>,
  values: Values<T>,
  max: number,
  isAlias: boolean,
): Uint8Array {
  const [source, length] = toArrayLike(fromElements(type, values), type.name);
  const bytes = ArrayBuffer.isView(source) ? bytesOf(source) : undefined; // refuses a detached view
  if (length > max) throw new ArgumentRangeError(`at most ${max} values`, length);
  if (bytes && source instanceof type.Elements) return isAlias ? bytes : new Uint8Array(bytes);
  const size = length * type.size;
  const data = size > SMALL_BYTES ? newView(size) : (spareView ?? newView(SMALL_BYTES));
  spareView = undefined;
  for (let i = 0; i < length; i++) {
    const value: ScalarValue | undefined = source[i];
    if (typeof value !== type.kind) assertKind(type, value, ` at index ${i}`);
    type.set(data, i * type.size, value as T); // of the right type: see the line above
  }
  usedView = data;
  return new Uint8Array(data.buffer, 0, size);
}

/**
 * Returns `values`; if they are a typed array of the class that views of the type have, whose elements are not values of
 * the type (words of a wide integer, the bits of an f16, the bytes of bools), the values that it shows.
 * @throws {ArgumentRangeError} if its size is not a multiple of that of the type, or it has an invalid ptr53
 */
export function fromElements<T extends ScalarValue>(type: ScalarDescriptor<T>, values: Values<T>): Values<T> {
  if (!ArrayBuffer.isView(values) || hasOwnElements(type) || viewClass(values) !== type.Elements.name)
    return values;
  const { buffer, byteOffset, length } = bytesOf(values);
  if (length % type.size !== 0) throw new ArgumentRangeError(`a multiple of ${type.size} bytes`, length);
  const data = new DataView(buffer, byteOffset, length);
  return Array.from({ length: length / type.size }, (_, i) => type.get(data, i * type.size));
}

/** Writes the result of {@link encodeValues} to `address`: all of it or, if it does not fit, nothing. */
export function storeValues(memory: LinearMemory, address: Address, bytes: Uint8Array): void {
  putBytes(memory, address, bytes);
  if (usedView?.buffer === bytes.buffer && usedView.byteLength === SMALL_BYTES) spareView = usedView;
  usedView = undefined;
}

/**
 * Returns the values of `source` from index `offset` on. Further ones than `max` are refused, or cut if `truncate` is set.
 * @throws {ArgumentTypeError} if it has no length and is not iterable
 * @throws {ArgumentRangeError} if the offset is beyond its end, or there are too many
 */
export function valuesFrom<T>(source: Values<T>, offset: number, max: number, truncate: boolean): Values<T> {
  if (offset === 0 && !truncate) return source;
  try {
    const [list, length] = toArrayLike(source, 'values');
    if (offset > length) throw new ArgumentRangeError(`an offset of at most ${length}`, offset);
    const end = truncate ? Math.min(length, offset + max) : length;
    const count = end - offset;
    if (count > max) throw new ArgumentRangeError(`at most ${max} values`, count); // before they are copied: a length can lie
    return Array.from({ length: count }, (_, i) => list[offset + i] as T); // checked when it is converted
  } catch (error) {
    throw argumentError(error, listOf('values'), source);
  }
}

/** @throws {ArgumentTypeError} unless `values` is an object with a length, an iterable, an array ref or a slice */
export function assertValues(values: unknown, what: string): void {
  try {
    if (typeof values === 'object' && values !== null)
      if ('length' in values || Symbol.iterator in values || 'elementValues' in values) return;
  } catch (error) {
    throw argumentError(error, listOf(what), values);
  }
  throw new ArgumentTypeError(listOf(what), values);
}

/**
 * Returns `values` as an object with indices, and its length, which is read once.
 * @throws {ArgumentTypeError} if it has no length and is not iterable
 */
function toArrayLike<T>(values: Values<T>, what: string): [list: ArrayLike<T>, length: number] {
  let list = values as ArrayLike<T> & { elementValues?: () => ArrayLike<T> };
  if (typeof values === 'object' && values !== null) {
    // An array ref or a slice returns its elements in the form that converts fastest.
    const isPlain = Array.isArray(values) || ArrayBuffer.isView(values);
    if (!isPlain && typeof list.elementValues === 'function') list = list.elementValues();
    let length: unknown = ArrayBuffer.isView(list) ? viewLength(list) : list.length; // an own property may be wrong
    if (length === undefined && !isPlain && Symbol.iterator in values) {
      list = [...values];
      length = list.length;
    }
    if (typeof length === 'number') return [list, toCount(length, 'a length')];
  }
  throw new ArgumentTypeError(listOf(what), values);
}

function newView(size: number): DataView<ArrayBuffer> {
  try {
    return new DataView(new ArrayBuffer(size));
  } catch (cause) {
    throw new OutOfMemoryError(size, 1, { cause });
  }
}

/**
 * Returns the size of `count` elements in bytes.
 * @throws {ArgumentTypeError} {@link ArgumentRangeError} if the count is invalid
 */
export function elementBytes(type: Pick<ScalarDescriptor, 'size' | 'label'>, count: number): number {
  assertType(type);
  return toCount(toCount(count, 'a count of elements') * type.size, 'a size in bytes');
}

/** Returns the size of a new array in bytes and, if values were given, these bytes, as {@link encodeValues} does. */
export function arrayContent<T extends ScalarValue>(
  type: ScalarDescriptor<T>,
  countOrValues: number | Values<T>,
): [bytes: number, values?: Uint8Array] {
  if (typeof countOrValues === 'number') return [elementBytes(type, countOrValues)];
  const values = encodeValues(type, countOrValues);
  return [values.length, values];
}
