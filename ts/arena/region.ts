// SPDX-License-Identifier: MIT
// A region: a place to allocate in, all of which ends at once. Arenas are regions, and so are scopes.
//
//   R1  What is made in a region borrows: its refs cannot be freed one by one, and end with the loan they were cut
//       from.
//   R2  An allocation that fails, for its values or for room, takes nothing.
import { installStrings, type HeapStrings } from '../heap/strings.ts';
import { MALLOC_ALIGN } from '../heap/allocator.ts';
import type { WasmHeapManager } from './manager.ts';
import { refClassesOf, widen } from '../heap/methods.ts';
import type { HeapMethods } from '../heap/methods.gen.ts';
import { toAlign, toCount } from '../memory/address.ts';
import type { Block } from '../memory/block.ts';
import { installDispose } from '../memory/dispose.ts';
import type { ScalarArrayRef } from '../scalar/array.ts';
import type { ScalarRef } from '../scalar/ref.ts';
import type { Scalar, ScalarValue, Values } from '../scalar/scalar.ts';
import { ptr32, ptr53, ptr64, rows } from '../scalar/table.ts';
import type { TextHeap } from '../text/ref.ts';
import { encodeValues, storeValues } from '../scalar/values.ts';
import { SLICE_ALIGN, WasmSlice, type SliceArena } from './slice.ts';
import type { SliceMethods } from './slices.gen.ts';

/** Whether `row` refuses some values of its own kind. */
export const refuses = (row: object): boolean => row === ptr53 || row === ptr64 || row === ptr32;

/** What a region cut off for somebody. */
export interface Cut {
  readonly address: number;
  /** The loan it is part of. */
  readonly block: Block;
  /** Whether it is a block of its own, which its ref owns. */
  readonly owned: boolean;
  /** The arena it was cut from, if it was. */
  readonly arena: SliceArena | undefined;
}

/**
 * A place in a heap to allocate in, all of which ends at once: what arenas and scopes have in common. It has the
 * `alloc...` methods of {@link WasmHeapManager} for scalars, arrays and strings (`allocInt32(5)`,
 * `allocFloat64Array([1, 2])`, `allocNullTerminatedUtf8String('text')`); what they return borrows from the region and
 * is not freed by itself.
 */
export abstract class Region {
  /** The heap it lies in. */
  abstract readonly heap: WasmHeapManager;

  /**
   * Cuts `bytes` bytes off, lets `make` make something of them, and takes them back when that throws; the library's
   * own.
   */
  abstract cut<R>(bytes: number, align: number, make: (cut: Cut) => R): R;

  /** Ends it, and with it all that was allocated in it. */
  abstract dispose(): void;

  /** Returns a ref to one scalar, 0 unless given; `allocInt32(value)` and the like come here. */
  allocScalar<T extends ScalarValue, A extends ArrayBufferView>(
    row: Scalar<T, A>,
    value?: T,
  ): ScalarRef<T, A> {
    const { heap } = this;
    return this.cut(row.size, Math.min(row.size, MALLOC_ALIGN), ({ address, block, owned }) => {
      if (value === undefined) heap.fill(address, row.size);
      else row.write(heap, address, value);
      return new (refClassesOf(row)[owned ? 'One' : 'Alias'])(heap, address, block, owned);
    });
  }

  /** Returns a ref to an array, of zeros or of values; `allocInt32Array(count)` and the like come here. */
  allocScalarArray<T extends ScalarValue, A extends ArrayBufferView>(
    row: Scalar<T, A>,
    countOrValues: number | Values<T>,
  ): ScalarArrayRef<T, A> {
    const { heap } = this;
    const values = typeof countOrValues === 'number' ? undefined : encodeValues(row, countOrValues);
    const count = values ? values.length / row.size : toCount(countOrValues as number, 'a count of elements'); // no values: a number
    const bytes = toCount(count * row.size, 'a size in bytes');
    return this.cut(bytes, Math.min(row.size, MALLOC_ALIGN), ({ address, block, owned }) => {
      if (values) storeValues(heap, address, values);
      else heap.fill(address, bytes);
      return new (refClassesOf(row).Many)(heap, address, count, block, owned);
    });
  }

