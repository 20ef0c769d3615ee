// SPDX-License-Identifier: MIT
// Converts debug information to C declarations, which `cdef` reads.
//
//   D1  A struct is declared with its members. If that gives another layout than the debug information (packed,
//       aligned, a base class), it is declared packed, with unnamed bits in the gaps, so that every offset is possible.
import { AT, TAG, type DebugInfo, type Entry } from './dwarf-reader.ts';

/** The offsets of the members of a struct in bits, by their declared names. */
export interface RecordLayout {
  readonly entry: Entry;
  readonly word: 'struct' | 'union';
  readonly size: number;
  readonly offsets: ReadonlyMap<string, number>;
}

const RECORDS: Readonly<Record<number, 'struct' | 'union'>> = {
  [TAG.structure]: 'struct',
  [TAG.class]: 'struct',
  [TAG.union]: 'union',
};
/** The tags of types that qualify or rename another type. */
const TRANSPARENT: readonly number[] = [TAG.const, TAG.volatile, TAG.restrict, TAG.atomic, TAG.typedef];
const POINTERS: readonly number[] = [TAG.pointer, TAG.reference, TAG.rvalue];

/** Matches units of Emscripten's libraries. */
const SYSTEM = /(^|\/)system\/lib\//;

/** The declarations of one module. */
export class DwarfDeclarations {
  readonly #info: DebugInfo;
  readonly #pointerSize: number;
  readonly records: Map<string, RecordLayout> = new Map();
  readonly #enums = new Map<string, Entry>();
  readonly #unnamed: Entry[] = [];
  readonly #functions = new Map<string, Entry>();
  /** The typedef names of structs without a tag. */
  readonly #named = new Map<Entry, string>();
  constructor(info: DebugInfo, pointerSize: number, exported: ReadonlySet<string>) {
    this.#info = info;
    this.#pointerSize = pointerSize;
    for (const unit of info.units) if (!SYSTEM.test(nameOf(unit))) this.#collect(unit, exported);
  }

