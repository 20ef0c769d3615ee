// SPDX-License-Identifier: MIT
// Where the fields of a C arena lie: `lm_arena` and `lm_arena_chunk` of csrc/include/linmem/arena.h, for words of
// 4 or 8 bytes. test/ts/core/exports.test.ts holds them against what the C compiler says.
import type { LinearMemory } from '../memory/memory.ts';

/** Bytes of an address: 8 on wasm64. */
export type Word = 4 | 8;

/** Where the fields of an `lm_arena` lie, and its size. The epoch, 64 bits, comes first. */
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

/** Returns the layout for words of `word` bytes of an arena at `at`, or as offsets. */
export const arenaLayout = (word: Word, at = 0): ArenaLayout => ({
  base: at + 8,
  top: at + 8 + word,
  end: at + 8 + 2 * word,
  magic: at + 8 + 3 * word,
  chunks: at + 12 + 3 * word,
  chunk: at + 16 + 3 * word,
  below: at + 16 + 7 * word,
  size: 16 + 8 * word,
});

/** Words of a chunk's head: the chunk below it, and the base, top and end that the arena had before. */
export const CHUNK_WORDS = 4;

/** `LM_ARENA_MAGIC`; in memory it is xored with the low 32 bits of the arena's address. */
export const ARENA_MAGIC = 0x4e455241;

/** Returns the word at `at`, which is in the memory. */
export function readWord(memory: LinearMemory, at: number, word: Word): number {
  const { data } = memory;
  const low = data.getUint32(at, true);
  return word === 4 ? low : low + data.getUint32(at + 4, true) * 2 ** 32;
}

/** Writes the word at `at`, which is in the memory. */
export function writeWord(memory: LinearMemory, at: number, word: Word, value: number): void {
  const { data } = memory;
  data.setUint32(at, value, true);
  if (word === 8) data.setUint32(at + 4, Math.floor(value / 2 ** 32), true);
}

/** Whether there is an arena of that word at `address`, and no destroyed one. */
export function isArena(memory: LinearMemory, address: number, word: Word): boolean {
  const { size, magic, base } = arenaLayout(word, address);
  if (address % 8 !== 0 || address > memory.byteLength - size) return false;
  const found = memory.data.getUint32(magic, true);
  return found === (ARENA_MAGIC ^ address) >>> 0 && readWord(memory, base, word) !== 0;
}

/** Returns the bytes of a word of the arena at `address`; 0 when there is none, or a destroyed one. */
export function wordOf(memory: LinearMemory, address: number): Word | 0 {
  return isArena(memory, address, 4) ? 4 : isArena(memory, address, 8) ? 8 : 0;
}
