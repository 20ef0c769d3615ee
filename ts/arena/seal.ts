// SPDX-License-Identifier: MIT
// Seals: 16 bytes before a heap slice in shared memory, by which other threads see that it is still lent. In
// unshared memory there is nobody else to see it, and no seal.
//
//   epoch (64 bits) | magic xor the low 32 bits of the slice's address | low 32 bits of its size in bytes
import { OutOfBoundsError, StaleEpochError } from '../errors.ts';
import type { WasmHeapManager } from './manager.ts';
import type { Epoch } from '../memory/block.ts';
import { isShared } from '../memory/memory.ts';
import { assertEpoch, epochAt, writeEpoch } from './epochs.ts';

/** Bytes of a seal. */
export const SEAL = 16;

const SEAL_MAGIC = 0x4c414553;

/** Writes the seal of the slice of `bytes` bytes at `ptr`. */
export function writeSeal(heap: WasmHeapManager, ptr: number, bytes: number, epoch: number): void {
  writeEpoch(heap, ptr - SEAL, epoch);
  heap.data.setUint32(ptr - 8, SEAL_MAGIC ^ ptr, true);
  heap.data.setUint32(ptr - 4, bytes, true);
}

/** Breaks the seal of the slice at `ptr`. */
export function breakSeal(heap: WasmHeapManager, ptr: number): void {
  heap.fill(ptr - SEAL, SEAL);
}

/** Returns the epoch of the slice. @throws {StaleEpochError} when no such slice is lent there */
export function findSeal(heap: WasmHeapManager, ptr: number, bytes: number, epoch: number): Epoch {
  if (!isShared(heap) || ptr < SEAL || ptr % 8 !== 0) throw new StaleEpochError(epoch, 0);
  const found = assertEpoch(heap, epochAt(ptr - SEAL, epoch, ptr - 8, SEAL_MAGIC ^ ptr));
  if (bytes <= heap.data.getUint32(ptr - 4, true)) return found;
  throw new OutOfBoundsError(ptr, bytes, heap.byteLength);
}