  /** Returns the C source. `forced` has the structs that are declared packed: D1. */
  source(forced: ReadonlySet<string>): string {
    const lines: string[] = [];
    for (const [name, entry] of this.#enums) lines.push(this.#enum(entry, name));
    for (const entry of this.#unnamed) if (!this.#named.has(entry)) lines.push(this.#enum(entry, ''));
    for (const [name, record] of this.records)
      lines.push(
        forced.has(name)
          ? `${record.word} __attribute__((packed)) ${name} ${this.#packedBody(record)};`
          : `${record.word} ${name} ${this.#body(record.entry)};`,
      );
    for (const [name, entry] of this.#functions) {
      const text = this.#functionOf(entry, name);
      if (text) lines.push(`${text};`);
    }
    return `${lines.join('\n')}\n`;
  }

  #collect(parent: Entry, exported: ReadonlySet<string>): void {
    for (const entry of parent.children) {
      const name = nameOf(entry);
      if (entry.tag === TAG.typedef) this.#nameUntagged(entry, name);
      else if (RECORDS[entry.tag]) this.#record(entry, name);
      else if (entry.tag === TAG.enumeration && name) this.#enums.set(identifier(name), entry);
      else if (entry.tag === TAG.enumeration) this.#unnamed.push(entry);
      else if (entry.tag === TAG.subprogram && exported.has(name) && !has(entry, AT.declaration))
        this.#functions.set(name, entry);
      if (entry.tag === TAG.namespace || RECORDS[entry.tag]) this.#collect(entry, exported);
    }
  }

  #nameUntagged(typedef: Entry, name: string): void {
    const target = this.#info.follow(typedef, AT.type);
    if (!target || nameOf(target) || this.#named.has(target)) return;
    if (target.tag === TAG.enumeration) this.#enums.set(identifier(name), target);
    else if (RECORDS[target.tag]) this.#record(target, name);
    else return;
    this.#named.set(target, name);
  }

  #record(entry: Entry, given: string): void {
    const name = identifier(given);
    const word = RECORDS[entry.tag];
    const size = number(entry, AT.byteSize);
    // The first definition of a name is used. A declaration is not a definition.
    if (
      !word ||
      !/^[A-Za-z_]\w*$/.test(name) ||
      this.records.has(name) ||
      has(entry, AT.declaration) ||
      !size
    )
      return;
    const offsets = new Map(
      this.#members(entry).map((member, index) => [
        this.#memberName(member) || `(${index})`,
        this.#bitsOf(member).at,
      ]),
    );
    this.records.set(name, { entry, word, size, offsets });
  }

  #members(record: Entry): Entry[] {
    return record.children.filter(
      ({ tag, attributes }) =>
        (tag === TAG.member || tag === TAG.inheritance) && !attributes.has(AT.external),
    );
  }
  #memberName(member: Entry): string {
    const type = this.#info.follow(member, AT.type);
    const isBase = member.tag === TAG.inheritance && type;
    return isBase ? `base_${identifier(nameOf(this.#strip(type)))}` : nameOf(member);
  }
  /** Returns the offset of a member in bits, and the width of a bit-field. */
  #bitsOf(member: Entry): { at: number; width: number | undefined } {
    const width = member.attributes.has(AT.bitSize) ? number(member, AT.bitSize) : undefined;
    const byte = number(member, AT.memberLocation);
    if (width === undefined) return { at: byte * 8, width };
    if (member.attributes.has(AT.dataBitOffset)) return { at: number(member, AT.dataBitOffset), width };
    const type = this.#info.follow(member, AT.type);
    const storage = number(member, AT.byteSize) || (type ? this.#sizeOf(type) : 4);
    return { at: byte * 8 + storage * 8 - number(member, AT.bitOffset) - width, width };
  }

  #body(record: Entry): string {
    return `{ ${this.#members(record)
      .map((member) => `${this.#member(member)}; `)
      .join('')}}`;
  }
  #member(member: Entry): string {
    const { width } = this.#bitsOf(member);
    const type = this.#info.follow(member, AT.type);
    const name = this.#memberName(member);
    const align = has(member, AT.alignment) ? `_Alignas(${number(member, AT.alignment)}) ` : '';
    return `${align}${this.#declare(type, name)}${width === undefined ? '' : ` : ${width}`}`;
  }
  /** Returns the body of a packed struct (D1). */
  #packedBody({ entry, size, word }: RecordLayout): string {
    if (word === 'union') {
      const whole = Array.from({ length: size }, () => 'unsigned char : 8; ').join('');
      return this.#body(entry)
        .replaceAll(/_Alignas\(\d+\) /g, '')
        .replace(/\}$/, `struct __attribute__((packed)) { ${whole}}; }`);
    }
    const parts: string[] = [];
    let end = 0;
    const fill = (to: number): void => {
      for (; end < to; end += Math.min(64, to - end))
        parts.push(`unsigned long long : ${Math.min(64, to - end)}`);
    };
    for (const member of this.#members(entry)) {
      const { at, width } = this.#bitsOf(member);
      fill(at);
      parts.push(this.#member(member).replace(/^_Alignas\(\d+\) /, ''));
      const type = this.#info.follow(member, AT.type);
      end = at + (width ?? (type ? this.#sizeOf(type) : 0) * 8);
    }
    fill(size * 8);
    return `{ ${parts.map((part) => `${part}; `).join('')}}`;
  }

  #enum(entry: Entry, name: string): string {
    const values = entry.children
      .filter(({ tag }) => tag === TAG.enumerator)
      .map((one) => `${nameOf(one)} = ${number(one, AT.constValue)}`);
    return `enum ${name} { ${values.join(', ')} };`;
  }

  #functionOf(entry: Entry, name: string): string | undefined {
    const parameters = this.#parameters(entry);
    return this.#declare(this.#info.follow(entry, AT.type), `${name}(${parameters})`);
  }
  #parameters(entry: Entry): string {
    const parts = entry.children.flatMap((child) => {
      if (child.tag === TAG.variadic) return ['...'];
      if (child.tag !== TAG.parameter) return [];
      const origin = this.#info.follow(child, AT.abstractOrigin) ?? child;
      return [this.#declare(this.#info.follow(origin, AT.type), nameOf(origin))];
    });
    return parts.join(', ') || 'void';
  }

  /** Returns the C declaration of `inner`, a name or declarator, with the type `given`. */
  #declare(given: Entry | undefined, inner: string): string {
    if (!given) return `void ${inner}`;
    const type = this.#info.definition(given);
    const target = this.#info.follow(type, AT.type);
    if (type.tag === TAG.const && target && this.#plain(target))
      return `const ${this.#declare(target, inner)}`;
    if (TRANSPARENT.includes(type.tag)) return this.#declare(target, inner);
    if (POINTERS.includes(type.tag)) {
      const needsParentheses =
        target && [TAG.subroutine as number, TAG.array as number].includes(this.#strip(target).tag);
      return this.#declare(target, needsParentheses ? `(*${inner})` : `*${inner}`);
    }
    if (type.tag === TAG.subroutine) return this.#declare(target, `${inner}(${this.#parameters(type)})`);
    if (type.tag === TAG.array) return this.#declare(target, `${inner}${dimensions(type)}`);
    if (RECORDS[type.tag]) return this.#declareRecord(type, inner);
    if (type.tag === TAG.enumeration) return this.#declareEnum(type, inner);
    return `${this.#base(type, inner)}`;
  }
  #declareRecord(type: Entry, inner: string): string {
    const word = RECORDS[type.tag] as string; // the caller has checked
    const name = identifier(nameOf(type) || (this.#named.get(type) ?? ''));
    if (!name) return `${word} ${this.#body(type)} ${inner}`;
    const isValue = !/^\(?\*/.test(inner);
    return isValue && !this.records.has(name)
      ? `unsigned char ${inner}[${this.#sizeOf(type)}]`
      : `${word} ${name} ${inner}`;
  }
  /** Declares an enum; as an integer if its size is not that of `int`. */
  #declareEnum(type: Entry, inner: string): string {
    const size = this.#sizeOf(type);
    if (size !== 4) return `unsigned ${INTEGERS[size] ?? 'char'} ${inner}`;
    const name = identifier(nameOf(type) || (this.#named.get(type) ?? ''));
    return name ? `enum ${name} ${inner}` : `int ${inner}`;
  }
  /** Declares a number; as an array of bytes if cdef has no such type. */
  #base(type: Entry, inner: string): string {
    const size = this.#sizeOf(type);
    const encoding = number(type, AT.encoding);
    const name = nameOf(type);
    if (name === 'char') return `char ${inner}`;
    const words = encoding === 4 ? FLOATS[size] : encoding === 2 ? BOOLEANS[size] : encoding === 3 ? undefined : INTEGERS[size]; // prettier-ignore
    if (!words) return `unsigned char ${inner}[${size}]`;
    return encoding === 5 || encoding === 6 ? `signed ${words} ${inner}` : encoding === 4 || encoding === 2 ? `${words} ${inner}` : `unsigned ${words} ${inner}`; // prettier-ignore
  }

  #strip(given: Entry): Entry {
    let type = given;
    while (TRANSPARENT.includes(type.tag)) {
      const target = this.#info.follow(type, AT.type);
      if (!target) return type;
      type = target;
    }
    return type;
  }
  #plain(type: Entry): boolean {
    const { tag } = this.#strip(type);
    return tag === TAG.base || RECORDS[tag] !== undefined || tag === TAG.enumeration;
  }
  #sizeOf(given: Entry): number {
    const type = this.#info.definition(this.#strip(given));
    if (type.attributes.has(AT.byteSize)) return number(type, AT.byteSize);
    if (type.tag !== TAG.array) return this.#pointerSize;
    const target = this.#info.follow(type, AT.type);
    const elements = lengths(type).reduce<number>((count, length) => count * (length ?? 0), 1);
    return elements * (target ? this.#sizeOf(target) : 1);
  }
}

