// SPDX-License-Identifier: MIT
// The heap of a module whose parts are known: its memory and the best allocator that it has.
import { ArgumentTypeError, wrongType } from '../errors.ts';
import type { WasmHeapManager } from '../manager/manager.ts';
import type { Pointer } from '../heap/allocator.ts';
import type { WasmHeapManagerOptions } from '../heap/options.ts';
import { bytesOf } from '../memory/bytes.ts';
import type { MemorySource } from '../memory/buffers.ts';
import { assertAdapter, heapWith, type Adapter, type FoundAdapter } from './adapter.ts';
import { cFunction, unsized, unsized64 } from './emscripten-adapter.ts';
import { findAdapter, missingAdapter, type Detection } from './find-adapter.ts';
import { findMallocNames } from './find-malloc.ts';
import { loneAdapter } from './lone-adapter.ts';
import type { ModuleShape } from './module-kind.ts';
import type { FoundMemory } from './module-memory.ts';
import { functionIn, isFunction } from './properties.ts';
import { passesTrial } from './trial.ts';
import type { ModuleBytes } from '../memory/platform-types.ts';

/**
 * Options of every function that returns the heap of a module: those of a manager, and the parts that the module hides.
 */
export interface ModuleHeapOptions extends WasmHeapManagerOptions {
  /** The module's memory, if the module hides it. */
  readonly memory?: MemorySource;
  /** The module's malloc, if the module does not show it under a usual name. */
  readonly malloc?: (bytes: number) => Pointer;
  /** The module's free, if the module does not show it under a usual name. */
  readonly free?: (address: number) => unknown;
  /** The module's allocator, instead of the detected one. */
  readonly adapter?: Adapter;
  /**
   * If malloc and free have no usual name, they are searched in the module's binary: `true` in binaries of any size,
   * about 2 s for 30 MB; `false` never.
   * @defaultValue binaries up to 8 MiB
   */
  readonly analysis?: boolean;
  /** The module's binary for the search, if it was not captured. */
  readonly bytes?: ModuleBytes;
}

/** Larger binaries are searched only with `analysis: true`. Units: bytes. */
const ANALYSIS_LIMIT = 2 ** 23;

/** The manager's options among `options`. */
function managerOptions(options: ModuleHeapOptions): WasmHeapManagerOptions {
  const {
    memory: _memory,
    malloc: _malloc,
    free: _free,
    adapter: _adapter,
    analysis: _analysis,
    bytes: _bytes,
    ...rest
  } = options;
  return rest;
}

/**
 * Returns the heap of a module.
 * @param detection the allocators to search for
 * @throws {ArgumentTypeError} if an option has the wrong type
 */
export function heapOfModule(
  shape: ModuleShape,
  memory: FoundMemory,
  options: ModuleHeapOptions,
  detection: Detection,
): WasmHeapManager {
  const { analysis, bytes } = options;
  if (analysis !== undefined && typeof analysis !== 'boolean')
    throw new ArgumentTypeError('a boolean for analysis', analysis);
  const known = bytes ? { ...shape, bytes: bytesOf(bytes as ArrayBufferView) } : shape; // a view of a buffer, or one
  return heapWith(memory, chooseAdapter(known, memory, options, detection), managerOptions(options));
}

function chooseAdapter(
  shape: ModuleShape,
  memory: FoundMemory,
  options: ModuleHeapOptions,
  detection: Detection,
): FoundAdapter {
  const { adapter, analysis } = options;
  if (adapter !== undefined) {
    assertAdapter(adapter);
    return bound(adapter);
  }
  return (
    givenAdapter(shape, options, detection) ??
    findAdapter(shape, detection) ??
    analysedAdapter(shape, memory, analysis) ??
    loneAdapter(shape) ??
    missingAdapter(shape, detection)
  );
}

/** Returns a user's adapter with its current functions bound to it. */
function bound(adapter: Adapter): FoundAdapter {
  const { malloc, free, realloc, calloc } = adapter;
  const release: Adapter['free'] =
    free.length === 1
      ? (address) => (free as (address: number) => unknown).call(adapter, address)
      : (address, size, align) => free.call(adapter, address, size, align);
  const allocate: Adapter['malloc'] =
    malloc.length === 1
      ? (size) => (malloc as (size: number) => Pointer).call(adapter, size)
      : (size, align) => malloc.call(adapter, size, align);
  return {
    name: 'adapter',
    malloc: allocate,
    free: release,
    ...(realloc && { realloc: (...args) => realloc.apply(adapter, args) }),
    ...(calloc && { calloc: (size) => calloc.call(adapter, size) }),
  };
}

/** Returns the adapter of the options `malloc` and `free`; a missing one is the module's. */
function givenAdapter(
  shape: ModuleShape,
  options: ModuleHeapOptions,
  detection: Detection,
): FoundAdapter | undefined {
  if (!options.malloc && !options.free) return undefined;
  const malloc = options.malloc ?? cFunction(shape, 'malloc');
  const free = options.free ?? cFunction(shape, 'free');
  for (const value of [options.malloc, options.free])
    if (value !== undefined && !isFunction(value)) throw wrongType('a function for malloc or free', value);
  if (!malloc || !free) return missingAdapter(shape, detection);
  return {
    name: 'malloc, free',
    malloc: (size) => malloc(size) as Pointer,
    free: (address) => free(address),
  };
}

/** Returns the adapter of malloc and free that were found in the binary. */
function analysedAdapter(
  shape: ModuleShape,
  { source }: FoundMemory,
  analysis: boolean | undefined,
): FoundAdapter | undefined {
  const { bytes, exports } = shape;
  if (!bytes || analysis === false || (!analysis && bytes.length > ANALYSIS_LIMIT)) return undefined;
  const names = findMallocNames(bytes);
  const malloc = names && functionIn(exports, names.malloc);
  const free = names && functionIn(exports, names.free);
  if (!malloc || !free) return undefined;
  const name = `${names.malloc}, ${names.free} (found in the binary)`;
  const found = names.addressBits === 64 ? unsized64(name, malloc, free) : unsized(name, malloc, free);
  const buffer = (): ArrayBufferLike => (typeof source === 'function' ? source() : source.buffer);
  return passesTrial(found, () => buffer().byteLength) ? found : undefined;
}
