// SPDX-License-Identifier: MIT
// What a module shows of itself: its functions, its function table, its stack.
import { ArgumentTypeError, ModuleError } from '../errors.ts';
import { dataValues, peek } from '../interop/emscripten.ts';

/** A function of a module. */
export type WasmFunction = (...args: (number | bigint)[]) => number | bigint | undefined;

/** Where functions are looked for: an Emscripten module, an instance, or its exports. */
export class ModuleExports {
  readonly #places: readonly unknown[];
  constructor(module: unknown) {
    if (Object(module) !== module || typeof peek(module, 'then') === 'function')
      throw new ArgumentTypeError('a started module, an instance or its exports', module);
    // The exports first: what Emscripten's module has instead may be a function that looks them up at each call.
    const inner = ['wasmExports', 'asm', 'exports'].map((name) => peek(module, name));
    this.#places = [...inner, module].filter((place) => Object(place) === place);
  }

  /** The function that is `name` in C; undefined if it is not exported. */
  find(name: string): WasmFunction | undefined {
    for (const place of this.#places)
      for (const found of [peek(place, name), peek(place, `_${name}`)])
        if (typeof found === 'function' && !isStub(found)) return found as WasmFunction; // takes and returns what WebAssembly does
    return undefined;
  }

  /**
   * Returns all of `names`.
   * @throws {ModuleError} that names those that are missing, and the flag that exports them
   */
  get(names: readonly string[]): WasmFunction[] {
    const missing = names.filter((name) => !this.find(name));
    if (missing.length > 0) throw missingFunctions(missing, this.#places);
    return names.map((name) => this.find(name) as WasmFunction); // none is missing
  }

  /** The function table. @throws {ModuleError} if it is not exported */
  table(): WebAssembly.Table {
    for (const value of this.#places.flatMap((place) => [peek(place, 'wasmTable'), ...dataValues(place)]))
      if (Object.prototype.toString.call(value) === '[object WebAssembly.Table]')
        return value as WebAssembly.Table;
    const flags = '-sEXPORTED_RUNTIME_METHODS=wasmTable';
    throw new ModuleError(
      `the module shows no function table to put a callback in; link it with ${flags}, or with --export-table`,
      { missing: ['wasmTable'], flags },
    );
  }

  /** Saves the stack pointer of the module, and restores it; undefined if it shows neither. */
  stack(): { save: WasmFunction; restore: WasmFunction } | undefined {
    const save = this.find('stackSave') ?? this.find('emscripten_stack_get_current');
    const restore = this.find('stackRestore') ?? this.find('_emscripten_stack_restore');
    return save && restore ? { save, restore } : undefined;
  }
}

/** Whether it is what builds with assertions have in the place of a function that was not exported: it aborts. */
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
