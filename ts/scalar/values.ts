// SPDX-License-Identifier: MIT
// Values of a row as bytes: what every bulk write is made from.
import { ArgumentTypeError } from '../errors.ts';
import { toCount } from '../memory/address.ts';
import type { Scalar, ScalarValue, Values } from './scalar.ts';

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
