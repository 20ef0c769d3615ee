// SPDX-License-Identifier: MIT
// Converts a JavaScript function to a WebAssembly function for the function table, by a module of a few bytes that
// imports it with a signature and exports it.
import { ModuleError } from '../errors.ts';
import type { WasmType } from './abi.ts';
import type { OwnBytes, WebAssemblyModule } from '../memory/platform-types.ts';

const CODES: Readonly<Record<WasmType, number>> = { i32: 0x7f, i64: 0x7e, f32: 0x7d, f64: 0x7c };

/** A signature. */
export interface FunctionType {
  readonly parameters: readonly WasmType[];
  readonly results: readonly WasmType[];
}

/** Returns a string that is equal for equal signatures. */
export const keyOf = ({ parameters, results }: FunctionType): string =>
  `${parameters.join()}:${results.join()}`;

/** Returns an unsigned integer as LEB128. */
function leb(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...leb(value >>> 7)];
}
const section = (id: number, bytes: number[]): number[] => [id, ...leb(bytes.length), ...bytes];
const vector = (items: readonly number[]): number[] => [...leb(items.length), ...items];

/** Returns the bytes of the module. */
export function trampolineBytes({ parameters, results }: FunctionType): OwnBytes {
  const codes = (types: readonly WasmType[]): number[] => vector(types.map((type) => CODES[type]));
  const name = [1, 0x66]; // "f"
  return Uint8Array.from([
    ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, ...codes(parameters), ...codes(results)]),
    ...section(2, [1, ...name, ...name, 0, 0]), // import f.f: function of type 0
    ...section(7, [1, ...name, 0, 0]), // export f: function 0
  ]);
}

interface FunctionConstructor {
  new (type: FunctionType, act: (...args: never[]) => unknown): (...args: never[]) => unknown;
}

const modules = new Map<string, WebAssemblyModule>();

/**
 * Returns a function of WebAssembly that calls `act`.
 * @throws {ModuleError} where WebAssembly cannot be compiled
 */
export function toWasmFunction(type: FunctionType, act: (...args: never[]) => unknown): unknown {
  const { Function: Typed } = WebAssembly as unknown as { Function?: FunctionConstructor };
  if (typeof Typed === 'function') return new Typed(type, act);
  const key = keyOf(type);
  try {
    let module = modules.get(key);
    if (!module) modules.set(key, (module = new WebAssembly.Module(trampolineBytes(type))));
    return new WebAssembly.Instance(module, { f: { f: act } }).exports.f;
  } catch (cause) {
    throw new ModuleError(
      "a callback cannot be compiled here: a Content-Security-Policy must have 'wasm-unsafe-eval' in script-src",
      { missing: ['WebAssembly.Module'] },
      { cause },
    );
  }
}
