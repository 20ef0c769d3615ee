// SPDX-License-Identifier: MIT
// Functions of a module as JavaScript functions, by their signatures.
import { ArgumentTypeError } from '../errors.ts';
import type { Heap } from '../heap/heap.ts';
import { Context, contextOf, setContext } from './context.ts';
import { ModuleExports } from './exports.ts';
import { makeFunction } from './function.ts';
import type { Library } from './infer.ts';
import type { Signature } from './types.ts';

/**
 * Returns the functions of `module` that `signatures` names, as JavaScript functions.
 * @param module a started Emscripten module, a `WebAssembly.Instance`, or its exports
 * @param heap the heap of that module: `wrapEmscriptenModuleHeap(module)`
 * @param signatures for each function `[result, [parameters]]`
 * @throws {ModuleError} if a function is missing; the error names all that are, and the flag that exports them
 * @throws {ArgumentTypeError} for a signature that is none, or does not have as many parameters as the function
 */
export function bind<const S extends Readonly<Record<string, Signature>>>(
  module: object,
  heap: Heap,
  signatures: S,
): Library<S> {
  if (typeof (heap as Heap | undefined)?.allocateWith !== 'function')
    throw new ArgumentTypeError('the heap of the module', heap);
  if (typeof signatures !== 'object' || signatures === null || Array.isArray(signatures))
    throw new ArgumentTypeError('an object with signatures', signatures);
  const exports = new ModuleExports(module);
  if (!exports.hasMemory(heap.buffer))
    throw new ArgumentTypeError('the heap of this module, whose memory is another one', heap);
  const context = new Context(exports, heap);
  const names = Object.keys(signatures);
  const functions = exports.get(names);
  const library: Record<string, unknown> = {};
  names.forEach((name, index) => {
    const signature = signatures[name] as Signature; // one for each name
    const act = functions[index] as (typeof functions)[number]; // as above
    library[name] = makeFunction(name, signature, act, context);
  });
  setContext(library, context);
  return Object.freeze(library) as Library<S>; // has a function for each
}

/**
 * Frees what a heap keeps for calls of bound functions: one block, which the next call takes anew.
 * @param library what {@link bind} returned
 */
export function releaseTemporaries(library: object): void {
  const context = contextOf(library);
  if (!context) throw new ArgumentTypeError('a library that bind() returned', library);
  context.scratch.dispose();
}
