// SPDX-License-Identifier: MIT
// Options objects: each own property is read once, and an unknown name is refused.
import { ArgumentRangeError, ArgumentTypeError, isRevoked, wrongType } from '../errors.ts';
import type { Pointer } from './allocator.ts';

/**
 * Returns the address of a new block, or 0 if there is no memory. Gets the alignment if it declares a second parameter.
 * The name is wasm-heap-manager's.
 */
export type AllocatorMethod = (bytes: number, align: number) => Pointer;
/**
 * Frees a block that an {@link AllocatorMethod} returned. Gets the size and the alignment it was allocated with if it
 * declares further parameters. The name is wasm-heap-manager's.
 */
export type DeallocatorMethod = (address: number, bytes: number, align: number) => unknown;
/** The size of a scalar in bytes. The name is wasm-heap-manager's. */
export type BaseAllocationSize = 1 | 2 | 4 | 8;
/** Returns the heap's buffer. The name is wasm-heap-manager's. */
export type HeapGetterCallback = () => ArrayBufferLike;

/** Options of a {@link Heap}. */
export interface HeapOptions {
  /** True if every new block is set to 0. @defaultValue `true` */
  readonly clearAllocatedRegions?: boolean;
  /**
   * True if allocations are registered in a table. Without it there are no statistics, and a free by address goes to the
   * allocator unchecked and does not invalidate the refs of the block. Frees through refs are still checked.
   * @defaultValue `true`
   */
  readonly trackAllocations?: boolean;
  /**
   * True if the block of an owning ref is freed when the ref is collected as garbage: a best-effort fallback. Engines
   * collect late, never in a loop that does not yield, and not at the end of the program.
   * @defaultValue `false`
   */
  readonly enableGarbageCollection?: boolean;
  /**
   * With `enableGarbageCollection`: how many bytes of garbage each ref adds per byte of its block, from 0 to 1. The engine
   * does not see the bytes of the heap, and without this may not collect for a long time.
   * @defaultValue `0`
   */
  readonly gcPressure?: number;
  /** The size of the module's addresses in bits. With 64, a block can be larger than 4 GiB. @defaultValue `32` */
  readonly addressBits?: 32 | 64;
  /** The module's calloc, for cleared blocks. */
  readonly calloc?: (count: number, bytes: number) => Pointer;
  /** The module's realloc, which can extend a block in place. */
  readonly realloc?: (address: number, bytes: number) => Pointer;
  /** The module's aligned_alloc. Without it, a larger block is allocated and an aligned part of it is used. */
  readonly alignedAlloc?: (align: number, bytes: number) => Pointer;
  /** True if `deallocate` throws for every address that is not a live block. @defaultValue `false` */
  readonly checksFrees?: boolean;
  /**
   * True if freeing the address of a block that this heap allocated and freed is a double free. By default such a free
   * goes to the module's allocator, as the module may have allocated a block there since. A double free through a ref is
   * always an error.
   * @defaultValue `false`
   */
  readonly strictFrees?: boolean;
  /** Returns true if a block that started at the address was freed and none starts there now. `wrap` then refuses it. */
  readonly isFreed?: (address: number) => boolean;
}

/** Options of a {@link WasmHeapManager}. */
export interface WasmHeapManagerOptions extends HeapOptions {
  /**
   * The times at which the heap gets its buffer: `whenEmpty`, if the last one is detached or too short; `always`, before
   * every access (slow; for heaps that are copied to grow, as in asm.js); `never`: only once, so that accesses after
   * growth throw.
   * @defaultValue `'whenEmpty'`
   */
  readonly pollingMode?: 'never' | 'whenEmpty' | 'always';
  /**
   * True if reads, writes and views at address 0 (NULL) throw. Costs nothing when off; every access is slower when on.
   * Many memories have data at address 0.
   * @defaultValue `false`
   */
  readonly nullCheck?: boolean;
  /**
   * Records where blocks are allocated and freed: `'all'` or `'entry'`, the call stack of each allocation and free; a
   * number, of this share of them, such as 1/16. A program that uses it imports `linmem/debug`, which also adds
   * `heap.mark()`, `heap.leaks()` and `heap.record()`; without that import the option throws.
   * @defaultValue `false`
   */
  readonly callSites?: 'entry' | 'all' | number | false;
}

