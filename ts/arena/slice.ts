// SPDX-License-Identifier: MIT
// Slices: elements of one type in a heap or an arena, which know whether what they stand for is still lent.
//
//   S1  A slice of an arena is of one epoch. Where others know the arena too, C code or other threads, the epoch in
//       memory is compared with it before each use.
//   S2  Its block is the loan it was cut from, which ends with a rewind, a destroy or a free from here; the memory
//       of an ended loan has no byte.
import { FreedError, NotOwnedError, StaleEpochError } from '../errors.ts';
import type { WasmHeapManager } from './manager.ts';
import { toCount } from '../memory/address.ts';
import type { Block } from '../memory/block.ts';
import { toIndex } from '../scalar/array.ts';
import { Ref } from '../scalar/ref.ts';
import { installDispose } from '../memory/dispose.ts';
import type { Scalar, ScalarValue, Values } from '../scalar/scalar.ts';
import { encodeValues, hasOwnElements, storeValues, valuesFrom } from '../scalar/values.ts';
import { epochNow } from './epochs.ts';
import type { WasmSliceHandle } from './handle.ts';

/** Where a slice was lent: in a block of its own, in the frame arena, or in another arena. */
export type WasmSliceKind = 'heap' | 'frame' | 'arena';

/** What slices are aligned to unless asked for more. */
export const SLICE_ALIGN = 16;

/** What a slice needs of its arena. */
export interface SliceArena {
  readonly kind: 'frame' | 'arena';
  readonly basePtr: number;
  /** Of its struct, which the epoch begins. */
  readonly address: number;
  /** Whether it was destroyed. */
  readonly destroyed: boolean;
  /** The epoch that what is lent now is of. */
  epoch(): number;
  /** The number of the frame whose loan that is. */
  frameOf(loan: Block): number;
}

/** The slices that views were taken from: a view keeps what it looks at from being collected. */
const keepers = new WeakMap<ArrayBufferView, { readonly type: object }>();

/**
 * `length` elements of one type. `at`, `set`, `write` and iteration are checked each time: against the length, against
 * a free, a reset, a rewind. `view()` gives the engine's own typed array, which nothing can check afterwards: take it,
 * use it, drop it.
 */
export class WasmSlice<A extends ArrayBufferView = ArrayBufferView, T extends ScalarValue = ScalarValue> {
  /** The heap it lies in. */
  readonly heap: WasmHeapManager;
  /** The row of its elements. */
  readonly type: Scalar<T, A>;
  /** Its first byte. Still readable when it has ended, for messages. */
  readonly ptr: number;
  /** Elements. */
  readonly length: number;
  /** Where it was lent. */
  readonly kind: WasmSliceKind;
  /** The loan it is part of; the library's own. */
  readonly block: Block;
  /** The ref that owns its block, or that must live as long; the library's own. */
  readonly owner: Ref | SliceArena | undefined;
  /** Whether it was allocated as a block of its own, which it frees. */
  readonly owns: boolean;
  // The row's own, here for one load less: rows are each of a class of its own.
  private readonly get: Scalar<T, A>['get'];
  private readonly put: Scalar<T, A>['set'];
  private readonly size: number;
  private readonly valueKind: Scalar['kind'];
  /** The epoch it was lent in; 0 for a heap slice, which has a number only when asked for. */
  private readonly born: number;
  private kept: A | undefined;
  /** The memory that `kept` is of: there is another one after a growth. */
  private keptData: DataView | undefined;

  /**
   * The library's own: slices are made by the `alloc...` methods of heaps and arenas, and from handles.
   * @param owner the ref that owns the block or must live as long, or the arena that does
   */
  constructor(
    heap: WasmHeapManager,
    type: Scalar<T, A>,
    ptr: number,
    length: number,
    block: Block,
    kind: WasmSliceKind,
    owner: Ref | SliceArena | undefined,
    owns: boolean,
    born: number,
  ) {
    this.heap = heap;
    this.type = type;
    this.get = type.get;
    this.put = type.set;
    this.size = type.size;
    this.valueKind = type.kind;
    this.ptr = ptr;
    this.length = length;
    this.block = block;
    this.kind = kind;
    this.owner = owner;
    this.owns = owns;
    this.born = born;
    this.kept = undefined;
    this.keptData = undefined;
  }

