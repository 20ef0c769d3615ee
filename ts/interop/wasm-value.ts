// SPDX-License-Identifier: MIT
// Descriptors of addresses and lengths: a number, or a function or a global of the module that gives it.
import { ArgumentRangeError, ArgumentTypeError, ModuleError, isRevoked, wrongType } from '../errors.ts';
import { ownOptions } from '../heap/options.ts';
import { ADDRESS_SPACE_32, toPointer } from '../memory/address.ts';
import { isFunction, isObject, isOfClass } from './properties.ts';
import type { WebAssemblyGlobal, WebAssemblyMemory } from '../memory/platform-types.ts';

/** The arguments of a module's functions. */
export type WasmArguments = readonly (number | bigint)[];

/**
 * A number of a module: the number itself; the name of an exported function without parameters or of a global; a
 * function; or an object that describes one of them. It is evaluated each time it is used.
 */
export type WasmValueDescriptor =
  | number
  | bigint
  | string
  | (() => number | bigint)
  | {
      readonly function: (...args: never[]) => unknown;
      readonly args?: WasmArguments;
      readonly name?: string;
    }
  | { readonly global: WebAssemblyGlobal; readonly name?: string }
  | {
      readonly export: string;
      readonly kind?: 'function' | 'global';
      readonly args?: WasmArguments;
      readonly name?: string;
    };

/** The exports that a descriptor's names are looked up in. */
export interface WasmNames {
  /** Names the module in errors. */
  readonly label: string;
  getExport(name: string): unknown;
}

/** The keys that a descriptor object can have. */
interface Description {
  readonly function?: unknown;
  readonly global?: unknown;
  readonly export?: unknown;
  readonly kind?: unknown;
  readonly args?: unknown;
}

type Call = (...args: WasmArguments) => unknown;

/**
 * Returns the address in `memory` that `descriptor` gives. A negative i32 is an address above 2 GiB, as WebAssembly
 * returns it; in a memory larger than 4 GiB, whose module returns an i64, it is refused.
 * @param what its name in errors: `ptr`
 * @throws {ArgumentTypeError} if it is not a descriptor, or does not give a number
 * @throws {ArgumentRangeError} if it is not an integer in [-2^31, 2^53), or [0, 2^53) in a memory larger than 4 GiB
 * @throws {ModuleError} if the module has no such export
 */
export function resolveAddress(
  names: WasmNames,
  descriptor: WasmValueDescriptor,
  what: string,
  memory: WebAssemblyMemory,
): number {
  const value = evaluate(names, descriptor, what);
  const address = toPointer(value);
  const isIn64 = value < 0 && memory.buffer.byteLength > ADDRESS_SPACE_32; // read now: the module may have grown it
  if (Number.isNaN(address) || isIn64)
    throw new ArgumentRangeError(`${names.label}: an address for ${what}`, value);
  return address;
}

/** As {@link resolveAddress}, for a count: an integer from 0 to 2^53 - 1. */
export function resolveCount(names: WasmNames, descriptor: WasmValueDescriptor, what: string): number {
  const value = evaluate(names, descriptor, what);
  const count = Number(value);
  if (Number.isSafeInteger(count) && count >= 0) return count + 0;
  throw new ArgumentRangeError(`${names.label}: an integer in [0, 2^53) for ${what}`, value);
}

/** Returns a copy of `range`. @throws {ArgumentTypeError} if it is not an object, or its name is not a string */
export function ownRange<R extends { readonly name?: string }>(names: WasmNames, range: R): R {
  const own = ownOptions(range, `${names.label}: an object with a ptr`);
  const { name = '' } = own;
  if (typeof name !== 'string') throw wrongType(`${names.label}: a string for name`, name);
  return own;
}

function evaluate(names: WasmNames, descriptor: WasmValueDescriptor, what: string): number | bigint {
  const value = numberOf(names, descriptor, what);
  if (typeof value === 'number' || typeof value === 'bigint') return value;
  throw wrongType(`${names.label}: a number or bigint for ${what}`, value);
}

function numberOf(names: WasmNames, descriptor: unknown, what: string): unknown {
  if (typeof descriptor === 'string') return valueOfExport(names, descriptor, undefined, []);
  if (isFunction(descriptor)) return descriptor();
  if (!isObject(descriptor) || isRevoked(descriptor)) return descriptor;
  const { function: call, global, export: name, kind, args } = ownOptions<Description>(descriptor);
  const list = toArguments(names, args, what);
  if (call !== undefined) return valueOfFunction(names, call, list, what);
  if (global !== undefined) return valueOfGlobal(names, global, args, what);
  if (typeof name === 'string') return valueOfExport(names, name, kind, list);
  throw new ArgumentTypeError(
    `${names.label}: for ${what} a number, a name, a function, or an object with 'function', 'global' or 'export'`,
    descriptor,
  );
}

function valueOfExport(names: WasmNames, name: string, kind: unknown, args: WasmArguments): unknown {
  const found = names.getExport(name);
  if (kind !== undefined && kind !== 'function' && kind !== 'global')
    throw new ArgumentTypeError(`${names.label}: the kind 'function' or 'global' for '${name}'`, kind);
  if (typeof found === 'function' && kind !== 'global') return (found as Call)(...args);
  if (isOfClass('WebAssembly.Global', found) && kind !== 'function')
    return valueOfGlobal(names, found, args.length > 0 ? args : undefined, name);
  throw new ModuleError(
    `${names.label}: '${name}' is no ${(kind as string | undefined) ?? 'function and no global'}`,
    {
      missing: [name],
    },
  );
}

function valueOfFunction(names: WasmNames, call: unknown, args: WasmArguments, what: string): unknown {
  if (!isFunction(call)) throw wrongType(`${names.label}: a function for ${what}`, call);
  return (call as Call)(...args);
}

function valueOfGlobal(names: WasmNames, global: unknown, args: unknown, what: string): unknown {
  if (!isOfClass('WebAssembly.Global', global))
    throw wrongType(`${names.label}: a WebAssembly.Global for ${what}`, global);
  if (args !== undefined) throw new ArgumentTypeError(`${names.label}: no args for the global ${what}`, args);
  return (global as WebAssemblyGlobal).value as unknown;
}

function toArguments(names: WasmNames, args: unknown, what: string): WasmArguments {
  if (args === undefined) return [];
  const isArgument = (value: unknown): boolean =>
    typeof value === 'bigint' || (typeof value === 'number' && Number.isFinite(value));
  if (!isRevoked(args) && Array.isArray(args) && args.every(isArgument)) return args as WasmArguments;
  throw wrongType(`${names.label}: an array of finite numbers and bigints as args for ${what}`, args);
}
