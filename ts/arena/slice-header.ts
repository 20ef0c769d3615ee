// SPDX-License-Identifier: MIT
// Slice headers: 16 bytes before a heap slice in shared memory, which tell other threads that the slice is live. In
// unshared memory no other thread can see it, and there is no header.
//
//   epoch (64 bits) | magic number xor the low 32 bits of the slice's address | low 32 bits of its size in bytes
import { OutOfBoundsError, StaleEpochError } from '../errors.ts';
import type { EpochCheck } from '../memory/allocation.ts';
import { isShared } from '../memory/buffers.ts';
import { fillBytes } from '../memory/bytes.ts';
import type { LinearMemory } from '../memory/linear-memory.ts';
import { assertEpoch, epochCheck, writeEpoch } from './epochs.ts';

/** The size of a slice header in bytes. */
export const SLICE_HEADER_BYTES = 16;

const SLICE_MAGIC = 0x4c414553;

/** Writes the header of the slice of `bytes` bytes at `ptr`. */
export function writeSliceHeader(memory: LinearMemory, ptr: number, bytes: number, epoch: number): void {
  writeEpoch(memory, ptr - SLICE_HEADER_BYTES, epoch);
  memory.data.setUint32(ptr - 8, SLICE_MAGIC ^ ptr, true);
  memory.data.setUint32(ptr - 4, bytes, true);
}

/** Clears the header of the slice at `ptr`: other threads see that it was freed. */
export function clearSliceHeader(memory: LinearMemory, ptr: number): void {
  fillBytes(memory, ptr - SLICE_HEADER_BYTES, SLICE_HEADER_BYTES);
}

/** Returns the check of a live slice's epoch. @throws {StaleEpochError} if there is no such slice */
export function findSliceHeader(memory: LinearMemory, ptr: number, bytes: number, epoch: number): EpochCheck {
  if (!isShared(memory) || ptr < SLICE_HEADER_BYTES || ptr % 8 !== 0) throw new StaleEpochError(epoch, 0);
  const check = epochCheck(ptr - SLICE_HEADER_BYTES, epoch, ptr - 8, SLICE_MAGIC ^ ptr);
  const found = assertEpoch(memory, check);
  if (bytes <= memory.data.getUint32(ptr - 4, true)) return found;
  throw new OutOfBoundsError(ptr, bytes, memory.byteLength);
}
