// SPDX-License-Identifier: MIT
// Rewrites a binary so that its allocator reports each call.
//
//   RW1 No index changes: wrappers replace the allocator's functions at their indices. Their original code becomes new
//        functions at the end, followed by the functions that replace the exports. RW2 No imports are added. The module
//        gets another table, which JavaScript fills. Until then its global `off` is 1, and it behaves like the
//        original, except that its start function is exported instead of run.
import { Reader } from '../interop/binary.ts';
import { Chunks, encodeName, leb } from './binary-writer.ts';
import { joinElements, splitElements, type ElementPart } from './elements.ts';
import type { RoleName } from './roles.ts';
import { SECTION_ORDER, SectionId, type ModuleLayout, type Section } from './sections.ts';
import {
  entryCode, tableEntryCode, EVENT_TYPE, GUARD_TYPE, RESIZED_TYPE, wrapperCode, type Appended,
} from './wrapper-code.ts'; // prettier-ignore

/** The prefix of the exports that are added. */
export const HIDDEN = 'linmem\u0000';

/** A function that is wrapped. */
export interface WrappedFunction {
  readonly index: number;
  readonly role: RoleName;
  readonly isOpen: boolean;
}

const SLOTS = 3;
const FUNCREF = 0x70;
const I32 = 0x7f;
const NEW_TYPES = [EVENT_TYPE, RESIZED_TYPE, GUARD_TYPE];
const NEW_GLOBALS = ['off', 'busy', 'guard', 'entry', 'counter'];

/** A rewritten binary. */
export interface Rewritten {
  readonly binary: Uint8Array<ArrayBuffer>;
  /** The names of the exports by the index of the function that replaces each. */
  readonly exportNames: ReadonlyMap<number, string>;
}

/**
 * Returns the rewritten binary.
 * @param withTables true if calls from JavaScript through tables begin an entry too
 * @throws {RangeError} if it cannot be rewritten; the message has the reason
 */
export function rewrite(
  layout: ModuleLayout,
  wrapped: readonly WrappedFunction[],
  withTables: boolean,
): Rewritten {
  return new Rewriter(layout, wrapped, withTables).run();
}

class Rewriter {
  readonly #layout: ModuleLayout;
  readonly #wrapped: readonly WrappedFunction[];
  /** The indices of exported functions that are not imported, each once. */
  readonly #entries: readonly number[];
  /** The indices of further functions in element segments. */
  readonly #inTables: readonly number[];
  readonly #elements: readonly ElementPart[];
  /** The position of each function in these two lists. */
  readonly #places: ReadonlyMap<number, number>;
  readonly #to: Appended;
  /** The index of the first new function. */
  readonly #first: number;

  constructor(layout: ModuleLayout, wrapped: readonly WrappedFunction[], withTables: boolean) {
    const { functions, globals, tables, sections } = layout;
    this.#layout = layout;
    this.#wrapped = wrapped;
    this.#first = functions.typeOf.length;
    if (functions.exports.some(([name]) => name.startsWith(HIDDEN)))
      throw new RangeError('it has been rewritten already');
    const isDefined = (index: number): boolean => index >= functions.importedCount;
    const exported = new Set(functions.exports.map(([, index]) => index));
    if (layout.start !== undefined) exported.add(layout.start);
    this.#entries = [...exported].filter(isDefined);
    const section = withTables && sections.find(({ id }) => id === SectionId.element);
    this.#elements = section ? splitSection(layout.bytes, section) : [];
    const elements = new Set(this.#elements.filter((part) => typeof part === 'number'));
    this.#inTables = [...elements].filter((index) => isDefined(index) && !exported.has(index));
    this.#places = new Map([...this.#entries, ...this.#inTables].map((index, place) => [index, place]));
    const [off = 0, busy = 0, guard = 0, entry = 0, counter = 0] = NEW_GLOBALS.map((_, i) => globals + i);
    const [eventType = 0, resizedType = 0, guardType = 0] = NEW_TYPES.map(
      (_, i) => functions.types.length + i,
    );
    this.#to = { table: tables, off, busy, guard, entry, counter, eventType, resizedType, guardType };
  }

  run(): Rewritten {
    const { bytes, sections } = this.#layout;
    const out = new Chunks().add(bytes.subarray(0, 8));
    let next = 0; // in SECTION_ORDER
    const addMissing = (before: number): void => {
      for (; next < before; next++) this.#add(out, SECTION_ORDER[next] ?? 0, undefined);
    };
    for (const section of sections) {
      if (section.id === SectionId.custom) {
        out.add(bytes.subarray(section.start, section.end));
        continue;
      }
      addMissing(SECTION_ORDER.indexOf(section.id));
      this.#add(out, section.id, section);
      next++;
    }
    addMissing(SECTION_ORDER.length);
    const names = this.#layout.functions.exports.map(
      ([name, index]) => [this.#entryOf(index), name] as const,
    );
    return { binary: out.bytes(), exportNames: new Map(names) };
  }

  #add(out: Chunks, id: number, section: Section | undefined): void {
    const contents = this.#contents(id, section);
    if (contents) out.add([id, ...leb(contents.length)]).addAll(contents);
  }

