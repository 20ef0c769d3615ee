// SPDX-License-Identifier: MIT
// Finds the parts of a module in the object that the user passes.
import { ArgumentTypeError, ModuleError, isRevoked, wrongType } from '../errors.ts';
import type { MemorySource } from '../memory/buffers.ts';
import { carriersOf } from './identify.ts';
import { EMCC_MEMORY_FLAGS, exportsOfGlue, kindOf, namesIn, type ModuleShape } from './module-kind.ts';
import { findMemory, memoryOf, type FoundMemory } from './module-memory.ts';
import {
  dataValues,
  isMemory,
  isObject,
  isOfClass,
  namesOf,
  peek,
  type ModuleFunction,
} from './properties.ts';
import { isExportedFunction } from './signature.ts';
import type { WebAssemblyModule } from '../memory/platform-types.ts';

/**
 * Returns the known parts of a started module, and its memory.
 * @param given the memory, if the user passed it
 * @throws {ArgumentTypeError} if `module` is not an object of such a kind
 * @throws {ModuleError} if it shows no memory, or several
 */
export function describeModule(
  module: object,
  given: MemorySource | undefined,
): { readonly shape: ModuleShape; readonly memory: FoundMemory } {
  assertStarted(module, 'a module, an instance, its exports or a memory');
  const shape = shapeOf(module);
  const memory = given ? memoryOf(given) : memoryIn(module, shape);
  if (!memory) throw noMemory(shape, module);
  return { shape, memory };
}

/**
 * @param expected the expected value, for the error
 * @throws {ArgumentTypeError} if `module` is not an object, or is a factory, a promise or a compiled module
 */
export function assertStarted(module: object, expected: string): void {
  if (typeof module === 'function')
    throw new ArgumentTypeError('a started module; call this factory and await it', module);
  if (!isObject(module) || isRevoked(module)) throw wrongType(expected, module);
  if (isOfClass('WebAssembly.Module', module))
    throw new ArgumentTypeError('an instance; create one with WebAssembly.instantiate', module);
  if (isOfClass('Promise', module))
    throw new ArgumentTypeError('a started module; await this promise first', module);
}

/**
 *
 * Returns the known parts of a module: those of the given object, or else those of the objects in its properties.
 */
function shapeOf(module: object): ModuleShape {
  for (const level of carriersOf(module)) {
    const glue = level.find(isGlue);
    const exports = [...new Set([...exportsOfGlue(glue), ...level.filter(isExports)])];
    if (glue || exports.length > 0) return { glue, exports, ...compiledOf(module) };
  }
  return { exports: [], ...compiledOf(module) };
}

/**
 * Returns the imports and the compiled module that accompany an instance, in the results of `WebAssembly.instantiate`
 * and captureInstances.
 */
function compiledOf(module: object): Pick<ModuleShape, 'imports' | 'module'> {
  const [imports, compiled] = [peek(module, 'imports'), peek(module, 'module')];
  return {
    ...(isObject(imports) && { imports }),
    ...(isOfClass('WebAssembly.Module', compiled) && { module: compiled as WebAssemblyModule }),
  };
}

const GLUE_NAMES = ['HEAPU8', 'HEAP8', 'wasmMemory', '_malloc', 'wasmExports', 'asm'];
const isGlue = (value: object): boolean => GLUE_NAMES.some((name) => isObject(peek(value, name)));
const isExports = (value: object): boolean =>
  !isGlue(value) &&
  dataValues(value).some(
    (property) =>
      isMemory(property) ||
      (typeof property === 'function' && isExportedFunction(property as ModuleFunction)),
  );

function memoryIn(module: object, { glue, exports }: ModuleShape): FoundMemory | undefined {
  return isMemory(module) ? memoryOf(module) : findMemory(glue, [...exports, module]);
}

function noMemory(shape: ModuleShape, module: object): ModuleError {
  const isEmscripten = kindOf(shape) === 'emscripten';
  const flags = isEmscripten ? EMCC_MEMORY_FLAGS : '';
  const cure = isEmscripten
    ? `link it with ${flags}`
    : 'pass the memory that it imports as the option memory, or let it export one';
  return new ModuleError(
    `the module shows no memory. Start it through captureEmscriptenHeap or captureInstances; or ${cure}`,
    { missing: ['memory'], found: [...namesIn(shape), ...namesOf(module)].slice(0, 64), flags },
  );
}
