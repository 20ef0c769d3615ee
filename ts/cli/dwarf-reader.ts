// SPDX-License-Identifier: MIT
// Reads the debug information (DWARF 4 and 5) of a linked WebAssembly module: a tree of entries.
import { ModuleError } from '../errors.ts';
import { FORMS, IMPLICIT, INDIRECT, Reader, Strings, type Unit } from './dwarf-forms.ts';

/** The tags of entries that are used. */
export const TAG = {
  array: 0x01, class: 0x02, enumeration: 0x04, parameter: 0x05, member: 0x0d, pointer: 0x0f, reference: 0x10,
  unit: 0x11, structure: 0x13, subroutine: 0x15, typedef: 0x16, union: 0x17, variadic: 0x18, inheritance: 0x1c,
  subrange: 0x21, base: 0x24, const: 0x26, enumerator: 0x28, subprogram: 0x2e, volatile: 0x35, restrict: 0x37,
  namespace: 0x39, rvalue: 0x42, atomic: 0x47,
} as const; // prettier-ignore

/** The attributes that are used. */
export const AT = {
  name: 0x03, byteSize: 0x0b, bitOffset: 0x0c, bitSize: 0x0d, constValue: 0x1c, upperBound: 0x2f, abstractOrigin: 0x31,
  count: 0x37, memberLocation: 0x38, declaration: 0x3c, encoding: 0x3e, external: 0x3f, specification: 0x47, type: 0x49,
  signature: 0x69, dataBitOffset: 0x6b, strOffsetsBase: 0x72, dwoName: 0x76, alignment: 0x88, gnuDwoName: 0x2130,
} as const; // prettier-ignore

/** An entry. Its attributes are numbers and strings; a reference to an entry is its offset. */
export interface Entry {
  readonly tag: number;
  readonly children: Entry[];
  readonly attributes: Map<number, number | string>;
}

interface Abbreviation {
  readonly tag: number;
  readonly hasChildren: boolean;
  readonly attributes: readonly { name: number; form: number; constant: number }[];
}

/** A unit with its abbreviations. */
interface AbbreviatedUnit extends Unit {
  readonly abbreviations: ReadonlyMap<number, Abbreviation>;
}

/** The entries of a module. */
export class DebugInfo {
  /** The units. */
  readonly units: Entry[] = [];
  readonly #entries = new Map<number, Entry>();
  readonly #signatures = new Map<number, Entry>();
  readonly #sections: ReadonlyMap<string, Uint8Array>;
  readonly #info: Reader;
  readonly #strings: Strings;

  /** @throws {ModuleError} if there is no debug information, or it has another version */
  constructor(sections: ReadonlyMap<string, Uint8Array>) {
    this.#sections = sections;
    this.#strings = new Strings(sections);
    const info = sections.get('.debug_info');
    if (!info)
      throw new ModuleError('the module has no debug information; build it with -g', {
        missing: ['.debug_info'],
        flags: '-g',
      });
    this.#info = new Reader(info);
    while (this.#info.at < info.length) this.#unit();
  }

  /** Returns the entry that an attribute refers to. */
  follow(entry: Entry, attribute: number): Entry | undefined {
    const at = entry.attributes.get(attribute);
    return typeof at === 'number' ? this.#entries.get(at) : undefined;
  }
  /** Returns the definition of a type that is only declared in `entry`. */
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
    const unit: AbbreviatedUnit = {
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
        const constant = form === IMPLICIT ? r.sleb() : 0;
        if (name === 0 && form === 0) break;
        attributes.push({ name, form, constant });
      }
      found.set(code, { tag, hasChildren, attributes });
    }
    return found;
  }

  /** Reads an entry with its children. Returns undefined at the end of a list. */
  #entry(unit: AbbreviatedUnit): Entry | undefined {
    const r = this.#info;
    const at = r.at;
    const code = r.uleb();
    if (code === 0) return undefined;
    const abbreviation = unit.abbreviations.get(code);
    if (!abbreviation) throw new ModuleError(`broken debug information: no abbreviation ${code}`);
    const attributes = new Map<number, number | string>();
    for (const { name, form, constant } of abbreviation.attributes) {
      const value = form === IMPLICIT ? constant : this.#value(unit, form);
      if (value !== undefined) attributes.set(name, value);
      if (name === AT.strOffsetsBase) unit.stringOffsets = Number(value);
    }
    const entry: Entry = { tag: abbreviation.tag, children: [], attributes };
    this.#entries.set(at, entry);
    if (abbreviation.hasChildren)
      for (let child = this.#entry(unit); child; child = this.#entry(unit)) entry.children.push(child);
    return entry;
  }

  #value(unit: Unit, form: number): number | string | undefined {
    if (form === INDIRECT) return this.#value(unit, this.#info.uleb());
    const read = FORMS.get(form);
    if (!read)
      throw new ModuleError(`debug information in a form that is not known here: 0x${form.toString(16)}`);
    return read(this.#info, unit, this.#strings);
  }
}
