// SPDX-License-Identifier: MIT
// The heap of an Emscripten module.
import { ArgumentTypeError, ModuleError, isRevoked, wrongType } from '../errors.ts';
import { ownOptions } from '../heap/options.ts';
import type { WasmHeapManager } from '../manager/manager.ts';
import { emscriptenModule } from './find-adapter.ts';
import { heapOfModule, type ModuleHeapOptions } from './module-heap.ts';
import { EMCC_MEMORY_FLAGS, exportsOfGlue } from './module-kind.ts';
import { findMemory, memoryOf } from './module-memory.ts';
import { namesOf, peek } from './properties.ts';

/** Options of {@link wrapEmscriptenModuleHeap}. The name is wasm-heap-manager's. */
export type EmscriptenHeapOptions = ModuleHeapOptions;

/**
 * Returns a heap over an Emscripten module's memory. Finds the memory in `wasmMemory`, in `wasmExports` or `asm`, or in
 * `HEAPU8`; malloc and free in `_malloc` and `_free`, or in the exports. Never runs a getter that the module object
 * itself has, as those of assertion builds abort it. A module without malloc can be read and written; only allocating
 * throws.
 * @param module a started module: the value that the factory's promise resolves to
 * @throws {ArgumentTypeError} if it is not an object, or is a factory, or an option has the wrong type
 * @throws {ModuleError} if the module shows no memory; the error names the compiler flags that export it
 */
export function wrapEmscriptenModuleHeap(
  module: object,
  options: EmscriptenHeapOptions = {},
): WasmHeapManager {
  if (typeof module === 'function')
    throw new ArgumentTypeError('a started module; call this factory and await it', module);
  if (typeof module !== 'object' || module === null || isRevoked(module))
    throw wrongType('an Emscripten module', module);
  const own = ownOptions(options);
  const exports = exportsOfGlue(module);
  const memory = own.memory ? memoryOf(own.memory) : findMemory(module, exports);
  if (!memory) throw noMemory(module);
  return heapOfModule({ glue: module, exports }, memory, own, emscriptenModule);
}

function noMemory(module: object): ModuleError {
  const thenable = typeof peek(module, 'then') === 'function' ? ' It is a promise: await it first.' : '';
  return new ModuleError(
    `the module shows no memory (wasmMemory, wasmExports, asm, HEAPU8).${thenable} Start it through ` +
      `captureEmscriptenHeap, pass the option memory, or link it with ${EMCC_MEMORY_FLAGS}`,
    { missing: ['wasmMemory', 'HEAPU8'], found: namesOf(module).slice(0, 64), flags: EMCC_MEMORY_FLAGS },
  );
}
