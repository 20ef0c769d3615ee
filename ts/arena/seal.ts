// SPDX-License-Identifier: MIT
// Seals: 16 bytes before a heap slice in shared memory, by which other threads see that it is still lent. In
// unshared memory there is nobody else to see it, and no seal.
//
//   epoch (64 bits) | magic xor the low 32 bits of the slice's address | low 32 bits of its size in bytes
import { StaleEpochError } from '../errors.ts';
import type { WasmHeapManager } from './manager.ts';
import { readEpoch, writeEpoch } from './epochs.ts';

/** Bytes of a seal. */
export const SEAL = 16;

const SEAL_MAGIC = 0x4c414553;

/** Writes the seal of the slice of `bytes` bytes at `ptr`. */
export function writeSeal(heap: WasmHeapManager, ptr: number, bytes: number, epoch: number): void {
  writeEpoch(heap, ptr - SEAL, epoch);
  heap.data.setUint32(ptr - 8, SEAL_MAGIC ^ ptr, true);
  heap.data.setUint32(ptr - 4, bytes, true);
}

/** Returns where the epoch of the slice lies. @throws {StaleEpochError} when no such slice is lent there */
export function findSeal(heap: WasmHeapManager, ptr: number, bytes: number, epoch: number): number {
  const at = ptr - SEAL;
  const now = at >= 0 && at % 8 === 0 && sealFits(heap, ptr, bytes) ? readEpoch(heap, at) : 0;
  if (now !== epoch || epoch === 0) throw new StaleEpochError(epoch, now);
  return at;
}

function sealFits({ data }: WasmHeapManager, ptr: number, bytes: number): boolean {
  return data.getUint32(ptr - 8, true) === (SEAL_MAGIC ^ ptr) >>> 0 && bytes <= data.getUint32(ptr - 4, true);
}
