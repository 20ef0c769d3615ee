/// <reference lib="esnext.disposable" preserve="true" />
// SPDX-License-Identifier: MIT
// Refs: typed addresses in a heap, each with the token of its allocation, so that use after free is detected.
import { define, FreedError, NotOwnedError } from '../errors.ts';
import type { Address } from '../memory/address.ts';
import type { Allocation } from '../memory/allocation.ts';
import { fillBytes } from '../memory/bytes.ts';
import { installDispose } from '../memory/dispose.ts';
import { LinearMemory, type MemoryViews } from '../memory/linear-memory.ts';
import {
  atomicCompareExchange,
  atomicExchange,
  atomicLoad,
  atomicNotify,
  atomicStore,
  atomicUpdate,
  atomicWait,
  atomicWaitAsync,
  type WaitResult,
} from './atomic.ts';
import type { ScalarDescriptor, ScalarValue } from './descriptor.ts';
import { installPrinting, toJSONValue, toPrimitivePointer } from './print.ts';

/** The heap operations that refs need. */
export interface RefHeap extends LinearMemory {
  /** @internal True if the blocks of collected refs are freed. */
  readonly collects: boolean;
  /** @internal Registers `ref` as the owner of its allocation. */
  registerOwner(ref: Ref): void;
  /** Frees a block by address or by the ref that owns it. */
  free(target: Address | Ref): void;
  /** Hands a block over to the module: see {@link Ref.release}. */
  release(target: Address | Ref): number;
}

/**
 * A typed address in a heap. A ref made by an `alloc...` method owns its block: `free()` frees it, once. A ref made by a
 * `wrap...` method borrows: it cannot be freed, and the owner of the memory decides how long it is valid. Every use after
 * the block was freed throws {@link FreedError}, through other refs to the block too.
 */
export abstract class Ref {
  /** The heap it lies in. */
  declare readonly heap: RefHeap;
  /** The first byte. Still readable after the free, for messages. */
  declare readonly address: number;
  /** @internal The allocation it lies in. */
  declare readonly allocation: Allocation;
  /** The size in bytes. */
  abstract readonly byteLength: number;
  /** @internal B2 of memory/allocation.ts. */
  declare views: MemoryViews;
  /** @internal An object that must not be collected before this ref: the ref it is a subarray of, or its ballast. */
  declare retains?: object | undefined;

  /** The same as `address`. */
  get ptr(): number {
    return this.address;
  }
  /** True if it owns its block. */
  get owned(): boolean {
    return this.allocation.currentOwner === this;
  }
  /** True if the block was freed. */
  get isFreed(): boolean {
    return !this.allocation.isLive;
  }
  /** True if the ref can still be used. */
  get isNotFreed(): boolean {
    return this.allocation.isLive;
  }
  /** The size in bytes: the same as `byteLength`. */
  get allocatedByteCount(): number {
    return this.byteLength;
  }
  /** The size in bytes: the same as `byteLength`. */
  get allocatedByteSize(): number {
    return this.byteLength;
  }
  /** A new view of the bytes; see {@link LinearMemory.view} for how long it is valid. */
  get allocatedBytesView(): Uint8Array {
    return retainedBy(this, this.allocation.memory.view(Uint8Array, this.address, this.byteLength));
  }

  /** @throws {FreedError} if the block was freed */
  assertLive(): void {
    if (!this.allocation.isLive) throw this.allocation.freedError(this.address);
  }
  /** Sets all bytes to zero. @throws {FreedError} if the block was freed */
  clear(): void {
    fillBytes(this.allocation.memory, this.address, this.byteLength);
  }
  /**
   * Frees the block.
   * @throws {DoubleFreeError} if it was freed already
   * @throws {NotOwnedError} if the ref borrows
   */
  free(): void {
    this.heap.free(this); // the heap checks the owner. Short, so that V8 inlines it
  }
  /**
   * Hands the block over to the module, which must free it, and returns its address. The ref, and every other ref to the
   * block, becomes invalid.
   * @throws {FreedError} if it was freed already
   * @throws {NotOwnedError} if the ref borrows
   */
  release(): number {
    this.assertLive();
    assertOwner(this);
    return this.heap.release(this);
  }
  /** Frees the block if the ref owns it and it is live; else does nothing. */
  dispose(): void {
    if (this.owned && this.allocation.isLive) this.heap.free(this);
  }
  /**
   * Returns the address when the ref is passed to a wasm function or used in arithmetic: a bigint in a heap of 64-bit
   * addresses. Returns `toString()` for a string.
   * @throws {FreedError} if the block was freed
   */
  [Symbol.toPrimitive](hint: string): number | bigint | string {
    if (hint === 'string') return this.toString();
    this.assertLive();
    return toPrimitivePointer(this.heap, this.address);
  }
}

/** @internal @throws {NotOwnedError} if `ref` does not own its block */
export function assertOwner(ref: Ref): void {
  if (!ref.owned) refuseFree(ref);
}
function refuseFree({ address }: Ref): never {
  throw new NotOwnedError(address, 'the ref borrows it, made by wrap');
}

/**
 * A ref under construction. Each class fills in its own refs: see refs.gen.ts.
 * @internal
 */
export interface NewRef {
  heap: RefHeap;
  address: number;
  allocation: Allocation;
  views: MemoryViews;
}

/** The refs and slices that views were taken from. */
const owners: WeakMap<ArrayBufferView, object> = /* @__PURE__ */ new WeakMap();
type ViewOwner = Pick<Ref, 'allocation'> & { readonly heap: Pick<RefHeap, 'collects'> };
/** @internal Returns `view`, which keeps `owner`, and so its block, from being collected from then on. */
export function retainedBy<V extends ArrayBufferView>(owner: ViewOwner, view: V): V {
  if (owner.heap.collects || owner.allocation.extras?.retains) owners.set(view, owner);
  return view;
}

