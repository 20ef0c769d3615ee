// SPDX-License-Identifier: MIT
// Writes the parts of a WebAssembly binary.

/** Returns an unsigned number in LEB128. */
export function leb(value: number): number[] {
  const bytes: number[] = [];
  for (; value > 127; value = Math.floor(value / 128)) bytes.push((value % 128) | 128);
  return [...bytes, value];
}

/** Returns a signed 32-bit number in LEB128. */
export function signedLeb(value: number): number[] {
  const bytes: number[] = [];
  for (; value < -64 || value > 63; value >>= 7) bytes.push((value & 127) | 128);
  return [...bytes, value & 127];
}

/** Returns the encoding of a name: its length and its bytes. */
export function encodeName(name: string): number[] {
  const bytes = new TextEncoder().encode(name);
  return [...leb(bytes.length), ...bytes];
}

/** A list of byte arrays that are joined at the end, so that large parts are copied once. */
export class Chunks {
  readonly #parts: (Uint8Array | readonly number[])[] = [];
  length = 0;

  add(part: Uint8Array | readonly number[]): this {
    this.#parts.push(part);
    this.length += part.length;
    return this;
  }

  addAll(other: Chunks): this {
    for (const part of other.#parts) this.#parts.push(part); // there may be too many for arguments
    this.length += other.length;
    return this;
  }

  bytes(): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(this.length);
    let at = 0;
    for (const part of this.#parts) {
      bytes.set(part, at);
      at += part.length;
    }
    return bytes;
  }
}
