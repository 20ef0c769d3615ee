// SPDX-License-Identifier: MIT
// Values of a row as bytes: what every bulk write is made from.
import { ArgumentRangeError, ArgumentTypeError, OutOfMemoryError } from '../errors.ts';
import { toCount, type Address } from '../memory/address.ts';
import { bytesOf, putBytes } from '../memory/bytes.ts';
import type { LinearMemory } from '../memory/memory.ts';
import { assertKind, type Scalar, type ScalarValue, type Values } from './scalar.ts';

// A buffer for a few values is not made anew each time: making one costs more than all the rest. Who uses it takes it
// away, as what a caller can hook may convert values too; storeValues brings it back.
const FEW = 512; // bytes
let spare: DataView<ArrayBuffer> | undefined;
let taken: DataView<ArrayBuffer> | undefined;

/**
 * Returns the bytes of `values` as elements of `row`, for {@link storeValues}. Everything a caller can hook (getters,
 * proxies) runs here, before any byte of a heap is touched; the length is asked for once.
 * @param most the most values there is room for
 * @param alias whether they may be the source's own bytes: not when anything happens before they are stored
 * @throws {ArgumentTypeError} when it has no length, or a value has the wrong type
 * @throws {ArgumentRangeError} when it has more values than there is room for
 * @throws {OutOfMemoryError} when the engine has no buffer that large
 */
export function encodeValues<T extends ScalarValue>(
  row: Scalar<T>,
  values: Values<T>,
  most: number = Infinity,
  alias = false,
): Uint8Array {
  const given = typeof values === 'object' ? values?.length : undefined;
  if (typeof given !== 'number') throw new ArgumentTypeError(`an array of ${row.name}`, values);
  const length = toCount(given, 'a length');
  if (length > most) throw new ArgumentRangeError(`at most ${most} values`, length);
  const bytes = ArrayBuffer.isView(values) ? bytesOf(values) : undefined; // or refuses a stale one
  const own = values instanceof row.Elements;
  if (bytes && own && hasOwnElements(row)) return alias ? bytes : new Uint8Array(bytes);
  const size = length * row.size;
  const data = size > FEW ? newView(size) : (spare ?? newView(FEW));
  spare = undefined;
  for (let i = 0; i < length; i++) {
    const found: ScalarValue | undefined = values[i];
    // The view of a 53-bit pointer array has bigints: they are its numbers.
    const value = own && row.kind === 'number' && typeof found === 'bigint' ? Number(found) : found;
    if (typeof value !== row.kind) assertKind(row, value, ` at index ${i}`);
    row.set(data, i * row.size, value as T); // its kind was just looked at
  }
  taken = data;
  return new Uint8Array(data.buffer, 0, size);
}

/** Writes what {@link encodeValues} returned to `address`: all of it or, when it does not fit, nothing. */
export function storeValues(memory: LinearMemory, address: Address, bytes: Uint8Array): void {
  putBytes(memory, address, bytes);
  if (taken?.buffer === bytes.buffer && taken.byteLength === FEW) spare = taken;
  taken = undefined;
}

/**
 * Returns the values of `source` from `offset` on, at most `most` of them.
 * @throws {ArgumentTypeError} when it has no length
 * @throws {ArgumentRangeError} when the offset is beyond its end
 */
export function valuesFrom<T>(source: Values<T>, offset: number, most: number | undefined): Values<T> {
  if (offset === 0 && most === undefined) return source;
  const given = typeof source === 'object' ? source?.length : undefined;
  if (typeof given !== 'number') throw new ArgumentTypeError('an array', source);
  const length = toCount(given, 'a length');
  if (offset > length) throw new ArgumentRangeError(`an offset of at most ${length}`, offset);
  const end = most === undefined ? length : Math.min(length, offset + most);
  return ArrayBuffer.isView(source)
    ? ((source as unknown as Float32Array).subarray(offset, end) as unknown as Values<T>) // a typed array: it has a length
    : (Array.prototype.slice.call(source, offset, end) as unknown as Values<T>); // its elements are what they were
}

/** Whether the elements of the row's typed array are its values, so that their bytes can be copied. */
export function hasOwnElements({ Elements, label }: Pick<Scalar, 'Elements' | 'label'>): boolean {
  return Elements.name === `${label}Array`;
}

function newView(size: number): DataView<ArrayBuffer> {
  try {
    return new DataView(new ArrayBuffer(size));
  } catch (cause) {
    throw new OutOfMemoryError(size, 1, { cause });
  }
}
