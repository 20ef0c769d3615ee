// SPDX-License-Identifier: MIT
// Writes and reads integers of variable length (varints), for recordings and pprof. Reads check bounds.
import { RecordingError } from '../errors.ts';

const encoder: TextEncoder = new TextEncoder();
/** From 2^28 on, bits are shifted by division, as `>>` would lose bits. */
const HIGH = 2 ** 28;

/** A growing byte array. */
export class ByteWriter {
  #bytes: Uint8Array = new Uint8Array(1024);
  /** The number of written bytes. */
  length = 0;

  #reserve(count: number): Uint8Array {
    if (this.length + count > this.#bytes.length) {
      const larger = new Uint8Array(Math.max(this.#bytes.length * 2, this.length + count));
      larger.set(this.#bytes.subarray(0, this.length));
      this.#bytes = larger;
    }
    return this.#bytes;
  }

  /** Writes the low 8 bits of `value`. */
  byte(value: number): void {
    this.#reserve(1)[this.length++] = value;
  }
  /** Writes `value`, an integer in [0, 2^53): 7 bits per byte, lowest first; all bytes but the last have bit 7 set. */
  varint(value: number): void {
    const bytes = this.#reserve(8);
    let rest = value;
    while (rest >= HIGH) {
      bytes[this.length++] = (rest % 128) | 128;
      rest = Math.floor(rest / 128);
    }
    while (rest >= 128) {
      bytes[this.length++] = (rest & 127) | 128;
      rest >>= 7;
    }
    bytes[this.length++] = rest;
  }
  /**
   * Writes a signed integer: the first byte has its lowest 6 bits, the sign in bit 6, and bit 7 if more bytes follow.
   */
  signed(value: number): void {
    const size = Math.abs(value);
    const first = (size % 64) | (value < 0 ? 64 : 0);
    this.byte(size < 64 ? first : first | 128);
    if (size >= 64) this.varint(Math.floor(size / 64));
  }
  /** Writes a 32-bit integer, little-endian. */
  uint32(value: number): void {
    const bytes = this.#reserve(4);
    for (let i = 0; i < 4; i++) bytes[this.length++] = value >>> (8 * i);
  }
  /** Writes bytes unchanged. */
  raw(bytes: Uint8Array): void {
    this.#reserve(bytes.length).set(bytes, this.length);
    this.length += bytes.length;
  }
  /** Writes the number of bytes of `bytes`, then the bytes. */
  sized(bytes: Uint8Array): void {
    this.varint(bytes.length);
    this.raw(bytes);
  }
  /** Writes a string as UTF-8, after its number of bytes. */
  text(text: string): void {
    this.sized(encoder.encode(text));
  }
  /** Returns the written bytes as a view, valid until the next write. */
  finish(): Uint8Array {
    return this.#bytes.subarray(0, this.length);
  }
}

/** Reads the bytes of a {@link ByteWriter}. Throws RecordingError if they are cut off or a number is too large. */
export class ByteReader {
  readonly #bytes: Uint8Array;
  /** The offset of the bytes in the file, for messages. */
  readonly base: number;
  #decoder: TextDecoder | undefined;
  /** The index of the next byte. */
  offset = 0;

  /** `base` is the offset of `bytes` in the file, for messages. */
  constructor(bytes: Uint8Array, base = 0) {
    this.#bytes = bytes;
    this.base = base;
  }
  /** The number of remaining bytes. */
  get left(): number {
    return this.#bytes.length - this.offset;
  }
  /** Returns the error for a damaged file. */
  damaged(what: string): RecordingError {
    const cure = 'the file was changed after it was written; copy or record it again';
    return new RecordingError('damaged', this.base + this.offset, `${what}: ${cure}`);
  }
  byte(): number {
    const value = this.#bytes[this.offset];
    if (value === undefined) throw this.damaged('a number ends too early');
    this.offset++;
    return value;
  }
  varint(): number {
    const bytes = this.#bytes;
    let value = bytes[this.offset] as number;
    if (value < 128) {
      this.offset++;
      return value;
    }
    value = 0;
    for (let scale = 1; scale < 2 ** 53; scale *= 128) {
      const byte = this.byte();
      value += (byte & 127) * scale;
      if (byte < 128) {
        if (value > Number.MAX_SAFE_INTEGER) break;
        return value;
      }
    }
    throw this.damaged('a number above 2^53');
  }
  signed(): number {
    const first = this.byte();
    const size = (first & 63) + (first < 128 ? 0 : this.varint() * 64);
    return first & 64 ? -size : size;
  }
  uint32(): number {
    return (this.byte() | (this.byte() << 8) | (this.byte() << 16) | (this.byte() << 24)) >>> 0;
  }
  /** Returns a view of the next bytes. */
  raw(count: number): Uint8Array {
    if (count > this.left) throw this.damaged(`${count} bytes where ${this.left} are left`);
    this.offset += count;
    return this.#bytes.subarray(this.offset - count, this.offset);
  }
  sized(): Uint8Array {
    return this.raw(this.varint());
  }
  text(): string {
    const start = this.offset;
    try {
      this.#decoder ??= new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
      return this.#decoder.decode(this.sized());
    } catch (error) {
      if (error instanceof RecordingError) throw error;
      this.offset = start;
      throw this.damaged('a string that is not UTF-8');
    }
  }
  /**
   * Reads the number of entries that follow, each of at least `bytes` bytes. Throws if they cannot fit, so that a wrong
   * number allocates nothing.
   */
  count(bytes: number): number {
    const count = this.varint();
    if (count * bytes > this.left) throw this.damaged(`${count} entries in ${this.left} bytes`);
    return count;
  }
}

const CRC: Uint32Array = /* @__PURE__ */ crcTable();

function crcTable(): Uint32Array {
  const table = new Uint32Array(256);
  for (let i = 0; i < 256; i++) {
    let value = i;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
    table[i] = value;
  }
  return table;
}

/** Returns the CRC-32 of bytes, as in PNG and gzip. `before` is that of the preceding bytes. */
export function crc32(bytes: Uint8Array, before = 0): number {
  let crc = ~before;
  for (let i = 0; i < bytes.length; i++)
    crc = (crc >>> 8) ^ (CRC[(crc ^ (bytes[i] as number)) & 255] as number);
  return ~crc >>> 0;
}

/** Returns the checksum of a block: the CRC-32 of its kind and its contents. */
export function checksum(tag: number, contents: Uint8Array): number {
  return crc32(contents, crc32(Uint8Array.of(tag)));
}
