// SPDX-License-Identifier: MIT
// Where blocks begin, as bits: finds the one that an address lies in without looking at all of them.
//
//   S1  A bit is set iff a live block begins in its 8 bytes.

const GRANULE = 8;
/** Granules of one chunk: 1 MiB of memory in 16 KiB of bits. */
const CHUNK = 2 ** 17;

/** The beginnings of the live blocks of one heap. */
export class Starts {
  readonly #chunks = new Map<number, Uint32Array>();

  /** Sets (or clears) the bit of a block that begins at `address`. */
  mark(address: number, begins: boolean): void {
    const granule = Math.floor(address / GRANULE);
    const key = Math.floor(granule / CHUNK);
    let chunk = this.#chunks.get(key);
    if (!chunk) {
      chunk = new Uint32Array(CHUNK / 32);
      this.#chunks.set(key, chunk);
    }
    const bit = granule % CHUNK;
    const word = bit >>> 5;
    const mask = 1 << (bit & 31);
    chunk[word] = begins ? (chunk[word] ?? 0) | mask : (chunk[word] ?? 0) & ~mask;
  }

  /**
   * Returns the first byte of the last marked granule at or below `address`, or -1 when there is none above
   * `least`. Cost: O((address - least) / 256).
   */
  before(address: number, least: number): number {
    let granule = Math.floor(address / GRANULE);
    const end = Math.max(0, Math.floor(least / GRANULE));
    while (granule >= end) {
      const key = Math.floor(granule / CHUNK);
      const chunk = this.#chunks.get(key);
      const bit = granule % CHUNK;
      if (!chunk) granule -= bit + 1;
      else {
        const found = last(chunk, bit);
        if (found >= 0) return (key * CHUNK + found) * GRANULE;
        granule -= bit + 1;
      }
    }
    return -1;
  }
}

/** The highest set bit of `chunk` at or below `bit`, or -1. */
function last(chunk: Uint32Array, bit: number): number {
  let word = bit >>> 5;
  let bits = (chunk[word] ?? 0) & (0xffffffff >>> (31 - (bit & 31)));
  while (bits === 0) {
    if (word === 0) return -1;
    bits = chunk[--word] ?? 0;
  }
  return word * 32 + 31 - Math.clz32(bits);
}
