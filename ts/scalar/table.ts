// SPDX-License-Identifier: MIT
// The scalar table: one row per C type. It is written in tools/scalars.mjs and generated into rows.gen.ts.
import {
  bool, f16, f32, f64, i128, i16, i256, i32, i64, i8, ptr32, ptr53, ptr64, u128, u16, u256, u32, u64, u8, u8c,
} from './rows.gen.ts'; // prettier-ignore
import type { AnyScalar } from './scalar.ts';

export * from './rows.gen.ts';

/** Every row, smallest first within its kind. */
export const rows: readonly AnyScalar[] = [
  i8, u8, u8c, i16, u16, i32, u32, i64, u64, f16, f32, f64, ptr32, ptr53, ptr64, i128, u128, i256, u256, bool,
]; // prettier-ignore
