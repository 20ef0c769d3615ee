// SPDX-License-Identifier: MIT
// Big-endian values, for file formats and network data in a memory. WebAssembly itself is little-endian.
import type { Address } from '../memory/address.ts';
import { readBytes, writeBytes } from '../memory/bytes.ts';
import type { LinearMemory } from '../memory/linear-memory.ts';
import { assertKind, assertType, type ScalarDescriptor, type ScalarValue } from './descriptor.ts';

/** Returns the value at `address` with its highest byte first; any alignment. Throws as `type.read`. */
export function readBigEndian<T extends ScalarValue>(
  type: ScalarDescriptor<T>,
  memory: LinearMemory,
  address: Address,
): T {
  assertType(type);
  const bytes = readBytes(memory, address, type.size).reverse();
  return type.get(new DataView(bytes.buffer), 0);
}

/** Writes `value` at `address` with its highest byte first; any alignment. Throws as `type.write`. */
export function writeBigEndian<T extends ScalarValue>(
  type: ScalarDescriptor<T>,
  memory: LinearMemory,
  address: Address,
  value: T,
): void {
  assertType(type);
  assertKind(type, value);
  const bytes = new Uint8Array(type.size);
  type.set(new DataView(bytes.buffer), 0, value);
  writeBytes(memory, address, bytes.reverse());
}
