// SPDX-License-Identifier: MIT
// The layout of `lm_arena` and `lm_arena_chunk` (csrc/include/linmem/arena.h) for pointers of 4 and 8 bytes.
// test/ts/core/exports.test.ts compares it with the layout of the C compiler.
import type { LinearMemory } from '../memory/linear-memory.ts';

/** The size of a pointer in bytes: 8 on wasm64. */
export type PointerSize = 4 | 8;

/** The addresses of the fields of an `lm_arena`, and its size. The epoch, 64 bits, comes first. */
export interface ArenaLayout {
  readonly base: number;
  readonly top: number;
  readonly end: number;
  readonly magic: number;
  readonly chunks: number;
  readonly chunk: number;
  readonly below: number;
  readonly size: number;
}

/** Returns the addresses of the fields of an arena at `at` (default: 0, which gives offsets). */
export const arenaLayout = (pointerSize: PointerSize, at = 0): ArenaLayout => ({
  base: at + 8,
  top: at + 8 + pointerSize,
  end: at + 8 + 2 * pointerSize,
  magic: at + 8 + 3 * pointerSize,
  chunks: at + 12 + 3 * pointerSize,
  chunk: at + 16 + 3 * pointerSize,
  below: at + 16 + 7 * pointerSize,
  size: 16 + 8 * pointerSize,
});

/** The header of a chunk, in pointers: the chunk below it, and the base, top and end that the arena had before. */
export const CHUNK_HEADER_POINTERS = 4;

/** `LM_ARENA_MAGIC`; in memory it is xored with the low 32 bits of the arena's address. */
export const ARENA_MAGIC = 0x4e455241;

/** Returns the pointer at `at`, which is in bounds. */
export function readPointer(memory: LinearMemory, at: number, pointerSize: PointerSize): number {
  const { data } = memory;
  const low = data.getUint32(at, true);
  return pointerSize === 4 ? low : low + data.getUint32(at + 4, true) * 2 ** 32;
}

/** Writes the pointer at `at`, which is in bounds. */
export function writePointer(
  memory: LinearMemory,
  at: number,
  pointerSize: PointerSize,
  value: number,
): void {
  const { data } = memory;
  data.setUint32(at, value, true);
  if (pointerSize === 8) data.setUint32(at + 4, Math.floor(value / 2 ** 32), true);
}

/** True if there is an arena with such pointers at `address` that was not destroyed. */
export function isArena(memory: LinearMemory, address: number, pointerSize: PointerSize): boolean {
  const { size, magic, base } = arenaLayout(pointerSize, address);
  if (address % 8 !== 0 || address > memory.byteLength - size) return false;
  const found = memory.data.getUint32(magic, true);
  return found === (ARENA_MAGIC ^ address) >>> 0 && readPointer(memory, base, pointerSize) !== 0;
}

/** Returns the pointer size of the arena at `address`; 0 if there is no arena, or a destroyed one. */
export function pointerSizeOf(memory: LinearMemory, address: number): PointerSize | 0 {
  return isArena(memory, address, 4) ? 4 : isArena(memory, address, 8) ? 8 : 0;
}
