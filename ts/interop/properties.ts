// SPDX-License-Identifier: MIT
// Reads the properties of an unknown object without running its getters: assertion builds of Emscripten replace what is
// not exported by getters that abort the module.

import { ArgumentTypeError, isRevoked, wrongType } from '../errors.ts';
import { isOf } from '../memory/buffers.ts';
import type { WebAssemblyMemory, WebAssemblyTable } from '../memory/platform-types.ts';

/** True if `value` is an object or a function. */
export const isObject = (value: unknown): value is object => Object(value) === value;

/**
 * Returns the value of a property, or undefined, without running an own getter. A getter of a class is run, as it is
 * meant to be used. Returns undefined if reading throws, as for a revoked proxy.
 */
export function peek(object: unknown, name: string): unknown {
  try {
    let holder = object;
    for (let depth = 0; depth < 8 && isObject(holder); depth++) {
      const property = Object.getOwnPropertyDescriptor(holder, name);
      if (property)
        return 'value' in property
          ? property.value
          : depth > 0
            ? Reflect.get(holder, name, object)
            : undefined;
      holder = Object.getPrototypeOf(holder);
    }
  } catch {} // a proxy that refuses, or a module namespace that is not initialised
  return undefined;
}

/** Returns the own data properties of an object by name; none if it cannot be read. */
export function dataProperties(object: unknown): [string, unknown][] {
  if (!isObject(object)) return [];
  try {
    return Object.entries(Object.getOwnPropertyDescriptors(object)).map(([name, property]) => [
      name,
      property.value as unknown,
    ]);
  } catch {
    return []; // as above
  }
}

/** The values of {@link dataProperties}. */
export const dataValues = (object: unknown): unknown[] => dataProperties(object).map(([, value]) => value);

/** A function of a module. It takes and returns numbers, or bigints if the module is 64-bit. */
export type ModuleFunction = (...args: unknown[]) => unknown;

/** True if `value` is a function, and not a revoked proxy of one. */
export const isFunction = (value: unknown): value is ModuleFunction =>
  typeof value === 'function' && !isRevoked(value);

/**
 * @param expected names it in the error
 * @throws {ArgumentTypeError} if `value` has no such method
 */
export function assertMethod(value: unknown, name: string, expected: string): void {
  if (!isFunction(peek(value, name))) throw wrongType(expected, value);
}

/** @throws {ArgumentTypeError} if the result of a function is a promise */
export function assertNoPromise(result: unknown): void {
  if (isFunction(peek(result, 'then')))
    throw new ArgumentTypeError('a function that returns no promise', result);
}

/** Returns the first function with the name `name` in `places`. */
export function functionIn(places: readonly unknown[], name: string): ModuleFunction | undefined {
  for (const place of places) {
    const found = peek(place, name);
    if (isFunction(found)) return found; // its type is tested where it matters
  }
  return undefined;
}

/**
 * True if `value` is a WebAssembly.Memory, of this realm or another. Tests the internal slot of the engine, which no
 * other object has.
 */
export function isMemory(value: unknown): value is WebAssemblyMemory {
  try {
    return isObject(value) && !!bufferGetter()?.call(value);
  } catch {
    return false;
  }
}

const bufferGetter = (): (() => ArrayBufferLike) | undefined =>
  Object.getOwnPropertyDescriptor(WebAssembly.Memory.prototype, 'buffer')?.get;

/** True if `value` is a `WebAssembly.Table`. */
export const isTable = (value: unknown): value is WebAssemblyTable => isOfClass('WebAssembly.Table', value);

/** True if the class name that `value` reports is `name`; false if it cannot be read. */
export function isOfClass(name: string, value: unknown): boolean {
  try {
    return isOf(name, value);
  } catch {
    return false; // a revoked proxy, or a getter that throws
  }
}

/** Returns the names of an object's own properties; none if it cannot be read. */
export const namesOf = (object: unknown): string[] => dataProperties(object).map(([name]) => name);