  /**
   * Returns a slice of `length` elements of `row`; `allocF32(length)` and the like come here. Not cleared.
   * @param align a power of two up to 65,536; 16 unless given, and never less than the elements need
   * @throws {OutOfMemoryError} when there is no room
   * @throws {ArgumentTypeError} {@link ArgumentRangeError} when the length or the alignment is no such number
   */
  allocSlice<T extends ScalarValue, A extends ArrayBufferView>(
    row: Scalar<T, A>,
    length: number,
    align: number = SLICE_ALIGN,
  ): WasmSlice<A, T> {
    const count = toCount(length, 'a count of elements');
    const bytes = toCount(count * row.size, 'a size in bytes');
    return this.cut(bytes, Math.max(toAlign(align), row.Elements.BYTES_PER_ELEMENT), (cut) => {
      const { address, block, owned, arena } = cut;
      if (arena)
        return new WasmSlice(this.heap, row, address, count, block, arena.kind, arena, false, arena.epoch());
      const owner = new (refClassesOf(row).Many)(this.heap, address, count, block, owned);
      return new WasmSlice(this.heap, row, address, count, block, 'heap', owner, owned, 0);
    });
  }

  /** What string methods take their place by: as the manager's, but cut from the region; the library's own. */
  lendTo<R>(
    bytes: number,
    align: number,
    make: (block: Block, address: number, heap: WasmHeapManager, owned: boolean) => R,
  ): R {
    const { heap } = this;
    return this.cut(bytes, align, ({ address, block, owned }) => {
      heap.fill(address, bytes);
      return make(block, address, heap, owned);
    });
  }
}

type AllocOf<M> = { [K in keyof M as K extends `alloc${string}` ? K : never]: M[K] };

/** The manager's `alloc...` methods for scalars, arrays and strings; their refs borrow from the region. */
export interface Region extends AllocOf<HeapMethods>, AllocOf<HeapStrings>, SliceMethods {
  /** Allocates a string; the library's own: `allocUtf8String(text)` and the like come here. */
  readonly allocText: TextHeap['allocText'];
  /** For `using`, where the engine knows `Symbol.dispose`. */
  [Symbol.dispose](): void;
}
installDispose(Region.prototype);

/** Puts the methods of every row and every encoding on the prototype of all regions. */
function install(prototype: object): void {
  widen(prototype);
  const strings: Record<string, unknown> = {};
  installStrings(strings);
  for (const [name, method] of Object.entries(strings))
    if (name.startsWith('alloc')) Object.assign(prototype, { [name]: method });
  for (const row of rows as readonly unknown[] as readonly Scalar[])
    // each row is a Scalar of its own value
    for (const label of row.label === 'Uint8Clamped' ? [row.label, 'ClampedUint8'] : [row.label])
      Object.assign(prototype, {
        [`alloc${label}`](this: Region, value?: ScalarValue) {
          return this.allocScalar(row, value);
        },
        [`alloc${label}Array`](this: Region, countOrValues: number | Values<ScalarValue>) {
          return this.allocScalarArray(row, countOrValues);
        },
      });
}
install(Region.prototype);
Object.assign(
  Region.prototype,
  sliceVerbs(
    (row) =>
      function (this: Region, length: number, align?: number) {
        return this.allocSlice(row, length, align);
      },
  ),
);

/** The methods `allocF32` and the like, each what `make` makes of its row. */
export function sliceVerbs(make: (row: Scalar) => unknown): Record<string, unknown> {
  const name = (row: Scalar) => `alloc${row.name.charAt(0).toUpperCase()}${row.name.slice(1)}`;
  return Object.fromEntries(
    (rows as readonly unknown[] as readonly Scalar[]).map((row) => [name(row), make(row)]),
  ); // each row is a Scalar of its own value
}
