// SPDX-License-Identifier: MIT
// Slices: elements of one type in a heap or an arena, with a liveness check at each use.
//
//   S1  A slice of an arena belongs to one epoch. If C code or other threads know the arena, each use compares the epoch
//       in memory.
//   S2  Its allocation token becomes invalid with a rewind, a reset, a destroy or a free through this heap; the memory of
//       an invalid token has no bytes.
import { NotOwnedError } from '../errors.ts';
import type { Heap } from '../heap/heap.ts';
import { toCount } from '../memory/address.ts';
import type { Allocation } from '../memory/allocation.ts';
import { fillBytes } from '../memory/bytes.ts';
import { installDispose } from '../memory/dispose.ts';
import {
  installElementMethods,
  isCopyable,
  rangeOf,
  toIndex,
  type ElementMethods,
} from '../scalar/elements.ts';
import { toPrimitivePointer } from '../scalar/print.ts';
import type { ScalarDescriptor, ScalarValue, Values } from '../scalar/descriptor.ts';
import type { ViewIteratorClass } from '../scalar/iterator.ts';
import { refClassesOf } from '../scalar/ref-classes.ts';
import { Ref, retainedBy } from '../scalar/ref.ts';
import { encodeValues, fromElements, storeValues, valuesFrom } from '../scalar/values.ts';
import { isCurrent } from './epochs.ts';
import { registryOf } from './registry.ts';
import type { WasmSliceHandle, WasmSliceKind } from './slice-handle.ts';
import { isAlive, staleError, type SliceArena } from './slice-liveness.ts';

/** The default alignment of slices in bytes. */
export const SLICE_ALIGN = 16;

/**
 * Consecutive elements of one type. `at`, `set`, `write` and iteration check the index and the liveness (free, reset,
 * rewind) each time. `view()` returns a typed array, which nothing checks afterwards: use it at once.
 */
export class WasmSlice<A extends ArrayBufferView = ArrayBufferView, T extends ScalarValue = ScalarValue> {
  /** The heap it lies in. */
  readonly heap: Heap;
  /** The type of its elements. */
  readonly type: ScalarDescriptor<T, A>;
  /** The first byte. Still readable when the slice is invalid, for messages. */
  readonly ptr: number;
  /** The number of elements. */
  readonly length: number;
  /** The kind of its allocation. */
  readonly kind: WasmSliceKind;
  /** @internal The allocation it is part of. */
  readonly allocation: Allocation;
  /** @internal The ref that owns its block, or the ref or arena that must not be collected before it. */
  readonly owner: Ref | SliceArena | undefined;
  /** True if it has a separate block, which `free` frees. */
  readonly owns: boolean;
  // Copied from the type, as types are objects of different shapes.
  private readonly get: ScalarDescriptor<T, A>['get'];
  private readonly put: ScalarDescriptor<T, A>['set'];
  private readonly size: number;
  private readonly valueKind: ScalarDescriptor['kind'];
  /** 0 for a heap slice, which gets an epoch when it is asked for. */
  private readonly createdIn: number;
  /** The last view, and the memory view that it was created with, which growth replaces. */
  private lastView: A | undefined;
  private lastData: DataView | undefined;

  /**
   * @internal Made by the `alloc...` methods of heaps and arenas, and from handles.
   */
  constructor(
    heap: Heap,
    type: ScalarDescriptor<T, A>,
    ptr: number,
    length: number,
    allocation: Allocation,
    kind: WasmSliceKind,
    owner: Ref | SliceArena | undefined,
    owns: boolean,
    createdIn: number,
  ) {
    this.heap = heap;
    this.type = type;
    this.get = type.get;
    this.put = type.set;
    this.size = type.size;
    this.valueKind = type.kind;
    this.ptr = ptr;
    this.length = length;
    this.allocation = allocation;
    this.kind = kind;
    this.owner = owner;
    this.owns = owns;
    this.createdIn = createdIn;
    this.lastView = undefined;
    this.lastData = undefined;
  }

