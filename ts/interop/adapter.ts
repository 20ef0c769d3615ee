// SPDX-License-Identifier: MIT
// The adapter of a module's allocator, and the heap that allocates through it. Only this file of the folder creates a
// WasmHeapManager.
import {
  LinmemError,
  ModuleError,
  NotOwnedError,
  OutOfMemoryError,
  isRevoked,
  wrongType,
} from '../errors.ts';
import { WasmHeapManager } from '../manager/manager.ts';
import { MALLOC_ALIGN, type Pointer } from '../heap/allocator.ts';
import type { WasmHeapManagerOptions } from '../heap/options.ts';
import { toPointer } from '../memory/address.ts';
import type { FoundMemory } from './module-memory.ts';
import { isFunction } from './properties.ts';

/**
 * The allocator of a module as two to four functions. The heap keeps the size and alignment of each block and passes
 * them to `free`.
 */
export interface Adapter {
  /**
   * Returns the address of `size` bytes, or 0 if there is no memory. May ignore `align`: if the address is not a
   * multiple of it, the heap frees the block and allocates a larger one.
   */
  malloc(size: number, align: number): Pointer;
  /**
   * Frees a block. If it declares `size`, it is not called for blocks that the heap did not allocate, whose size is
   * unknown.
   */
  free(address: number, size: number, align: number): unknown;
  /** Changes the size of a block from `oldSize` to `size` bytes. Returns its address, or 0 if there is no memory. */
  realloc?(address: number, size: number, oldSize: number, align: number): Pointer;
  /** Returns the address of `size` bytes that are 0, or 0 if there is no memory. */
  calloc?(size: number): Pointer;
}

/** A detected adapter. */
export interface FoundAdapter extends Adapter {
  /** The names of the functions that it calls: `_malloc, _free`. */
  readonly name: string;
  /** 64 if the functions take bigints. */
  readonly addressBits?: 32 | 64;
}

/** @throws {ArgumentTypeError} if `adapter` is not an adapter */
export function assertAdapter(adapter: Adapter): void {
  if (Object(adapter) !== adapter || isRevoked(adapter))
    throw wrongType('an adapter { malloc, free }', adapter);
  for (const name of ['malloc', 'free'] as const)
    if (!isFunction(adapter[name])) throw wrongType(`a function ${name} of the adapter`, adapter[name]);
  for (const name of ['realloc', 'calloc'] as const)
    if (adapter[name] !== undefined && !isFunction(adapter[name]))
      throw wrongType(`a function ${name} of the adapter, or none`, adapter[name]);
}

const names = new WeakMap<WasmHeapManager, string>();

/** Returns the names of the functions that a module's heap calls, such as `malloc, free`; `none` if there are none. */
export const allocatorNameOf = (heap: WasmHeapManager): string | undefined => names.get(heap);

/** Returns a heap over `memory` whose blocks come from `adapter`. */
export function heapWith(
  memory: FoundMemory,
  adapter: FoundAdapter,
  options: WasmHeapManagerOptions,
): WasmHeapManager {
  const bridge = new Bridge(memory, adapter);
  const polling = memory.isCopied ? { pollingMode: 'always' as const } : {};
  const defaults = { ...polling, addressBits: adapter.addressBits ?? 32, ...bridge.options() };
  const heap = new WasmHeapManager(memory.source, bridge.malloc, bridge.free, { ...defaults, ...options });
  names.set(heap, adapter.name);
  return heap;
}

interface Layout {
  readonly size: number;
  readonly align: number;
}

/** The adapter as the functions that a heap takes. */
class Bridge {
  readonly #memory: FoundMemory;
  readonly #adapter: FoundAdapter;
  readonly #isSized: boolean;
  /** The size and alignment of each block, if `realloc` needs them: the heap does not pass the old ones. */
  readonly #layouts: Map<number, Layout> | undefined;

