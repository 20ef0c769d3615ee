// SPDX-License-Identifier: MIT
// malloc and free of C libraries: every version of Emscripten, wasi-libc, TinyGo, emnapi.
import type { FoundAdapter } from './adapter.ts';
import type { ModuleShape } from './module-kind.ts';
import { functionIn, type ModuleFunction } from './properties.ts';
import { accepts, hasSignature } from './signature.ts';
import type { Pointer } from '../heap/allocator.ts';

/** Pairs of names: those of C libraries, of WebIDL bindings, of Oniguruma's bindings. */
const PAIRS = [
  ['malloc', 'free'],
  ['webidl_malloc', 'webidl_free'],
  ['omalloc', 'ofree'],
] as const;

/**
 * Returns the C function `name`. Emscripten's JavaScript prefixes names with `_`; old builds do so in the exports too.
 */
export function cFunction({ glue, exports }: ModuleShape, name: string): ModuleFunction | undefined {
  return functionIn([glue], `_${name}`) ?? functionIn(exports, name) ?? functionIn(exports, `_${name}`);
}

/** Finds malloc and free. */
export function emscriptenAdapter(shape: ModuleShape): FoundAdapter | undefined {
  for (const [mallocName, freeName] of PAIRS) {
    const malloc = cFunction(shape, mallocName) ?? functionIn([shape.glue], mallocName);
    const free = cFunction(shape, freeName) ?? functionIn([shape.glue], freeName);
    if (!malloc || !free) continue;
    const name = `${mallocName}, ${freeName}`;
    const more =
      mallocName === 'malloc'
        ? { calloc: cFunction(shape, 'calloc'), realloc: cFunction(shape, 'realloc') }
        : {};
    if (accepts(malloc, 'i:i') && accepts(free, 'i:')) return unsized(name, malloc, free, more);
    if (hasSignature(malloc, 'j:j') && hasSignature(free, 'j:')) return unsized64(name, malloc, free, more);
  }
  return undefined;
}

interface More {
  readonly calloc?: ModuleFunction | undefined;
  readonly realloc?: ModuleFunction | undefined;
}

/** Returns the adapter of a malloc that takes a size and a free that takes an address. */
export function unsized(
  name: string,
  malloc: ModuleFunction,
  free: ModuleFunction,
  { calloc, realloc }: More = {},
): FoundAdapter {
  return {
    name,
    malloc: (size) => malloc(size) as Pointer,
    free: (address) => free(address),
    ...(calloc && accepts(calloc, 'ii:i') && { calloc: (size: number) => calloc(1, size) as Pointer }),
    ...(realloc &&
      accepts(realloc, 'ii:i') && {
        realloc: (address: number, size: number) => realloc(address, size) as Pointer,
      }),
  };
}

/** The same for a 64-bit module, whose functions take bigints. */
export function unsized64(
  name: string,
  malloc: ModuleFunction,
  free: ModuleFunction,
  { calloc, realloc }: More = {},
): FoundAdapter {
  return {
    name,
    addressBits: 64,
    malloc: (size) => malloc(BigInt(size)) as Pointer,
    free: (address) => free(BigInt(address)),
    ...(hasSignature(calloc, 'jj:j') && { calloc: (size: number) => calloc?.(1n, BigInt(size)) as Pointer }),
    ...(hasSignature(realloc, 'jj:j') && {
      realloc: (address: number, size: number) => realloc?.(BigInt(address), BigInt(size)) as Pointer,
    }),
  };
}
