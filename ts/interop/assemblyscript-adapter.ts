// SPDX-License-Identifier: MIT
// The allocators of AssemblyScript's runtimes, of all its ages.
import type { Pointer } from '../heap/allocator.ts';
import type { FoundAdapter } from './adapter.ts';
import type { ModuleShape } from './module-kind.ts';
import { functionIn, type ModuleFunction } from './properties.ts';

/** The class id of ArrayBuffer: 1 in today's runtime, 0 in the one that counts references (2019 to 2020). */
const ARRAY_BUFFER = 1;
const ARRAY_BUFFER_COUNTED = 0;

/** Finds the runtime that is exported: `__new` and `__pin`, `__alloc` and `__retain`, or `memory.allocate`. */
export function assemblyScriptAdapter({ exports }: ModuleShape): FoundAdapter | undefined {
  const find = (...names: string[]): ModuleFunction | undefined => {
    for (const name of names) {
      const found = functionIn(exports, name);
      if (found) return found;
    }
    return undefined;
  };
  const [make, pin, unpin] = [find('__new'), find('__pin'), find('__unpin')];
  if (make && pin && unpin)
    return {
      name: '__new, __pin, __unpin',
      malloc: (size) => pin(make(size, ARRAY_BUFFER)) as Pointer,
      free: (address) => unpin(address),
    };
  const [alloc, retain, release] = [find('__alloc'), find('__retain'), find('__release')];
  if (alloc && retain && release)
    return {
      name: '__alloc, __retain, __release',
      malloc: (size) => retain(alloc(size, ARRAY_BUFFER_COUNTED)) as Pointer,
      free: (address) => release(address),
    };
  const [allocate, free] = [find('allocate_memory', 'memory.allocate'), find('free_memory', 'memory.free')];
  if (allocate && free)
    return {
      name: 'allocate_memory, free_memory',
      malloc: (size) => allocate(size) as Pointer,
      free: (address) => free(address),
    };
  return undefined;
}
