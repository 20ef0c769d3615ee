// SPDX-License-Identifier: MIT
// The scalar table: one row per C type. To add a type, add a row and run `npm run generate`; no other file
// changes. The columns: name, label (in method names), typed array, get, set; `typeof` where it is not number; bytes
// where they are not an element's.
import { ArgumentRangeError } from '../errors.ts';
import { getHalf, roundToEven, setHalf } from './half.ts';
import { scalar, type AnyScalar, type Scalar } from './scalar.ts';
import { getWide, setWide } from './wide.ts';

/** `int8_t`, -128 to 127. */
export const i8: Scalar<number, Int8Array> = /* @__PURE__ */ scalar(
  'i8',
  'Int8',
  Int8Array,
  (data, p) => data.getInt8(p),
  (data, p, x: number) => data.setInt8(p, x),
);
/** `uint8_t`, 0 to 255. */
export const u8: Scalar<number, Uint8Array> = /* @__PURE__ */ scalar(
  'u8',
  'Uint8',
  Uint8Array,
  (data, p) => data.getUint8(p),
  (data, p, x: number) => data.setUint8(p, x),
);
/** `uint8_t` that does not wrap: rounded to the nearest (ties to even) and held within 0 to 255. */
export const u8c: Scalar<number, Uint8ClampedArray> = /* @__PURE__ */ scalar(
  'u8c',
  'Uint8Clamped',
  Uint8ClampedArray,
  (data, p) => data.getUint8(p),
  (data, p, x: number) => data.setUint8(p, clamp(x)),
);
/** `int16_t`, -32,768 to 32,767. */
export const i16: Scalar<number, Int16Array> = /* @__PURE__ */ scalar(
  'i16',
  'Int16',
  Int16Array,
  (data, p) => data.getInt16(p, true),
  (data, p, x: number) => data.setInt16(p, x, true),
);
/** `uint16_t`, 0 to 65,535. */
export const u16: Scalar<number, Uint16Array> = /* @__PURE__ */ scalar(
  'u16',
  'Uint16',
  Uint16Array,
  (data, p) => data.getUint16(p, true),
  (data, p, x: number) => data.setUint16(p, x, true),
);
/** `int32_t`, -2^31 to 2^31 - 1. */
export const i32: Scalar<number, Int32Array> = /* @__PURE__ */ scalar(
  'i32',
  'Int32',
  Int32Array,
  (data, p) => data.getInt32(p, true),
  (data, p, x: number) => data.setInt32(p, x, true),
);
/** `uint32_t`, 0 to 2^32 - 1. */
export const u32: Scalar<number, Uint32Array> = /* @__PURE__ */ scalar(
  'u32',
  'Uint32',
  Uint32Array,
  (data, p) => data.getUint32(p, true),
  (data, p, x: number) => data.setUint32(p, x, true),
);
/** `int64_t` as a bigint, -2^63 to 2^63 - 1. */
export const i64: Scalar<bigint, BigInt64Array> = /* @__PURE__ */ scalar(
  'i64',
  'BigInt64',
  BigInt64Array,
  (data, p) => data.getBigInt64(p, true),
  (data, p, x: bigint) => data.setBigInt64(p, x, true),
  'bigint',
);
/** `uint64_t` as a bigint, 0 to 2^64 - 1. */
export const u64: Scalar<bigint, BigUint64Array> = /* @__PURE__ */ scalar(
  'u64',
  'BigUint64',
  BigUint64Array,
  (data, p) => data.getBigUint64(p, true),
  (data, p, x: bigint) => data.setBigUint64(p, x, true),
  'bigint',
);
/** `_Float16` (binary16). Seen as its 16-bit patterns: not every engine has a `Float16Array`. */
export const f16: Scalar<number, Uint16Array> = /* @__PURE__ */ scalar(
  'f16',
  'Float16',
  Uint16Array,
  getHalf,
  setHalf,
);
/** `float` (binary32). */
export const f32: Scalar<number, Float32Array> = /* @__PURE__ */ scalar(
  'f32',
  'Float32',
  Float32Array,
  (data, p) => data.getFloat32(p, true),
  (data, p, x: number) => data.setFloat32(p, x, true),
);
/** `double` (binary64). */
export const f64: Scalar<number, Float64Array> = /* @__PURE__ */ scalar(
  'f64',
  'Float64',
  Float64Array,
  (data, p) => data.getFloat64(p, true),
  (data, p, x: number) => data.setFloat64(p, x, true),
);
/** A pointer of a 32-bit module. Written as wasm returns it (negative above 2 GiB) or unsigned; read unsigned. */
export const ptr32: Scalar<number, Uint32Array> = /* @__PURE__ */ scalar(
  'ptr32',
  'Pointer32',
  Uint32Array,
  (data, p) => data.getUint32(p, true),
  (data, p, x: number) => data.setUint32(p, within(x, -(2 ** 31), 2 ** 32, 'ptr32'), true),
);
/** A pointer of a 64-bit module as a number. One above 2^53 - 1 is refused, on reading and on writing. */
export const ptr53: Scalar<number, BigUint64Array> = /* @__PURE__ */ scalar(
  'ptr53',
  'Pointer53',
  BigUint64Array,
  (data, p) => safe(data.getBigUint64(p, true)),
  (data, p, x: number) => data.setBigUint64(p, BigInt(within(x, 0, 2 ** 53, 'ptr53')), true),
);
/** A pointer of a 64-bit module as a bigint, 0 to 2^64 - 1. */
export const ptr64: Scalar<bigint, BigUint64Array> = /* @__PURE__ */ scalar(
  'ptr64',
  'Pointer64',
  BigUint64Array,
  (data, p) => data.getBigUint64(p, true),
  (data, p, x: bigint) => data.setBigUint64(p, within64(x), true),
  'bigint',
);
/** A signed integer of 128 bits. Seen as its 64-bit words, two for each. */
export const i128: Scalar<bigint, BigUint64Array> = /* @__PURE__ */ scalar(
  'i128',
  'BigInt128',
  BigUint64Array,
  (data, p) => BigInt.asIntN(128, getWide(data, p, 2)),
  (data, p, x: bigint) => setWide(data, p, x, 2),
  'bigint',
  16,
);
/** An unsigned integer of 128 bits. Seen as its 64-bit words, two for each. */
export const u128: Scalar<bigint, BigUint64Array> = /* @__PURE__ */ scalar(
  'u128',
  'BigUint128',
  BigUint64Array,
  (data, p) => getWide(data, p, 2),
  (data, p, x: bigint) => setWide(data, p, x, 2),
  'bigint',
  16,
);
/** A signed integer of 256 bits. Seen as its 64-bit words, four for each. */
export const i256: Scalar<bigint, BigUint64Array> = /* @__PURE__ */ scalar(
  'i256',
  'BigInt256',
  BigUint64Array,
  (data, p) => BigInt.asIntN(256, getWide(data, p, 4)),
  (data, p, x: bigint) => setWide(data, p, x, 4),
  'bigint',
  32,
);
/** An unsigned integer of 256 bits. Seen as its 64-bit words, four for each. */
export const u256: Scalar<bigint, BigUint64Array> = /* @__PURE__ */ scalar(
  'u256',
  'BigUint256',
  BigUint64Array,
  (data, p) => getWide(data, p, 4),
  (data, p, x: bigint) => setWide(data, p, x, 4),
  'bigint',
  32,
);
/** `bool`: one byte, written as 0 or 1; any other byte reads as true. */
export const bool: Scalar<boolean, Uint8Array> = /* @__PURE__ */ scalar(
  'bool',
  'Boolean',
  Uint8Array,
  (data, p) => data.getUint8(p) !== 0,
  (data, p, x: boolean) => data.setUint8(p, x ? 1 : 0),
  'boolean',
);

/** Every row, smallest first within its kind. */
export const rows: readonly AnyScalar[] = [
  i8, u8, u8c, i16, u16, i32, u32, i64, u64, f16, f32, f64, ptr32, ptr53, ptr64, i128, u128, i256, u256, bool,
]; // prettier-ignore

function clamp(x: number): number {
  return x > 0 ? roundToEven(Math.min(x, 255)) : 0;
}

function within(x: number, least: number, end: number, name: string): number {
  if (Number.isInteger(x) && x >= least && x < end) return x;
  throw new ArgumentRangeError(`a ${name}, an integer in [${least}, ${end})`, x);
}

function within64(x: bigint): bigint {
  if (BigInt.asUintN(64, x) === x) return x;
  throw new ArgumentRangeError('a ptr64, an integer in [0, 2^64)', x);
}

function safe(x: bigint): number {
  if (x <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(x);
  throw new ArgumentRangeError('a pointer below 2^53 in memory', x);
}
