// SPDX-License-Identifier: MIT
// Option objects: read once, and no misspelt name silently ignored.
import { ArgumentTypeError } from '../errors.ts';
import type { Pointer } from './allocator.ts';

/** What a manager can be told. */
export interface WasmHeapManagerOptions {
  /** Whether every block that is lent is set to 0 first; true unless given. */
  readonly clearAllocatedRegions?: boolean;
  /** The module's calloc: used for cleared blocks. */
  readonly calloc?: (count: number, bytes: number) => Pointer;
  /** The module's realloc: can lengthen a block in place. */
  readonly realloc?: (address: number, bytes: number) => Pointer;
  /** The module's aligned_alloc; without it a larger block is taken and its aligned part is used. */
  readonly alignedAlloc?: (align: number, bytes: number) => Pointer;
  /** True when `deallocate` itself throws for every address that is not a live block; false unless given. */
  readonly checksFrees?: boolean;
}

export const MANAGER_OPTIONS: readonly string[] = [
  'clearAllocatedRegions',
  'calloc',
  'realloc',
  'alignedAlloc',
  'checksFrees',
];

/**
 * Returns a copy of `options`, each read once.
 * @throws {ArgumentTypeError} when it is no object or has a name that is not in `names`
 */
export function readOptions<O extends object>(options: O, names: readonly string[]): O {
  if (typeof options !== 'object' || options === null)
    throw new ArgumentTypeError('an options object', options);
  const copy = { ...options };
  for (const name of Object.keys(copy))
    if (!names.includes(name)) throw new ArgumentTypeError(`one of the options ${names.join(', ')}`, name);
  return copy;
}
