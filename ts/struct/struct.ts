// SPDX-License-Identifier: MIT
// Defines structs and unions: `struct('point_t', { id: i32, x: f32, y: f32 })`.
import { ArgumentRangeError, ArgumentTypeError, isRevoked, wrongType } from '../errors.ts';
import { readOptions } from '../heap/options.ts';
import { isAlign } from '../memory/address.ts';
import type { LayoutOptions } from './layout.ts';
import { StructType } from './struct-type.ts';

const OPTIONS = { packed: 'boolean', pack: 'number', align: 'number', typedefAlign: 'number' } as const;
const MAX_ALIGN = { pack: 16, align: 65536, typedefAlign: 65536 };

function make<F>(name: string, fields: F, options: LayoutOptions, isUnion: boolean): StructType<F> {
  if (typeof fields !== 'object' || fields === null || isRevoked(fields))
    throw wrongType('an object with fields', fields); // not copied, which would call getters
  if (typeof name !== 'string') throw new ArgumentTypeError('the name of a type in C', name);
  const read = readOptions(options, OPTIONS);
  for (const [key, most] of Object.entries(MAX_ALIGN)) {
    const value = read[key as keyof typeof MAX_ALIGN];
    if (value !== undefined && !(isAlign(value) && value <= most))
      throw new ArgumentRangeError(`a power of two up to ${most} for ${key} of ${name}`, value);
  }
  assertOrder(name, fields);
  const type = new StructType(name, fields, read, isUnion);
  if (!isLazy(type)) type.compiled(4);
  return type;
}

/**
 * @throws {ArgumentTypeError} if the order of the fields may be wrong: V8 puts getters after the other fields of a
 *   literal that begins with a spread
 */
function assertOrder(name: string, fields: object): void {
  const [first, ...rest] = Object.entries(Object.getOwnPropertyDescriptors(fields));
  if (!first || !partsOf(first[1].value).embedded) return;
  const end = rest.findIndex(([, { value }]) => partsOf(value).embedded);
  const run = rest.slice(0, end < 0 ? rest.length : end);
  const getter = run.findIndex(([, { get }]) => get);
  if (getter > 0 && run.slice(getter).every(([, { get }]) => get))
    throw new ArgumentTypeError(
      `getters for all fields of ${name}, which begins with anonymous(): V8 would move some to the end`,
      run[0]?.[0],
    );
}

/** Returns `type` to be searched. A revoked proxy has nothing: it is refused when the layout is computed. */
const partsOf = (type: unknown): Record<string, unknown> => Object(isRevoked(type) ? undefined : type);

/** True if a field of the type, or of a type in it, is a getter: it may refer to a type that is not defined yet. */
function isLazy(type: unknown): boolean {
  const { fields, element, embedded, base } = partsOf(type);
  const inside = element ?? embedded ?? base;
  const own = Object.getOwnPropertyDescriptors(Object(fields));
  return (
    Object.values(own).some(({ get, value }) => get ?? isLazy(value)) ||
    (inside !== undefined && isLazy(inside))
  );
}

// biome-ignore lint/suspicious/noExplicitAny: a narrower bound makes TypeScript ask for the type of every getter, in circles
export type Fields = Record<string, any>;

/**
 * A C struct: `struct('point_t', { id: i32, x: f32, y: f32 })`. A field that refers to the struct itself, or to one
 * that is defined later, is a getter: `get next() { return pointer(Node) }`.
 * @param name its name in C, for messages
 * @throws {ArgumentTypeError} if a field is not a type, or its name is not a C identifier
 * @throws {ArgumentRangeError} if a field has size 0, or the struct has 2^31 bytes or more
 */
export function struct<F extends Fields>(
  name: string,
  fields: F,
  options: LayoutOptions = {},
): StructType<F> {
  return make(name, fields, options, false);
}

/** A C union: all fields begin at its first byte. As {@link struct}. */
export function union<F extends Fields>(name: string, fields: F, options: LayoutOptions = {}): StructType<F> {
  return make(name, fields, options, true);
}