const INTEGERS: Readonly<Record<number, string>> = { 1: 'char', 2: 'short', 4: 'int', 8: 'long long' };
const FLOATS: Readonly<Record<number, string>> = { 2: '_Float16', 4: 'float', 8: 'double' };
const BOOLEANS: Readonly<Record<number, string>> = { 1: '_Bool' };

/** Returns the name of a C++ template as a C identifier. */
const identifier = (name: string): string => name.replace(/\W+/g, '_');
const nameOf = (entry: Entry): string => String(entry.attributes.get(AT.name) ?? '');
const has = (entry: Entry, attribute: number): boolean => Boolean(entry.attributes.get(attribute));
const number = (entry: Entry, attribute: number): number => Number(entry.attributes.get(attribute) ?? 0);

/** Returns the length of each dimension; undefined if it is unknown. */
function lengths(array: Entry): (number | undefined)[] {
  return array.children
    .filter(({ tag }) => tag === TAG.subrange)
    .map((range) => {
      if (range.attributes.has(AT.count)) return number(range, AT.count);
      return range.attributes.has(AT.upperBound) ? number(range, AT.upperBound) + 1 : undefined;
    });
}
const dimensions = (array: Entry): string => lengths(array).map((length) => `[${length || ''}]`).join(''); // prettier-ignore
