// SPDX-License-Identifier: MIT
// What the body of a function refers to: the addresses of state, the functions that it calls, the size of memory.
import { Reader, type FunctionTable } from './binary.ts';

/** What a body refers to. */
export interface BodyFacts {
  /** Constants and offsets of accesses that are probably addresses of variables. */
  readonly addresses: ReadonlySet<number>;
  /** Indices of the functions that it calls directly. */
  readonly calls: readonly number[];
  /** Whether it asks for the size of the memory or grows it. */
  readonly usesMemorySize: boolean;
  /** Instructions, without the end. */
  readonly length: number;
}

/** Returns what a function's body refers to; undefined if it is imported or has instructions that are unknown here. */
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

/** No linker puts variables below this. */
const LOWEST_ADDRESS = 1024;

/** Whether a number may be the address of a variable: sizes and masks of allocators are round. */
const mayBeAddress = (value: number): boolean =>
  value > LOWEST_ADDRESS && value < 2 ** 31 && (value & (value - 1)) !== 0 && (value & (value + 1)) !== 0;

class BodyScan implements BodyFacts {
  readonly addresses = new Set<number>();
  readonly calls: number[] = [];
  usesMemorySize = false;
  length = 0;
  readonly #reader: Reader;

  constructor(bytes: Uint8Array, start: number) {
    this.#reader = new Reader(bytes, start);
  }

  run(end: number): void {
    const reader = this.#reader;
    reader.skipMany(() => {
      reader.unsigned();
      reader.byte();
    }); // locals
    while (reader.at < end - 1) {
      this.length++;
      this.#instruction(reader.byte());
    }
  }

  #instruction(code: number): void {
    const reader = this.#reader;
    if (code >= 0x45 && code <= 0xc4) return; // arithmetic
    if (code >= 0x28 && code <= 0x3e) this.#access();
    else if (code >= 0x20 && code <= 0x26) reader.unsigned();
    else if (code === 0x41) this.#address(reader.signed());
    else if (code === 0x10 || code === 0x12) this.calls.push(reader.unsigned());
    else if (code === 0x3f || code === 0x40) {
      this.usesMemorySize = true;
      reader.unsigned();
    } else if (code === 0xfc) this.#bulk(reader.unsigned());
    else if (code === 0xfd) this.#vector(reader.unsigned());
    else if (code === 0xfe) this.#atomic(reader.unsigned());
    else this.#control(code);
  }

  #control(code: number): void {
    const reader = this.#reader;
    const skip = IMMEDIATES[code];
    if (skip === undefined) throw new RangeError('an unknown instruction');
    for (let i = 0; i < skip; i++) reader.unsigned();
    if (code === 0x0e) {
      reader.skipMany(() => reader.unsigned());
      reader.unsigned();
    } else if (code === 0x1c) reader.skipMany(() => reader.byte());
    else if (code === 0x43) reader.at += 4;
    else if (code === 0x44) reader.at += 8;
  }

  #access(): void {
    const reader = this.#reader;
    if ((reader.unsigned() & 64) !== 0) reader.unsigned(); // which memory
    this.#address(reader.unsigned());
  }

  #address(value: number): void {
    if (mayBeAddress(value)) this.addresses.add(value);
  }

  #bulk(code: number): void {
    const counts = [0, 0, 0, 0, 0, 0, 0, 0, 2, 1, 2, 1, 2, 1, 2, 1, 1, 1];
    for (let i = counts[code] ?? 0; i > 0; i--) this.#reader.unsigned();
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

/** How many numbers follow an instruction. Those that are not here are unknown, or handled apart. */
const IMMEDIATES: Readonly<Record<number, number>> = {
  .../* @__PURE__ */ Object.fromEntries([0x00, 0x01, 0x05, 0x0a, 0x0b, 0x0e, 0x0f, 0x19, 0x1a, 0x1b, 0x1c, 0x43, 0x44, 0xd1].map((code) => [code, 0])), // prettier-ignore
  .../* @__PURE__ */ Object.fromEntries([0x02, 0x03, 0x04, 0x06, 0x07, 0x08, 0x09, 0x0c, 0x0d, 0x14, 0x15, 0x18, 0x42, 0xd0, 0xd2].map((code) => [code, 1])), // prettier-ignore
  17: 2, // call_indirect
  19: 2, // return_call_indirect
};