  /** Bytes of all elements. */
  get byteLength(): number {
    return this.length * this.size;
  }
  /** The short name of its element type, as in `f32`. */
  get dtype(): string {
    return this.type.name;
  }
  /** The epoch it was lent in: of its arena, or a number that no other loan of its heap has. */
  get epoch(): number {
    return this.born || this.heap.arenas.epochOf(this.block);
  }

  /** Whether it may still be used: not freed, and its arena neither reset, rewound to before it nor destroyed. */
  isAlive(): boolean {
    const { block } = this;
    return block.live && (!block.epoch || epochNow(this.heap, block.epoch) === this.born);
  }
  /**
   * Does nothing while the slice may be used.
   * @throws {FreedError} when it was freed, or its arena destroyed or rewound to before it
   * @throws {StaleEpochError} when its arena was reset
   */
  assertAlive(): void {
    if (this.isAlive()) return;
    const { born, owner, ptr, block } = this;
    const arena = owner instanceof Ref ? undefined : owner;
    if (arena?.destroyed) throw new FreedError(arena.basePtr, 'arena');
    const now = arena ? arena.epoch() : block.epoch ? epochNow(this.heap, block.epoch) : 0;
    if (born !== 0 && now !== 0 && now !== born) throw new StaleEpochError(born, now);
    throw new FreedError(ptr, 'slice');
  }

  /** Returns the buffer of the memory as it is now. @throws {FreedError} {@link StaleEpochError} when it has ended */
  buffer(): ArrayBufferLike {
    this.assertAlive();
    return this.heap.buffer;
  }
  /**
   * Returns a typed array over the elements: the same one until the memory grows. It is the engine's own, and what is
   * done with it later is not checked. It keeps the slice's arena or block from being collected, but not from being
   * freed or reset.
   * @throws {FreedError} {@link StaleEpochError} when the slice has ended
   */
  view(): A {
    try {
      const { block } = this;
      const { data, bytes } = block.memory; // S2
      if (bytes.length > 0 && data === this.keptData && isOfEpoch(block, data)) return this.kept as A; // set together
    } catch {
      // The memory became shorter.
    }
    this.assertAlive();
    const view = this.type.view(this.heap, this.ptr, this.length);
    keepers.set(view, this);
    this.keptData = this.heap.data;
    return (this.kept = view);
  }
  /**
   * Returns element `index`; a negative index counts from the end.
   * @throws {ArgumentRangeError} when there is no such element
   * @throws {FreedError} {@link StaleEpochError} when the slice has ended
   */
  at(index: number): T {
    try {
      const i = index >>> 0;
      if (i === index && i < this.length) {
        const { block } = this;
        const { data, bytes } = block.memory; // S2
        if (this.ptr < bytes.length && isOfEpoch(block, data))
          return this.get(data, this.ptr + i * this.size);
      }
    } catch {
      // The memory became shorter, or the index is a bigint.
    }
    this.assertAlive();
    return this.type.read(this.heap, this.ptr + toIndex(index, this.length) * this.size);
  }
  /**
   * Writes element `index`; errors as {@link at}. Returns the slice.
   * @throws {ArgumentTypeError} when the value has the wrong type
   */
  set(index: number, value: T): this {
    try {
      const i = index >>> 0;
      if (i === index && i < this.length && typeof value === this.valueKind) {
        const { block } = this;
        const { data, bytes } = block.memory; // S2
        if (this.ptr < bytes.length && isOfEpoch(block, data)) {
          this.put(data, this.ptr + i * this.size, value);
          return this;
        }
      }
    } catch {
      // The memory became shorter, or the row refuses the value or the index, and does so again below.
    }
    this.assertAlive();
    this.type.write(this.heap, this.ptr + toIndex(index, this.length) * this.size, value);
    return this;
  }
  /** Goes over the elements from first to last; each is checked and read when its turn comes. */
  *[Symbol.iterator](): IterableIterator<T> {
    for (let i = 0; i < this.length; i++) yield this.at(i);
  }

