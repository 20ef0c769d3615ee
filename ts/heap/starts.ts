// SPDX-License-Identifier: MIT
// Where blocks begin, as bits: finds the one that an address lies in without looking at all of them.
//
//   S1  Where a live block begins in 8 bytes their bit is set. Where one began it may be: who finds that clears it.
//   S2  A word has the bits of 256 bytes, a chunk the words of 1 MiB. Only the lower 32 bits of an address say which
//       bit of which word, so that they are exact above 4 GiB too.

const CHUNK_BYTES = 2 ** 20;
const WORDS = 4096;
/** What there is where no block began. Never written. */
const NONE = /* @__PURE__ */ new Uint32Array(WORDS);

const wordOf = (address: number): number => (address >>> 8) % WORDS;

/** The beginnings of the blocks of one heap. */
export class Starts {
  readonly #chunks = new Map<number, Uint32Array>();
  /** The chunk that was looked at last, and its key. */
  #last: Uint32Array = NONE;
  #key = -1;

  /** Sets the bit of the 8 bytes that `address` is in. */
  mark(address: number): void {
    if (this.#at(address) === NONE) this.#chunks.set(this.#key, (this.#last = new Uint32Array(WORDS)));
    (this.#last[wordOf(address)] as number) |= 1 << (address >>> 3); // modulo 32, and a chunk has all words
  }

  /** Clears it. It must be set. */
  clear(address: number): void {
    (this.#at(address)[wordOf(address)] as number) &= ~(1 << (address >>> 3)); // as above
  }

  /**
   * Returns the first of the last 8 bytes that are marked at or below `address`, or -1 when none of them is above
   * `least`. Cost: O((address - least) / 256).
   */
  before(address: number, least: number): number {
    for (let at = address; at >= 0 && at > least; at -= (at & 255) + 1) {
      const bits = (this.#at(at)[wordOf(at)] as number) & (-1 >>> ~(at >>> 3)); // modulo 32: 31 less the bit
      if (bits !== 0) return at - (at & 255) + (31 - Math.clz32(bits)) * 8;
    }
    return -1;
  }

  /** The chunk of `address`. */
  #at(address: number): Uint32Array {
    const key = Math.floor(address / CHUNK_BYTES);
    if (key === this.#key) return this.#last;
    this.#key = key;
    return (this.#last = this.#chunks.get(key) ?? NONE);
  }
}
