/// <reference lib="esnext.disposable" preserve="true" />
// SPDX-License-Identifier: MIT
// Refs: one typed place in a heap, with the block it lies in, so that a use after free is seen.
import { FreedError } from '../errors.ts';
import type { Address } from '../memory/address.ts';
import type { Block } from '../memory/block.ts';
import { installDispose } from '../memory/dispose.ts';
import { fillBytes } from '../memory/bytes.ts';
import type { LinearMemory, ViewCell } from '../memory/memory.ts';
import type { ScalarArrayRef } from './array.ts';
import { atomicLoad, atomicStore } from './atomic.ts';
import type { Scalar, ScalarValue, Values } from './scalar.ts';

/** What refs need of a heap: a memory that lends blocks. The heap room implements it. */
export interface RefHeap extends LinearMemory {
  /** Whether dropped owning refs give their blocks back when they are collected. */
  readonly collects: boolean;
  /** Enters `ref` as the owner of its block. */
  own(ref: Ref): void;
  free(target: Address | Ref): void;
  resizeScalarArray<T extends ScalarValue, A extends ArrayBufferView>(
    ref: ScalarArrayRef<T, A>,
    length: number,
  ): ScalarArrayRef<T, A>;
  allocScalar<T extends ScalarValue, A extends ArrayBufferView>(
    row: Scalar<T, A>,
    value?: T,
  ): ScalarRef<T, A>;
  wrapScalar<T extends ScalarValue, A extends ArrayBufferView>(
    row: Scalar<T, A>,
    address: Address,
  ): ScalarRef<T, A>;
  allocScalarArray<T extends ScalarValue, A extends ArrayBufferView>(
    row: Scalar<T, A>,
    countOrValues: number | Values<T>,
  ): ScalarArrayRef<T, A>;
  wrapScalarArray<T extends ScalarValue, A extends ArrayBufferView>(
    row: Scalar<T, A>,
    address: Address,
    count: number,
  ): ScalarArrayRef<T, A>;
}

/**
 * A place in a heap. Made by the heap's `alloc...` methods it owns its block: `free()` gives it back, once.
 * Made by `wrap...` it borrows: it cannot be freed, and whoever owns the memory decides how long it is valid.
 * Any use after the block was freed throws {@link FreedError}, also through other refs of the same block.
 */
export abstract class Ref {
  /** The heap it lies in. */
  declare readonly heap: RefHeap;
  /** Its first byte. Still readable after the free, for messages. */
  declare readonly address: number;
  /** The loan it belongs to; the library's own. */
  declare readonly block: Block;
  /** Whether it owns its block. */
  declare readonly owned: boolean;
  /** Bytes it covers. */
  abstract readonly byteLength: number;
  /** B2 of block.ts; the library's own. */
  declare cell: ViewCell;
  /** What it must keep from being collected: the ref it was cut from, or its ballast; the library's own. */
  source?: object | undefined;

  /** Whether its block was freed. */
  get isFreed(): boolean {
    return !this.block.live;
  }
  /** Whether it can still be used. */
  get isNotFreed(): boolean {
    return this.block.live;
  }
  /** Bytes it covers: the same as `byteLength`. */
  get allocatedByteCount(): number {
    return this.byteLength;
  }
  /** Bytes it covers: the same as `byteLength`. */
  get allocatedByteSize(): number {
    return this.byteLength;
  }
  /** A fresh view of its bytes; see {@link LinearMemory.view} for how long it is valid. */
  get allocatedBytesView(): Uint8Array {
    return this.keep(this.block.memory.view(Uint8Array, this.address, this.byteLength));
  }

  /** @throws {FreedError} when its block was freed */
  assertLive(): void {
    if (!this.block.live) throw new FreedError(this.address);
  }
  /** Sets all its bytes to zero. @throws {FreedError} when its block was freed */
  clear(): void {
    fillBytes(this.block.memory, this.address, this.byteLength);
  }
  /**
   * Gives its block back.
   * @throws {DoubleFreeError} when that was done before
   * @throws {NotOwnedError} when it borrows
   */
  free(): void {
    this.heap.free(this);
  }
  /** Gives its block back if it owns one that is still lent; else does nothing. Never a second free. */
  dispose(): void {
    if (this.owned && this.block.live) this.heap.free(this);
  }
  /** Returns `view`, which from here on keeps this ref, and so its block, from being collected. */
  protected keep<V extends ArrayBufferView>(view: V): V {
    if (this.heap.collects || this.block.keeps) keepers.set(view, this);
    return view;
  }
}

/** A ref that is being made. Every class fills in its own: see refs.gen.ts. */
export interface NewRef {
  heap: RefHeap;
  address: number;
  block: Block;
  owned: boolean;
  cell: ViewCell;
}

/** The refs that views were taken from. */
const keepers = new WeakMap<ArrayBufferView, Ref>();

/** So that `using ref = heap.allocInt32()` works where the engine knows `Symbol.dispose`. */
export interface Ref {
  [Symbol.dispose](): void;
}
installDispose(Ref.prototype);

/** A ref to one scalar. */
export abstract class ScalarRef<
  T extends ScalarValue = ScalarValue,
  A extends ArrayBufferView = ArrayBufferView,
> extends Ref {
  /** The row of the table that says how it is read and written. */
  abstract readonly type: Scalar<T, A>;
  /** The value in memory. @throws {FreedError} when its block was freed */
  get value(): T {
    return this.slowRead();
  }
  set value(value: T) {
    this.slowWrite(value);
  }

  get byteLength(): number {
    return this.type.size;
  }

  /** The same as reading `value`. */
  read(): T {
    return this.value;
  }
  /** The same as setting `value`. Returns the ref. */
  write(value: T): this {
    this.value = value;
    return this;
  }
  /** Loads the value in one indivisible step. */
  readAtomic(): T {
    return atomicLoad(this.type, this.block.memory, this.address);
  }
  /** Stores the value in one indivisible step. Returns the ref. */
  writeAtomic(value: T): this {
    atomicStore(this.type, this.block.memory, this.address, value);
    return this;
  }

  /** Reads where the fast way failed: the memory grew, or the block was freed. */
  protected slowRead(): T {
    return this.type.read(this.block.memory, this.address);
  }
  /** Writes where the fast way failed; as {@link slowRead}, or the row refused the value. */
  protected slowWrite(value: T): void {
    this.type.write(this.block.memory, this.address, value);
  }
}

/** The class of the refs of one row. */
export type ScalarRefClass<T extends ScalarValue, A extends ArrayBufferView> = new (
  heap: RefHeap,
  address: number,
  block: Block,
  owned: boolean,
) => ScalarRef<T, A>;

/** The class of those that borrow from a block that is known: they ask it each time whether it still lives. */
export function aliasClass<T extends ScalarValue, A extends ArrayBufferView>(
  One: ScalarRefClass<T, A>,
): ScalarRefClass<T, A> {
  return class Alias extends One {
    declare readonly type: Scalar<T, A>;
    override get value(): T {
      return this.slowRead();
    }
    override set value(value: T) {
      this.slowWrite(value);
    }
  };
}