/** For `using ref = heap.allocInt32()` where the engine has `Symbol.dispose`. */
export interface Ref {
  [Symbol.dispose](): void;
  /**
   * @internal The ref that heaps know, if the fields of a struct hide the members of this one. Not a getter of Ref, which
   * would make a free slower: docs/performance.md, "Refs and freed allocations".
   */
  readonly '@ref'?: Ref;
}
installDispose(Ref.prototype);
// For `ref.free()` in a memory without an allocator, whose refs all borrow.
define(LinearMemory.prototype, 'free', refuseFree);

/** A ref to one scalar. */
export abstract class ScalarRef<
  T extends ScalarValue = ScalarValue,
  A extends ArrayBufferView = ArrayBufferView,
> extends Ref {
  /** The type of the value. */
  abstract readonly type: ScalarDescriptor<T, A>;
  /**
   * The value in memory.
   * @throws {FreedError} if the block was freed
   * @throws {ArgumentTypeError} if it is set to a value of the wrong type
   */
  get value(): T {
    return this.slowRead();
  }
  set value(value: T) {
    this.slowWrite(value);
  }

  get byteLength(): number {
    return this.type.size;
  }
  /** @internal */
  get printedName(): string {
    return `${this.type.label}Ref`;
  }
  /** Returns the value for JSON; a bigint as a string. @throws {FreedError} if the block was freed */
  toJSON(): unknown {
    return toJSONValue(this.value);
  }

  /** Returns `value`. */
  read(): T {
    return this.value;
  }
  /** Sets `value`. Returns the ref. */
  write(value: T): this {
    this.value = value;
    return this;
  }
  /** Loads the value atomically. Throws as {@link atomicLoad}, and if the block was freed. */
  readAtomic(): T {
    return atomicLoad(this.type, this.allocation.memory, this.address);
  }
  /** Stores the value atomically. Returns the ref. Throws as {@link atomicStore}, and if the block was freed. */
  writeAtomic(value: T): this {
    atomicStore(this.type, this.allocation.memory, this.address, value);
    return this;
  }

  /** Stores `value` atomically and returns the previous value. */
  exchange(value: T): T {
    return atomicExchange(this.type, this.allocation.memory, this.address, value);
  }
  /** Stores `value` atomically if the value is `expected`, and returns the previous value. */
  compareExchange(expected: T, value: T): T {
    return atomicCompareExchange(this.type, this.allocation.memory, this.address, expected, value);
  }
  /** Adds `value` atomically and returns the previous value. */
  add(value: T): T {
    return atomicUpdate('add', this.type, this.allocation.memory, this.address, value);
  }
  /** Subtracts `value` atomically and returns the previous value. */
  sub(value: T): T {
    return atomicUpdate('sub', this.type, this.allocation.memory, this.address, value);
  }
  /** Stores `old & value` atomically and returns the previous value. */
  and(value: T): T {
    return atomicUpdate('and', this.type, this.allocation.memory, this.address, value);
  }
  /** Stores `old | value` atomically and returns the previous value. */
  or(value: T): T {
    return atomicUpdate('or', this.type, this.allocation.memory, this.address, value);
  }
  /** Stores `old ^ value` atomically and returns the previous value. */
  xor(value: T): T {
    return atomicUpdate('xor', this.type, this.allocation.memory, this.address, value);
  }
  /** Blocks the thread until `notify` is called, if the value is `value`: an int32 or an int64. @see {@link atomicWait} */
  wait(value: number | bigint, timeout?: number): WaitResult {
    return atomicWait(this.allocation.memory, this.address, value, timeout);
  }
  /** Resolves when `notify` is called. @see {@link atomicWaitAsync} */
  waitAsync(value: number | bigint, timeout?: number): Promise<WaitResult> {
    return atomicWaitAsync(this.allocation.memory, this.address, value, timeout);
  }
  /** Wakes up to `count` waiting threads and returns how many. @see {@link atomicNotify} */
  notify(count?: number): number {
    return atomicNotify(this.allocation.memory, this.address, count);
  }

  /** @internal The general path: the memory has grown, or the block was freed. */
  protected slowRead(): T {
    return this.type.read(this.allocation.memory, this.address);
  }
  /** @internal The general path: as {@link slowRead}; also if the type refuses the value. */
  protected slowWrite(value: T): void {
    this.type.write(this.allocation.memory, this.address, value);
  }
}

installPrinting(
  ScalarRef.prototype,
  ({ value }: ScalarRef) => `${String(value)}${typeof value === 'bigint' ? 'n' : ''}`,
);

/** The constructor of the refs of one type. @internal */
export type ScalarRefClass<T extends ScalarValue, A extends ArrayBufferView> = new (
  heap: RefHeap,
  address: number,
  allocation: Allocation,
  owned: boolean,
) => ScalarRef<T, A>;

/**
 * Returns a subclass of `OwnerClass` for refs that borrow from a live allocation of the heap: they read through its token
 * each time, as only the owner's `views` change with a free.
 * @internal
 */
export function checkedClassOf<T extends ScalarValue, A extends ArrayBufferView>(
  OwnerClass: ScalarRefClass<T, A>,
): ScalarRefClass<T, A> {
  return class CheckedRef extends OwnerClass {
    declare readonly type: ScalarDescriptor<T, A>;
    override get value(): T {
      return this.slowRead();
    }
    override set value(value: T) {
      this.slowWrite(value);
    }
  };
}
