// SPDX-License-Identifier: MIT
// The references of a function's body: addresses of variables, called functions, the size of the memory.
import { Reader, type FunctionTable } from './binary.ts';

/** The references of a body. */
export interface BodyFacts {
  /** Constants and offsets of accesses that are probably addresses of variables. */
  readonly addresses: ReadonlySet<number>;
  /** Indices of the functions that it calls directly. */
  readonly calls: readonly number[];
  /** True if it reads the size of the memory or grows it. */
  readonly usesMemorySize: boolean;
  /** The number of instructions, without the last `end`. */
  readonly length: number;
}

/** Returns the references of a function's body; undefined if the function is imported or has unknown instructions. */
export function readBody(table: FunctionTable, index: number): BodyFacts | undefined {
  const [start, end] = table.bodies[index - table.importedCount] ?? [0, 0];
  if (start === end) return undefined;
  const scan = new BodyScan(table.bytes, start);
  try {
    scan.run(end);
  } catch {
    return undefined;
  }
  return scan;
}

/** The lowest address of a variable: linkers put none below. */
const LOWEST_ADDRESS = 1024;

/** True if a number may be the address of a variable. Sizes and masks of allocators are round numbers. */
const mayBeAddress = (value: number): boolean =>
  value > LOWEST_ADDRESS && value < 2 ** 31 && (value & (value - 1)) !== 0 && (value & (value + 1)) !== 0;

// The kinds of operands that follow the code of an instruction. Separate constants, which bundlers inline.
const NOTHING = 1;
const ONE = 2;
const TWO = 3;
const ACCESS = 4;
const CONSTANT = 5;
const CALL = 6;
const MEMORY_SIZE = 7;
const TABLE = 8;
const TYPES = 9;
const FLOAT = 10;
const DOUBLE = 11;
const TRY_TABLE = 12;
const BULK = 13;
const VECTOR = 14;
const ATOMIC = 15;

/** The kind of operands of each code: `a` is 0. Sixteen codes per line. A string, which is short in bundles. */
const KINDS: Uint8Array = /* @__PURE__ */ Uint8Array.from(
  // prettier-ignore
  'bbcccbccccbbccib' + // 0x00
    'gdgdccaacbbbjaam' + // 0x10
    'cccccccaeeeeeeee' + // 0x20
    'eeeeeeeeeeeeeeeh' + // 0x30
    'hffklbbbbbbbbbbb' + // 0x40
    'bbbbbbbbbbbbbbbb' + // 0x50
    'bbbbbbbbbbbbbbbb' + // 0x60
    'bbbbbbbbbbbbbbbb' + // 0x70
    'bbbbbbbbbbbbbbbb' + // 0x80
    'bbbbbbbbbbbbbbbb' + // 0x90
    'bbbbbbbbbbbbbbbb' + // 0xa0
    'bbbbbbbbbbbbbbbb' + // 0xb0
    'bbbbbaaaaaaaaaaa' + // 0xc0
    'cbcaaaaaaaaaaaaa' + // 0xd0
    'aaaaaaaaaaaaaaaa' + // 0xe0
    'aaaaaaaaaaaanopa', // 0xf0
  (letter) => letter.charCodeAt(0) - 97,
);

class BodyScan implements BodyFacts {
  readonly calls: number[] = [];
  usesMemorySize = false;
  length = 0;
  readonly #reader: Reader;
  /** May have repetitions: most lists are never read. */
  readonly #found: number[] = [];
  #addresses: Set<number> | undefined;

  constructor(bytes: Uint8Array, start: number) {
    this.#reader = new Reader(bytes, start);
  }

  get addresses(): ReadonlySet<number> {
    return (this.#addresses ??= new Set(this.#found));
  }

  /** The common kinds are handled here, without calls: a module has millions of instructions. */
  run(end: number): void {
    const reader = this.#reader;
    const { bytes } = reader;
    reader.skipMany(() => {
      reader.unsigned();
      reader.byte();
    }); // locals
    let at = reader.at;
    let length = 0;
    for (const last = end - 1; at < last; length++) {
      const kind = KINDS[bytes[at++] as number]; // both indices are in range
      if (kind === NOTHING) continue;
      if (kind === ONE) {
        while ((bytes[at++] as number) > 127); // at the end of the bytes it is undefined, which ends the loop
        continue;
      }
      reader.at = at;
      this.#instruction(kind);
      at = reader.at;
    }
    this.length = length;
  }

  #instruction(kind: number | undefined): void {
    const reader = this.#reader;
    if (kind === ACCESS) this.#access();
    else if (kind === CONSTANT) this.#address(reader.signed());
    else if (kind === CALL) this.calls.push(reader.unsigned());
    else if (kind === TWO) this.#skip(2);
    else if (kind === MEMORY_SIZE) {
      this.usesMemorySize = true;
      reader.unsigned();
    } else if (kind === TABLE) {
      reader.skipMany(() => reader.unsigned());
      reader.unsigned();
    } else if (kind === TYPES) reader.skipMany(() => reader.byte());
    else if (kind === FLOAT) reader.at += 4;
    else if (kind === DOUBLE) reader.at += 8;
    else this.#rare(kind);
  }

  #rare(kind: number | undefined): void {
    const reader = this.#reader;
    if (kind === BULK) this.#skip(BULK_COUNTS[reader.unsigned()] ?? 0);
    else if (kind === VECTOR) this.#vector(reader.unsigned());
    else if (kind === ATOMIC) this.#atomic(reader.unsigned());
    else if (kind === TRY_TABLE) {
      reader.signed();
      reader.skipMany(() => this.#catch());
    } else throw new RangeError('an unknown instruction');
  }

  #skip(count: number): void {
    for (let i = 0; i < count; i++) this.#reader.unsigned();
  }

  /** Reads a clause of try_table: kinds 0 and 1 have the index of a tag. */
  #catch(): void {
    const reader = this.#reader;
    if (reader.byte() < 2) reader.unsigned();
    reader.unsigned();
  }

  #access(): void {
    const reader = this.#reader;
    if ((reader.unsigned() & 64) !== 0) reader.unsigned(); // the index of the memory
    this.#address(reader.unsigned());
  }

  #address(value: number): void {
    if (mayBeAddress(value)) this.#found.push(value);
  }

  #vector(code: number): void {
    const reader = this.#reader;
    if (code <= 11 || (code >= 84 && code <= 93)) this.#access();
    if (code === 12 || code === 13) reader.at += 16;
    if ((code >= 21 && code <= 34) || (code >= 84 && code <= 91)) reader.at++;
  }

  #atomic(code: number): void {
    if (code === 3) this.#reader.byte();
    else this.#access();
  }
}

/** The number of operands of each instruction that begins with 0xfc. */
const BULK_COUNTS = [0, 0, 0, 0, 0, 0, 0, 0, 2, 1, 2, 1, 2, 1, 2, 1, 1, 1];
