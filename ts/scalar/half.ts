// SPDX-License-Identifier: MIT
// Half precision (IEEE 754 binary16) for engines whose DataView has none: 1 sign, 5 exponent, 10 fraction bits.

/** The engine's own half-precision view methods, or undefined in older engines (Node 20 and 22). */
interface HalfView {
  getFloat16?(address: number, littleEndian: boolean): number;
  setFloat16?(address: number, value: number, littleEndian: boolean): void;
}

/** Returns the number whose half-precision bits are `bits`. */
export function halfToNumber(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction ? NaN : sign * Infinity;
  return (sign * (1024 + fraction) * (1 << exponent)) / 2 ** 25; // exact
}

/** Returns the half-precision bits nearest to `value`, ties to even; from 65,520 on that is infinity. */
export function numberToHalf(value: number): number {
  if (Number.isNaN(value)) return 0x7e00;
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.min(Math.abs(value), 65536); // 2^16 has the bits of infinity
  // From one power of two to the next there are 2^10 steps; below 2^-14 they get no smaller. Rounding up to a power
  // of two carries into the exponent. The quotient is exact: of powers of two.
  const exponent = 31 - Math.clz32((size * 2 ** 14) | 1); // above 2^-14
  return sign | ((exponent << 10) + roundToEven((size * 2 ** 24) / (1 << exponent)));
}

/** Rounds a number from 0 to 2^51 to an integer, ties to even: from 2^52 on doubles have no fractions. */
export function roundToEven(value: number): number {
  return value + 2 ** 52 - 2 ** 52;
}

/** Reads half precision at `address`, little-endian. */
export function getHalf(data: DataView & HalfView, address: number): number {
  return data.getFloat16 ? data.getFloat16(address, true) : halfToNumber(data.getUint16(address, true));
}

/** Writes half precision at `address`, little-endian. */
export function setHalf(data: DataView & HalfView, address: number, value: number): void {
  if (data.setFloat16) data.setFloat16(address, value, true);
  else data.setUint16(address, numberToHalf(value), true);
}
