// SPDX-License-Identifier: MIT
// The functions in the element segments of a binary, which can be called through a table.
import { Reader } from '../interop/binary.ts';
import { leb } from './binary-writer.ts';

/** A part of an element section: bytes to copy, or the index of a function. */
export type ElementPart = Uint8Array | number;

const REF_FUNC = 0xd2;
const END = 0x0b;

/** Instructions of constant expressions with an immediate operand, and without one. */
const HAS_IMMEDIATE = /* @__PURE__ */ new Set([0x23, 0x41, 0x42, 0xd0]);
const ARITHMETIC = /* @__PURE__ */ new Set([0x6a, 0x6b, 0x6c, 0x7c, 0x7d, 0x7e]);

/**
 * Splits the segments of an element section at each index of a function. `from` is the offset after their count.
 * @throws {RangeError} if a part of it is unknown
 */
export function splitElements(bytes: Uint8Array, from: number, end: number): ElementPart[] {
  const parts: ElementPart[] = [];
  const reader = new Reader(bytes, from);
  let copied = from;
  const index = (): void => {
    parts.push(bytes.subarray(copied, reader.at), reader.unsigned());
    copied = reader.at;
  };
  while (reader.at < end) readSegment(reader, index);
  parts.push(bytes.subarray(copied, end));
  return parts;
}

/** Returns the segments with the function indices that `index` returns. */
export const joinElements = (
  parts: readonly ElementPart[],
  map: (index: number) => number,
): (Uint8Array | number[])[] => parts.map((part) => (typeof part === 'number' ? leb(map(part)) : part));

/**
 * Reads a segment. Its flags: 1, not active; 2, an explicit table or, if not active, declarative; 4, elements are
 * expressions.
 */
function readSegment(reader: Reader, index: () => void): void {
  const flags = reader.unsigned();
  if (flags > 7) throw new RangeError(`an element segment has unknown flags: ${flags}`);
  const [isActive, hasKind, hasExpressions] = [(flags & 1) === 0, (flags & 3) !== 0, (flags & 4) !== 0];
  if (isActive) {
    if (flags & 2) reader.unsigned();
    readExpression(reader, () => reader.unsigned());
  }
  if (hasKind) readKind(reader);
  reader.skipMany(() => (hasExpressions ? readExpression(reader, index) : index()));
}

function readKind(reader: Reader): void {
  const kind = reader.byte();
  if (kind === 0x63 || kind === 0x64) reader.signed(); // a reference to a heap type
}

function readExpression(reader: Reader, index: () => void): void {
  for (;;) {
    const code = reader.byte();
    if (code === END) return;
    if (code === REF_FUNC) index();
    else if (HAS_IMMEDIATE.has(code)) reader.signed();
    else if (!ARITHMETIC.has(code)) throw new RangeError('a constant expression has an unknown instruction');
  }
}
