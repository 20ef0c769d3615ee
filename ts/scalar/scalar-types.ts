// SPDX-License-Identifier: MIT
// The list of all scalar types. Their code is generated from tools/scalars.mjs into types.gen.ts.
import type { AnyScalar, Scalar } from './scalar.ts';
import {
  bool, f16, f32, f64, i128, i16, i256, i32, i64, i8, ptr32, ptr53, ptr64, u128, u16, u256, u32, u64, u8, u8c,
} from './types.gen.ts'; // prettier-ignore

/** Every scalar type, smallest first within its kind. */
export const scalarTypes: readonly AnyScalar[] = [
  i8, u8, u8c, i16, u16, i32, u32, i64, u64, f16, f32, f64, ptr32, ptr53, ptr64, i128, u128, i256, u256, bool,
]; // prettier-ignore

/**
 * The same list, for code that treats all types alike. Its elements have the type {@link Scalar}, although their values
 * differ in type.
 */
export const allTypes: readonly Scalar[] = scalarTypes as readonly unknown[] as readonly Scalar[];
