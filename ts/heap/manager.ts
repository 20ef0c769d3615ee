// SPDX-License-Identifier: MIT
// WasmHeapManager: a memory and an allocator over it. Lends blocks, keeps the book, makes refs.
//
//   L1  A block is in the ledger from the moment it is lent until it is given back; an error in between
//       (a wrong initial value) gives it back.
//   L2  A block is given back once. What is not the start of a live block never reaches the allocator, except
//       an address that this manager has never seen: that is one the module made.
import {
  ArgumentTypeError,
  DoubleFreeError,
  NotOwnedError,
  OutOfMemoryError,
  WrongHeapError,
} from '../errors.ts';
import { toAlign, toCount, type Address } from '../memory/address.ts';
import { Block, BORROWED } from '../memory/block.ts';
import { LinearMemory, type MemorySource } from '../memory/memory.ts';
import { encodeValues, type ScalarArrayRef } from '../scalar/array.ts';
import { Ref, type RefHeap, type ScalarRef } from '../scalar/ref.ts';
import type { Scalar, ScalarValue, Values } from '../scalar/scalar.ts';
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
import { assertFunction, checked, MALLOC_ALIGN, take, type Allocator, type Pointer } from './allocator.ts';
import { Ledger, type HeapStatistics } from './ledger.ts';
import { installMethods, refClassesOf } from './methods.ts';
import type { HeapMethods } from './methods.gen.ts';
import { MANAGER_OPTIONS, readOptions, type WasmHeapManagerOptions } from './options.ts';

/** A memory with an allocator: typed reads and writes anywhere, and blocks that are freed once. */
export class WasmHeapManager extends LinearMemory implements RefHeap {
  readonly #allocator: Allocator;
  readonly #ledger = new Ledger();
  readonly #clear: boolean;

  /**
   * Makes a manager of the heap whose buffer `getHeap` returns.
   * @param getHeap a function that returns the buffer: called again whenever the last one turns out to be
   *   detached or too short; a `WebAssembly.Memory` will do instead
   * @param allocate returns the address of that many bytes, 0 when there are none; as wasm returns it
   * @param deallocate frees what `allocate` returned
   * @throws {ArgumentTypeError} when one of them, or an option, is not what it should be
   * @throws {ModuleError} when `getHeap` gives no usable buffer
   */
  constructor(
    getHeap: MemorySource,
    allocate: (bytes: number) => Pointer,
    deallocate: (address: number) => unknown,
    options: WasmHeapManagerOptions = {},
  ) {
    super(getHeap);
    assertFunction(allocate, 'allocate');
    assertFunction(deallocate, 'deallocate');
    const {
      clearAllocatedRegions = true,
      checksFrees = false,
      ...verbs
    } = readOptions(options, MANAGER_OPTIONS);
    for (const [name, verb] of Object.entries(verbs)) if (verb !== undefined) assertFunction(verb, name);
    this.#allocator = { malloc: allocate, free: deallocate, checksFrees, ...verbs };
    this.#clear = clearAllocatedRegions;
  }

  /** What is lent now and what was, through this manager. */
  get statistics(): HeapStatistics {
    return this.#ledger.statistics();
  }

  /**
   * Returns the address of a block of `bytes` bytes, which the caller owns until {@link free}.
   * 0 bytes give a block of its own too. Cleared, unless the option `clearAllocatedRegions` is false.
   * @param align a power of two up to 65,536; 8 unless given
   * @throws {OutOfMemoryError} when there is none; nothing has changed then
   * @throws {ArgumentTypeError} {@link ArgumentRangeError} when the size or the alignment is no such number
   */
  alloc(bytes: number, align: number = MALLOC_ALIGN): number {
    return this.#lend(toCount(bytes, 'a size in bytes'), toAlign(align)).address;
  }

