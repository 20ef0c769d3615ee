// SPDX-License-Identifier: MIT
// The heap of an Emscripten module, whatever the module chose to export.
import { ArgumentTypeError, ModuleError } from '../errors.ts';
import type { Pointer } from '../heap/allocator.ts';
import { WasmHeapManager } from '../manager/manager.ts';
import type { WasmHeapManagerOptions } from '../heap/options.ts';
import { isMemory, type MemorySource } from '../memory/buffers.ts';

/** Options of {@link wrapEmscriptenModuleHeap}: the manager's, and what the module does not tell itself. */
export interface EmscriptenHeapOptions extends WasmHeapManagerOptions {
  /** The module's memory, when it exports none. */
  readonly memory?: MemorySource;
  /** The module's malloc, when it exports none under its usual name. */
  readonly malloc?: (bytes: number) => Pointer;
  /** The module's free, likewise. */
  readonly free?: (address: number) => unknown;
}

/** What a module's instance showed of itself: {@link captureEmscriptenHeap} sees these, a module may hide them. */
export interface Instance {
  readonly exports: object;
  readonly memory?: MemorySource | undefined;
}

const FLAGS_MEMORY = '-sEXPORTED_RUNTIME_METHODS=wasmMemory,HEAPU8';
const FLAGS_MALLOC = '-sEXPORTED_FUNCTIONS=_malloc,_free';

/**
 * Returns the manager of an Emscripten module's heap. Finds the memory in `wasmMemory`, in `wasmExports` or
 * `asm`, or in `HEAPU8`; malloc and free in `_malloc` and `_free`, or in the exports. Never touches a property
 * whose getter would abort the module, as the assertion builds' do. A module without malloc can be read and
 * written; only allocating throws.
 * @param module a started module: what the factory's promise resolved to
 * @throws {ArgumentTypeError} when it is no object, or still a factory
 * @throws {ModuleError} when it shows no memory; the error names the flags that would export one
 */
export function wrapEmscriptenModuleHeap(
  module: object,
  options: EmscriptenHeapOptions = {},
): WasmHeapManager {
  if (typeof module === 'function')
    throw new ArgumentTypeError('a started module; call this factory and await it', module);
  if (typeof module !== 'object' || module === null)
    throw new ArgumentTypeError('an Emscripten module', module);
  return heapOf(module, undefined, options);
}

/** The manager of `module`, with what its instance showed besides. */
export function heapOf(
  module: object,
  instance: Instance | undefined,
  options: EmscriptenHeapOptions,
): WasmHeapManager {
  const { memory, malloc, free, ...rest } = options;
  const exports = [instance?.exports, peek(module, 'wasmExports'), peek(module, 'asm')];
  const source = memory ?? instance?.memory ?? memoryIn(module, exports);
  if (!source) throw noMemory(module);
  const verb = (name: string): Verb | undefined =>
    functionIn([module], `_${name}`) ?? functionIn(exports, name);
  const missing = [(malloc ?? verb('malloc')) ? '' : '_malloc', (free ?? verb('free')) ? '' : '_free'].filter(
    Boolean,
  );
  const cannot = (): never => {
    throw noMalloc(module, missing);
  };
  const whole = missing.length === 0;
  return new WasmHeapManager(
    source,
    whole ? (malloc ?? (verb('malloc') as Verb)) : cannot, // whole: both are there
    whole ? (free ?? (verb('free') as Verb)) : cannot,
    malloc || free || !whole ? rest : { ...optional('calloc', verb), ...optional('realloc', verb), ...rest },
  );
}

type Verb = (...args: number[]) => Pointer;

function optional(name: 'calloc' | 'realloc', verb: (name: string) => Verb | undefined): object {
  const found = verb(name);
  return found ? { [name]: found } : {};
}

/**
 * Returns the value of a property, or undefined, without ever running an own getter: assertion builds of
 * Emscripten put getters in place of what is not exported, and those abort the module.
 */
export function peek(object: unknown, name: string): unknown {
  let at = object;
  for (let depth = 0; depth < 8 && isObject(at); depth++) {
    const property = Object.getOwnPropertyDescriptor(at, name);
    // A getter on a class is somebody's own code and meant to be read; one on the module itself may abort it.
    if (property)
      return 'value' in property ? property.value : depth > 0 ? Reflect.get(at, name, object) : undefined;
    at = Object.getPrototypeOf(at);
  }
  return undefined;
}

/** The values of an object's own data properties. */
export function dataValues(object: unknown): unknown[] {
  const properties = isObject(object) ? Object.values(Object.getOwnPropertyDescriptors(object)) : [];
  return properties.map((property) => property.value as unknown);
}

function memoryIn(module: object, exports: unknown[]): MemorySource | undefined {
  const kept = peek(module, 'wasmMemory');
  if (hasBuffer(kept)) return kept;
  // Release builds give the exports short names, so the memory is known by what it is.
  for (const found of exports.flatMap(dataValues)) if (isMemory(found)) return found;
  for (const name of ['HEAPU8', 'HEAP8']) {
    if (!hasBuffer(peek(module, name))) continue;
    return () => (peek(module, name) as { buffer: ArrayBufferLike }).buffer; // looked at just above; the module renews it
  }
  return undefined;
}

const isObject = (value: unknown): value is object => Object(value) === value;

function hasBuffer(value: unknown): value is { buffer: ArrayBufferLike } {
  return isObject(value) && typeof (value as { buffer?: unknown }).buffer === 'object';
}

function functionIn(places: unknown[], name: string): Verb | undefined {
  for (const place of places) {
    const found = peek(place, name);
    if (typeof found === 'function') return found as Verb; // a wasm export takes and returns numbers
  }
  return undefined;
}

function noMemory(module: object): ModuleError {
  const thenable = typeof peek(module, 'then') === 'function' ? ' It is a promise: await it first.' : '';
  return new ModuleError(
    `the module shows no memory (wasmMemory, wasmExports, asm, HEAPU8).${thenable} Start it through ` +
      `captureEmscriptenHeap, pass the option memory, or link it with ${FLAGS_MEMORY}`,
    { missing: ['wasmMemory', 'HEAPU8'], found: Object.keys(module).slice(0, 64), flags: FLAGS_MEMORY },
  );
}

function noMalloc(module: object, missing: string[]): ModuleError {
  return new ModuleError(
    `the module shows no ${missing.join(' and no ')} to allocate with; link it with ${FLAGS_MALLOC}`,
    { missing, found: Object.keys(module).slice(0, 64), flags: FLAGS_MALLOC },
  );
}