/** The defaults of {@link WasmHeapManagerOptions}. The name is wasm-heap-manager's. */
export const defaultWasmHeapManagerOptions = {
  clearAllocatedRegions: true,
  pollingMode: 'whenEmpty',
  trackAllocations: true,
  enableGarbageCollection: false,
  gcPressure: 0,
  addressBits: 32,
  checksFrees: false,
  strictFrees: false,
  nullCheck: false,
} as const;

type Functions = Pick<HeapOptions, 'calloc' | 'realloc' | 'alignedAlloc' | 'isFreed'>;
/** The options of a heap with their defaults. */
export type AllHeapOptions = Required<Omit<HeapOptions, keyof Functions>> & Functions;

const HEAP_KINDS: OptionKinds<HeapOptions> = {
  clearAllocatedRegions: 'boolean',
  trackAllocations: 'boolean',
  enableGarbageCollection: 'boolean',
  gcPressure: 'number',
  addressBits: 'number',
  calloc: 'function',
  realloc: 'function',
  alignedAlloc: 'function',
  checksFrees: 'boolean',
  strictFrees: 'boolean',
  isFreed: 'function',
};

/**
 * Returns all options of a heap. Reads each once.
 * @throws {ArgumentTypeError} {@link ArgumentRangeError} if an option is of the wrong type, out of range or unknown
 */
export function readHeapOptions(options: HeapOptions): AllHeapOptions {
  const { pollingMode: _, nullCheck: __, ...defaults } = defaultWasmHeapManagerOptions;
  const chosen = {
    __proto__: null,
    ...defaults,
    ...readOptions(options, HEAP_KINDS),
  } as unknown as AllHeapOptions; // an object without a prototype, as the allocator reads it again
  const { gcPressure, addressBits } = chosen;
  if (!(gcPressure >= 0 && gcPressure <= 1))
    throw new ArgumentRangeError('a gcPressure from 0 to 1', gcPressure);
  if (addressBits !== 32 && addressBits !== 64)
    throw new ArgumentRangeError('addressBits of 32 or 64', addressBits);
  return chosen;
}

/** The options that only a manager has, and those of its heap. */
export interface ManagerOptions {
  readonly pollingMode: 'never' | 'whenEmpty' | 'always';
  readonly nullCheck: boolean;
  readonly callSites: WasmHeapManagerOptions['callSites'];
  readonly heap: HeapOptions;
}

/** As {@link readHeapOptions}, for a manager. */
export function readManagerOptions(options: WasmHeapManagerOptions): ManagerOptions {
  const {
    pollingMode = 'whenEmpty',
    nullCheck = false,
    callSites,
    ...heap
  } = readOptions(options, MANAGER_KINDS);
  if (!['never', 'whenEmpty', 'always'].includes(pollingMode))
    throw new ArgumentTypeError("a pollingMode 'never', 'whenEmpty' or 'always'", pollingMode);
  return { pollingMode, nullCheck, callSites, heap };
}
/** The `typeof`s of the option callSites. */
export const CALL_SITES_KIND = 'string, number or boolean';
const MANAGER_KINDS: OptionKinds<WasmHeapManagerOptions> = {
  ...HEAP_KINDS,
  pollingMode: 'string',
  nullCheck: 'boolean',
  callSites: CALL_SITES_KIND,
};

/** The `typeof` of each option, or several in one text. */
export type OptionKinds<O> = Readonly<Record<keyof O, string>>;

/**
 * Returns a copy of the own properties of `options`, each read once. The copy inherits nothing.
 * @param expected names it in the error
 * @throws {ArgumentTypeError} if `options` is not an object, or a revoked proxy
 */
export function ownOptions<O extends object>(options: O, expected = 'an options object'): O {
  if (typeof options !== 'object' || options === null || isRevoked(options))
    throw wrongType(expected, options);
  return { __proto__: null, ...options };
}

/**
 * Returns a copy of the own properties of `options`, each read once, without those that are undefined.
 * @throws {ArgumentTypeError} if it is not an object, or an option is of the wrong type or unknown
 */
export function readOptions<O extends object>(options: O, kinds: OptionKinds<O>): O {
  const copy = ownOptions(options);
  for (const name of Object.keys(copy) as (keyof O & string)[]) {
    if (!Object.hasOwn(kinds, name))
      throw new ArgumentTypeError(`one of the options ${Object.keys(kinds).join(', ')}`, name);
    if (copy[name] === undefined) delete copy[name];
    else if (!kinds[name].includes(typeof copy[name]))
      throw new ArgumentTypeError(`a ${kinds[name]} for ${name}`, copy[name]);
  }
  return copy;
}