  /** The size of all elements in bytes. */
  get byteLength(): number {
    return this.length * this.size;
  }
  /** The same as `ptr`. */
  get address(): number {
    return this.ptr;
  }
  /** The short name of its element type, as in `f32`. */
  get dtype(): string {
    return this.type.name;
  }
  /** The epoch it was created in: that of its arena, or a number that no other allocation of its heap has. */
  get epoch(): number {
    return this.createdIn || registryOf(this.heap).epochOf(this.allocation);
  }

  /** True if it can be used: not freed, and its arena not reset, destroyed or rewound to before it. */
  isAlive(): boolean {
    return isAlive(this.heap, this.allocation, this.createdIn);
  }
  /**
   * Does nothing if the slice can be used.
   * @throws {FreedError} if it was freed, or its arena destroyed or rewound to before it
   * @throws {StaleEpochError} if its arena was reset
   */
  assertAlive(): void {
    if (!this.isAlive()) throw staleError(this, this.createdIn);
  }

  /** Returns the current buffer of the memory. @throws {FreedError} {@link StaleEpochError} if the slice is invalid */
  buffer(): ArrayBufferLike {
    this.assertAlive();
    return this.heap.buffer;
  }
  /**
   * Returns a typed array over the elements: the same one until the memory grows. Nothing checks it afterwards. It keeps
   * the arena or block from being collected, but not from being freed or reset. Posting it clones the whole memory.
   * @throws {FreedError} {@link StaleEpochError} if the slice is invalid
   */
  view(): A {
    try {
      const { allocation } = this;
      const { data, bytes } = allocation.memory; // S2
      if (bytes.length > 0 && data === this.lastData && isCurrent(allocation, data))
        return this.lastView as A; // set together
    } catch {
      // The memory became shorter.
    }
    this.assertAlive();
    const view = retainedBy(this, this.type.view(this.heap, this.ptr, this.length));
    this.lastData = this.heap.data;
    return (this.lastView = view);
  }
  /**
   * Returns element `index`; a negative index counts from the end.
   * @throws {ArgumentRangeError} if there is no such element
   * @throws {FreedError} {@link StaleEpochError} if the slice is invalid
   */
  at(index: number): T {
    try {
      const i = typeof index === 'number' ? index >>> 0 : -1;
      if (i === index && i < this.length) {
        const { allocation } = this;
        const { data, bytes } = allocation.memory; // S2
        if (this.ptr < bytes.length && isCurrent(allocation, data))
          return this.get(data, this.ptr + i * this.size);
      }
    } catch {
      // The memory became shorter, or the index is a bigint.
    }
    this.assertAlive();
    return this.type.read(this.heap, this.ptr + toIndex(index, this.length) * this.size);
  }
  /**
   * Writes element `index`, or copies values as {@link copyFrom}. Throws as {@link at}. Returns the slice.
   * @throws {ArgumentTypeError} if a value has the wrong type
   */
  set(index: number, value: T): this;
  set(values: Values<T>, offset?: number): this;
  set(index: number | Values<T>, value?: T | number): this {
    if (typeof index !== 'number') {
      if (typeof index !== 'object') toIndex(index, this.length); // refuses it
      return this.copyFrom(index, value as number | undefined);
    }
    try {
      const i = index >>> 0;
      if (i === index && i < this.length && typeof value === this.valueKind) {
        const { allocation } = this;
        const { data, bytes } = allocation.memory; // S2
        if (this.ptr < bytes.length && isCurrent(allocation, data)) {
          this.put(data, this.ptr + i * this.size, value as T); // of the right type
          return this;
        }
      }
    } catch {
      // The memory became shorter, or the type refuses the value or the index, and does so again below.
    }
    this.assertAlive();
    this.type.write(this.heap, this.ptr + toIndex(index, this.length) * this.size, value as T); // or refuses it
    return this;
  }
  /** Writes element `index`. Throws as {@link at}. Returns the slice. */
  setAt(index: number, value: T): this {
    return this.set(index, value);
  }
  /** Returns the elements from `start` up to, not including, `end` as a slice that borrows; negatives count from the end. */
  subarray(start = 0, end: number = this.length): WasmSlice<A, T> {
    this.assertAlive();
    const { heap, type, allocation, kind, owner, createdIn } = this;
    const [at, count] = rangeOf(this, start, end);
    return new WasmSlice(heap, type, at, count, allocation, kind, owner, false, createdIn);
  }

