// SPDX-License-Identifier: MIT
// HeapManager: typed reads and writes anywhere in a memory, and refs to what its allocator lends.
import { DoubleFreeError } from '../errors.ts';
import { toCount, type Address } from '../memory/address.ts';
import type { Block } from '../memory/block.ts';
import { copyBytes, fillBytes, readBytes, writeBytes } from '../memory/bytes.ts';
import type { ScalarArrayRef } from '../scalar/array.ts';
import { atomicNotify, atomicWait, atomicWaitAsync } from '../scalar/atomic.ts';
import type { RefHeap, ScalarRef } from '../scalar/ref.ts';
import type { Scalar, ScalarValue, Values } from '../scalar/scalar.ts';
import { encodeValues, storeValues } from '../scalar/values.ts';
import { MALLOC_ALIGN } from './allocator.ts';
import { BlockHeap } from './blocks.ts';
import { installMethods, refClassesOf, widen } from './methods.ts';
import type { HeapMethods } from './methods.gen.ts';
import { installStrings, type HeapStrings } from './strings.ts';

/** All of a {@link WasmHeapManager} but its arenas, slices and scopes, for bundles that need none of these. */
export class HeapManager extends BlockHeap implements RefHeap {
  /** Allocates one scalar; the library's own: `row.alloc(heap, value)` and `heap.allocInt32(value)` come here. */
  allocScalar<T extends ScalarValue, A extends ArrayBufferView>(
    row: Scalar<T, A>,
    value?: T,
  ): ScalarRef<T, A> {
    const block = this.lend(row.size, Math.min(row.size, MALLOC_ALIGN));
    if (value === undefined) {
      if (!this.clears) this.fill(block.address, row.size);
    } else
      try {
        row.write(this, block.address, value);
      } catch (error) {
        this.giveBack(block);
        throw error;
      }
    return new (refClassesOf(row).One)(this, block.address, block, true);
  }

  /** Returns a copy of `size` bytes at `address`, in a buffer of its own. */
  readBytes(address: Address, size: number): Uint8Array<ArrayBuffer> {
    return readBytes(this, address, size);
  }
  /** Copies all of `source` to `address`. The two may overlap. Writes all or, when it does not fit, nothing. */
  writeBytes(address: Address, source: ArrayBufferView | ArrayBufferLike): void {
    writeBytes(this, address, source);
  }
  /** Sets `size` bytes at `address` to `value` (its lowest 8 bits), 0 unless given. */
  fill(address: Address, size: number, value?: number): void {
    fillBytes(this, address, size, value);
  }
  /** Copies `size` bytes from `source` to `target`, both addresses here. They may overlap, as with memmove. */
  copy(target: Address, source: Address, size: number): void {
    copyBytes(this, target, source, size);
  }

  /** Sleeps until somebody notifies `address`. @see {@link atomicWait} */
  wait(address: Address, value: number | bigint, timeout?: number): 'ok' | 'not-equal' | 'timed-out' {
    return atomicWait(this, address, value, timeout);
  }
  /** Resolves when somebody notifies `address`. @see {@link atomicWaitAsync} */
  waitAsync(
    address: Address,
    value: number | bigint,
    timeout?: number,
  ): Promise<'ok' | 'not-equal' | 'timed-out'> {
    return atomicWaitAsync(this, address, value, timeout);
  }
  /** Wakes up to `count` who wait at `address`; returns how many. @see {@link atomicNotify} */
  notify(address: Address, count?: number): number {
    return atomicNotify(this, address, count);
  }

  /** Borrows one scalar; the library's own: `row.wrap(heap, address)` and `heap.wrapInt32(address)` come here. */
  wrapScalar<T extends ScalarValue, A extends ArrayBufferView>(
    row: Scalar<T, A>,
    address: Address,
  ): ScalarRef<T, A> {
    const at = this.borrow(address, row.size);
    const block = this.blockOf(at);
    const { One, Alias } = refClassesOf(row);
    return new (block === this.borrowed ? One : Alias)(this, at, block, false);
  }

  /** Allocates an array; the library's own: `row.allocArray(heap, ...)` and `heap.allocInt32Array(...)` come here. */
  allocScalarArray<T extends ScalarValue, A extends ArrayBufferView>(
    row: Scalar<T, A>,
    countOrValues: number | Values<T>,
  ): ScalarArrayRef<T, A> {
    const isCount = typeof countOrValues === 'number';
    const bytes = isCount ? undefined : encodeValues(row, countOrValues);
    const count = bytes ? bytes.length / row.size : toCount(countOrValues as number, 'a count of elements'); // not bytes: a number
    const block = this.lend(toCount(count * row.size, 'a size in bytes'), Math.min(row.size, MALLOC_ALIGN));
    if (bytes) this.orGiveBack(block, () => storeValues(this, block.address, bytes));
    return new (refClassesOf(row).Many)(this, block.address, count, block, true);
  }

  /** Resizes an array; the library's own: `ref.resize(length)` comes here. */
  resizeScalarArray<T extends ScalarValue, A extends ArrayBufferView>(
    ref: ScalarArrayRef<T, A>,
    length: number,
  ): ScalarArrayRef<T, A> {
    this.assertOwned(ref);
    const row = ref.type;
    const count = toCount(length, 'a count of elements');
    const block = this.resizeBlock(ref.block, toCount(count * row.size, 'a size in bytes'));
    if (this.clears && count > ref.length)
      this.fill(block.address + ref.byteLength, (count - ref.length) * row.size);
    return new (refClassesOf(row).Many)(this, block.address, count, block, true);
  }

  /** Borrows an array; the library's own: `row.wrapArray(heap, ...)` and `heap.wrapInt32Array(...)` come here. */
  wrapScalarArray<T extends ScalarValue, A extends ArrayBufferView>(
    row: Scalar<T, A>,
    address: Address,
    count: number,
  ): ScalarArrayRef<T, A> {
    const at = this.borrow(address, toCount(count, 'a count of elements') * row.size);
    return new (refClassesOf(row).Many)(this, at, count, this.blockOf(at), false);
  }

  /**
   * Lends `bytes` zeros and returns what `make` makes of them; when that throws, they are given back. The library's
   * own.
   */
  lendTo<R>(
    bytes: number,
    align: number,
    make: (block: Block, address: number, heap: HeapManager, owned: boolean) => R,
  ): R {
    const block = this.lend(bytes, align);
    if (!this.clears) this.fill(block.address, bytes);
    return this.orGiveBack(block, () => make(block, block.address, this, true));
  }

  /** Takes back a block that {@link lendTo} lent; the library's own. @throws {DoubleFreeError} when it was freed */
  takeBack(block: Block): void {
    if (!block.live) throw new DoubleFreeError(block.address);
    this.giveBack(block);
  }

  /** The live block that `address` is in, when this heap lent it; the library's own. */
  blockAt(address: Address): Block | undefined {
    const block = this.blockOf(this.locate(address, 0));
    return block === this.borrowed ? undefined : block;
  }

  /** Bytes from `address` to the end of the block that it is in, when this heap lent it; the library's own. */
  roomAt(address: number): number | undefined {
    const loan = this.loanAround(address);
    return loan && loan.address + loan.bytes - address;
  }

  /** The block that stands for all whose owner is not known; the library's own. */
  get strangers(): Block {
    return this.borrowed;
  }
}

/** The methods made from the scalar table and from the codecs: `readInt32`, `readUtf8String` and the rest. */
export interface HeapManager extends HeapMethods, HeapStrings {}
widen(HeapManager.prototype);
installMethods(HeapManager.prototype);
installStrings(HeapManager.prototype);
