// SPDX-License-Identifier: MIT
// The growing columns of a recording.

/** Columns with one entry for each event. */
export class EventColumns {
  length = 0;
  kinds: Uint8Array = new Uint8Array(0);
  times: Float64Array = new Float64Array(0);
  addresses: Float64Array = new Float64Array(0);
  sizes: Float64Array = new Float64Array(0);
  previous: Float64Array = new Float64Array(0);
  sites: Uint32Array = new Uint32Array(0);
  types: Uint16Array = new Uint16Array(0);

  /** Reserves memory for `count` more events; returns the index of the first. The caller changes `length`. */
  reserve(count: number): number {
    const capacity = this.length + count;
    if (capacity > this.kinds.length) this.#grow(Math.max(capacity, this.kinds.length * 2));
    return this.length;
  }

  #grow(capacity: number): void {
    const grown = <T extends Uint8Array | Float64Array | Uint32Array | Uint16Array>(to: T, from: T): T => {
      to.set(from);
      return to;
    };
    this.kinds = grown(new Uint8Array(capacity), this.kinds);
    this.times = grown(new Float64Array(capacity), this.times);
    this.addresses = grown(new Float64Array(capacity), this.addresses);
    this.sizes = grown(new Float64Array(capacity), this.sizes);
    this.previous = grown(new Float64Array(capacity), this.previous);
    this.sites = grown(new Uint32Array(capacity), this.sites);
    this.types = grown(new Uint16Array(capacity), this.types);
  }
}
