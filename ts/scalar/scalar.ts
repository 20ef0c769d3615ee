// SPDX-License-Identifier: MIT
// Scalar: a type descriptor with the operations that make refs (`i32.alloc(heap)`), and the factory that makes one.
import { toCount, type Address } from '../memory/address.ts';
import type { ElementsClass } from '../memory/buffers.ts';
import type { ScalarArrayRef } from './array.ts';
import type { ScalarDescriptor, ScalarValue, Values } from './descriptor.ts';
import type { ScalarRef } from './ref.ts';

/** What `alloc` and `allocArray` need: a heap, an arena, a scope. */
export interface ScalarAllocator {
  allocScalar<T extends ScalarValue, A extends ArrayBufferView>(
    type: ScalarDescriptor<T, A>,
    value?: T,
  ): ScalarRef<T, A>;
  allocScalarArray<T extends ScalarValue, A extends ArrayBufferView>(
    type: ScalarDescriptor<T, A>,
    countOrValues: number | Values<T>,
  ): ScalarArrayRef<T, A>;
}

/** What `wrap` and `wrapArray` need: a heap. */
export interface ScalarWrapper {
  wrapScalar<T extends ScalarValue, A extends ArrayBufferView>(
    type: ScalarDescriptor<T, A>,
    address: Address,
  ): ScalarRef<T, A>;
  wrapScalarArray<T extends ScalarValue, A extends ArrayBufferView>(
    type: ScalarDescriptor<T, A>,
    address: Address,
    count: number,
  ): ScalarArrayRef<T, A>;
}

/** A C type with all its operations. */
export interface Scalar<
  T extends ScalarValue = ScalarValue,
  A extends ArrayBufferView = ArrayBufferView,
> extends ScalarDescriptor<T, A> {
  /** Allocates one and returns the ref that owns it. `value` defaults to 0. */
  alloc(heap: Pick<ScalarAllocator, 'allocScalar'>, value?: T): ScalarRef<T, A>;
  /** Returns a ref to the value at `address`. The ref borrows: it cannot be freed. */
  wrap(heap: Pick<ScalarWrapper, 'wrapScalar'>, address: Address): ScalarRef<T, A>;
  /** Allocates an array of `count` zeros, or of the given values, and returns the array ref that owns it. */
  allocArray(
    heap: Pick<ScalarAllocator, 'allocScalarArray'>,
    countOrValues: number | Values<T>,
  ): ScalarArrayRef<T, A>;
  /** Returns an array ref to `count` values at `address`. The ref borrows: it cannot be freed. */
  wrapArray(
    heap: Pick<ScalarWrapper, 'wrapScalarArray'>,
    address: Address,
    count: number,
  ): ScalarArrayRef<T, A>;
}

/** Any scalar type. Not `Scalar<ScalarValue>`: a type writes only values of its own. */
export type AnyScalar = Scalar<number> | Scalar<bigint> | Scalar<boolean>;

/**
 * Makes a type. Hot code comes written out for each type (types.gen.ts), as engines keep one profile for each function in
 * the source. The result is a plain object, whose methods engines treat as constants.
 * @param size in bytes. Default: that of an element of the typed array
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
