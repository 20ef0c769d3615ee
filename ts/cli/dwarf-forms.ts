// SPDX-License-Identifier: MIT
// Reads the sections of a module, and the values in its debug information.

/** The parts of a module that are read. */
export interface Sections {
  readonly custom: ReadonlyMap<string, Uint8Array>;
  /** The names of the functions that it exports. */
  readonly exported: readonly string[];
}

/** Returns the custom sections of a module by name, and its exports. */
export function readSections(bytes: Uint8Array): Sections {
  const reader = new Reader(bytes);
  const custom = new Map<string, Uint8Array>();
  const exported: string[] = [];
  reader.at = 8;
  while (reader.at < bytes.length) {
    const id = reader.u8();
    const size = reader.uleb();
    const end = reader.at + size;
    if (id === 0) {
      const name = reader.text(reader.uleb());
      custom.set(name, bytes.subarray(reader.at, end));
    } else if (id === 7)
      for (let count = reader.uleb(); count > 0; count--) {
        const name = reader.text(reader.uleb());
        if (reader.u8() === 0) exported.push(name);
        reader.uleb();
      }
    reader.at = end;
  }
  return { custom, exported };
}

/** Reads little-endian numbers. */
export class Reader {
  readonly view: DataView;
  at = 0;
  constructor(bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
  u8(): number {
    return this.view.getUint8(this.at++);
  }
  /** Reads an unsigned number. A number of 8 bytes is signed, as offsets of bits can be negative. */
  uint(bytes: number): number {
    if (bytes === 8) return Number(this.view.getBigInt64((this.at += 8) - 8, true));
    let value = 0;
    for (let i = 0; i < bytes; i++) value += this.u8() * 2 ** (8 * i);
    return value;
  }
  uleb(): number {
    for (let value = 0, scale = 1; ; scale *= 128) {
      const byte = this.u8();
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  }
  sleb(): number {
    for (let value = 0, scale = 1; ;) {
      const byte = this.u8();
      value += (byte & 127) * scale;
      scale *= 128;
      if (byte < 128) return byte & 64 ? value - scale : value;
    }
  }
  text(length: number): string {
    const bytes = new Uint8Array(this.view.buffer, this.view.byteOffset + this.at, length);
    this.at += length;
    return new TextDecoder().decode(bytes);
  }
  /** Returns the NUL-terminated string at `at`. */
  textAt(at: number): string {
    const before = this.at;
    this.at = at;
    let length = 0;
    while (this.view.getUint8(at + length) !== 0) length++;
    const text = this.text(length);
    this.at = before;
    return text;
  }
}

/** The properties of a unit that the size of its values depends on. */
export interface Unit {
  readonly start: number;
  readonly version: number;
  readonly offsetBytes: 4 | 8;
  readonly addressBytes: number;
  stringOffsets: number;
}

/** The strings of attributes. */
export class Strings {
  readonly #sections: ReadonlyMap<string, Uint8Array>;
  constructor(sections: ReadonlyMap<string, Uint8Array>) {
    this.#sections = sections;
  }
  at(section: string, at: number): string {
    const bytes = this.#sections.get(section);
    return bytes && at < bytes.length ? new Reader(bytes).textAt(at) : '';
  }
  indexed({ stringOffsets, offsetBytes }: Unit, index: number): string {
    const r = new Reader(this.#sections.get('.debug_str_offsets') ?? new Uint8Array(0));
    r.at = stringOffsets + index * offsetBytes;
    return r.at + offsetBytes <= r.view.byteLength ? this.at('.debug_str', r.uint(offsetBytes)) : '';
  }
}

/** Reads the value of an attribute. Returns undefined for values that are not used. */
type Read = (r: Reader, unit: Unit, strings: Strings) => number | string | undefined;
const fixed =
  (bytes: number): Read =>
  (r) =>
    r.uint(bytes);
const reference =
  (bytes: number): Read =>
  (r, unit) =>
    unit.start + r.uint(bytes);
const index =
  (bytes: number): Read =>
  (r, unit, strings) =>
    strings.indexed(unit, r.uint(bytes));
const block =
  (bytes: number): Read =>
  (r) =>
    blockOf(r, r.uint(bytes));
const uleb: Read = (r) => r.uleb();
const offset: Read = (r, unit) => r.uint(unit.offsetBytes);

/** Reads a location. Returns the number of `plus_uconst`, which old versions use for members; else undefined. */
function blockOf(r: Reader, length: number): number | undefined {
  const end = r.at + length;
  const value = length > 1 && r.u8() === 0x23 ? r.uleb() : undefined;
  r.at = end;
  return value;
}
function inlineText(r: Reader): string {
  const text = r.textAt(r.at);
  while (r.u8() !== 0);
  return text;
}

/** The readers of values, by the number of the form in DWARF. */
export const FORMS: ReadonlyMap<number, Read> = new Map<number, Read>([
  [0x01, (r, unit) => r.uint(unit.addressBytes)],
  [0x03, block(2)], [0x04, block(4)], [0x0a, block(1)], [0x09, (r) => blockOf(r, r.uleb())], [0x18, (r) => blockOf(r, r.uleb())],
  [0x05, fixed(2)], [0x06, fixed(4)], [0x07, fixed(8)], [0x0b, fixed(1)], [0x0c, fixed(1)], [0x1c, fixed(4)],
  [0x1e, fixed(16)], [0x20, fixed(8)], [0x24, fixed(8)], [0x29, fixed(1)], [0x2a, fixed(2)], [0x2b, fixed(3)], [0x2c, fixed(4)],
  [0x08, inlineText], [0x0d, (r) => r.sleb()], [0x19, () => 1],
  [0x0e, (r, unit, strings) => strings.at('.debug_str', r.uint(unit.offsetBytes))],
  [0x1f, (r, unit, strings) => strings.at('.debug_line_str', r.uint(unit.offsetBytes))],
  [0x0f, uleb], [0x1b, uleb], [0x22, uleb], [0x23, uleb], [0x1f01, uleb],
  [0x1a, (r, unit, strings) => strings.indexed(unit, r.uleb())], [0x1f02, (r, unit, strings) => strings.indexed(unit, r.uleb())],
  [0x25, index(1)], [0x26, index(2)], [0x27, index(3)], [0x28, index(4)],
  [0x11, reference(1)], [0x12, reference(2)], [0x13, reference(4)], [0x14, reference(8)],
  [0x10, (r, unit) => r.uint(unit.version < 3 ? unit.addressBytes : unit.offsetBytes)],
  [0x15, (r, unit) => unit.start + r.uleb()],
  [0x17, offset], [0x1d, offset],
]); // prettier-ignore
/** The form DW_FORM_indirect: the form precedes the value. */
export const INDIRECT = 0x16;
/** The form DW_FORM_implicit_const: the value is in the abbreviation. */
export const IMPLICIT = 0x21;
