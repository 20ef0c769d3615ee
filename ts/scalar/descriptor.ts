// SPDX-License-Identifier: MIT
// ScalarDescriptor: how one C type is read from and written to a memory.
import { ArgumentTypeError } from '../errors.ts';
import { recordFault } from '../memory/access-mode.ts';
import type { Address } from '../memory/address.ts';
import { assertMemory, type ElementsClass } from '../memory/buffers.ts';
import type { LinearMemory } from '../memory/linear-memory.ts';

/** The JavaScript value of a scalar. */
export type ScalarValue = number | bigint | boolean;

/**
 * Values of an array: an array, a typed array, an array ref, a slice, anything with a length, or an iterable. A typed
 * array of the class that views of the type have is read as a view shows it: a `Uint16Array` has the bits of `f16`, a
 * `BigUint64Array` the words of a wide integer, a `Uint8Array` the bytes of `bool`.
 */
export type Values<T> = ArrayLike<T> | Iterable<T>;

/**
 * One C type: its size, and how to read and write it at an address. Numbers outside its range wrap as in a typed array
 * of the type; a value of another JavaScript type is refused.
 */
export interface ScalarDescriptor<
  T extends ScalarValue = ScalarValue,
  A extends ArrayBufferView = ArrayBufferView,
> {
  /** The short name, as in `i32`. */
  readonly name: string;
  /** The name in method names, as in `readInt32`. */
  readonly label: string;
  /** The size in bytes, a power of two. */
  readonly size: number;
  /** The `typeof` of its values. */
  readonly kind: 'number' | 'bigint' | 'boolean';
  /** The typed array that {@link view} returns. Views of types above 8 bytes show 64-bit words. */
  readonly Elements: ElementsClass<A>;
  /** Reads from a view that is known to be current and in bounds. Does no checks: use {@link read}. */
  readonly get: (data: DataView, address: number) => T;
  /** Writes to a view that is known to be current and in bounds. Does no checks: use {@link write}. */
  readonly set: (data: DataView, address: number, value: T) => void;

  /**
   * Returns the value at `address`, little-endian; any alignment.
   * @throws {OutOfBoundsError} if the address is not an integer or any byte lies outside the memory
   * @throws {ArgumentTypeError} if the address is neither a number nor a bigint
   */
  read(memory: LinearMemory, address: Address): T;
  /**
   * Writes `value` at `address`, little-endian; any alignment.
   * @throws {OutOfBoundsError} {@link ArgumentTypeError} as {@link read}, and if the value has the wrong type
   */
  write(memory: LinearMemory, address: Address, value: T): void;
  /** Returns a new typed array over `count` elements; see {@link LinearMemory.view} for how long it is valid. */
  view(memory: LinearMemory, address: Address, count: number): A;
}

/** @throws {ArgumentTypeError} if `value` is not of the type's JavaScript type */
export function assertKind(type: Pick<ScalarDescriptor, 'name' | 'kind'>, value: unknown, where = ''): void {
  if (typeof value !== type.kind)
    throw new ArgumentTypeError(`a ${type.kind} for ${type.name}${where}`, value);
}

/** @throws {ArgumentTypeError} unless `type` describes a scalar */
export function assertType(type: { readonly size: number; readonly label: string }): void {
  try {
    if (typeof type?.size === 'number' && typeof type.label === 'string') return;
  } catch {} // a revoked proxy
  throw new ArgumentTypeError('a scalar type, such as i32', type);
}

/** True if the elements of the type's typed array are its values, so that their bytes can be copied. */
export function hasOwnElements({ Elements, label }: Pick<ScalarDescriptor, 'Elements' | 'label'>): boolean {
  return Elements.name === `${label}Array`;
}

/** Returns the address of an access that its fast path refused, checked; the view is current after that. */
function locateSlow(
  { size }: Pick<ScalarDescriptor, 'size'>,
  memory: LinearMemory,
  address: Address,
): number {
  assertMemory(memory);
  if (size <= 8) recordFault(memory, address, size); // larger types have no fast path
  return memory.locate(address, size);
}

/** The general path of a read: the address has another form, the memory has grown, or the access is an error. */
export function slowRead<T extends ScalarValue>(
  type: ScalarDescriptor<T>,
  memory: LinearMemory,
  address: Address,
): T {
  const at = locateSlow(type, memory, address);
  return type.get(memory.data, at);
}

/** The general path of a write: as {@link slowRead}; also if the type refuses the value, which then throws here. */
export function slowWrite<T extends ScalarValue>(
  type: ScalarDescriptor<T>,
  memory: LinearMemory,
  address: Address,
  value: T,
): void {
  assertKind(type, value);
  const at = locateSlow(type, memory, address);
  type.set(memory.data, at, value);
}
