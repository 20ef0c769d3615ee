// SPDX-License-Identifier: MIT
// Integers of 128 and 256 bits: little-endian, as 64-bit words with the lowest first.

/** Reads `words` 64-bit words at `address` as one unsigned integer. */
export function getBigInteger(data: DataView, address: number, words: number): bigint {
  // The last word first: if the range lies outside the memory this throws at once.
  let value = 0n;
  for (let i = words - 1; i >= 0; i--) value = (value << 64n) | data.getBigUint64(address + 8 * i, true);
  return value;
}

/** Writes the lowest `words` 64-bit words of `value` at `address`: all of them or, if they do not fit, nothing. */
export function setBigInteger(data: DataView, address: number, value: bigint, words: number): void {
  data.getUint8(address + 8 * words - 1);
  for (let i = 0; i < words; i++) data.setBigUint64(address + 8 * i, value >> BigInt(64 * i), true);
}
