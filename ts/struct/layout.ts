// SPDX-License-Identifier: MIT
// The layout of C structs and unions as clang computes it for WebAssembly. Arithmetic only: no memory, no types.
//
//   Y1  A member begins at the next multiple of its alignment; a struct's alignment is the greatest of its members',
//       and its size a multiple of that.
//   Y2  A bit-field has the next free bits or, if it would cross a boundary of its declared type, begins at that
//       boundary. A width of 0 only moves to the boundary.
//   Y3  `packed` makes the alignment of every member 1 and lets bit-fields cross boundaries. `pack` limits the
//       alignment of every member, as `#pragma pack(n)` does. `align` can raise the alignment further.
import { ArgumentRangeError } from '../errors.ts';

/** The size of a pointer in bytes: 4 in wasm32, 8 in wasm64. */
export type PointerSize = 4 | 8;

/** The size and alignment of a type in bytes. */
export interface Layout {
  readonly size: number;
  readonly align: number;
}

/** One member, without an offset. */
export interface Member extends Layout {
  readonly name: string;
  /** The width of a bit-field; `size` and `align` are those of its declared type. */
  readonly bits?: number | undefined;
  /** The alignment that `aligned()` gives, which `packed` does not change. */
  readonly asked?: number | undefined;
  /** True for an unnamed bit-field, which does not raise the alignment of its struct. */
  readonly unnamed?: boolean | undefined;
}

/** The position of a member. */
export interface Placed {
  /** The offset in bytes; for a bit-field, that of the byte with its first bit. */
  readonly offset: number;
  /** The first bit in that byte; 0 for other members. */
  readonly bit: number;
}

/** How members are packed. */
export interface LayoutOptions {
  /** As `__attribute__((packed))`. */
  readonly packed?: boolean;
  /** As `#pragma pack(n)`: the maximum alignment of members: 1, 2, 4, 8 or 16. */
  readonly pack?: number;
  /** As `__attribute__((aligned(n)))` on the struct: its size is a multiple of it. */
  readonly align?: number;
  /** As `__attribute__((aligned(n)))` on the typedef of the struct: its size does not change. */
  readonly typedefAlign?: number;
}

/** The positions of all members, and the size and alignment of the struct. */
export interface StructLayout extends Layout {
  readonly places: readonly Placed[];
}

/** The maximum size of a struct: no offset is above 2^31 - 1. */
const MAX_BYTES = 2 ** 31;

const roundUp = (value: number, unit: number): number => Math.ceil(value / unit) * unit;

/** Returns the alignment of a member under the options. */
function alignmentOf({ align, asked = 1, bits }: Member, { packed, pack }: LayoutOptions): number {
  if (bits === 0) return align;
  if (bits !== undefined && packed && pack) return Math.min(align, pack); // as clang does
  const own = packed ? asked : align;
  return pack ? Math.min(own, pack) : own;
}

/**
 * Computes the positions of the members of a struct, or of a union, where all begin at 0.
 * @throws {ArgumentRangeError} if the size is 2^31 bytes or more
 */
export function layOut(
  struct: string,
  members: readonly Member[],
  options: LayoutOptions,
  isUnion: boolean,
): StructLayout {
  const places: Placed[] = [];
  let align = 1;
  let end = 0; // in bits
  let size = 0; // in bits
  for (const member of members) {
    const own = alignmentOf(member, options);
    const from = isUnion ? 0 : end;
    const start = member.bits === undefined ? roundUp(from, own * 8) : placeBits(from, member, own, options);
    places.push({ offset: Math.floor(start / 8), bit: start % 8 });
    end = start + (member.bits ?? member.size * 8);
    size = Math.max(size, end);
    if (!member.unnamed) align = Math.max(align, own);
    if (end >= MAX_BYTES * 8)
      throw new ArgumentRangeError(`the end of ${struct}.${member.name} at less than 2^31 bytes`, end / 8);
  }
  align = Math.max(align, options.align ?? 1);
  size = roundUp(Math.ceil(size / 8), align);
  return { places, align: Math.max(align, options.typedefAlign ?? 1), size };
}

/** Y2: returns the first bit of a bit-field; `from` is the next free bit. */
function placeBits(from: number, { bits = 0, size }: Member, align: number, options: LayoutOptions): number {
  const boundary = align * 8;
  const crosses = !options.packed && !options.pack && (from % boundary) + bits > size * 8;
  return bits === 0 || crosses ? roundUp(from, boundary) : from;
}
