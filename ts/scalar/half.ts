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
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/** Returns the half-precision bits nearest to `value`, ties to even; from 65,520 on that is infinity. */
export function numberToHalf(value: number): number {
  if (Number.isNaN(value)) return 0x7e00;
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const size = Math.abs(value);
  if (size >= 65520) return sign | 0x7c00;
  // Below 2^-14 the grid is 2^-24 wide; above, 2^10 steps for each power of two. Rounding up over a power of
  // two carries into the exponent by itself. Both products are exact: only powers of two are multiplied.
  if (size < 2 ** -14) return sign | roundToEven(size * 2 ** 24);
  const exponent = exponentOf(size);
  return sign | (((exponent + 15) << 10) + roundToEven(size * 2 ** (10 - exponent)) - 1024);
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

function roundToEven(value: number): number {
  const floor = Math.floor(value);
  const rest = value - floor;
  if (rest !== 0.5) return rest < 0.5 ? floor : floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}

/** The exponent of the power of two at or below `size`, for sizes in [2^-14, 65,520). */
function exponentOf(size: number): number {
  let exponent = 15;
  while (2 ** exponent > size) exponent--;
  return exponent;
}
