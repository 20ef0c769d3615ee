// SPDX-License-Identifier: MIT
// The sections of a WebAssembly binary, and the counts in them that a rewrite needs.
import { Reader, readFunctions, type FunctionTable } from '../interop/binary.ts';

/** The bytes of one section: its id lies at `start`, its contents at `body`. */
export interface Section {
  readonly id: number;
  readonly start: number;
  readonly body: number;
  readonly end: number;
}

/** The layout of a binary. Counts include imports. */
export interface ModuleLayout {
  readonly bytes: Uint8Array;
  readonly sections: readonly Section[];
  readonly functions: FunctionTable;
  readonly tables: number;
  readonly globals: number;
  readonly memories: number;
  /** True if memory 0 has 64-bit addresses. */
  readonly memory64: boolean;
  /** The maximum number of pages of memory 0; Infinity if the binary has none. */
  readonly maxPages: number;
  /** True if memory 0 is shared between threads. */
  readonly shared: boolean;
  /** The index of the start function. */
  readonly start: number | undefined;
  /** The names of imported functions, by index. */
  readonly importNames: readonly string[];
}

export const SectionId = {
  custom: 0, type: 1, import: 2, function: 3, table: 4, memory: 5, global: 6, export: 7, start: 8, element: 9, code: 10,
  data: 11, dataCount: 12, tag: 13,
} as const; // prettier-ignore

/** The order of sections in a binary, which is not that of their ids. */
export const SECTION_ORDER: readonly number[] = [1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10, 11];

const FUNCREF = 0x70;
const EXTERNREF = 0x6f;
const HEADER = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];

/**
 * Returns the layout of a binary.
 * @throws {RangeError} if it is not a WebAssembly module, or has unknown parts, which the message names
 */
export function readLayout(bytes: Uint8Array): ModuleLayout {
  if (HEADER.some((byte, i) => bytes[i] !== byte)) throw new RangeError('it is not a WebAssembly module');
  const functions = readFunctions(bytes);
  if (!functions) throw new RangeError('its types are unknown');
  const sections = readSections(bytes);
  const imported = new Imports();
  const at = (id: number): Reader | undefined => {
    const section = sections.find((one) => one.id === id);
    return section && new Reader(bytes, section.body);
  };
  const imports = at(SectionId.import);
  if (imports) imports.skipMany(() => imported.read(imports));
  const memories = at(SectionId.memory);
  if (memories) memories.skipMany(() => imported.memory(memories));
  const names = imported.functions;
  const [first] = imported.memories;
  if (names.length !== functions.importedCount) throw new RangeError('its imports are unknown');
  return {
    bytes,
    sections,
    functions,
    tables: imported.tables + (at(SectionId.table)?.unsigned() ?? 0),
    globals: imported.globals + (at(SectionId.global)?.unsigned() ?? 0),
    memories: imported.memories.length,
    memory64: ((first?.flags ?? 0) & 4) !== 0,
    maxPages: first?.maximum ?? Number.POSITIVE_INFINITY,
    shared: ((first?.flags ?? 0) & 2) !== 0,
    start: at(SectionId.start)?.unsigned(),
    importNames: names,
  };
}

function readSections(bytes: Uint8Array): Section[] {
  const sections: Section[] = [];
  const reader = new Reader(bytes, HEADER.length);
  while (reader.at < bytes.length) {
    const start = reader.at;
    const id = reader.byte();
    const size = reader.unsigned();
    const end = reader.at + size;
    if (end > bytes.length) throw new RangeError('it ends too early');
    if (id > SectionId.tag) throw new RangeError(`section ${id} is unknown`);
    sections.push({ id, start, body: reader.at, end });
    reader.at = end;
  }
  return sections;
}

/** The imports of a module, and its memories. */
class Imports {
  readonly functions: string[] = [];
  readonly memories: Limits[] = [];
  tables = 0;
  globals = 0;

  read(reader: Reader): void {
    reader.name();
    const name = reader.name();
    const kind = reader.byte();
    if (kind === 0) {
      this.functions.push(name);
      reader.unsigned();
    } else if (kind === 1) {
      this.tables++;
      readType(reader);
      readLimits(reader);
    } else if (kind === 2) this.memory(reader);
    else if (kind === 3) {
      this.globals++;
      readType(reader);
      reader.byte();
    } else if (kind === 4) {
      reader.byte();
      reader.unsigned();
    } else throw new RangeError(`an import has the unknown kind ${kind}`);
  }

  memory(reader: Reader): void {
    this.memories.push(readLimits(reader));
  }
}

function readType(reader: Reader): void {
  const type = reader.byte();
  if (type !== FUNCREF && type !== EXTERNREF && (type < 0x7b || type > 0x7f))
    throw new RangeError(`the type 0x${type.toString(16)} is unknown`);
}

/** The limits of a memory or a table, with its flags. */
interface Limits {
  readonly flags: number;
  readonly maximum: number | undefined;
}

function readLimits(reader: Reader): Limits {
  const flags = reader.byte();
  if (flags > 7) throw new RangeError('the limits of a memory are unknown');
  reader.unsigned();
  return { flags, maximum: flags & 1 ? reader.unsigned() : undefined };
}
