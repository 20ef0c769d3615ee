// SPDX-License-Identifier: MIT
// StartBitmap: the start addresses of blocks as bits, to find the block that contains an address.
//
//   S1  The bit of 8 bytes is set if a live block starts in them. It may be set if one started there; the next search
//       that finds no live block clears it.
//   S2  A word covers 256 bytes, a chunk of words 1 MiB. The word and the bit depend only on the lower 32 bits of an
//       address, so they are exact above 4 GiB.
//   S3  A live block has no set bit between its first 8 bytes and its end: its registration clears them. So if the bit of
//       a freed block is set, no live block contains its start.

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
  /** The first and the last chunk that has bits. */
  #lowest = Infinity;
  #highest = -1;

  /**
   * True if the bit of the 8 bytes at `address` is set, and no other one up to that of `end`. For up to 1 MiB; false for
   * more. Cost: O((end - address) / 256).
   */
  isAlone(address: number, end: number): boolean {
    const first = (address >>> 3) & 31;
    const after = ~(end >>> 3) & 31; // the bits of the last word that lie beyond the end
    let start = address - (address & 255);
    let bits = ((this.#chunkOf(address)[wordOf(address)] as number) >>> first) ^ 1; // 0 if only that bit is set
    if (end < start + 256) return bits << (first + after) === 0;
    if (end - address > CHUNK_BYTES) return false;
    while (bits === 0) {
      start += 256;
      bits = this.#chunkOf(start)[wordOf(start)] as number;
      if (end < start + 256) return bits << after === 0;
    }
    return false;
  }

  /** Sets the bit of the 8 bytes that contain `address`. */
  mark(address: number): void {
    if (this.#chunkOf(address) === EMPTY) this.#addChunk();
    (this.#last[wordOf(address)] as number) |= 1 << (address >>> 3); // the shift is modulo 32
  }

  #addChunk(): void {
    const key = this.#lastKey;
    this.#chunks.set(key, (this.#last = new Uint32Array(WORDS)));
    if (key < this.#lowest) this.#lowest = key;
    if (key > this.#highest) this.#highest = key;
  }

  /** Clears the bit, which is set. */
  clear(address: number): void {
    (this.#chunkOf(address)[wordOf(address)] as number) &= ~(1 << (address >>> 3)); // as above
  }

  /**
   * Returns the start of the last 8 marked bytes at or below `address`, or -1 if none of them lies above `min`.
   * Cost: O((address - min) / 256), less where whole MiB have no bits.
   */
  lastBefore(address: number, min: number): number {
    const limit = Math.max(min, this.#lowest * CHUNK_BYTES - 1);
    let at = Math.min(address, (this.#highest + 1) * CHUNK_BYTES - 1);
    while (at > limit) {
      const chunk = this.#chunkOf(at);
      if (chunk === EMPTY) at = this.#lastKey * CHUNK_BYTES - 1;
      else {
        const bits = (chunk[wordOf(at)] as number) & (-1 >>> ~(at >>> 3)); // the shift is 31 minus the bit
        const start = at - (at & 255);
        if (bits !== 0) {
          const found = start + (31 - Math.clz32(bits)) * 8;
          return found > min ? found : -1;
        }
        at = start - 1;
      }
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
