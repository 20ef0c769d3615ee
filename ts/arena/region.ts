// SPDX-License-Identifier: MIT
// Region: an allocator whose memory is freed as a whole. Arenas and scopes are regions.
//
//   R1  Refs and slices of a region borrow: they cannot be freed one by one, and become invalid with their checkpoint.
//   R2  An allocation that fails, because of its values or because it does not fit, allocates nothing.
import { MALLOC_ALIGN } from '../heap/allocator.ts';
import type { Heap } from '../heap/heap.ts';
import { toAlign } from '../memory/address.ts';
import type { Allocation } from '../memory/allocation.ts';
import { clearBytes } from '../memory/bytes.ts';
import { installDispose } from '../memory/dispose.ts';
import type { ScalarArrayRef } from '../scalar/array.ts';
import type { ScalarDescriptor, ScalarValue, Values } from '../scalar/descriptor.ts';
import type { ScalarMethods } from '../scalar/methods.gen.ts';
import { installScalarAllocators } from '../scalar/methods.ts';
import { prepareForMethods } from '../scalar/prototype.ts';
import { allTypes } from '../scalar/scalar-types.ts';
import { refClassesOf } from '../scalar/ref-classes.ts';
import type { RefHeap, ScalarRef } from '../scalar/ref.ts';
import { arrayContent, elementBytes, storeValues } from '../scalar/values.ts';
import type { StringMethods } from '../text/methods.gen.ts';
import { installStringAllocators } from '../text/methods.ts';
import type { SliceArena } from './slice-liveness.ts';
import { SLICE_ALIGN, WasmSlice } from './slice.ts';
import type { SliceMethods } from './slices.gen.ts';

/** A part of a region. */
export interface Suballocation {
  readonly address: number;
  /** The token of the checkpoint, or of the block. */
  readonly allocation: Allocation;
  /** True if it is a separate block, which its ref owns. */
  readonly owned: boolean;
  /** The arena it is part of, if any. */
  readonly arena: SliceArena | undefined;
}

/**
 * An allocator whose memory is freed as a whole: the base class of arenas and scopes. It has the `alloc...` methods of
 * {@link WasmHeapManager} for scalars, arrays and strings (`allocInt32(5)`, `allocFloat64Array([1, 2])`,
 * `allocNullTerminatedUtf8String('text')`). The refs they return borrow from the region.
 */
export abstract class Region {
  /** The heap it lies in. */
  abstract readonly heap: Heap;

  /** @internal Allocates `bytes` bytes, calls `make` with them and returns its result; frees them if it throws. */
  abstract suballocate<R>(bytes: number, align: number, make: (part: Suballocation) => R): R;

  /** Frees everything that was allocated in it. */
  abstract dispose(): void;

  /** `allocInt32(value)` and the like call it. */
  allocScalar<T extends ScalarValue, A extends ArrayBufferView>(
    type: ScalarDescriptor<T, A>,
    value?: T,
  ): ScalarRef<T, A> {
    const { heap } = this;
    const { ScalarRef, CheckedRef } = refClassesOf(type);
    const align = Math.min(type.size, MALLOC_ALIGN);
    return this.suballocate(type.size, align, ({ address, allocation, owned }) => {
      if (value === undefined) clearBytes(heap, address, type.size);
      else type.write(heap, address, value);
      return new (owned ? ScalarRef : CheckedRef)(heap, address, allocation, owned);
    });
  }

  /** `allocInt32Array(count)` and the like call it. */
  allocScalarArray<T extends ScalarValue, A extends ArrayBufferView>(
    type: ScalarDescriptor<T, A>,
    countOrValues: number | Values<T>,
  ): ScalarArrayRef<T, A> {
    const { heap } = this;
    const [bytes, values] = arrayContent(type, countOrValues);
    const align = Math.min(type.size, MALLOC_ALIGN);
    return this.suballocate(bytes, align, ({ address, allocation, owned }) => {
      if (values) storeValues(heap, address, values);
      else clearBytes(heap, address, bytes);
      return new (refClassesOf(type).ArrayRef)(heap, address, bytes / type.size, allocation, owned);
    });
  }

  /**
   * Returns a slice of `length` elements of `type`, not cleared. `allocF32(length)` and the like call it.
   * @param align a power of two up to 65,536. Default: 16; at least that of the typed array's elements
   * @throws {OutOfMemoryError} if there is no memory
   * @throws {ArgumentTypeError} {@link ArgumentRangeError} if the length or the alignment is invalid
   */
  allocSlice<T extends ScalarValue, A extends ArrayBufferView>(
    type: ScalarDescriptor<T, A>,
    length: number,
    align: number = SLICE_ALIGN,
  ): WasmSlice<A, T> {
    const { heap } = this;
    const bytes = elementBytes(type, length);
    const count = bytes / type.size;
    const unit = Math.max(toAlign(align), type.Elements.BYTES_PER_ELEMENT);
    return this.suballocate(bytes, unit, ({ address, allocation, owned, arena }) => {
      if (arena) {
        const epoch = arena.epoch();
        return new WasmSlice(heap, type, address, count, allocation, arena.kind, arena, false, epoch);
      }
      const owner = new (refClassesOf(type).ArrayRef)(heap, address, count, allocation, owned);
      return new WasmSlice(heap, type, address, count, allocation, 'heap', owner, owned, 0);
    });
  }

  /** @internal The string methods call it, as {@link Heap.allocateWith}. */
  allocateWith<R>(
    bytes: number,
    align: number,
    make: (allocation: Allocation, address: number, heap: RefHeap, owned: boolean) => R,
  ): R {
    const { heap } = this;
    return this.suballocate(bytes, align, ({ address, allocation, owned }) => {
      clearBytes(heap, address, bytes);
      return make(allocation, address, heap, owned);
    });
  }
}

/** The methods of `M` that allocate. */
export type AllocMethods<M> = { [K in keyof M as K extends `alloc${string}` ? K : never]: M[K] };

/** The `alloc...` methods for scalars, arrays, strings and slices; their refs borrow from the region. */
export interface Region extends AllocMethods<ScalarMethods>, AllocMethods<StringMethods>, SliceMethods {
  /** For `using`, where the engine has `Symbol.dispose`. */
  [Symbol.dispose](): void;
}

/** Returns the methods `allocF32` and the like of all types, which call `allocSlice` on `this`, or on `region`. */
export function sliceMethods(region?: Pick<Region, 'allocSlice'>): SliceMethods {
  const methods: Record<string, unknown> = {};
  for (const type of allTypes)
    methods[`alloc${type.name.charAt(0).toUpperCase()}${type.name.slice(1)}`] = function (
      this: Pick<Region, 'allocSlice'>,
      length: number,
      align?: number,
    ) {
      return (region ?? this).allocSlice(type, length, align);
    };
  return methods as unknown as SliceMethods; // one for each type
}

prepareForMethods(Region.prototype);
installDispose(Region.prototype);
installScalarAllocators(Region.prototype);
installStringAllocators(Region.prototype);
Object.assign(Region.prototype, sliceMethods());
