// SPDX-License-Identifier: MIT
// Where blocks begin, as bits: finds the one that an address lies in without looking at all of them.
//
//   S1  Where a live block begins in 8 bytes their bit is set. Where one began it may be: who finds that clears it.

const GRANULE = 8;
/** Granules of one chunk: 1 MiB of memory in 16 KiB of bits. */
const CHUNK = 2 ** 17;
const CHUNK_BYTES = CHUNK * GRANULE;

/** The beginnings of the blocks of one heap. */
export class Starts {
  readonly #chunks = new Map<number, Uint32Array>();
  /** The chunk that was marked last, and its key. */
  #last: Uint32Array = new Uint32Array(0);
  #key = -1;

  /** Sets the bit of the granule of `address`. */
  mark(address: number): void {
    const key = Math.floor(address / CHUNK_BYTES);
    if (key !== this.#key) this.#turnTo(key);
    const bit = bitOf(address);
    (this.#last[bit >>> 5] as number) |= 1 << (bit & 31); // a chunk has all bits
  }

  #turnTo(key: number): void {
    this.#key = key;
    this.#last = this.#chunks.get(key) ?? new Uint32Array(CHUNK / 32);
    this.#chunks.set(key, this.#last);
  }

  /** Clears it again. */
  clear(address: number): void {
    const chunk = this.#chunks.get(Math.floor(address / CHUNK_BYTES));
    const bit = bitOf(address);
    if (chunk) (chunk[bit >>> 5] as number) &= ~(1 << (bit & 31)); // as above
  }

  /**
   * Returns the first byte of the last marked granule at or below `address`, or -1 when there is none above
   * `least`. Cost: O((address - least) / 256).
   */
  before(address: number, least: number): number {
    for (let at = address; at >= 0 && at >= least - GRANULE;) {
      const key = Math.floor(at / CHUNK_BYTES);
      const chunk = this.#chunks.get(key);
      const found = chunk ? last(chunk, bitOf(at)) : -1;
      const start = key * CHUNK_BYTES;
      if (found >= 0) return start + found * GRANULE;
      at = start - 1;
    }
    return -1;
  }
}

/** Which of its chunk's granules `address` is in. Exact above 2^32 too: only the lower bits count. */
const bitOf = (address: number): number => (address >>> 3) % CHUNK;

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
