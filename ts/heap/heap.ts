// SPDX-License-Identifier: MIT
// Heap: a linear memory with an allocator and a table of its allocations. Bare: no methods per type.
//
//   L1  A block is in the table from its allocation to its free. If an error comes in between (a wrong initial value), the
//       block is freed.
//   L2  A ref frees its block once. An address inside a live block reaches only an allocator that refuses it; one where no
//       live block starts reaches the allocator, as the module may have allocated a block there.
//   L3  An allocation has a token if a ref needs one. All others are entries of the table and make no object.
import { ArgumentTypeError, define, FreedError, NotOwnedError } from '../errors.ts';
import { toAlign, toCount, type Address } from '../memory/address.ts';
import { Allocation } from '../memory/allocation.ts';
import { isMemory, type MemorySource } from '../memory/buffers.ts';
import { LinearMemory } from '../memory/linear-memory.ts';
import type { ScalarArrayRef } from '../scalar/array.ts';
import type { ScalarDescriptor, ScalarValue, Values } from '../scalar/descriptor.ts';
import { installToString } from '../scalar/print.ts';
import { Ref, type RefHeap, type ScalarRef } from '../scalar/ref.ts';
import { allocatorOf, assertFunction, MALLOC_ALIGN, repair, type Allocator } from './allocator.ts';
import {
  entriesOf,
  statisticsWithout,
  type AllocationEntry,
  type HeapStatistics,
} from './allocation-entry.ts';
import { AllocationTable } from './allocations.ts';
import { adoptBlock, allocateBlock, allocateFor, resizeAllocation } from './blocks.ts';
import { AdoptedRef } from './adopted-ref.ts';
import { freeAll, freeAllocation, freeTarget, freeToken, refuseFree, releaseTarget } from './free.ts';
import { registerOwner } from './garbage-collection.ts';
import {
  readHeapOptions,
  type AllocatorMethod,
  type DeallocatorMethod,
  type HeapOptions,
} from './options.ts';
import { allocArray, allocScalar, resizeArray, wrapArray, wrapScalar } from './typed-refs.ts';

/** A linear memory with an allocator: blocks that are freed once, and refs to them. */
export class Heap extends LinearMemory {
  /** The memory source as given. */
  declare readonly heapGetter: MemorySource;
  /** The allocate function as given. Blocks from it are not in the heap's table. */
  readonly allocate: AllocatorMethod;
  /** The deallocate function as given. It does not remove blocks from the heap's table. */
  readonly deallocate: DeallocatorMethod;
  /** The size of the module's addresses in bits. */
  readonly addressBits: 32 | 64;
  /** @internal */
  readonly collects: boolean;
  /** @internal */
  readonly clears: boolean;
  /** @internal */
  readonly pressure: number;
  /** @internal */
  readonly allocator: Allocator;
  /** @internal */
  declare readonly table: AllocationTable;
  /** @internal The token of memory whose owner is unknown: borrowed, and assumed to be live. */
  readonly untracked: Allocation = new Allocation(this, 0, 0);
  /** @internal Blocks that linmem allocated for internal use, such as that of the scope arena; not in the statistics. */
  internal: readonly Allocation[] = [];
  /** @internal The state of arenas, slices and scopes: see arena/registry.ts. */
  arenaRegistry: object | undefined = undefined;
  /** @internal */
  readonly tracks: boolean;
  /** @internal True for a WebAssembly.Memory, which never shrinks. */
  readonly growsOnly: boolean;

  /**
   * @param source a `WebAssembly.Memory`, or a function that returns the buffer
   * @param allocate returns the address of a new block, or 0, as wasm returns it
   * @param deallocate frees what `allocate` returned
   * @throws {ArgumentTypeError} {@link ArgumentRangeError} if an argument or an option is invalid
   * @throws {ModuleError} if the source gives no live buffer
   */
  constructor(
    source: MemorySource,
    allocate: AllocatorMethod,
    deallocate: DeallocatorMethod,
    options: HeapOptions = {},
  ) {
    const chosen = readHeapOptions(options);
    super(source);
    define(this, 'table', new AllocationTable()); // M4
    assertFunction(allocate, 'allocate');
    assertFunction(deallocate, 'deallocate');
    this.allocate = allocate;
    this.deallocate = deallocate;
    this.addressBits = chosen.addressBits;
    this.clears = chosen.clearAllocatedRegions;
    this.collects = chosen.enableGarbageCollection;
    this.pressure = this.collects ? chosen.gcPressure : 0;
    this.tracks = chosen.trackAllocations || deallocate.length > 1; // a sized free needs the size
    this.growsOnly = isMemory(source);
    this.allocator = allocatorOf(chosen, allocate, deallocate);
  }

