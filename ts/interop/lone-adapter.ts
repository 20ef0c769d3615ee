// SPDX-License-Identifier: MIT
// Modules that export a function that allocates, and none that frees.
//
//   N3  Only functions that are known to allocate as C's malloc are used. One that is merely named alloc or allocate
//       may return the same buffer each time, or memory of a garbage collector, as in TinyGo.
import type { Pointer } from '../heap/allocator.ts';
import type { FoundAdapter } from './adapter.ts';
import { cFunction } from './emscripten-adapter.ts';
import { suballocatingAdapter, type LoneFunction } from './suballocator.ts';
import type { ModuleShape } from './module-kind.ts';
import { functionIn } from './properties.ts';
import { accepts, hasSignature } from './signature.ts';

/** Names of functions that take a size. */
const LONE_NAMES = ['napi_wasm_malloc', 'wasm_malloc'];

/** Finds a function that allocates, and returns an allocator over it: see suballocator.ts. */
export function loneAdapter(shape: ModuleShape): FoundAdapter | undefined {
  const found = loneFunction(shape);
  return found && suballocatingAdapter(found);
}

function loneFunction(shape: ModuleShape): LoneFunction | undefined {
  const malloc = cFunction(shape, 'malloc');
  if (malloc && accepts(malloc, 'i:i'))
    return { name: 'malloc', allocate: (size) => malloc(size) as Pointer };
  if (hasSignature(malloc, 'j:j'))
    return { name: 'malloc', allocate: (size) => malloc?.(BigInt(size)) as Pointer, addressBits: 64 };
  const component = functionIn(shape.exports, 'cabi_realloc');
  if (component && hasSignature(component, 'iiii:i'))
    return { name: 'cabi_realloc', allocate: (size) => component(0, 0, 16, size) as Pointer };
  for (const name of LONE_NAMES) {
    const allocate = functionIn(shape.exports, name);
    if (allocate && hasSignature(allocate, 'i:i'))
      return { name, allocate: (size) => allocate(size) as Pointer };
  }
  return allocateOfOldBuilds(shape);
}

/** `Module.allocate(slab, types, 0)`, later `allocate(slab, 0)`: 0 stands for malloc. */
function allocateOfOldBuilds({ glue }: ModuleShape): LoneFunction | undefined {
  const allocate = functionIn([glue], 'allocate');
  // Assertion builds replace a function that is not exported by one without parameters, which aborts the module.
  if (!allocate || allocate.length < 2) return undefined;
  const call =
    allocate.length > 2
      ? (size: number): Pointer => allocate(size, 'i8', 0) as Pointer
      : (size: number): Pointer => allocate(new Uint8Array(size), 0) as Pointer;
  return { name: 'allocate', allocate: call };
}