  /**
   * Copies `source` from its element `srcOffset` on to the start of the slice and sets the rest to 0: all of it or, if a
   * value is refused or there are too many, nothing. It may overlap the slice. Returns the slice.
   * @param source any values, the slice's own view too; `null` and `undefined` are empty
   * @param zeroFill true if elements without a value are set to 0; else they stay. Default: true
   * @param truncate true if a source that is too long is cut; else it is refused. Default: false
   * @throws {ArgumentTypeError} if it is not an array, typed array, ref, slice or iterable, or a value has the wrong type
   * @throws {ArgumentRangeError} if it is too long, or the offset is beyond its end
   * @throws {FreedError} {@link StaleEpochError} if the slice is invalid
   */
  write(source: Values<T> | null | undefined, srcOffset = 0, zeroFill = true, truncate = false): this {
    const { length, byteLength, ptr } = this;
    const offset = toCount(srcOffset, 'an offset in elements');
    const values = valuesFrom(fromElements(this.type, source ?? []), offset, length, truncate);
    const bytes = encodeValues(this.type, values, length, true);
    const memory = this.liveMemory(); // after all user code: reading the source may have freed the slice
    storeValues(memory, ptr, bytes); // first: the source may lie in the rest
    if (zeroFill) fillBytes(memory, ptr + bytes.length, byteLength - bytes.length);
    return this;
  }

  /** Returns the address, as a ref does: see {@link Ref}. @throws {FreedError} {@link StaleEpochError} if invalid */
  [Symbol.toPrimitive](hint: string): number | bigint | string {
    if (hint === 'string') return String(this.toString());
    this.assertAlive();
    return toPrimitivePointer(this.heap, this.ptr);
  }
  /** @internal */
  liveMemory(): Heap {
    this.assertAlive();
    return this.heap;
  }
  /** @internal */ get ViewIterator(): ViewIteratorClass | undefined {
    return refClassesOf(this.type).ArrayRef.prototype.ViewIterator;
  }
  /** @internal */
  get printedName(): string {
    return `WasmSlice<${this.dtype}>(${this.length})`;
  }
  /** @internal */
  elementValues(): ArrayLike<T> {
    return isCopyable(this) ? (this.view() as unknown as ArrayLike<T>) : this.toArray(); // `view` shows these elements
  }

  /** Returns the slice as a plain object for `postMessage`; see {@link sliceFromHandle}. */
  handle(): WasmSliceHandle {
    this.assertAlive();
    const { kind, dtype, ptr, length, epoch, heap } = this;
    const { id } = registryOf(heap).epochs.identity;
    const { owner, allocation } = this;
    let arena = kind === 'heap' ? 0 : (allocation.epoch?.at ?? 0);
    let frame = 0;
    if (owner && 'checkpointOf' in owner) {
      arena = owner.address;
      frame = owner.checkpointOf(allocation);
    }
    return { kind, dtype, ptr, length, epoch, heap: id, arena, frame };
  }

  /**
   * Frees the block of a heap slice.
   * @throws {DoubleFreeError} if it was freed already
   * @throws {NotOwnedError} if it is part of an arena, or was made from a handle
   */
  free(): void {
    const { kind, ptr, heap, owner } = this;
    if (kind !== 'heap')
      throw new NotOwnedError(ptr, `it is part of an arena (kind ${kind}): reset or rewind that`);
    if (!(owner instanceof Ref && this.owns))
      throw new NotOwnedError(
        ptr,
        'this slice borrows, made by subarray or from a handle; free the slice that was allocated',
      );
    heap.free(owner);
  }
  /** Frees the block if the slice owns a live one; else does nothing. */
  dispose(): void {
    if (this.owns && this.allocation.isLive) this.free();
  }
}

export interface WasmSlice<A extends ArrayBufferView, T extends ScalarValue> extends ElementMethods<T, A> {
  [Symbol.dispose](): void;
}
installDispose(WasmSlice.prototype);
installElementMethods(WasmSlice.prototype);
