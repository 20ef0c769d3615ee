// SPDX-License-Identifier: MIT
// Detects the allocator of a module: tries the detectors of all toolchains in turn.
import { ModuleError } from '../errors.ts';
import type { FoundAdapter } from './adapter.ts';
import { assemblyScriptAdapter } from './assemblyscript-adapter.ts';
import { bindgenAdapter } from './bindgen-adapter.ts';
import { emscriptenAdapter } from './emscripten-adapter.ts';
import {
  ALLOCATOR_CURES,
  EMCC_MALLOC_FLAGS,
  EMSCRIPTEN_CURE,
  kindOf,
  namesIn,
  type ModuleKind,
  type ModuleShape,
} from './module-kind.ts';
import { sizedAdapter } from './sized-adapter.ts';

/** Finds an allocator of one kind in a module, or returns undefined. */
export type Detector = (shape: ModuleShape) => FoundAdapter | undefined;

/** The detectors of allocators, and the cure in the error for a module where none of them succeeds. */
export interface Detection {
  /** The detectors in the order in which they are tried, the most certain one first. */
  readonly detectors: readonly Detector[];
  /** Returns the kind of a module, and the cure if it has no allocator. */
  origin(shape: ModuleShape): { readonly kind: ModuleKind; readonly cure: string };
}

/** The detection for modules of all kinds. */
export const anyModule: Detection = {
  detectors: [bindgenAdapter, assemblyScriptAdapter, emscriptenAdapter, sizedAdapter],
  origin(shape) {
    const kind = kindOf(shape);
    return { kind, cure: ALLOCATOR_CURES[kind] };
  },
};

/** The detection for Emscripten modules only, for smaller bundles. */
export const emscriptenModule: Detection = {
  detectors: [bindgenAdapter, emscriptenAdapter, sizedAdapter],
  origin: () => ({ kind: 'emscripten', cure: EMSCRIPTEN_CURE }),
};

/** Returns the adapter of a module's allocator; undefined if no detector finds one. */
export function findAdapter(shape: ModuleShape, { detectors }: Detection): FoundAdapter | undefined {
  for (const detect of detectors) {
    const found = detect(shape);
    if (found) return found;
  }
  return undefined;
}

/** The adapter of a module without an allocator: reading and writing work, allocating throws. */
export function missingAdapter(shape: ModuleShape, detection: Detection): FoundAdapter {
  const refuse = (): never => {
    throw noAllocator(shape, detection);
  };
  return { name: 'none', malloc: () => refuse(), free: (_address) => refuse() };
}

function noAllocator(shape: ModuleShape, detection: Detection): ModuleError {
  const { kind, cure } = detection.origin(shape);
  const names = namesIn(shape);
  const found = (name: string): boolean => names.includes(name) || names.includes(name.slice(1));
  const missing = ['_malloc', '_free'].filter((name) => !found(name));
  const kinds = kind === 'unknown' ? '' : ` (made by ${kind})`;
  return new ModuleError(
    `the module${kinds} shows no ${missing.join(' and no ') || 'allocator'} to allocate with, nor malloc, ` +
      `__wbindgen_malloc, __new, alloc and dealloc. To allocate, ${cure}; or pass the option ` +
      'adapter: { malloc(size, align), free(address, size, align) }',
    { missing, found: names, flags: kind === 'emscripten' ? EMCC_MALLOC_FLAGS : '' },
  );
}
