// SPDX-License-Identifier: MIT
// Writes a value of several parts: converts it into a copy first and stores the copy at once. A part that is refused
// changes nothing, whatever the getters of the value do meanwhile.
import { readBytes, setBytes, writeBytes } from '../memory/bytes.ts';
import { LinearMemory } from '../memory/linear-memory.ts';
import { memoryOf, type Origin } from './origin.ts';
import { OwnedTexts, type TextStore } from './texts.ts';

/** The size of the buffer that is kept for the next value. */
const KEPT = 1024;
/** The start of the copy: not 0, which text operations refuse as NULL. */
const START = 16;
let spare: StagedMemory | undefined;

/** A copy of a part of a heap. */
class StagedMemory extends LinearMemory {
  addressBits: 32 | 64 = 32;
  constructor(bytes: number) {
    const buffer = new ArrayBuffer(bytes);
    super({ buffer });
  }
}

/** Copies `bytes` bytes at `address`, calls `convert`, which writes to the copy, and stores the copy. */
export function assignStaged(
  origin: Origin,
  address: number,
  bytes: number,
  convert: (memory: LinearMemory, at: number, texts: TextStore) => void,
): void {
  const before = readBytes(memoryOf(origin), address, bytes); // refuses a freed block
  const staged = bytes > KEPT ? new StagedMemory(START + bytes) : (spare ?? new StagedMemory(START + KEPT));
  spare = undefined; // a getter of the value may assign too
  staged.addressBits = origin.heap.addressBits;
  setBytes(staged.bytes, before, START);
  const texts = new OwnedTexts(origin, address - START);
  try {
    convert(staged, START, texts);
    writeBytes(memoryOf(origin), address, staged.bytes.subarray(START, START + bytes));
  } catch (error) {
    texts.rollback();
    throw error;
  } finally {
    if (bytes <= KEPT) spare = staged;
  }
  texts.commit();
}
