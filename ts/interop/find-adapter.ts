// SPDX-License-Identifier: MIT
// The allocator of a module, by detection: each toolchain's detector in turn, the most certain first.
import { ModuleError } from '../errors.ts';
import type { FoundAdapter } from './adapter.ts';
import { assemblyScriptAdapter } from './assemblyscript-adapter.ts';
import { bindgenAdapter } from './bindgen-adapter.ts';
import { emscriptenAdapter } from './emscripten-adapter.ts';
import { allocatorCure, EMCC_MALLOC_FLAGS, kindOf, namesIn, type ModuleShape } from './module-kind.ts';
import { sizedAdapter } from './sized-adapter.ts';

/** Finds an allocator of one kind in a module, or returns undefined. */
export type Detector = (shape: ModuleShape) => FoundAdapter | undefined;

const DETECTORS: readonly Detector[] = [
  bindgenAdapter,
  assemblyScriptAdapter,
  emscriptenAdapter,
  sizedAdapter,
];

/** Returns the adapter of a module's allocator; undefined if no name tells that it has one. */
export function findAdapter(shape: ModuleShape): FoundAdapter | undefined {
  for (const detect of DETECTORS) {
    const found = detect(shape);
    if (found) return found;
  }
  return undefined;
}

/** The adapter of a module without an allocator: reading and writing work, allocating throws. */
export function missingAdapter(shape: ModuleShape): FoundAdapter {
  const refuse = (): never => {
    throw noAllocator(shape);
  };
  return { name: 'none', malloc: () => refuse(), free: (_address) => refuse() };
}

function noAllocator(shape: ModuleShape): ModuleError {
  const kind = kindOf(shape);
  const names = namesIn(shape);
  const isEmscripten = kind === 'emscripten';
  const found = (name: string): boolean => names.includes(name) || names.includes(name.slice(1));
  const missing = ['_malloc', '_free'].filter((name) => !found(name));
  const kinds = kind === 'unknown' ? '' : ` (made by ${kind})`;
  return new ModuleError(
    `the module${kinds} shows no ${missing.join(' and no ') || 'allocator'} to allocate with, nor malloc, ` +
      `__wbindgen_malloc, __new, alloc and dealloc. ${allocatorCure(kind)}`,
    { missing, found: names, flags: isEmscripten ? EMCC_MALLOC_FLAGS : '' },
  );
}
