// SPDX-License-Identifier: MIT
// Reads the debug information (DWARF 4 and 5) of a linked WebAssembly module: a tree of entries.
import { ModuleError } from '../errors.ts';

/** The tags of entries that are looked at. */
export const TAG = {
  array: 0x01, class: 0x02, enumeration: 0x04, parameter: 0x05, member: 0x0d, pointer: 0x0f, reference: 0x10,
  unit: 0x11, structure: 0x13, subroutine: 0x15, typedef: 0x16, union: 0x17, variadic: 0x18, inheritance: 0x1c,
  subrange: 0x21, base: 0x24, const: 0x26, enumerator: 0x28, subprogram: 0x2e, volatile: 0x35, restrict: 0x37,
  namespace: 0x39, rvalue: 0x42, atomic: 0x47,
} as const; // prettier-ignore

/** The attributes that are looked at. */
export const AT = {
  name: 0x03, byteSize: 0x0b, bitOffset: 0x0c, bitSize: 0x0d, constValue: 0x1c, upperBound: 0x2f, abstractOrigin: 0x31,
  count: 0x37, memberLocation: 0x38, declaration: 0x3c, encoding: 0x3e, external: 0x3f, specification: 0x47, type: 0x49,
  signature: 0x69, dataBitOffset: 0x6b, strOffsetsBase: 0x72, dwoName: 0x76, alignment: 0x88, gnuDwoName: 0x2130,
} as const; // prettier-ignore

/** One entry. Attributes are numbers, strings, and entries by their offset. */
export interface Entry {
  readonly tag: number;
  readonly children: Entry[];
  readonly attributes: Map<number, number | string>;
}

/** What is read of a module. */
export interface Sections {
  readonly custom: ReadonlyMap<string, Uint8Array>;
  /** The names of the functions that it exports. */
  readonly exported: readonly string[];
}

/** The custom sections of a module by name, and its exports. */
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
class Reader {
  readonly view: DataView;
  at = 0;
  constructor(bytes: Uint8Array) {
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }
  u8(): number {
    return this.view.getUint8(this.at++);
  }
  /** An unsigned number; one of 8 bytes is signed, as offsets of bits can be negative. */
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
  /** Text up to its NUL, at `at`. */
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

interface Abbreviation {
  readonly tag: number;
  readonly hasChildren: boolean;
  readonly attributes: readonly { name: number; form: number; constant: number }[];
}

/** What the forms of one unit depend on. */
interface Unit {
  readonly start: number;
  readonly version: number;
  readonly offsetBytes: 4 | 8;
  readonly addressBytes: number;
  readonly abbreviations: ReadonlyMap<number, Abbreviation>;
  stringOffsets: number;
}

/** Bytes of the forms of fixed size. */
const FIXED: Readonly<Record<number, number>> = {
  0x05: 2, 0x06: 4, 0x07: 8, 0x0b: 1, 0x0c: 1, 0x1e: 16, 0x1c: 4, 0x24: 8, 0x29: 1, 0x2a: 2, 0x2b: 3, 0x2c: 4,
}; // prettier-ignore
/** Bytes of the index of a string. */
const INDEXED: Readonly<Record<number, number>> = { 0x25: 1, 0x26: 2, 0x27: 3, 0x28: 4 };
/** Bytes of a reference inside its unit. */
const REFERENCES: Readonly<Record<number, number>> = { 0x11: 1, 0x12: 2, 0x13: 4, 0x14: 8 };
/** Bytes of the length of a block. */
const BLOCKS: Readonly<Record<number, number>> = { 0x0a: 1, 0x03: 2, 0x04: 4 };

/** The entries of a module. */
export class DebugInfo {
  /** The units. */
  readonly units: Entry[] = [];
  readonly #entries = new Map<number, Entry>();
  readonly #signatures = new Map<number, Entry>();
  readonly #sections: ReadonlyMap<string, Uint8Array>;
  readonly #info: Reader;

