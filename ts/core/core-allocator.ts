// SPDX-License-Identifier: MIT
// CoreAllocator: linmem's allocator, written in C, over a separate memory or in pages that it grows in another memory.
import {
  ArgumentRangeError,
  ArgumentTypeError,
  DoubleFreeError,
  ModuleError,
  NotOwnedError,
  OutOfMemoryError,
  isRevoked,
  wrongType,
} from '../errors.ts';
import type { Pointer } from '../heap/allocator.ts';
import { Heap } from '../heap/heap.ts';
import { readOptions, type HeapOptions, type OptionKinds } from '../heap/options.ts';
import { ADDRESS_SPACE_32, isUint32, toAddress, toCount } from '../memory/address.ts';
import { isMemory } from '../memory/buffers.ts';
import type { WebAssemblyMemory, WebAssemblyModule } from '../memory/platform-types.ts';
import type { CoreExports } from './exports.ts';
import { Status } from './layout.gen.ts';
import { coreModule, coreModuleSync, link } from './load.ts';
import type { CoreModule, CoreModuleSource } from './module-source.ts';

const PAGE = 65536;
/** The number of pages of the largest 32-bit memory. */
const MAX_PAGES = 65536;

/** Options of {@link createCoreAllocator}. */
export interface CoreAllocatorOptions {
  /** The initial size of the heap's own memory in bytes, rounded up to 64 KiB. @defaultValue `65536` */
  readonly initialBytes?: number;
  /** The maximum size of the heap's own memory in bytes, rounded up to 64 KiB. @defaultValue 4 GiB */
  readonly maximumBytes?: number;
  /**
   * An existing memory: the heap grows it by whole pages and uses only those. Safe only if nothing else allocates in the
   * memory, in wasm-bindgen modules, and in modules whose exported, growing allocator was called before. For the modules
   * in which it is not safe, see docs/core.md, Guest heaps.
   */
  readonly memory?: WebAssemblyMemory;
  /**
   * With `memory`: the first byte of the range that the heap has, for a memory that cannot grow, or a block of another
   * allocator. The heap then never grows the memory. The caller promises that nothing else uses the range.
   */
  readonly base?: number;
  /** With `base`: the end of the range. @defaultValue the end of the memory */
  readonly end?: number;
  /**
   * The core, for pages and runtimes that must not compile the built-in bytes, or are to fetch it: a module, the bytes of
   * `linmem/core.wasm` or of {@link coreBytes}, a `Response`, a `URL`, or a promise of one of these.
   */
  readonly module?: CoreModuleSource;
}

/** The options `O` of a function that cannot wait: the core is a module or bytes. */
export type SyncOptions<O> = Omit<O, 'module'> & { readonly module?: CoreModule };

/** The `typeof` of each option. */
export const CORE_KINDS: OptionKinds<CoreAllocatorOptions> = {
  initialBytes: 'number',
  maximumBytes: 'number',
  memory: 'object',
  base: 'number',
  end: 'number',
  module: 'object',
};

/** An instance of linmem's allocator, with the functions that {@link Heap} takes. */
export class CoreAllocator {
  /** The memory it allocates in. */
  readonly memory: WebAssemblyMemory;
  /** The address of the heap's state: the `heap` argument of the C functions. */
  readonly handle: number;
  /** The C functions. Blocks allocated through them are not in the table of a {@link Heap}. */
  readonly exports: CoreExports;
  /** The options for a {@link Heap} over it. */
  readonly options: HeapOptions;

  /** @internal Use {@link createCoreAllocator} or {@link createCoreAllocatorSync}. */
  constructor(memory: WebAssemblyMemory, exports: CoreExports, handle: number) {
    this.memory = memory;
    this.exports = exports;
    this.handle = handle;
    this.options = {
      checksFrees: true,
      isFreed: (address) => exports.lm_heap_check(handle, address) === Status.alreadyFree,
      calloc: (count, bytes) => exports.lm_heap_calloc(handle, count, bytes),
      realloc: (address, bytes) => exports.lm_heap_realloc(handle, address, bytes),
      alignedAlloc: (align, bytes) => exports.lm_heap_alloc_aligned(handle, bytes, align),
    };
  }

  /**
   * Returns the address of a block of `bytes` bytes, aligned to 8; 0 if there is no memory.
   * @throws {ArgumentTypeError} {@link ArgumentRangeError} if the size is invalid
   */
  readonly allocate = (bytes: number): Pointer =>
    // As an i32 a larger size would wrap.
    toCount(bytes, 'a size in bytes') < ADDRESS_SPACE_32 ? this.exports.lm_heap_alloc(this.handle, bytes) : 0;
  /**
   * Frees a block.
   * @throws {DoubleFreeError} {@link NotOwnedError} if it is not live
   * @throws {OutOfBoundsError} {@link ArgumentTypeError} if it is not an address
   */
  readonly deallocate = (address: number): void => {
    const at = isUint32(address) ? address : toAddress(address, 1, ADDRESS_SPACE_32);
    const status = isUint32(at) ? this.exports.lm_heap_free(this.handle, at) : Status.notABlock;
    if (status !== Status.ok) refuse(status, address);
  };

