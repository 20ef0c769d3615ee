// SPDX-License-Identifier: MIT
// Option objects: read once, and no misspelt name silently ignored.
import { ArgumentRangeError, ArgumentTypeError } from '../errors.ts';
import type { Pointer } from './allocator.ts';

/** Returns the address of that many bytes, 0 for none. The name is wasm-heap-manager's. */
export type AllocatorMethod = (bytes: number) => Pointer;
/** Frees what an {@link AllocatorMethod} returned. The name is wasm-heap-manager's. */
export type DeallocatorMethod = (address: number) => unknown;
/** Bytes that a scalar takes. The name is wasm-heap-manager's. */
export type BaseAllocationSize = 1 | 2 | 4 | 8;
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
   * not there, and frees by address are passed to the allocator unchecked: a ref of the block does not learn of that.
   * What is freed through refs is checked all the same.
   */
  readonly trackAllocations?: boolean;
  /**
   * Whether a block is given back when the ref that owns it is collected as garbage; false unless given. A net
   * under `free`, not instead of it: engines collect late, never in a loop that does not end, and not at the end of
   * the program.
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
  /**
   * Whether reads, writes and views at address 0 (NULL) are refused; false unless given, as memories that start at 0
   * are common. Costs nothing when off; when on, every access is slower.
   */
  readonly nullCheck?: boolean;
  /** Whether the allocator knows that a block began at `address` and was freed: then it cannot be wrapped either. */
  readonly isFreed?: (address: number) => boolean;
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
  nullCheck: false,
} as const;

type Verbs = Pick<WasmHeapManagerOptions, 'calloc' | 'realloc' | 'alignedAlloc' | 'isFreed'>;
/** What `typeof` says of each. */
const KINDS = {
  .../* @__PURE__ */ Object.fromEntries(
    /* @__PURE__ */ Object.entries(defaultWasmHeapManagerOptions).map(([name, value]) => [
      name,
      typeof value,
    ]),
  ),
  calloc: 'function',
  realloc: 'function',
  alignedAlloc: 'function',
  isFreed: 'function',
} as unknown as OptionKinds<WasmHeapManagerOptions>;

/** The options with their defaults. Each was read once. */
export type ManagerOptions = Required<Omit<WasmHeapManagerOptions, keyof Verbs>> & Verbs;

/** @throws {ArgumentTypeError} {@link ArgumentRangeError} when an option is not what it should be, or misspelt */
export function readManagerOptions(options: WasmHeapManagerOptions): ManagerOptions {
  const chosen: ManagerOptions = { ...defaultWasmHeapManagerOptions, ...readOptions(options, KINDS) };
  const { gcPressure, addressBits, pollingMode } = chosen;
  if (!(gcPressure >= 0 && gcPressure <= 1))
    throw new ArgumentRangeError('a gcPressure from 0 to 1', gcPressure);
  if (addressBits !== 32 && addressBits !== 64)
    throw new ArgumentRangeError('addressBits of 32 or 64', addressBits);
  if (!['never', 'whenEmpty', 'always'].includes(pollingMode))
    throw new ArgumentTypeError("a pollingMode 'never', 'whenEmpty' or 'always'", pollingMode);
  return chosen;
}

/** For each option what `typeof` says of its values. */
export type OptionKinds<O> = Readonly<Record<keyof O, string>>;

/**
 * Returns a copy of `options`, each read once; what is undefined is left out.
 * @throws {ArgumentTypeError} when it is no object, or an option is of another kind or has no kind: is misspelt
 */
export function readOptions<O extends object>(options: O, kinds: OptionKinds<O>): O {
  if (typeof options !== 'object' || options === null)
    throw new ArgumentTypeError('an options object', options);
  const copy = { ...options };
  for (const name of Object.keys(copy) as (keyof O & string)[]) {
    if (!Object.hasOwn(kinds, name))
      throw new ArgumentTypeError(`one of the options ${Object.keys(kinds).join(', ')}`, name);
    if (copy[name] === undefined) delete copy[name];
    else if (typeof copy[name] !== kinds[name])
      throw new ArgumentTypeError(`a ${kinds[name]} for ${name}`, copy[name]);
  }
  return copy;
}
