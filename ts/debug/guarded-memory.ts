// SPDX-License-Identifier: MIT
// Fills and checks bytes of a recorded module's memory. Ranges that end beyond the memory are cut.

export class GuardedMemory {
  readonly #memory: WebAssembly.Memory;
  #bytes: Uint8Array;

  constructor(memory: WebAssembly.Memory) {
    this.#memory = memory;
    this.#bytes = new Uint8Array(memory.buffer);
  }

  get #view(): Uint8Array {
    const { buffer } = this.#memory;
    if (this.#bytes.buffer !== buffer) this.#bytes = new Uint8Array(buffer);
    return this.#bytes;
  }

  fill(address: number, size: number, value: number): void {
    this.#view.fill(value, address, address + size);
  }

  copy(from: number, to: number, size: number): void {
    this.#view.copyWithin(to, from, from + size);
  }

  /** Returns the first address in a range whose byte is not `value`; undefined if there is none. */
  firstOther(address: number, size: number, value: number): number | undefined {
    const bytes = this.#view;
    const end = Math.min(address + size, bytes.length);
    for (let at = address; at < end; at++) if (bytes[at] !== value) return at;
    return undefined;
  }

  /** Returns the 32-bit address that is stored at `address`. */
  pointerAt(address: number): number {
    const { buffer, byteOffset, byteLength } = this.#view;
    return new DataView(buffer, byteOffset, byteLength).getUint32(address, true);
  }
}