  /** Blocks and bytes allocated and freed through this heap. @throws {ArgumentTypeError} without `trackAllocations` */
  get statistics(): HeapStatistics {
    return statisticsWithout(this.list.statistics(), this.internal);
  }
  /** Bytes allocated now. @throws {ArgumentTypeError} without `trackAllocations` */
  get totalAllocatedByteCount(): number {
    return this.statistics.liveBytes;
  }
  /** The refs that own live blocks, oldest first. @throws {ArgumentTypeError} without `trackAllocations` */
  get allocatedHeapRefs(): Ref[] {
    const owners = this.list.slots().map((slot) => this.table.tokenAt(slot)?.currentOwner);
    return owners.filter((owner) => owner instanceof Ref); // some are arenas, some were collected
  }
  /** @internal */
  get list(): AllocationTable {
    if (!this.tracks) throw new ArgumentTypeError('a heap with the option trackAllocations', false);
    repair(this.allocator);
    return this.table;
  }

  /**
   * Returns the address of a new block of `bytes` bytes, which the caller owns until {@link free}. A block of 0 bytes has
   * a distinct address too. Cleared, unless the option `clearAllocatedRegions` is false.
   * @param align a power of two up to 65,536. Default: 8
   * @throws {OutOfMemoryError} if there is no memory; nothing has changed then
   * @throws {ModuleError} if the allocator returns no valid address, or one inside a live block
   * @throws {ArgumentTypeError} {@link ArgumentRangeError} if the size or the alignment is invalid
   */
  alloc(bytes: number, align: number = MALLOC_ALIGN): number {
    return allocateBlock(this, toCount(bytes, 'a size in bytes'), toAlign(align));
  }

  /**
   * Resizes the block at `address` to `bytes` bytes, in place if the allocator can, and returns its address. The bytes up
   * to the smaller size are kept; further ones may have any value. Refs to the old block become invalid. O(n).
   * @throws {OutOfMemoryError} if there is no memory; the old block is live and unchanged then
   * @throws {DoubleFreeError} {@link NotOwnedError} if it is not a live block of the heap's table: see `trackAllocations`
   */
  realloc(address: Address, bytes: number): number {
    const size = toCount(bytes, 'a size in bytes');
    const at = this.locate(address, 0);
    const slot = this.table.find(at);
    if (slot >= 0) return resizeAllocation(this, this.table.requireToken(slot, this), size).address;
    refuseFree(this, at);
    throw new NotOwnedError(at, 'this heap did not allocate it; see adopt()');
  }

  /**
   * Frees a block, by its address or by the ref that owns it. 0 (NULL) does nothing, as in C. An address where no live
   * block of this heap starts goes to the allocator: the module may have allocated a block there.
   * @throws {DoubleFreeError} if the block of the ref was freed; or if this heap freed a block at the address, and the
   * allocator refuses it or the option `strictFrees` is set; see {@link adopt}
   * @throws {NotOwnedError} if the address is inside a live block, or the ref borrows
   * @throws {WrongHeapError} if the ref belongs to another heap
   * @throws {OutOfBoundsError} {@link ArgumentTypeError} if it is not an address in this memory
   */
  free(target: Address | Ref): void {
    freeTarget(this, target);
  }

  /**
   * Registers a block that the module allocated and leaves to the caller, so that its free is checked like any other.
   * Returns its address; without a size, a ref that owns the block, to be freed by `free()`, `dispose()` or `using`.
   * @throws {NotOwnedError} if it is NULL or overlaps a live block of this heap
   */
  adopt(address: Address): AdoptedRef;
  adopt(address: Address, bytes: number): number;
  adopt(address: Address, bytes?: number): AdoptedRef | number {
    const token = adoptBlock(this, address, bytes ?? 0);
    return bytes === undefined ? new AdoptedRef(this, token) : token.address;
  }

  /**
   * Hands a live block, by its address or by the ref that owns it, over to the module, which must free it. Returns its
   * address. Refs to the block become invalid.
   * @throws {DoubleFreeError} if it was freed already
   * @throws {NotOwnedError} if it is not a live block of this heap, the ref borrows, or it lies aligned in a larger block
   * @throws {WrongHeapError} if the ref belongs to another heap
   */
  release(target: Address | Ref): number {
    return releaseTarget(this, target);
  }

  /** Returns all live allocations, oldest first. @throws {ArgumentTypeError} without `trackAllocations` */
  allocations(): AllocationEntry[] {
    return entriesOf(this.list, this.internal);
  }

  /**
   * Frees all live blocks that this heap allocated or adopted. Continues after an error.
   * @throws {LinmemAggregateError} with every error, after all were tried; {@link ArgumentTypeError} as {@link statistics}
   */
  freeAll(): void {
    freeAll(this, this.list.slots());
  }

