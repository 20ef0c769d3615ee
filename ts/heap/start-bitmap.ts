// SPDX-License-Identifier: MIT
// StartBitmap: the start addresses of blocks as bits, to find the block that contains an address.
//
//   S1  The bit of 8 bytes is set if a live block starts in them. It may be set if one started there; the next search
//       that finds no live block clears it.
//   S2  A word covers 256 bytes, a chunk of words 1 MiB. The word and the bit depend only on the lower 32 bits of an
//       address, so they are exact above 4 GiB.

const CHUNK_BYTES = 2 ** 20;
const WORDS = 4096;
/** The chunk of addresses where no block ever started. Never written. */
const EMPTY = /* @__PURE__ */ new Uint32Array(WORDS);

const wordOf = (address: number): number => (address >>> 8) % WORDS;

/** The start addresses of the blocks of one heap. */
export class StartBitmap {
  readonly #chunks = new Map<number, Uint32Array>();
  /** The chunk that was used last, and its key. */
  #last: Uint32Array = EMPTY;
  #lastKey = -1;

  /** Sets the bit of the 8 bytes that contain `address`. */
  mark(address: number): void {
    if (this.#chunkOf(address) === EMPTY)
      this.#chunks.set(this.#lastKey, (this.#last = new Uint32Array(WORDS)));
    (this.#last[wordOf(address)] as number) |= 1 << (address >>> 3); // the shift is modulo 32
  }

  /** Clears the bit, which is set. */
  clear(address: number): void {
    (this.#chunkOf(address)[wordOf(address)] as number) &= ~(1 << (address >>> 3)); // as above
  }

  /**
   * Returns the start of the last 8 marked bytes at or below `address`, or -1 if none of them lies above `min`.
   * Cost: O((address - min) / 256).
   */
  lastBefore(address: number, min: number): number {
    for (let at = address; at >= 0 && at > min; at -= (at & 255) + 1) {
      const bits = (this.#chunkOf(at)[wordOf(at)] as number) & (-1 >>> ~(at >>> 3)); // the shift is 31 minus the bit
      if (bits !== 0) return at - (at & 255) + (31 - Math.clz32(bits)) * 8;
    }
    return -1;
  }

  #chunkOf(address: number): Uint32Array {
    const key = Math.floor(address / CHUNK_BYTES);
    if (key === this.#lastKey) return this.#last;
    this.#lastKey = key;
    return (this.#last = this.#chunks.get(key) ?? EMPTY);
  }
}
