// SPDX-License-Identifier: MIT
// The printed form of refs, slices, arenas and heaps: `Int32Ref at 0xb18: 42`.
import { define } from '../errors.ts';

/** The number of elements that are printed, as consoles print typed arrays. */
const MAX_PRINTED = 100;

/** Returns an address as consoles and debuggers show it. */
export const hex = (address: number): string => `0x${address.toString(16)}`;

/** Returns a value as it prints: strings and plain objects as in JSON. */
const printValue = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'object'
    ? JSON.stringify(value)
    : `${String(value)}${typeof value === 'bigint' ? 'n' : ''}`;

/** Returns elements as they print, cut after {@link MAX_PRINTED}. */
export function printValues(values: Iterable<unknown> & { readonly length: number }): string {
  const shown: string[] = [];
  for (const value of values) {
    if (shown.length === MAX_PRINTED) break;
    shown.push(printValue(value));
  }
  const more = values.length - shown.length;
  return `[${shown.join(', ')}${more > 0 ? `, ... ${more} more items` : ''}]`;
}

/** An object that prints itself: its name, its address and its value. */
interface Printable {
  /** The name of the class; not `constructor.name`, which minifiers change. */
  readonly printedName: string;
  readonly address: number;
  readonly isFreed?: boolean;
}

/** Puts `toString`, and the methods that consoles call, on a prototype. `print` returns the value; it may throw. */
export function installPrinting(prototype: object, print: (object: never) => string): void {
  const printed = function (this: Printable): string {
    const head = `${this.printedName} at ${hex(this.address)}`;
    try {
      return `${head}: ${print(this as never)}`;
    } catch {
      return `${head} (freed)`;
    }
  };
  installToString(prototype, printed);
}

/**
 * Puts `toString` on a prototype, also under the names that Node, Bun and Deno call. Vue does not make an object reactive
 * that has a `__v_skip`: it would wrap it in a Proxy, which is another object and owns no block.
 */
export function installToString(prototype: object, printed: (this: never) => string): void {
  for (const key of [
    'toString',
    Symbol.for('nodejs.util.inspect.custom'),
    Symbol.for('Deno.customInspect'),
    '__v_skip',
  ])
    define(prototype, key, printed);
}

/** Returns a value for JSON, which has no bigints. */
export const toJSONValue = (value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value);

/** Returns an address in the type that the module takes: a bigint if its addresses are 64 bits wide. */
export const toPrimitivePointer = (heap: object, address: number): number | bigint =>
  (heap as { addressBits?: number }).addressBits === 64 ? BigInt(address) : address; // a bare memory has no addressBits