  constructor(memory: FoundMemory, adapter: FoundAdapter) {
    this.#memory = memory;
    this.#adapter = adapter;
    this.#isSized = adapter.free.length !== 1;
    this.#layouts = adapter.realloc && adapter.realloc.length !== 2 ? new Map() : undefined;
  }

  readonly malloc = (size: number, align: number): Pointer =>
    this.#note(
      this.#attempt(size, align, () => this.#adapter.malloc(size, align)),
      size,
      align,
    );

  /** Gets a size of 0 for an address that the heap did not allocate. */
  readonly free = (address: number, size: number, align: number): unknown => {
    if (this.#isSized && size === 0)
      throw new NotOwnedError(
        address,
        'its allocator needs the size, and this heap did not allocate it; pass the size to adopt()',
      );
    const layout = this.#layouts?.get(address) ?? { size, align };
    this.#layouts?.delete(address); // first: the free may grow, throw, or call back
    try {
      return this.#isSized
        ? this.#adapter.free(address, layout.size, layout.align)
        : (this.#adapter.free as (address: number) => unknown)(address);
    } catch (error) {
      this.#layouts?.set(address, layout);
      throw error;
    }
  };

  /** The optional functions of a heap. */
  options(): WasmHeapManagerOptions {
    const { realloc, calloc, malloc } = this.#adapter;
    return {
      ...(malloc.length !== 1 && { alignedAlloc: (align: number, size: number) => this.malloc(size, align) }),
      ...(realloc && { realloc: (address: number, size: number) => this.#reallocate(address, size) }),
      ...(calloc && { calloc: (_count: number, size: number) => this.#callocate(calloc, size) }),
    };
  }

  #callocate(calloc: (size: number) => Pointer, size: number): Pointer {
    return this.#note(
      this.#attempt(size, MALLOC_ALIGN, () => calloc(size)),
      size,
      MALLOC_ALIGN,
    );
  }

  #reallocate(address: number, size: number): Pointer {
    const layout = this.#layouts?.get(address);
    if (this.#layouts && !layout)
      throw new NotOwnedError(address, 'its allocator needs the old size: allocate another block and copy');
    const { size: oldSize, align } = layout ?? { size: 0, align: MALLOC_ALIGN };
    const moved = this.#attempt(
      size,
      align,
      () => this.#adapter.realloc?.(address, size, oldSize, align) ?? 0,
    );
    if (toPointer(moved) > 0) this.#layouts?.delete(address);
    return this.#note(moved, size, align);
  }

  /** Calls `act`. A malloc that throws or aborts has no memory: its error becomes the cause. */
  #attempt(size: number, align: number, act: () => Pointer): Pointer {
    try {
      return act();
    } catch (cause) {
      if (cause instanceof LinmemError) throw cause;
      throw new OutOfMemoryError(size, align, { cause });
    }
  }

  #note(answer: Pointer, size: number, align: number): Pointer {
    const address = toPointer(answer);
    if (!(address > 0)) return answer;
    if (this.#memory.isCurrent?.() === false)
      throw new ModuleError('the module has another memory now: wrap the module again', {
        missing: ['wasmMemory'],
      });
    if (this.#memory.isView) this.#assertSeen(address, size);
    this.#layouts?.set(address, { size, align });
    return answer;
  }

  /** @throws {ModuleError} if the block lies beyond the view of the memory, which the glue did not renew */
  #assertSeen(address: number, size: number): void {
    const { source } = this.#memory;
    const { byteLength } = typeof source === 'function' ? source() : source.buffer;
    if (byteLength === 0 || address + size <= byteLength) return;
    this.#adapter.free(address, size, MALLOC_ALIGN);
    throw new ModuleError(
      `the module's HEAPU8 has ${byteLength} bytes and was not renewed when its memory grew. Start the module through ` +
        'captureEmscriptenHeap, pass the option memory, or link it with -sEXPORTED_RUNTIME_METHODS=wasmMemory',
      { missing: ['wasmMemory'], found: ['HEAPU8'], flags: '-sEXPORTED_RUNTIME_METHODS=wasmMemory' },
    );
  }
}
