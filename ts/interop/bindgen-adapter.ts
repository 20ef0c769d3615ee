// SPDX-License-Identifier: MIT
// The allocator of a wasm-bindgen module, of every version: it frees by size, and newer ones take an alignment.
import { MALLOC_ALIGN, type Pointer } from '../heap/allocator.ts';
import type { FoundAdapter } from './adapter.ts';
import type { ModuleShape } from './module-kind.ts';
import { dataProperties, functionIn, type ModuleFunction } from './properties.ts';
import { hasSignature } from './signature.ts';
import { suballocatingAdapter } from './suballocator.ts';

/** Finds `__wbindgen_malloc`, or the numbered export that stands for it. */
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

/** wasm-bindgen's malloc returns the alignment for no bytes: this one. */
const ANY_ALIGN = 8;

/**
 * Whether a function returns the alignment if it is asked for no bytes, as wasm-bindgen's malloc does. A function that
 * calls a closure throws: there is none at 0.
 */
const allocatesNothing = (call: ModuleFunction): boolean => attempt(() => call(0, ANY_ALIGN) === ANY_ALIGN);

/** Whether a function takes a block of no bytes, as wasm-bindgen's free does, which returns at once. */
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
 * `__wbindgen_export2` and on. Functions that call closures can have the types of malloc and of free, so both are asked
 * for nothing; realloc cannot be, and is not used. A module that frees only in Rust exports no free.
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
