// SPDX-License-Identifier: MIT
// Big-endian values, for file formats and network data in a memory. WebAssembly itself is little-endian.
import type { Address } from '../memory/address.ts';
import { readBytes, writeBytes } from '../memory/bytes.ts';
import type { LinearMemory } from '../memory/memory.ts';
import { assertKind, type Scalar, type ScalarValue } from './scalar.ts';

/** Returns the value at `address` with its highest byte first; any alignment. Errors as `row.read`. */
export function readBigEndian<T extends ScalarValue>(
  row: Scalar<T>,
  memory: LinearMemory,
  address: Address,
): T {
  const bytes = readBytes(memory, address, row.size).reverse();
  return row.get(new DataView(bytes.buffer), 0);
}

/** Writes `value` at `address` with its highest byte first; any alignment. Errors as `row.write`. */
export function writeBigEndian<T extends ScalarValue>(
  row: Scalar<T>,
  memory: LinearMemory,
  address: Address,
  value: T,
): void {
  assertKind(row, value);
  const bytes = new Uint8Array(row.size);
  row.set(new DataView(bytes.buffer), 0, value);
  writeBytes(memory, address, bytes.reverse());
}
