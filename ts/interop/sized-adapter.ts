// SPDX-License-Identifier: MIT
// Allocators whose free takes the size, as Rust and Zig modules export them under various names.
import type { Pointer } from '../heap/allocator.ts';
import type { FoundAdapter } from './adapter.ts';
import type { ModuleShape } from './module-kind.ts';
import { functionIn, type ModuleFunction } from './properties.ts';
import { hasSignature } from './signature.ts';

/** The name of an allocating function, and the possible names of its free. */
const NAMES: readonly (readonly [string, readonly string[]])[] = [
  ['malloc', ['free', 'dealloc']],
  ['alloc', ['dealloc', 'free', 'deallocate']],
  ['allocate', ['deallocate', 'free', 'dealloc']],
  ['__alloc', ['__dealloc', '__free']],
  ['wasm_alloc', ['wasm_dealloc', 'wasm_free']],
  ['wasm_malloc', ['wasm_free', 'wasm_dealloc']],
  ['allocMemory', ['freeMemory']],
  ['allocateMemory', ['freeMemory', 'deallocateMemory']],
  ['rust_alloc', ['rust_dealloc', 'rust_free']],
];

/** Finds a pair of functions by their names; their types tell the arguments. */
export function sizedAdapter({ exports }: ModuleShape): FoundAdapter | undefined {
  for (const [allocName, freeNames] of NAMES) {
    const alloc = functionIn(exports, allocName);
    if (!alloc) continue;
    for (const freeName of freeNames) {
      const free = functionIn(exports, freeName);
      const malloc = free && mallocOf(alloc);
      const release = free && freeOf(free);
      if (malloc && release) return { name: `${allocName}, ${freeName}`, malloc, free: release };
    }
  }
  return undefined;
}

function mallocOf(alloc: ModuleFunction): FoundAdapter['malloc'] | undefined {
  if (hasSignature(alloc, 'i:i')) return (size) => alloc(size) as Pointer;
  if (hasSignature(alloc, 'ii:i')) return (size, align) => alloc(size, align) as Pointer;
  return undefined;
}

function freeOf(free: ModuleFunction): FoundAdapter['free'] | undefined {
  if (hasSignature(free, 'i:')) return (address) => free(address);
  if (hasSignature(free, 'ii:')) return (address, size) => free(address, size);
  if (hasSignature(free, 'iii:')) return (address, size, align) => free(address, size, align);
  return undefined;
}
