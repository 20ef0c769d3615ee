// SPDX-License-Identifier: MIT
// The C calling convention of WebAssembly: the WebAssembly type of each C type.
//
//   C1  Integers of up to 32 bits are passed as an i32, extended by the caller; pointers as an i32, or an i64 in
//       wasm64.
//   C2  A struct that contains exactly one scalar is passed and returned as that scalar. Any other struct is passed as
//       the address of a copy, and returned through an address, the first parameter.
import { ArgumentTypeError } from '../errors.ts';
import { ArrayType } from '../struct/array.ts';
import { BitField } from '../struct/bits.ts';
import { EnumType } from '../struct/enumeration.ts';
import { AnyPointer } from '../struct/pointer.ts';
import { StructType } from '../struct/struct-type.ts';
import { isScalar, layoutOf, type CType } from '../struct/type.ts';
import type { PointerSize } from '../struct/layout.ts';

/** A WebAssembly value type. */
export type WasmType = 'i32' | 'i64' | 'f32' | 'f64';

/** Scalars that the engine converts as C does. */
export const PASSED: readonly string[] = ['i32', 'u32', 'f32', 'f64'];

export const isPointer = (type: unknown): boolean => type instanceof AnyPointer;

/**
 * Returns the WebAssembly type that values of `type` are passed as.
 * @throws {ArgumentTypeError} if a parameter cannot have the type
 */
export function wasmTypeOf(type: CType, pointerSize: PointerSize): WasmType {
  if (isPointer(type)) return pointerSize === 8 ? 'i64' : 'i32';
  if (type instanceof StructType) {
    const one = singleOf(type, pointerSize);
    return one ? wasmTypeOf(one.type, pointerSize) : pointerSize === 8 ? 'i64' : 'i32';
  }
  if (type instanceof EnumType) return wasmTypeOf(type.base, pointerSize);
  const scalar = type as CType;
  if (isScalar(scalar) && scalar.size <= 8 && scalar.name !== 'f16') {
    if (scalar.name === 'f32' || scalar.name === 'f64') return scalar.name;
    return scalar.size === 8 ? 'i64' : 'i32';
  }
  throw new ArgumentTypeError(
    'a type that C can pass: a scalar of up to 64 bits, a pointer, a struct',
    scalar.name,
  );
}

/** Returns the only scalar in a struct, and its offset (C2); undefined if there is none or more than one. */
export function singleOf(
  type: CType,
  pointerSize: PointerSize,
  offset = 0,
): { type: CType; offset: number } | undefined {
  const { size } = layoutOf(type, pointerSize);
  if (type instanceof ArrayType)
    return type.length === 1 ? singleOf(type.element, pointerSize, offset) : undefined;
  if (!(type instanceof StructType)) return { type, offset };
  const { fields } = type.compiled(pointerSize);
  const [field] = fields;
  if (fields.length !== 1 || !field) return undefined;
  const declared = (type.fields as Record<string, CType>)[field.name] as CType; // it has that field
  const inner = declared instanceof BitField ? declared.base : declared;
  const found = singleOf(inner, pointerSize, offset + field.offset);
  if (!found || layoutOf(found.type, pointerSize).size !== size) return undefined;
  return declared instanceof BitField ? { type: declared.base, offset: offset + field.offset } : found;
}
