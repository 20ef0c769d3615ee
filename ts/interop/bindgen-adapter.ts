// SPDX-License-Identifier: MIT
// The allocator of wasm-bindgen modules of every version: it frees by size, and newer versions take an alignment.
import { MALLOC_ALIGN, type Pointer } from '../heap/allocator.ts';
import type { FoundAdapter } from './adapter.ts';
import type { ModuleShape } from './module-kind.ts';
import { dataProperties, functionIn, type ModuleFunction } from './properties.ts';
import { hasSignature } from './signature.ts';
import { suballocatingAdapter } from './suballocator.ts';

/** Finds `__wbindgen_malloc`, or the numbered export that replaces it. */
export function bindgenAdapter(shape: ModuleShape): FoundAdapter | undefined {
  const find = (operation: string): ModuleFunction | undefined =>
    functionIn(shape.exports, `__wbindgen_${operation}`);
  const malloc = find('malloc');
  const free = find('free');
  if (!malloc || !free) return numbered(shape);
  return bindgen('__wbindgen_malloc, __wbindgen_free', malloc, free, find('realloc'));
}

function bindgen(
  name: string,
  malloc: ModuleFunction,
  free: ModuleFunction,
  realloc: ModuleFunction | undefined,
): FoundAdapter {
  // Old versions declare no alignment. JavaScriptCore hands arguments that are not declared to a function that is imported
  // and exported again.
  const reallocate =
    realloc &&
    (realloc.length === 4
      ? (address: number, size: number, oldSize: number, align: number): Pointer =>
          realloc(address, oldSize, size, align) as Pointer
      : (address: number, size: number, oldSize: number): Pointer =>
          realloc(address, oldSize, size) as Pointer);
  return {
    name,
    malloc:
      malloc.length > 1 ? (size, align) => malloc(size, align) as Pointer : (size) => malloc(size) as Pointer,
    free:
      free.length === 2
        ? (address, size) => free(address, size)
        : (address, size, align) => free(address, size, align),
    ...(reallocate && { realloc: reallocate }),
  };
}

/** The alignment that wasm-bindgen's malloc is called with for 0 bytes, and returns. */
const ANY_ALIGN = 8;

/**
 * True if a function returns the alignment for 0 bytes, as wasm-bindgen's malloc does. A function that calls a closure
 * throws: there is no closure at 0.
 */
const allocatesNothing = (call: ModuleFunction): boolean => attempt(() => call(0, ANY_ALIGN) === ANY_ALIGN);

/** True if a function accepts a block of 0 bytes, as wasm-bindgen's free does, which then does nothing. */
const freesNothing = (call: ModuleFunction): boolean =>
  attempt(() => {
    call(0, 0, ANY_ALIGN);
    return true;
  });

function attempt(act: () => boolean): boolean {
  try {
    return act();
  } catch {
    return false;
  }
}

/**
 * The exports `__wbindgen_export_0` (older: `__wbindgen_export0`) and on, or since 2025 `__wbindgen_export`,
 * `__wbindgen_export2` and on. Functions that call closures can have the types of malloc and of free, so both are
 * tested with 0 bytes; realloc cannot be tested, and is not used. A module that frees only in Rust exports no free.
 */
function numbered(shape: ModuleShape): FoundAdapter | undefined {
  const functions = shape.exports
    .flatMap(dataProperties)
    .filter(([name, value]) => /^__wbindgen_export(_?\d+)?$/.test(name) && typeof value === 'function')
    .map(([name, value]) => ({ name, call: value as ModuleFunction }));
  const ofType = (signature: string): typeof functions =>
    functions.filter(({ call }) => hasSignature(call, signature));
  const [malloc, ...others] = ofType('ii:i').filter(({ call }) => allocatesNothing(call));
  if (!malloc || others.length > 0) return undefined;
  const [free, ...more] = ofType('iii:').filter(({ call }) => freesNothing(call));
  if (!free || more.length > 0)
    return suballocatingAdapter({
      name: malloc.name,
      allocate: (size) => malloc.call(size, MALLOC_ALIGN) as Pointer,
    });
  return bindgen(`${malloc.name}, ${free.name}`, malloc.call, free.call, undefined);
}
