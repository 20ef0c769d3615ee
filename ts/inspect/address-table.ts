// SPDX-License-Identifier: MIT
// A hash table from addresses to numbers. A Map takes more than twice as long for the addresses of a
// million events (bench/ts/inspect.bench.mjs).

/** Open addressing with linear probing. A removal moves later entries back, so there are no tombstones. */
export class AddressTable {
  size = 0;
  #capacity = 1024;
  #addresses: Float64Array = new Float64Array(1024);
  /** The numbers plus 1; 0 in empty slots. */
  #numbers: Uint32Array = new Uint32Array(1024);

  /** Returns the slot of an address, or the empty slot where it belongs. */
  #slotOf(address: number): number {
    const mask = this.#capacity - 1;
    let slot = hash(address) & mask;
    while (this.#numbers[slot] !== 0 && this.#addresses[slot] !== address) slot = (slot + 1) & mask;
    return slot;
  }

  /** Returns the number of an address; -1 if it has none. */
  get(address: number): number {
    return (this.#numbers[this.#slotOf(address)] as number) - 1;
  }

  set(address: number, number: number): void {
    if (this.size * 2 >= this.#capacity) this.#grow();
    const slot = this.#slotOf(address);
    if (this.#numbers[slot] === 0) this.size++;
    this.#addresses[slot] = address;
    this.#numbers[slot] = number + 1;
  }

  /** Removes an address. Returns its number; -1 if it had none. */
  remove(address: number): number {
    const mask = this.#capacity - 1;
    let hole = this.#slotOf(address);
    const number = (this.#numbers[hole] as number) - 1;
    if (number < 0) return -1;
    this.size--;
    for (let slot = (hole + 1) & mask; this.#numbers[slot] !== 0; slot = (slot + 1) & mask) {
      const home = hash(this.#addresses[slot] as number) & mask;
      // An entry may move to the hole unless its home slot lies between the hole and its slot.
      if (((slot - home) & mask) < ((slot - hole) & mask)) continue;
      this.#addresses[hole] = this.#addresses[slot] as number;
      this.#numbers[hole] = this.#numbers[slot] as number;
      hole = slot;
    }
    this.#numbers[hole] = 0;
    return number;
  }

  #grow(): void {
    const [addresses, numbers] = [this.#addresses, this.#numbers];
    this.#capacity *= 2;
    this.#addresses = new Float64Array(this.#capacity);
    this.#numbers = new Uint32Array(this.#capacity);
    for (let i = 0; i < numbers.length; i++) {
      if (numbers[i] === 0) continue;
      const slot = this.#slotOf(addresses[i] as number);
      this.#addresses[slot] = addresses[i] as number;
      this.#numbers[slot] = numbers[i] as number;
    }
  }
}

/** Returns the hash of an address. Addresses are often multiples of 16, so all bits are mixed. */
function hash(address: number): number {
  const mixed = Math.imul((address | 0) ^ Math.floor(address / 2 ** 32), 0x9e3779b1);
  return (mixed ^ (mixed >>> 15)) >>> 0;
}
