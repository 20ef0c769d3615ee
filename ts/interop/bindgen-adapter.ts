// SPDX-License-Identifier: MIT
// The allocator of a wasm-bindgen module, of every version: it frees by size, and newer ones take an alignment.
import type { Pointer } from '../heap/allocator.ts';
import type { FoundAdapter } from './adapter.ts';
import type { ModuleShape } from './module-kind.ts';
import { dataProperties, functionIn, type ModuleFunction } from './properties.ts';
import { hasSignature } from './signature.ts';

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

/**
 * The exports `__wbindgen_export_0` (older: `__wbindgen_export0`) and on, or since 2025 `__wbindgen_export`,
 * `__wbindgen_export2` and on. Malloc is the only one with two parameters and a result, free the first with three and
 * none. If there are several of the former, nothing is certain.
 */
function numbered(shape: ModuleShape): FoundAdapter | undefined {
  const functions = shape.exports
    .flatMap(dataProperties)
    .filter(([name, value]) => /^__wbindgen_export(_?\d+)?$/.test(name) && typeof value === 'function')
    .map(([name, value]) => ({
      name,
      index: Number(/\d*$/.exec(name)?.[0] || 1),
      call: value as ModuleFunction,
    }))
    .sort((a, b) => a.index - b.index);
  const ofType = (signature: string): typeof functions =>
    functions.filter(({ call }) => hasSignature(call, signature));
  const [malloc, ...others] = ofType('ii:i');
  const [free] = ofType('iii:');
  const reallocs = ofType('iiii:i');
  if (!malloc || !free || others.length > 0) return undefined;
  const realloc = reallocs.length === 1 ? reallocs[0]?.call : undefined;
  return bindgen(`${malloc.name}, ${free.name}`, malloc.call, free.call, realloc);
}
