// SPDX-License-Identifier: MIT
// Option objects: read once, and no misspelt name silently ignored.
import { ArgumentRangeError, ArgumentTypeError } from '../errors.ts';
import { assertFunction, type Pointer } from './allocator.ts';

/** Returns the address of that many bytes, 0 for none. The name is wasm-heap-manager's. */
export type AllocatorMethod = (bytes: number) => Pointer;
/** Frees what an {@link AllocatorMethod} returned. The name is wasm-heap-manager's. */
export type DeallocatorMethod = (address: number) => unknown;
/** Returns the heap's buffer. The name is wasm-heap-manager's. */
export type HeapGetterCallback = () => ArrayBufferLike;

/** What a manager can be told. */
export interface WasmHeapManagerOptions {
  /** Whether every block that is lent is set to 0 first; true unless given. */
  readonly clearAllocatedRegions?: boolean;
  /**
   * When the heap's buffer is asked for: `whenEmpty` (the default) when the last one turned out to be detached or
   * too short; `always` before every access, for heaps that are copied to grow (asm.js), and slow; `never` again
   * after the first time, so that an access after growth is an error.
   */
  readonly pollingMode?: 'never' | 'whenEmpty' | 'always';
  /**
   * Whether the blocks that are lent are listed; true unless given. Without it the statistics and the lists are
   * not there, and frees by address are passed to the allocator unchecked; refs are checked all the same.
   */
  readonly trackAllocations?: boolean;
  /**
   * Whether a block is given back when the ref that owns it is collected as garbage; false unless given. A net
   * under `free`, not instead of it: engines collect late, and never in a loop that does not end.
   */
  readonly enableGarbageCollection?: boolean;
  /**
   * With garbage collection: how much of each block's size the ref weighs as garbage, from 0 (the default) to 1.
   * The engine does not see the heap's bytes; without weight it may not collect for a long time.
   */
  readonly gcPressure?: number;
  /** 64 for a module whose addresses are 64 bits wide: then a block may be larger than 4 GiB; 32 unless given. */
  readonly addressBits?: 32 | 64;
  /** The module's calloc: used for cleared blocks. */
  readonly calloc?: (count: number, bytes: number) => Pointer;
  /** The module's realloc: can lengthen a block in place. */
  readonly realloc?: (address: number, bytes: number) => Pointer;
  /** The module's aligned_alloc; without it a larger block is taken and its aligned part is used. */
  readonly alignedAlloc?: (align: number, bytes: number) => Pointer;
  /** True when `deallocate` itself throws for every address that is not a live block; false unless given. */
  readonly checksFrees?: boolean;
}

/** What holds where an option is not given. */
export const defaultWasmHeapManagerOptions = {
  clearAllocatedRegions: true,
  pollingMode: 'whenEmpty',
  trackAllocations: true,
  enableGarbageCollection: false,
  gcPressure: 0,
  addressBits: 32,
  checksFrees: false,
} as const;

const VERBS = ['calloc', 'realloc', 'alignedAlloc'] as const;

/** The options with their defaults, and apart from them the functions. Each was read once. */
export interface ManagerOptions extends Required<Omit<WasmHeapManagerOptions, (typeof VERBS)[number]>> {
  readonly verbs: Pick<WasmHeapManagerOptions, (typeof VERBS)[number]>;
}

/** @throws {ArgumentTypeError} {@link ArgumentRangeError} when an option is not what it should be, or misspelt */
export function readManagerOptions(options: WasmHeapManagerOptions): ManagerOptions {
  const names = [...Object.keys(defaultWasmHeapManagerOptions), ...VERBS];
  const { calloc, realloc, alignedAlloc, ...given } = readOptions(options, names);
  const verbs: ManagerOptions['verbs'] = {
    ...(calloc && { calloc }),
    ...(realloc && { realloc }),
    ...(alignedAlloc && { alignedAlloc }),
  };
  for (const [name, verb] of Object.entries(verbs)) assertFunction(verb, name);
  const chosen = { ...defaultWasmHeapManagerOptions, ...given };
  for (const [name, value] of Object.entries(defaultWasmHeapManagerOptions))
    if (typeof chosen[name as keyof typeof chosen] !== typeof value)
      throw new ArgumentTypeError(`a ${typeof value} for ${name}`, chosen[name as keyof typeof chosen]);
  if (!(chosen.gcPressure >= 0 && chosen.gcPressure <= 1))
    throw new ArgumentRangeError('a gcPressure from 0 to 1', chosen.gcPressure);
  if (chosen.addressBits !== 32 && chosen.addressBits !== 64)
    throw new ArgumentRangeError('addressBits of 32 or 64', chosen.addressBits);
  if (!['never', 'whenEmpty', 'always'].includes(chosen.pollingMode))
    throw new ArgumentTypeError("a pollingMode 'never', 'whenEmpty' or 'always'", chosen.pollingMode);
  return { ...chosen, verbs };
}

/**
 * Returns a copy of `options`, each read once; what is undefined is left out.
 * @throws {ArgumentTypeError} when it is no object or has a name that is not in `names`
 */
export function readOptions<O extends object>(options: O, names: readonly string[]): O {
  if (typeof options !== 'object' || options === null)
    throw new ArgumentTypeError('an options object', options);
  const copy = { ...options };
  for (const [name, value] of Object.entries(copy)) {
    if (!names.includes(name)) throw new ArgumentTypeError(`one of the options ${names.join(', ')}`, name);
    if (value === undefined) delete copy[name as keyof O];
  }
  return copy;
}
