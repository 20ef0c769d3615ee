// SPDX-License-Identifier: MIT
// The exports of a module that calls use: functions, the function table, the stack.
import { ArgumentTypeError, isRevoked, ModuleError } from '../errors.ts';
import { dataValues, isTable, peek } from '../interop/properties.ts';
import type { WebAssemblyTable } from '../memory/platform-types.ts';

/** A function of a module. */
export type WasmFunction = (...args: (number | bigint)[]) => number | bigint | undefined;

/** The exports of a module: an Emscripten module, an instance, or an exports object. */
export class ModuleExports {
  readonly #places: readonly unknown[];
  constructor(module: unknown) {
    if (Object(module) !== module || isRevoked(module) || typeof peek(module, 'then') === 'function')
      throw new ArgumentTypeError('a started module, an instance or its exports', module);
    // The exports come first: the functions of Emscripten's module may look the export up at each call.
    const inner = ['wasmExports', 'asm', 'exports'].map((name) => peek(module, name));
    this.#places = [...inner, module].filter((place) => Object(place) === place);
  }

  /** Returns the function that is `name` in C; undefined if it is not exported. */
  find(name: string): WasmFunction | undefined {
    for (const place of this.#places)
      for (const found of [peek(place, name), peek(place, `_${name}`)])
        if (typeof found === 'function' && !isStub(found)) return found as WasmFunction; // of WebAssembly values
    return undefined;
  }

  /**
   * Returns the function `found` with `count` parameters, for many calls. Emscripten replaces an export by a function
   * that looks the export up in its first call and then restores it; the result then also calls the export.
   */
  settled(name: string, found: WasmFunction, count: number): WasmFunction {
    if (isExport(found)) return found;
    let act = found;
    let settles = true;
    const settle = (): void => {
      settles = false;
      const now = this.find(name);
      if (now && isExport(now)) act = now;
    };
    const first: WasmFunction = (...args) => {
      const result = act(...args);
      settle();
      return result;
    };
    if (count === 1) return (a) => (settles ? first(a as number) : act(a as number));
    if (count === 2)
      return (a, b) => (settles ? first(a as number, b as number) : act(a as number, b as number));
    if (count === 3)
      return (a, b, c) =>
        settles ? first(a as number, b as number, c as number) : act(a as number, b as number, c as number);
    if (count === 5)
      return (a, b, c, d, e) =>
        settles
          ? first(a as number, b as number, c as number, d as number, e as number)
          : act(a as number, b as number, c as number, d as number, e as number);
    return (...args) => (settles ? first(...args) : act(...args));
  }

  /**
   * Returns all of `names`.
   * @throws {ModuleError} if some are missing; the error names them, and the flag that exports them
   */
  get(names: readonly string[]): WasmFunction[] {
    const missing = names.filter((name) => !this.find(name));
    if (missing.length > 0) throw missingFunctions(missing, this.#places);
    return names.map((name) => this.find(name) as WasmFunction); // none is missing
  }

  /**
   * True if the buffer is that of its memory, or of unknown memory: a shared memory has several buffers, and some
   * modules hide theirs.
   */
  hasMemory(buffer: ArrayBufferLike): boolean {
    return this.#places
      .flatMap((place) => ['memory', 'wasmMemory'].map((name) => peek(peek(place, name), 'buffer')))
      .every((own) => own === buffer || !(own instanceof ArrayBuffer));
  }

  /** Returns the function table. @throws {ModuleError} if it is not exported */
  table(): WebAssemblyTable {
    for (const value of this.#places.flatMap((place) => [peek(place, 'wasmTable'), ...dataValues(place)]))
      if (isTable(value)) return value;
    const flags = '-sEXPORTED_RUNTIME_METHODS=wasmTable';
    throw new ModuleError(
      `the module shows no function table for callbacks; link it with ${flags}, or --export-table`,
      { missing: ['wasmTable'], flags },
    );
  }

  /** Returns functions that save and restore the stack pointer of the module; undefined if it does not export them. */
  stack(): { save: WasmFunction; restore: WasmFunction } | undefined {
    const save = this.find('stackSave') ?? this.find('emscripten_stack_get_current');
    const restore = this.find('stackRestore') ?? this.find('_emscripten_stack_restore');
    return save && restore ? { save, restore } : undefined;
  }
}

/** True for an exported function of WebAssembly, whose name is a number. */
export const isExport = (found: WasmFunction): boolean => /^\d+$/.test(found.name);

/** True for the function by which assertion builds replace one that is not exported: it aborts. */
const isStub = (found: unknown): boolean =>
  /(=>|\{|return)\s*abort\(/.test(Function.prototype.toString.call(found));

function missingFunctions(missing: readonly string[], places: readonly unknown[]): ModuleError {
  const flags = `-sEXPORTED_FUNCTIONS=${missing.map((name) => `_${name}`).join(',')}`;
  const found = places.flatMap((place) => Object.keys(place as object)).slice(0, 64);
  return new ModuleError(
    `the module exports no ${missing.join(', ')}; link it with ${flags} (Emscripten), or with ` +
      missing.map((name) => `-Wl,--export=${name}`).join(' '),
    { missing, found, flags },
  );
}
