// SPDX-License-Identifier: MIT
// The parts of a WebAssembly binary that the search for functions needs: types, exports, and the ranges of function
// bodies.

/** Reads the numbers of a binary in sequence. */
export class Reader {
  readonly bytes: Uint8Array;
  at: number;
  constructor(bytes: Uint8Array, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }
  /** @throws {RangeError} at the end of the binary */
  byte(): number {
    const byte = this.bytes[this.at++];
    if (byte === undefined) throw new RangeError('the binary ends too early');
    return byte;
  }
  /** Reads an unsigned LEB128 number. Above 2^53 it is inexact. */
  unsigned(): number {
    const first = this.bytes[this.at] ?? 128;
    if (first < 128) {
      this.at++;
      return first;
    }
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.byte();
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  }
  /** Reads a signed LEB128 number. Beyond 2^53 it is inexact. */
  signed(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.byte();
      value += (byte & 127) * scale;
      if (byte < 128) return byte & 64 ? value - scale * 128 : value;
    }
  }
  skipMany(skip: () => void): void {
    for (let count = this.unsigned(); count > 0; count--) skip();
  }
  name(): string {
    const length = this.unsigned();
    this.at += length;
    return new TextDecoder().decode(this.bytes.subarray(this.at - length, this.at));
  }
}

/** The functions of a binary. */
export interface FunctionTable {
  readonly bytes: Uint8Array;
  /** The number of imported functions, which have the first indices. */
  readonly importedCount: number;
  /** The types by index, as in {@link Signature}: `ii:i`. */
  readonly types: readonly string[];
  /** The index of each function's type. */
  readonly typeOf: readonly number[];
  /** The range of the body of each function that is not imported. */
  readonly bodies: readonly (readonly [start: number, end: number])[];
  /** The exported functions: names and indices. */
  readonly exports: readonly (readonly [name: string, index: number])[];
}

const TYPE_LETTERS: Readonly<Record<number, string>> = { 127: 'i', 126: 'j', 125: 'f', 124: 'd' };

/** Returns the functions of a binary; undefined if it is not a binary, or has unknown parts. */
export function readFunctions(bytes: Uint8Array): FunctionTable | undefined {
  try {
    return readSections(bytes);
  } catch {
    return undefined;
  }
}

function readSections(bytes: Uint8Array): FunctionTable {
  const reader = new Reader(bytes, 8);
  const types: string[] = [];
  const typeOf: number[] = [];
  const bodies: [number, number][] = [];
  const exports: [string, number][] = [];
  let importedCount = 0;
  const readers: Readonly<Record<number, () => void>> = {
    1: () => reader.skipMany(() => types.push(readType(reader))),
    2: () => {
      reader.skipMany(() => readImport(reader, typeOf));
      importedCount = typeOf.length;
    },
    3: () => reader.skipMany(() => typeOf.push(reader.unsigned())),
    7: () =>
      reader.skipMany(() => {
        const name = reader.name();
        const kind = reader.byte();
        const index = reader.unsigned();
        if (kind === 0) exports.push([name, index]);
      }),
    10: () =>
      reader.skipMany(() => {
        const size = reader.unsigned();
        bodies.push([reader.at, reader.at + size]);
        reader.at += size;
      }),
  };
  while (reader.at < bytes.length) {
    const id = reader.byte();
    const end = reader.unsigned() + reader.at;
    readers[id]?.();
    reader.at = end;
  }
  return { bytes, importedCount, types, typeOf, bodies, exports };
}

function readType(reader: Reader): string {
  if (reader.byte() !== 0x60) throw new RangeError('a type of the proposal for garbage collection');
  const list = (): string => {
    let letters = '';
    reader.skipMany(() => (letters += TYPE_LETTERS[reader.byte()] ?? '?'));
    return letters;
  };
  return `${list()}:${list()}`;
}

function readImport(reader: Reader, typeOf: number[]): void {
  reader.name();
  reader.name();
  const limits = (): void => {
    const hasMaximum = (reader.byte() & 1) === 1;
    reader.unsigned();
    if (hasMaximum) reader.unsigned();
  };
  const kind = reader.byte();
  if (kind === 0) typeOf.push(reader.unsigned());
  else if (kind === 2) limits();
  else {
    reader.byte(); // the type of a table's elements or of a global; the attribute of a tag
    if (kind === 1) limits();
    else if (kind === 3) reader.byte();
    else reader.unsigned();
  }
}