  /** Returns the contents of a section in the new binary; undefined if it does not have the section. */
  #contents(id: number, section: Section | undefined): Chunks | undefined {
    if (id === SectionId.type) return this.#extend(section, NEW_TYPES);
    if (id === SectionId.function) return this.#extend(section, this.#newFunctionTypes());
    if (id === SectionId.table) return this.#extend(section, [[FUNCREF, 1, SLOTS, SLOTS]]);
    if (id === SectionId.global)
      return this.#extend(
        section,
        NEW_GLOBALS.map((name) => [I32, 1, 0x41, name === 'off' ? 1 : 0, 0x0b]),
      );
    if (id === SectionId.export) return this.#exports(section);
    if (id === SectionId.start) return undefined;
    if (id === SectionId.element) return this.#segments(section);
    if (id === SectionId.code) return this.#code(section);
    return section && new Chunks().add(this.#layout.bytes.subarray(section.body, section.end));
  }

  /** Returns the contents of a section that is a list, with more entries. */
  #extend(section: Section | undefined, added: readonly (readonly number[])[]): Chunks | undefined {
    if (!section && added.length === 0) return undefined;
    const reader = new Reader(this.#layout.bytes, section?.body ?? 0);
    const count = section ? reader.unsigned() : 0;
    const out = new Chunks().add(leb(count + added.length));
    if (section) out.add(reader.bytes.subarray(reader.at, section.end));
    return out.add(added.flat());
  }

  #typeOf(index: number): number {
    return this.#layout.functions.typeOf[index] ?? 0;
  }

  #newFunctionTypes(): number[][] {
    return [...this.#wrapped.map(({ index }) => index), ...this.#places.keys()].map((index) =>
      leb(this.#typeOf(index)),
    );
  }

  /** Returns the index of the function that replaces an exported function. */
  #entryOf(index: number): number {
    const place = this.#places.get(index);
    return place === undefined ? index : this.#first + this.#wrapped.length + place;
  }

  #exports(section: Section | undefined): Chunks {
    const { bytes, memories, start } = this.#layout;
    const entries = new Chunks();
    let count = 0;
    const reader = new Reader(bytes, section?.body ?? 0);
    for (let left = section ? reader.unsigned() : 0; left > 0; left--, count++) {
      const from = reader.at;
      const length = reader.unsigned();
      reader.at += length;
      const kind = reader.byte();
      entries.add(bytes.subarray(from, reader.at)); // the name and the kind
      const index = reader.unsigned();
      entries.add(leb(kind === 0 ? this.#entryOf(index) : index));
    }
    const add = (name: string, kind: number, index: number): void => {
      entries.add([...encodeName(HIDDEN + name), kind, ...leb(index)]);
      count++;
    };
    add('table', 1, this.#to.table);
    add('off', 3, this.#to.off);
    add('guard', 3, this.#to.guard);
    add('entry', 3, this.#to.entry);
    if (memories > 0) add('memory', 2, 0);
    if (start !== undefined) add('start', 0, this.#entryOf(start));
    for (const [i, { index }] of this.#wrapped.entries()) add(`body ${index}`, 0, this.#first + i);
    return new Chunks().add(leb(count)).addAll(entries);
  }

  #segments(section: Section | undefined): Chunks | undefined {
    const declarations = this.#declarations();
    if (!section || this.#elements.length === 0) return this.#extend(section, declarations);
    const count = new Reader(this.#layout.bytes, section.body).unsigned();
    const out = new Chunks().add(leb(count + declarations.length));
    for (const part of joinElements(this.#elements, (index) => this.#entryOf(index))) out.add(part);
    return out.add(declarations.flat());
  }

  /** Declares functions that were exported or in a table: ref.func may only use declared functions. */
  #declarations(): number[][] {
    if (this.#places.size === 0) return [];
    return [[3, 0, ...leb(this.#places.size), ...[...this.#places.keys()].flatMap(leb)]];
  }

  #code(section: Section | undefined): Chunks {
    const { bytes, functions } = this.#layout;
    if (!section) throw new RangeError('it has no code');
    const { bodies, importedCount } = functions;
    const out = new Chunks().add(leb(bodies.length + this.#wrapped.length + this.#places.size));
    const reader = new Reader(bytes, section.body);
    reader.unsigned();
    let from = reader.at;
    const add = (body: Uint8Array | readonly number[]): void => {
      out.add(leb(body.length)).add(body);
    };
    const order = this.#wrapped
      .map((one, i) => ({ ...one, ordinal: i, body: this.#first + i }))
      .sort((a, b) => a.index - b.index);
    for (const one of order) {
      const place = one.index - importedCount;
      const before = place > 0 ? bodies[place - 1]?.[1] : from;
      out.add(bytes.subarray(from, before));
      add(wrapperCode({ ...one, memory64: this.#layout.memory64 }, this.#to));
      from = bodies[place]?.[1] ?? from;
    }
    out.add(bytes.subarray(from, section.end));
    for (const { index } of this.#wrapped) add(bytes.subarray(...(bodies[index - importedCount] ?? [0, 0])));
    for (const index of this.#entries) add(entryCode(index, this.#parameters(index), this.#to));
    for (const index of this.#inTables) add(tableEntryCode(index, this.#parameters(index), this.#to));
    return out;
  }

  #parameters(index: number): number {
    return (this.#layout.functions.types[this.#typeOf(index)] ?? '').indexOf(':');
  }
}

function splitSection(bytes: Uint8Array, section: Section): ElementPart[] {
  const reader = new Reader(bytes, section.body);
  reader.unsigned();
  return splitElements(bytes, reader.at, section.end);
}