  /**
   * Makes the block at `address` `bytes` bytes long, in place where the allocator can, and returns its address.
   * The bytes up to the smaller length stay. Refs to the old block are freed ones from then on. O(n).
   * @throws {OutOfMemoryError} when there is no room; the old block is untouched and still lent
   * @throws {DoubleFreeError} {@link NotOwnedError} when it is not a live block of this manager
   */
  realloc(address: Address, bytes: number): number {
    const size = toCount(bytes, 'a size in bytes');
    const old = this.#blockAt(this.locate(address, 0));
    const { realloc } = this.#allocator;
    if (realloc && old.base === old.address && size < 2 ** 32) {
      const at = checked(this, realloc(old.base, size || 1), size || 1);
      if (at === 0) throw new OutOfMemoryError(size);
      this.#strike(old);
      return this.#ledger.lend(new Block(at, size)).address;
    }
    const block = this.#lend(size, MALLOC_ALIGN);
    this.copy(block.address, old.address, Math.min(old.byteLength, size));
    this.#giveBack(old);
    return block.address;
  }

  /**
   * Gives a block back, by its address or by the ref that owns it. 0 (NULL) does nothing, as in C.
   * An address that this manager never lent is passed to the allocator: the module may have made it.
   * @throws {DoubleFreeError} when it was freed and not lent since; see {@link adopt}
   * @throws {NotOwnedError} when it is inside a block, or the ref borrows
   * @throws {WrongHeapError} when the ref belongs to another heap
   * @throws {OutOfBoundsError} {@link ArgumentTypeError} when it is no address in this memory
   */
  free(target: Address | Ref): void {
    if (target instanceof Ref) return this.#freeRef(target);
    const at = this.locate(target, 0);
    if (at === 0) return;
    const block = this.#ledger.find(at);
    if (block) return this.#giveBack(block);
    if (!this.#allocator.checksFrees) this.#refuseFree(at);
    this.#allocator.free(at);
  }

  /**
   * Takes over a block that the module itself allocated and now leaves to the caller, so that its free is
   * checked like any other. Returns its address.
   * @throws {NotOwnedError} when it overlaps a block that this manager lent
   */
  adopt(address: Address, bytes: number): number {
    const at = this.locate(address, toCount(bytes, 'a size in bytes'));
    if (at === 0 || this.#ledger.find(at) || this.#ledger.around(at))
      throw new NotOwnedError(at, at === 0 ? 'it is NULL' : 'it lies in a block of this heap');
    return this.#ledger.lend(new Block(at, bytes)).address;
  }

  /**
   * Frees everything that was lent through this manager and is still lent. Goes on after an error.
   * @throws {AggregateError} with every error, after all blocks were tried
   */
  freeAll(): void {
    const errors: unknown[] = [];
    for (const block of this.#ledger.blocks()) {
      try {
        this.#giveBack(block);
      } catch (error) {
        errors.push(error);
      }
    }
    if (errors.length > 0) throw new AggregateError(errors, `${errors.length} blocks could not be freed`);
  }

  /** Allocates one scalar; `row.alloc(heap, value)` and `heap.allocInt32(value)` come here. */
  allocScalar<T extends ScalarValue, A extends ArrayBufferView>(
    row: Scalar<T, A>,
    value?: T,
  ): ScalarRef<T, A> {
    const block = this.#lend(row.size, Math.min(row.size, MALLOC_ALIGN));
    if (value !== undefined) this.#orGiveBack(block, () => row.write(this, block.address, value));
    return new (refClassesOf(row).One)(this, block.address, block, true);
  }

  /** Borrows one scalar; `row.wrap(heap, address)` and `heap.wrapInt32(address)` come here. */
  wrapScalar<T extends ScalarValue, A extends ArrayBufferView>(
    row: Scalar<T, A>,
    address: Address,
  ): ScalarRef<T, A> {
    const at = this.#borrow(address, row.size);
    return new (refClassesOf(row).One)(this, at, this.#ledger.find(at) ?? BORROWED, false);
  }

  /** Allocates an array; `row.allocArray(heap, ...)` and `heap.allocInt32Array(...)` come here. */
  allocScalarArray<T extends ScalarValue, A extends ArrayBufferView>(
    row: Scalar<T, A>,
    countOrValues: number | Values<T>,
  ): ScalarArrayRef<T, A> {
    const isCount = typeof countOrValues === 'number';
    const bytes = isCount ? undefined : encodeValues(row, countOrValues);
    const count = bytes ? bytes.length / row.size : toCount(countOrValues as number, 'a count of elements'); // not bytes: a number
    const block = this.#lend(toCount(count * row.size, 'a size in bytes'), Math.min(row.size, MALLOC_ALIGN));
    if (bytes) this.#orGiveBack(block, () => this.writeBytes(block.address, bytes));
    return new (refClassesOf(row).Many)(this, block.address, count, block, true);
  }

  /** Borrows an array; `row.wrapArray(heap, ...)` and `heap.wrapInt32Array(...)` come here. */
  wrapScalarArray<T extends ScalarValue, A extends ArrayBufferView>(
    row: Scalar<T, A>,
    address: Address,
    count: number,
  ): ScalarArrayRef<T, A> {
    const at = this.#borrow(address, toCount(count, 'a count of elements') * row.size);
    return new (refClassesOf(row).Many)(this, at, count, this.#ledger.find(at) ?? BORROWED, false);
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
    const room = capacity ?? this.#ledger.find(this.locate(address, 0))?.byteLength;
    return writeTerminated(this, address, text, room, options);
  }
  /** Allocates a string's place: for `text` and its NUL, or for that many bytes and a NUL. */
  allocNullTerminatedUtf8String(textOrCount: string | number, options?: TextOptions): Utf8StringRef {
    assertTextOrCount(textOrCount);
    const bytes = typeof textOrCount === 'string' ? encodeTerminated(textOrCount, options) : undefined;
    const size = (bytes ? bytes.length : toCount(textOrCount as number, 'a size in bytes')) + 1; // not bytes: a number
    const block = this.#lend(size, 1);
    this.#orGiveBack(block, () => {
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
    const at = this.#borrow(address, toCount(capacity ?? 0, 'a capacity in bytes'));
    const block = this.#ledger.find(at);
    const room = capacity ?? block?.byteLength ?? terminatorOf(this, at) - at + 1;
    return new Utf8StringRef(this, at, room, block ?? BORROWED, false);
  }

  #lend(bytes: number, align: number): Block {
    return this.#ledger.lend(take(this, this.#allocator, bytes, align, this.#clear));
  }

  #borrow(address: Address, size: number): number {
    const at = this.locate(address, size);
    if (at === 0) throw new ArgumentTypeError('an address other than 0 (NULL)', address);
    return at;
  }

  /** The live block at `at`. @throws when there is none */
  #blockAt(at: number): Block {
    const block = this.#ledger.find(at);
    if (block) return block;
    this.#refuseFree(at);
    throw new NotOwnedError(at, 'this heap did not lend it; see adopt()');
  }

  #refuseFree(at: number): void {
    if (this.#ledger.wasFreed(at))
      throw new DoubleFreeError(at, '; if the module allocated it again since, adopt() it first');
    const around = this.#ledger.around(at);
    if (around) throw new NotOwnedError(at, `it is inside the block at address ${around.address}`);
  }

  #freeRef(ref: Ref): void {
    if (ref.heap !== this) throw new WrongHeapError(ref.address);
    if (!ref.owned)
      throw new NotOwnedError(ref.address, 'the ref borrows it (made by wrap); its owner frees it');
    if (!ref.block.live) throw new DoubleFreeError(ref.address);
    this.#giveBack(ref.block);
  }

  #giveBack(block: Block): void {
    block.live = false; // first, so that an allocator that calls back cannot free it again
    try {
      this.#allocator.free(block.base);
    } catch (error) {
      block.live = true;
      throw error;
    }
    this.#ledger.end(block);
  }

  #strike(block: Block): void {
    block.live = false;
    this.#ledger.end(block);
  }

  #orGiveBack(block: Block, write: () => void): void {
    try {
      write();
    } catch (error) {
      this.#giveBack(block);
      throw error;
    }
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