  /**
   * Copies `source` from its element `srcOffset` on to the start of the slice, and sets what remains to 0. All of it
   * or, when a value is wrong or there are too many, nothing. It may overlap the slice. Returns the slice.
   * @param source anything with a length and indices, also the slice's own view; `null` and `undefined` have none
   * @param zeroFill whether the elements that the source has no value for are set to 0, or stay
   * @param truncate whether a source that is too long is cut, instead of refused
   * @throws {ArgumentTypeError} when it is no array, or a value has the wrong type
   * @throws {ArgumentRangeError} when it is too long, or the offset is beyond its end
   * @throws {FreedError} {@link StaleEpochError} when the slice has ended
   */
  write(source: Values<T> | null | undefined, srcOffset = 0, zeroFill = true, truncate = false): this {
    const { heap, ptr, length, byteLength } = this;
    const offset = toCount(srcOffset, 'an offset in elements');
    const values = valuesFrom(standsFor(this.type, source) ?? [], offset, truncate ? length : undefined);
    const bytes = encodeValues(this.type, values, length, true);
    this.assertAlive(); // after what a caller can hook: reading the source may have freed it
    storeValues(heap, ptr, bytes); // first: the source may lie in the rest
    if (zeroFill) heap.fill(ptr + bytes.length, byteLength - bytes.length);
    return this;
  }

  /** Returns a plain object that stands for the slice, and crosses `postMessage`; see {@link sliceFromHandle}. */
  handle(): WasmSliceHandle {
    this.assertAlive();
    const { kind, dtype, ptr, length, epoch, heap } = this;
    const { id } = heap.arenas.epochs.identity;
    const { owner, block } = this;
    const at = { arena: kind === 'heap' ? 0 : (block.epoch?.at ?? 0), frame: 0 };
    if (owner && 'frameOf' in owner) Object.assign(at, { arena: owner.address, frame: owner.frameOf(block) });
    return { kind, dtype, ptr, length, epoch, heap: id, ...at };
  }

  /**
   * Gives a heap slice's block back.
   * @throws {DoubleFreeError} when that was done before
   * @throws {NotOwnedError} when it was cut from an arena, or made from a handle
   */
  free(): void {
    const { kind, ptr, heap, owner } = this;
    if (kind !== 'heap')
      throw new NotOwnedError(ptr, `it is part of an arena (kind ${kind}): reset or rewind that`);
    if (!(owner instanceof Ref && this.owns))
      throw new NotOwnedError(
        ptr,
        'this slice was made from a handle; the slice that was allocated is freed',
      );
    heap.free(owner);
  }
  /** Gives its block back if it owns one that is still lent; else does nothing. */
  dispose(): void {
    if (this.owns && this.block.live) this.free();
  }
}

/** So that `using slice = ...` works where the engine knows `Symbol.dispose`. */
// biome-ignore lint/correctness/noUnusedVariables: a merged declaration has the class's parameters
export interface WasmSlice<A extends ArrayBufferView, T extends ScalarValue> {
  [Symbol.dispose](): void;
}
installDispose(WasmSlice.prototype);

/** What `source` has: the values of a slice of `row`, when it is a view of one whose elements are not the values. */
function standsFor<T extends ScalarValue, S>(row: Scalar<T>, source: S): S | T[] {
  const slice = hasOwnElements(row) ? undefined : keepers.get(source as ArrayBufferView); // or finds nothing
  return slice?.type === row ? [...(slice as WasmSlice<ArrayBufferView, T>)] : source; // of its row
}

/** S1: whether the epoch in `data`, if there is one to compare, is that of `block`. */
function isOfEpoch(block: Block, data: DataView): boolean {
  const { epoch } = block;
  if (epoch === undefined) return true;
  const { at } = epoch;
  return (
    data.getInt32(at, true) === epoch.low &&
    data.getInt32(at + 4, true) === epoch.high &&
    data.getInt32(epoch.signAt, true) === epoch.sign
  );
}
