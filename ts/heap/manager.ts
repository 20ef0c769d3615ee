// SPDX-License-Identifier: MIT
// WasmHeapManager: typed reads and writes anywhere in a memory, and refs to what its allocator lends.
import { toCount, type Address } from '../memory/address.ts';
import type { ScalarArrayRef } from '../scalar/array.ts';
import { atomicNotify, atomicWait, atomicWaitAsync } from '../scalar/atomic.ts';
import type { RefHeap, ScalarRef } from '../scalar/ref.ts';
import type { Scalar, ScalarValue, Values } from '../scalar/scalar.ts';
import { encodeValues } from '../scalar/values.ts';
import { Utf8StringRef } from '../text/ref.ts';
import {
  assertTextOrCount,
  encodeTerminated,
  readSized,
  readTerminated,
  terminatorOf,
  writeTerminated,
} from '../text/terminated.ts';
import type { TextOptions } from '../text/utf8.ts';
import { MALLOC_ALIGN } from './allocator.ts';
import { BlockHeap } from './blocks.ts';
import { installMethods, refClassesOf } from './methods.ts';
import type { HeapMethods } from './methods.gen.ts';

/** A memory with an allocator: typed reads and writes anywhere, and blocks that are freed once. */
export class WasmHeapManager extends BlockHeap implements RefHeap {
  /** Allocates one scalar; `row.alloc(heap, value)` and `heap.allocInt32(value)` come here. */
  allocScalar<T extends ScalarValue, A extends ArrayBufferView>(
    row: Scalar<T, A>,
    value?: T,
  ): ScalarRef<T, A> {
    const block = this.lend(row.size, Math.min(row.size, MALLOC_ALIGN));
    if (value !== undefined) this.orGiveBack(block, () => row.write(this, block.address, value));
    else if (!this.clears) this.fill(block.address, row.size);
    return new (refClassesOf(row).One)(this, block.address, block, true);
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

  /** Borrows one scalar; `row.wrap(heap, address)` and `heap.wrapInt32(address)` come here. */
  wrapScalar<T extends ScalarValue, A extends ArrayBufferView>(
    row: Scalar<T, A>,
    address: Address,
  ): ScalarRef<T, A> {
    const at = this.borrow(address, row.size);
    return new (refClassesOf(row).One)(this, at, this.blockOf(at), false);
  }

  /** Allocates an array; `row.allocArray(heap, ...)` and `heap.allocInt32Array(...)` come here. */
  allocScalarArray<T extends ScalarValue, A extends ArrayBufferView>(
    row: Scalar<T, A>,
    countOrValues: number | Values<T>,
  ): ScalarArrayRef<T, A> {
    const isCount = typeof countOrValues === 'number';
    const bytes = isCount ? undefined : encodeValues(row, countOrValues);
    const count = bytes ? bytes.length / row.size : toCount(countOrValues as number, 'a count of elements'); // not bytes: a number
    const block = this.lend(toCount(count * row.size, 'a size in bytes'), Math.min(row.size, MALLOC_ALIGN));
    if (bytes) this.orGiveBack(block, () => this.writeBytes(block.address, bytes));
    return new (refClassesOf(row).Many)(this, block.address, count, block, true);
  }

  /** Resizes an array; `ref.resize(length)` comes here. */
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

  /** Borrows an array; `row.wrapArray(heap, ...)` and `heap.wrapInt32Array(...)` come here. */
  wrapScalarArray<T extends ScalarValue, A extends ArrayBufferView>(
    row: Scalar<T, A>,
    address: Address,
    count: number,
  ): ScalarArrayRef<T, A> {
    const at = this.borrow(address, toCount(count, 'a count of elements') * row.size);
    return new (refClassesOf(row).Many)(this, at, count, this.blockOf(at), false);
  }

  /**
   * Returns the UTF-8 string at `address`, up to its NUL.
   * @param limit the most bytes it may have, its NUL included
   * @throws {EncodingError} when there is no NUL there; never reads past the memory
   */
  readNullTerminatedUtf8String(address: Address, limit?: number, options?: TextOptions): string {
    return readTerminated(this, address, limit, options);
  }
  /** Returns the text of exactly `byteLength` bytes of UTF-8 at `address`; NULs among them are text. */
  readUtf8String(address: Address, byteLength: number, options?: TextOptions): string {
    return readSized(this, address, byteLength, options);
  }
  /**
   * Writes `text` and a NUL at `address`, whole or not at all. Returns the bytes written, without the NUL.
   * @param capacity bytes the place has, the NUL's included; unless given, the block's that starts there, or
   *   else all to the memory's end
   * @throws {EncodingError} when it does not fit, or has a NUL inside
   */
  writeNullTerminatedUtf8String(
    address: Address,
    text: string,
    capacity?: number,
    options?: TextOptions,
  ): number {
    const room = capacity ?? this.#roomAt(address);
    return writeTerminated(this, address, text, room, options);
  }
  /** Allocates a string's place: for `text` and its NUL, or for that many bytes and a NUL. */
  allocNullTerminatedUtf8String(textOrCount: string | number, options?: TextOptions): Utf8StringRef {
    assertTextOrCount(textOrCount);
    const bytes = typeof textOrCount === 'string' ? encodeTerminated(textOrCount, options) : undefined;
    const size = (bytes ? bytes.length : toCount(textOrCount as number, 'a size in bytes')) + 1; // not bytes: a number
    const block = this.lend(size, 1);
    this.orGiveBack(block, () => {
      if (bytes) this.writeBytes(block.address, bytes);
      this.fill(block.address + size - 1, 1);
      if (!bytes) this.fill(block.address, 1);
    });
    return new Utf8StringRef(this, block.address, size, block, true);
  }
  /**
   * Borrows the string at `address`.
   * @param capacity bytes the place has; unless given, the block's that starts there, or else just the string's
   */
  wrapNullTerminatedUtf8String(address: Address, capacity?: number): Utf8StringRef {
    const at = this.borrow(address, toCount(capacity ?? 0, 'a capacity in bytes'));
    const block = this.blockOf(at);
    const room = capacity ?? (block === this.borrowed ? terminatorOf(this, at) - at + 1 : block.byteLength);
    return new Utf8StringRef(this, at, room, block, false);
  }

  /** Bytes of the block that starts at `address`; undefined when none is known. */
  #roomAt(address: Address): number | undefined {
    const block = this.blockOf(this.locate(address, 0));
    return block === this.borrowed ? undefined : block.byteLength;
  }
}

/** Returns a new {@link WasmHeapManager}; the arguments are its constructor's. */
export function createWasmHeapManager(
  ...args: ConstructorParameters<typeof WasmHeapManager>
): WasmHeapManager {
  return new WasmHeapManager(...args);
}

/** The methods made from the scalar table: `readInt32`, `allocFloat64Array` and the rest. */
export interface WasmHeapManager extends HeapMethods {}
installMethods(WasmHeapManager.prototype);
