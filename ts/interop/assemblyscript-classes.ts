// SPDX-License-Identifier: MIT
// The class table of an AssemblyScript module: its array classes, and the types of their elements.
import { ModuleError } from '../errors.ts';
import type { ScalarDescriptor } from '../scalar/descriptor.ts';
import { f32, f64, i16, i32, i64, i8, u16, u32, u64, u8 } from '../scalar/types.gen.ts';

const VIEW = 1;
export const ARRAY = 2;
export const STATIC_ARRAY = 4;
const SIGNED = 1 << 11;
const FLOAT = 1 << 12;

/** True if the flags of a class are those of an Array, a typed array or a StaticArray. */
export const isArrayClass = (flags: number): boolean => (flags & (VIEW | ARRAY | STATIC_ARRAY)) !== 0;

/** The type of an element: of a number or a bigint. */
export type ElementType = ScalarDescriptor<number> | ScalarDescriptor<bigint>;

/** Returns the type of the elements of an array class. An element that is an object is its address. */
export function elementType(flags: number): ElementType {
  const log2 = 31 - Math.clz32((flags >>> 6) & 31);
  if (flags & FLOAT) return (log2 === 3 ? f64 : f32) as ElementType; // of numbers
  const types = flags & SIGNED ? [i8, i16, i32, i64] : [u8, u16, u32, u64];
  const type = types[log2];
  if (!type) throw new ModuleError('the elements of that array are neither numbers nor objects');
  return type as ElementType; // of numbers or bigints
}
