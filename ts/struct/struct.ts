// SPDX-License-Identifier: MIT
// Defines structs and unions: `struct('point_t', { id: i32, x: f32, y: f32 })`.
import { ArgumentRangeError, ArgumentTypeError } from '../errors.ts';
import { isAlign } from '../memory/address.ts';
import type { LayoutOptions } from './layout.ts';
import { StructType } from './struct-type.ts';

function make<F>(name: string, fields: F, options: LayoutOptions, isUnion: boolean): StructType<F> {
  if (typeof fields !== 'object' || fields === null)
    throw new ArgumentTypeError('an object with fields', fields);
  const { packed = false, pack, align, typedefAlign } = options;
  if (typeof packed !== 'boolean') throw new ArgumentTypeError('a boolean for packed', packed);
  for (const value of [pack, align, typedefAlign])
    if (value !== undefined && !isAlign(value))
      throw new ArgumentRangeError('an alignment, a power of two', value);
  const type = new StructType(name, fields, options, isUnion);
  // A getter among the fields may refer to what is not defined yet; all else is checked at once.
  const isLazy = Object.values(Object.getOwnPropertyDescriptors(fields)).some(({ get }) => get);
  if (!isLazy) type.compiled(4);
  return type;
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
