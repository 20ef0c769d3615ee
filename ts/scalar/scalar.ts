// SPDX-License-Identifier: MIT
// What a row of the scalar table is, and the factory that makes one.
import { ArgumentTypeError } from '../errors.ts';
import { toCount, type Address } from '../memory/address.ts';
import { noteFailure } from '../memory/growth.ts';
import type { ElementsClass, LinearMemory } from '../memory/memory.ts';
import type { ScalarArrayRef } from './array.ts';
import type { RefHeap, ScalarRef } from './ref.ts';

/** What a row reads and writes. */
export type ScalarValue = number | bigint | boolean;

/** Values to fill an array with: anything with a length and indices. */
export interface Values<T> {
  readonly length: number;
  readonly [index: number]: T;
}

/**
 * One C type: how many bytes it has and how to read and write it at an address.
 * Numbers outside its range wrap as in a typed array of the type; a value of another JavaScript type is refused.
 */
export interface Scalar<T extends ScalarValue = ScalarValue, A extends ArrayBufferView = ArrayBufferView> {
  /** Its short name, as in `i32`. */
  readonly name: string;
  /** Its name in the manager's methods, as in `readInt32`. */
  readonly label: string;
  /** Bytes, a power of two. */
  readonly size: number;
  /** What `typeof` says of its values. */
  readonly kind: 'number' | 'bigint' | 'boolean';
  /** The typed array that {@link view} returns. Rows above 8 bytes are seen as their 64-bit little-endian words. */
  readonly Elements: ElementsClass<A>;
  /** Reads from a view that is known to be current. For code that has checked; users want {@link read}. */
  readonly get: (data: DataView, address: number) => T;
  /** Writes into a view that is known to be current. For code that has checked; users want {@link write}. */
  readonly set: (data: DataView, address: number, value: T) => void;

  /**
   * Returns the value at `address`, little-endian; any alignment.
   * @throws {OutOfBoundsError} when the address is no integer or any byte is outside the memory
   * @throws {ArgumentTypeError} when the address is neither a number nor a bigint
   */
  read(memory: LinearMemory, address: Address): T;
  /**
   * Writes `value` at `address`, little-endian; any alignment.
   * @throws {OutOfBoundsError} {@link ArgumentTypeError} as {@link read}, and when the value has the wrong type
   */
  write(memory: LinearMemory, address: Address, value: T): void;
  /** Returns a fresh typed array over `count` elements; see {@link LinearMemory.view} for how long it is valid. */
  view(memory: LinearMemory, address: Address, count: number): A;
  /** Allocates one, writes `value` (0 unless given), and returns the ref that owns it. */
  alloc(heap: Pick<RefHeap, 'allocScalar'>, value?: T): ScalarRef<T, A>;
  /** Returns a ref to what is at `address`. It borrows: it cannot be freed. */
  wrap(heap: RefHeap, address: Address): ScalarRef<T, A>;
  /** Allocates `count` of them, or as many as there are values, and returns the array ref that owns them. */
  allocArray(
    heap: Pick<RefHeap, 'allocScalarArray'>,
    countOrValues: number | Values<T>,
  ): ScalarArrayRef<T, A>;
  /** Returns an array ref to `count` of them at `address`. It borrows: it cannot be freed. */
  wrapArray(heap: RefHeap, address: Address, count: number): ScalarArrayRef<T, A>;
}

/** Any row of the table. Not `Scalar<ScalarValue>`: a row writes only values of its own type. */
export type AnyScalar = Scalar<number> | Scalar<bigint> | Scalar<boolean>;

/** @throws {ArgumentTypeError} when `value` has not the type of the row's values */
export function assertKind(row: Pick<Scalar, 'name' | 'kind'>, value: unknown, where = ''): void {
  if (typeof value !== row.kind) throw new ArgumentTypeError(`a ${row.kind} for ${row.name}${where}`, value);
}

/**
 * Makes one row. Everything hot comes written out for the row, as in rows.gen.ts: engines keep one profile for each
 * function in the source. A plain object: the engines see through its methods where it is a constant.
 * @param size bytes, when they are not those of an element of the typed array
 */
export function scalar<T extends ScalarValue, A extends ArrayBufferView>(
  name: string,
  label: string,
  Elements: ElementsClass<A>,
  get: Scalar<T, A>['get'],
  set: Scalar<T, A>['set'],
  read: Scalar<T, A>['read'],
  write: Scalar<T, A>['write'],
  kind: Scalar['kind'] = 'number',
  size: number = Elements.BYTES_PER_ELEMENT,
): Scalar<T, A> {
  return {
    name,
    label,
    size,
    kind,
    Elements,
    get,
    set,
    read,
    write,
    view(memory, address, count) {
      return memory.view(
        Elements,
        address,
        (toCount(count, 'a count of elements') * size) / Elements.BYTES_PER_ELEMENT,
      );
    },
    alloc(heap, value) {
      return heap.allocScalar(this, value);
    },
    wrap(heap, address) {
      return heap.wrapScalar(this, address);
    },
    allocArray(heap, countOrValues) {
      return heap.allocScalarArray(this, countOrValues);
    },
    wrapArray(heap, address, count) {
      return heap.wrapScalarArray(this, address, count);
    },
  };
}

/** Reads where the fast way failed: an address of another form, a memory that grew, or an error. */
export function slowRead<T extends ScalarValue>(row: Scalar<T>, memory: LinearMemory, address: Address): T {
  if (typeof address === 'number' && row.size <= 8) noteFailure(); // wider rows come here always
  const at = memory.locate(address, row.size); // first, as it renews the view
  return row.get(memory.data, at);
}

/** Writes where the fast way failed; as {@link slowRead}, or the row refused the value, and does so again. */
export function slowWrite<T extends ScalarValue>(
  row: Scalar<T>,
  memory: LinearMemory,
  address: Address,
  value: T,
): void {
  assertKind(row, value);
  if (typeof address === 'number' && row.size <= 8) noteFailure(); // wider rows come here always
  const at = memory.locate(address, row.size);
  row.set(memory.data, at, value);
}
