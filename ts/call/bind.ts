// SPDX-License-Identifier: MIT
// Creates JavaScript functions for the C functions of a module, from their signatures.
import { ArgumentTypeError, assertHas, isArray } from '../errors.ts';
import type { Heap } from '../heap/heap.ts';
import { ownOptions } from '../heap/options.ts';
import { Context, contextOf, setContext } from './context.ts';
import { ModuleExports } from './exports.ts';
import { makeFunction } from './function.ts';
import type { Library } from './infer.ts';
import type { Signature } from './types.ts';

/**
 * Returns JavaScript functions that convert their arguments and call the functions of `module`.
 * @param module a started Emscripten module, a `WebAssembly.Instance`, or its exports
 * @param heap the heap of that module: `wrapEmscriptenModuleHeap(module)`
 * @param signatures `[result, [parameters]]` for each function, by its name in C
 * @throws {ModuleError} if functions are missing; the error names them, and the flag that exports them
 * @throws {ArgumentTypeError} if a signature is invalid, or has another number of parameters than the function
 */
export function bind<const S extends Readonly<Record<string, Signature>>>(
  module: object,
  heap: Heap,
  signatures: S,
): Library<S> {
  assertHas(heap, 'locateBorrowed', 'the heap of the module');
  const own = ownOptions(signatures, 'an object of signatures by name');
  if (isArray(signatures)) throw new ArgumentTypeError('an object of signatures by name', signatures);
  const exports = new ModuleExports(module);
  if (!exports.hasMemory(heap.buffer))
    throw new ArgumentTypeError('a heap over the memory of this module', heap);
  const context = new Context(exports, heap);
  const names = Object.keys(own);
  const functions = exports.get(names);
  const library: Record<string, unknown> = {};
  names.forEach((name, index) => {
    const signature = own[name] as Signature; // one for each name
    const act = functions[index] as (typeof functions)[number]; // as above
    library[name] = makeFunction(name, signature, act, context);
  });
  setContext(library, context);
  return Object.freeze(library) as Library<S>; // has a function for each
}

/**
 * Frees the block that a heap keeps for the temporaries of bound functions. The next call allocates another.
 * @param library the result of {@link bind}
 */
export function releaseTemporaries(library: object): void {
  const context = contextOf(library);
  context.scratch.dispose();
}