  /** Returns a bare heap over this allocator: with only the types and codecs that the program names. */
  toHeap(
    options: Omit<HeapOptions, 'calloc' | 'realloc' | 'alignedAlloc' | 'checksFrees' | 'isFreed'> = {},
  ): Heap {
    return new Heap(this.memory, this.allocate, this.deallocate, { ...options, ...this.options });
  }
}

/**
 * Resolves to linmem's allocator.
 * @throws {ArgumentTypeError} {@link ArgumentRangeError} if an option is invalid
 * @throws {ModuleError} if WebAssembly cannot be compiled here, or does not link to the given memory, or `module` cannot
 *   be fetched or is not the core of this version
 * @throws {OutOfMemoryError} if the memory cannot be created, or cannot grow by a page
 */
export async function createCoreAllocator(options: CoreAllocatorOptions = {}): Promise<CoreAllocator> {
  const { module, ...plan } = planOf(readOptions(options, CORE_KINDS));
  return instantiate(await coreModule(module), plan);
}

/** As {@link createCoreAllocator}, synchronously. Browsers allow that for modules as small as the core. */
export function createCoreAllocatorSync(options: SyncOptions<CoreAllocatorOptions> = {}): CoreAllocator {
  const { module, ...plan } = planOf(readOptions<CoreAllocatorOptions>(options, CORE_KINDS));
  return instantiate(coreModuleSync(module as CoreModule | undefined), plan); // which it checks
}

interface Plan {
  readonly memory: WebAssemblyMemory | undefined;
  readonly initial: number;
  readonly maximum: number | undefined;
  /** The range of a given memory that the heap uses, if it does not grow the memory. */
  readonly range: readonly [base: number, end: number] | undefined;
}

function planOf(options: CoreAllocatorOptions): Plan & { module: CoreModuleSource | undefined } {
  const { initialBytes = PAGE, maximumBytes, memory, module } = options;
  if (memory !== undefined && (isRevoked(memory) || !isMemory(memory)))
    throw wrongType('a WebAssembly.Memory', memory);
  if (memory && (options.initialBytes !== undefined || maximumBytes !== undefined))
    throw new ArgumentTypeError('the option memory, or initialBytes and maximumBytes, not both', options);
  const initial = toPages(initialBytes, 'initialBytes');
  const maximum = maximumBytes === undefined ? undefined : toPages(maximumBytes, 'maximumBytes');
  if (maximum !== undefined && maximum < initial)
    throw new ArgumentRangeError(
      `maximumBytes of at least initialBytes (${initialBytes})`,
      maximumBytes ?? 0,
    );
  return { memory, module, initial, maximum, range: rangeOf(options) };
}

function rangeOf({ memory, base, end }: CoreAllocatorOptions): Plan['range'] {
  if (base === undefined && end === undefined) return undefined;
  if (!memory || base === undefined)
    throw new ArgumentTypeError('the options memory and base for a range', base);
  const size = memory.buffer.byteLength;
  const first = toCount(base, 'a base', 0, size + 1);
  return [first, end === undefined ? size : toCount(end, 'an end', first, size + 1)];
}

function toPages(bytes: number, name: string): number {
  const pages = Math.max(1, Math.ceil(toCount(bytes, name) / PAGE));
  if (pages > MAX_PAGES) throw new ArgumentRangeError(`${name} of at most 4 GiB`, bytes);
  return pages;
}

/** @throws {OutOfMemoryError} if the memory cannot be made or grow, or the range is too short for a heap: about 2 KiB */
function instantiate(module: WebAssemblyModule, plan: Plan): CoreAllocator {
  const { memory: given, range, initial, maximum } = plan;
  const pages = maximum === undefined ? { initial } : { initial, maximum };
  const memory = given ?? orOutOfMemory(initial * PAGE, () => new WebAssembly.Memory(pages));
  const grow = () => orOutOfMemory(PAGE, () => memory.grow(1) * PAGE);
  // In its own memory the heap has all bytes from 16 on; as a guest its range, or only the pages it grows. The memory
  // grows after linking, which may be refused, unless it is empty: the core links to a memory of at least one page.
  const early = given && !range && memory.buffer.byteLength === 0 ? grow() : undefined;
  const exports = link(module, memory);
  const [base, end] = range ?? [given ? (early ?? grow()) : 0, memory.buffer.byteLength];
  const handle = end > base ? exports.lm_heap_open(base, end - base, range ? 0 : 1) >>> 0 : 0;
  if (handle === 0) throw new OutOfMemoryError(end - base);
  return new CoreAllocator(memory, exports, handle);
}

/** Returns what `make` returns. @throws {OutOfMemoryError} if it throws */
function orOutOfMemory<T>(bytes: number, make: () => T): T {
  try {
    return make();
  } catch (cause) {
    throw new OutOfMemoryError(bytes, 1, { cause });
  }
}

/** Throws the error for a status of the C functions. */
export function refuse(status: number, address: number): void {
  if (status === Status.ok) return;
  if (status === Status.alreadyFree) throw new DoubleFreeError(address);
  if (status === Status.notABlock) throw new NotOwnedError(address, 'it is not a live block of this heap');
  throw new ModuleError(`the core returned status ${status} for address ${address}`);
}
