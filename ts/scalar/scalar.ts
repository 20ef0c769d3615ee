// SPDX-License-Identifier: MIT
// Scalar: a type descriptor with the operations that make refs (`i32.alloc(heap)`), and the factory that makes one.
import { assertHas } from '../errors.ts';
import { toCount, type Address } from '../memory/address.ts';
import { assertMemory, type ElementsClass } from '../memory/buffers.ts';
import type { LinearMemory } from '../memory/linear-memory.ts';
import type { ScalarArrayRef } from './array.ts';
import type { ScalarDescriptor, ScalarValue, Values } from './descriptor.ts';
import type { ScalarRef } from './ref.ts';

/** The operations that `alloc` and `allocArray` need. Heaps, arenas and scopes have them. */
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

/** The operations that `wrap` and `wrapArray` need. Heaps have them. */
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
  /** Allocates one value and returns the ref that owns it. `value` defaults to 0. */
  alloc(heap: Pick<ScalarAllocator, 'allocScalar'>, value?: T): ScalarRef<T, A>;
  /** Returns a ref to the value at `address`. The ref borrows: it cannot be freed. */
  wrap(memory: LinearMemory | ScalarWrapper, address: Address): ScalarRef<T, A>;
  /** Allocates an array of `count` zeros, or of the given values, and returns the array ref that owns it. */
  allocArray(
    heap: Pick<ScalarAllocator, 'allocScalarArray'>,
    countOrValues: number | Values<T>,
  ): ScalarArrayRef<T, A>;
  /** Returns an array ref to `count` values at `address`. The ref borrows: it cannot be freed. */
  wrapArray(memory: LinearMemory | ScalarWrapper, address: Address, count: number): ScalarArrayRef<T, A>;
}

const PLACE = 'a heap, an arena or a scope';

/** Any scalar type. Not `Scalar<ScalarValue>`: each type has its own value type. */
export type AnyScalar = Scalar<number> | Scalar<bigint> | Scalar<boolean>;

/** Returns `memory` if it can make refs. ref-classes.ts adds that to every memory, in bundles that have refs. */
function wrapperOf(memory: LinearMemory | ScalarWrapper): ScalarWrapper {
  assertHas(memory, 'wrapScalar', 'a heap; for a memory, import Ref');
  return memory as ScalarWrapper; // as just tested
}

/**
 * Creates a type. Hot code is written out for each type (types.gen.ts), as engines keep one profile for each function in
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
      assertMemory(memory);
      return memory.view(
        Elements,
        address,
        (toCount(count, 'a count of elements') * size) / Elements.BYTES_PER_ELEMENT,
      );
    },
    alloc(heap, value) {
      assertHas(heap, 'allocScalar', PLACE);
      return heap.allocScalar(this, value);
    },
    wrap(memory, address) {
      return wrapperOf(memory).wrapScalar(this, address);
    },
    allocArray(heap, countOrValues) {
      assertHas(heap, 'allocScalarArray', PLACE);
      return heap.allocScalarArray(this, countOrValues);
    },
    wrapArray(memory, address, count) {
      return wrapperOf(memory).wrapScalarArray(this, address, count);
    },
  };
}