  /** @throws {ModuleError} if there is none, or one of another version */
  constructor(sections: ReadonlyMap<string, Uint8Array>) {
    this.#sections = sections;
    const info = sections.get('.debug_info');
    if (!info)
      throw new ModuleError('the module has no debug information; build it with -g', {
        missing: ['.debug_info'],
        flags: '-g',
      });
    this.#info = new Reader(info);
    while (this.#info.at < info.length) this.#unit();
  }

  /** The entry that an attribute refers to. */
  follow(entry: Entry, attribute: number): Entry | undefined {
    const at = entry.attributes.get(attribute);
    return typeof at === 'number' ? this.#entries.get(at) : undefined;
  }
  /** The definition of a type that has one elsewhere. */
  definition(entry: Entry): Entry {
    const key = entry.attributes.get(AT.signature);
    return (typeof key === 'number' ? this.#signatures.get(key) : undefined) ?? entry;
  }

  #unit(): void {
    const r = this.#info;
    const start = r.at;
    let length = r.uint(4);
    const offsetBytes = length === 0xffffffff ? 8 : 4;
    if (offsetBytes === 8) length = r.uint(8);
    const end = r.at + length;
    const version = r.uint(2);
    if (version < 2 || version > 5)
      throw new ModuleError(`debug information of DWARF ${version}, which is not known here; use -gdwarf-5`, {
        flags: '-gdwarf-5',
      });
    const kind = version === 5 ? r.u8() : 1;
    let addressBytes = version === 5 ? r.u8() : 4;
    const abbreviations = this.#abbreviations(r.uint(offsetBytes));
    if (version < 5) addressBytes = r.u8();
    const isType = kind === 2 || kind === 6;
    const signature = isType ? r.uint(8) : 0;
    const typeOffset = isType ? r.uint(offsetBytes) : 0;
    if (kind === 4 || kind === 5) r.at += 8;
    const unit: Unit = {
      start,
      version,
      offsetBytes,
      addressBytes,
      abbreviations,
      stringOffsets: offsetBytes * 2,
    };
    const root = this.#entry(unit);
    if (root) this.units.push(root);
    const type = this.#entries.get(start + typeOffset);
    if (isType && type) this.#signatures.set(signature, type);
    r.at = end;
  }

  #abbreviations(at: number): Map<number, Abbreviation> {
    const r = new Reader(this.#sections.get('.debug_abbrev') ?? new Uint8Array(1));
    r.at = at;
    const found = new Map<number, Abbreviation>();
    for (let code = r.uleb(); code !== 0; code = r.uleb()) {
      const tag = r.uleb();
      const hasChildren = r.u8() !== 0;
      const attributes = [];
      for (;;) {
        const name = r.uleb();
        const form = r.uleb();
        const constant = form === 0x21 ? r.sleb() : 0;
        if (name === 0 && form === 0) break;
        attributes.push({ name, form, constant });
      }
      found.set(code, { tag, hasChildren, attributes });
    }
    return found;
  }

  /** Reads an entry with its children; undefined at the end of a list. */
  #entry(unit: Unit): Entry | undefined {
    const r = this.#info;
    const at = r.at;
    const code = r.uleb();
    if (code === 0) return undefined;
    const abbreviation = unit.abbreviations.get(code);
    if (!abbreviation) throw new ModuleError(`broken debug information: no abbreviation ${code}`);
    const attributes = new Map<number, number | string>();
    for (const { name, form, constant } of abbreviation.attributes) {
      const value = form === 0x21 ? constant : this.#value(unit, form);
      if (value !== undefined) attributes.set(name, value);
      if (name === AT.strOffsetsBase) unit.stringOffsets = Number(value);
    }
    const entry: Entry = { tag: abbreviation.tag, children: [], attributes };
    this.#entries.set(at, entry);
    if (abbreviation.hasChildren)
      for (let child = this.#entry(unit); child; child = this.#entry(unit)) entry.children.push(child);
    return entry;
  }

  /** Reads the value of an attribute; undefined for one that is of no use here. */
  #value(unit: Unit, form: number): number | string | undefined {
    const r = this.#info;
    const fixed = FIXED[form];
    if (fixed) return r.uint(fixed);
    const reference = REFERENCES[form];
    if (reference) return unit.start + r.uint(reference);
    const indexed = INDEXED[form];
    if (indexed) return this.#indexed(unit, r.uint(indexed));
    const block = BLOCKS[form];
    if (block) return this.#block(r.uint(block));
    switch (form) {
      case 0x01:
        return r.uint(unit.addressBytes);
      case 0x08: {
        const text = r.textAt(r.at);
        while (r.u8() !== 0);
        return text;
      }
      case 0x09:
      case 0x18:
        return this.#block(r.uleb());
      case 0x0d:
        return r.sleb();
      case 0x0e:
        return this.#text('.debug_str', r.uint(unit.offsetBytes));
      case 0x1f:
        return this.#text('.debug_line_str', r.uint(unit.offsetBytes));
      case 0x0f:
      case 0x1b:
      case 0x22:
      case 0x23:
      case 0x1f01:
        return r.uleb();
      case 0x1a:
      case 0x1f02:
        return this.#indexed(unit, r.uleb());
      case 0x10:
        return r.uint(unit.version < 3 ? unit.addressBytes : unit.offsetBytes);
      case 0x15:
        return unit.start + r.uleb();
      case 0x16:
        return this.#value(unit, r.uleb());
      case 0x17:
      case 0x1d:
        return r.uint(unit.offsetBytes);
      case 0x19:
        return 1;
      case 0x20:
        return r.uint(8);
      default:
        throw new ModuleError(`debug information in a form that is not known here: 0x${form.toString(16)}`);
    }
  }

  /** A location as a number, where it is `plus_uconst`, as that of a member is in old versions. */
  #block(length: number): number | undefined {
    const r = this.#info;
    const end = r.at + length;
    const value = length > 1 && r.u8() === 0x23 ? r.uleb() : undefined;
    r.at = end;
    return value;
  }
  #text(section: string, at: number): string {
    const bytes = this.#sections.get(section);
    return bytes && at < bytes.length ? new Reader(bytes).textAt(at) : '';
  }
  #indexed({ stringOffsets, offsetBytes }: Unit, index: number): string {
    const r = new Reader(this.#sections.get('.debug_str_offsets') ?? new Uint8Array(0));
    r.at = stringOffsets + index * offsetBytes;
    return r.at + offsetBytes <= r.view.byteLength ? this.#text('.debug_str', r.uint(offsetBytes)) : '';
  }
}