  /** Allocates one value of a type, 0 by default, and returns the ref that owns it. See {@link Scalar.alloc}. */
  allocScalar<T extends ScalarValue, A extends ArrayBufferView>(
    type: ScalarDescriptor<T, A>,
    value?: T,
  ): ScalarRef<T, A> {
    return allocScalar(this, type, value);
  }
  /** Returns a borrowing ref to the value of a type at `address`. See {@link Scalar.wrap}. */
  wrapScalar<T extends ScalarValue, A extends ArrayBufferView>(
    type: ScalarDescriptor<T, A>,
    address: Address,
  ): ScalarRef<T, A> {
    return wrapScalar(this, type, address);
  }
  /** Allocates an array of zeros, or of values, and returns the ref that owns it. See {@link Scalar.allocArray}. */
  allocScalarArray<T extends ScalarValue, A extends ArrayBufferView>(
    type: ScalarDescriptor<T, A>,
    countOrValues: number | Values<T>,
  ): ScalarArrayRef<T, A> {
    return allocArray(this, type, countOrValues);
  }
  /** Returns a borrowing ref to `count` values at `address`. See {@link Scalar.wrapArray}. */
  wrapScalarArray<T extends ScalarValue, A extends ArrayBufferView>(
    type: ScalarDescriptor<T, A>,
    address: Address,
    count: number,
  ): ScalarArrayRef<T, A> {
    return wrapArray(this, type, address, count);
  }
  /** @internal */
  resizeScalarArray<T extends ScalarValue, A extends ArrayBufferView>(
    ref: ScalarArrayRef<T, A>,
    length: number,
  ): ScalarArrayRef<T, A> {
    return resizeArray(this, ref, length);
  }

  /** @internal Allocates cleared bytes, calls `make` with them and returns its result; frees them if it throws. */
  allocateWith<R>(
    bytes: number,
    align: number,
    make: (allocation: Allocation, address: number, heap: RefHeap, owned: boolean) => R,
  ): R {
    return allocateFor(this, bytes, align, true, (block) => make(block, block.address, this, true));
  }
  /** @internal As {@link allocateWith}, but cleared only if all blocks of the heap are. */
  allocateUncleared<R>(bytes: number, align: number, make: (allocation: Allocation) => R): R {
    return allocateFor(this, bytes, align, false, make);
  }
  /** @internal Frees an allocation of {@link allocateUncleared}. @throws {DoubleFreeError} if it was freed */
  freeAllocation(allocation: Allocation): void {
    freeToken(this, allocation);
  }

  /** @internal Refs call it when they are made. */
  registerOwner(ref: Ref): void {
    registerOwner(this, ref);
  }
  /** @internal Frees the block of a ref that was collected. Never throws. */
  reclaim(allocation: Allocation): void {
    try {
      if (allocation.isLive) freeAllocation(this, allocation);
    } catch {} // no caller can handle the error; the block stays in the table as live
  }

  /**
   * @internal Returns the address of `size` bytes that other code owns.
   * @throws {ArgumentTypeError} if it is NULL
   * @throws {FreedError} if it was freed, and the allocator knows that the module did not allocate it since
   */
  locateBorrowed(address: Address, size: number): number {
    const at = this.locate(address, size);
    if (at === 0) throw new ArgumentTypeError('an address other than 0 (NULL)', address);
    if (this.table.wasFreed(at) && this.allocator.isFreed?.(at)) throw new FreedError(at);
    return at;
  }
  /** @internal Returns the live allocation that `address` is in, or {@link untracked}. */
  allocationAt(address: number): Allocation {
    const slot = slotContaining(this, address);
    return slot < 0 ? this.untracked : this.table.requireToken(slot, this);
  }
  /** @internal Returns the bytes from `address` to the end of the live allocation that it is in, if there is one. */
  capacityAt(address: number): number | undefined {
    const slot = slotContaining(this, address);
    return slot < 0 ? undefined : this.table.addressAt(slot) + this.table.sizeAt(slot) - address;
  }

  /** @internal True if a new block lies inside. Gets the buffer, which is slow, only beyond the last known size. */
  contains(address: number, size: number): boolean {
    if (this.growsOnly && address <= this.bytes.length - size) return true;
    return address <= this.byteLength - size;
  }
}

/** Returns the slot of the live allocation that `address` is in, or -1. */
function slotContaining({ table }: Heap, address: number): number {
  const slot = table.find(address); // most addresses are the start of a block
  return slot < 0 ? table.findContaining(address) : slot;
}

installToString(Heap.prototype, function (this: Heap): string {
  return `Heap of ${this.byteLength} bytes${this.tracks ? `, ${this.statistics.liveBlocks} live blocks` : ''}`;
});
