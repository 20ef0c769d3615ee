// SPDX-License-Identifier: MIT
// The manager with all that the arena room adds: arenas, slices and scopes.
import { HeapManager } from '../heap/manager.ts';
import { refClassesOf } from '../heap/methods.ts';
import { wideArguments, type WideArguments } from '../heap/wide.ts';
import { toAlign, toCount, type Address } from '../memory/address.ts';
import type { Block } from '../memory/block.ts';
import { isShared } from '../memory/memory.ts';
import type { Scalar, ScalarValue } from '../scalar/scalar.ts';
import type { WasmHeapArena } from './arena.ts';
import { attachArena, createHeapArena, type ArenaOptions, type AttachOptions } from './create.ts';
import type { HeapIdentity } from './epochs.ts';
import { frameArenaOf, type FrameArena } from './frame.ts';
import { sliceFromHandle, type WasmSliceHandle } from './handle.ts';
import { HeapArenas } from './heaps.ts';
import { runScope, Scope } from './scope.ts';
import { SEAL, writeSeal } from './seal.ts';
import { SLICE_ALIGN, WasmSlice } from './slice.ts';

/** A memory with an allocator: typed reads and writes anywhere, blocks that are freed once, arenas, slices, scopes. */
export class WasmHeapManager extends HeapManager {
  /** Its arenas and slices; the library's own. */
  readonly arenas: HeapArenas = new HeapArenas(this);

  /**
   * Returns a new arena of `capBytes` bytes, for which it takes one block. It goes back with `destroy()`, or when the
   * arena is collected as garbage.
   * @param align what its first byte is a multiple of, a power of two up to 65,536
   * @throws {OutOfMemoryError} when there is no such block; nothing has changed then
   * @throws {ArgumentTypeError} {@link ArgumentRangeError} when the capacity or the alignment is no such number
   */
  createHeapArena(capBytes: number, align?: number, options?: ArenaOptions): WasmHeapArena {
    return createHeapArena(this, capBytes, align, options);
  }
  /** Returns an arena that C code or another thread made. @see {@link attachArena} */
  attachArena(address: Address, options?: AttachOptions): WasmHeapArena {
    return attachArena(this, address, options);
  }
  /** The heap's arena for what lives as long as a frame: the same one each time. */
  get frameArena(): FrameArena {
    return frameArenaOf(this);
  }

  /**
   * Runs `act` and takes back what it made with the scope that it is given; a promise that `act` returns holds the
   * scope open until it settles. Returns what `act` returns. Without `act`, returns the scope, for `using`.
   * @throws what `act` throws; in an AggregateError with what the end throws, when both do
   */
  scope<R>(act: (scope: Scope) => R): R;
  scope(): Scope;
  scope<R>(act?: (scope: Scope) => R): R | Scope {
    return act ? runScope(this, act) : new Scope(this);
  }

  /**
   * Returns a slice of `length` elements in a block of its own, cleared. The caller frees it: `slice.free()`.
   * @param align a power of two up to 65,536; 16 unless given
   * @throws {OutOfMemoryError} when there is no such block
   * @throws {ArgumentTypeError} {@link ArgumentRangeError} when the length or the alignment is no such number
   */
  allocSlice<T extends ScalarValue, A extends ArrayBufferView>(
    row: Scalar<T, A>,
    length: number,
    align: number = SLICE_ALIGN,
  ): WasmSlice<A, T> {
    const count = toCount(length, 'a count of elements');
    const bytes = toCount(count * row.size, 'a size in bytes');
    const unit = Math.max(toAlign(align), row.Elements.BYTES_PER_ELEMENT);
    const head = isShared(this) ? Math.max(SEAL, unit) : 0;
    return this.lendAsIs(head + bytes, unit, (block) => {
      const ptr = block.address + head;
      if (head > 0) writeSeal(this, ptr, bytes, this.arenas.seal(block, ptr));
      const owner = new (refClassesOf(row).Many)(this, ptr, count, block, true);
      return new WasmSlice(this, row, ptr, count, block, 'heap', owner, true, 0);
    });
  }
  /** Returns the slice that a handle stands for. @see {@link sliceFromHandle} */
  sliceFromHandle(handle: WasmSliceHandle): WasmSlice {
    return sliceFromHandle(this, handle);
  }

  /**
   * What tells this heap from others, as a plain object for `postMessage`. To be set in another thread that works on
   * the same memory, so that handles of the one are valid in the other. In shared memory it takes 16 bytes
   * of the allocator, for ever, which are not in the statistics.
   * @throws {ArgumentTypeError} {@link OutOfBoundsError} when it is set to no identity, or set late
   */
  get identity(): HeapIdentity {
    return this.arenas.epochs.identity;
  }
  set identity(identity: HeapIdentity) {
    this.arenas.epochs.identity = identity;
  }

  /** As {@link lendTo}, but cleared only if all that the heap lends is; the library's own. */
  lendAsIs<R>(bytes: number, align: number, make: (block: Block) => R): R {
    const block = this.lend(bytes, align);
    return this.orGiveBack(block, () => make(block));
  }
  protected override ends(block: Block): (() => void) | undefined {
    return block.tied ? this.arenas.ending(block) : undefined;
  }
}

/** Returns a new {@link WasmHeapManager}; the arguments are its constructor's. */
export function createWasmHeapManager(
  ...args: ConstructorParameters<typeof WasmHeapManager>
): WasmHeapManager {
  return new WasmHeapManager(...args);
}

/**
 * Returns a manager of the heap of a 64-bit module. As `createWasmHeapManager`, but the functions take bigints, as
 * the exports of such a module do. Addresses may be numbers up to 2^53 - 1 or bigints.
 */
export function createWasmHeapManager64(...args: WideArguments): WasmHeapManager {
  return new WasmHeapManager(...wideArguments(...args));
}
