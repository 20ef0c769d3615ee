// SPDX-License-Identifier: MIT

// Finds the memory that a module's malloc allocates in, by the bytes that a call changes. For modules that show only
// JavaScript functions, which call those of their instance.
import type { ModuleInstance } from './instances.ts';
import { functionIn, type ModuleFunction } from './properties.ts';
import type { WebAssemblyMemory } from '../memory/platform-types.ts';

/** The largest sum of the memories' sizes in bytes: whole memories are copied and compared. */
const MAX_BYTES = 2 ** 28;
const BLOCK_BYTES = 64;

/**
 * Returns the instances whose memory changes when the module allocates a block and frees it; undefined if the module
 * has no malloc and free, no memory changed, or the memories are too large.
 */
export function changedByMalloc(
  carriers: readonly object[],
  instances: readonly ModuleInstance[],
): ModuleInstance[] | undefined {
  const malloc = functionIn(carriers, '_malloc') ?? functionIn(carriers, 'malloc');
  const free = functionIn(carriers, '_free') ?? functionIn(carriers, 'free');
  const memories = [...new Set(instances.flatMap(({ memory }) => memory ?? []))];
  const total = memories.reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
  if (!malloc || !free || total === 0 || total > MAX_BYTES) return undefined;
  const before = memories.map(({ buffer }) => new Uint8Array(buffer).slice());
  if (!allocates(malloc, free)) return undefined;
  const changed = memories.filter((memory, i) => differs(memory, before[i] as Uint8Array)); // of the same length
  const found = instances.filter(({ memory }) => memory && changed.includes(memory));
  return found.length > 0 ? found : undefined;
}

/** Allocates and frees blocks, to change the memory. Returns false if a function throws or returns no address. */
function allocates(malloc: ModuleFunction, free: ModuleFunction): boolean {
  try {
    const [first, second] = [malloc(BLOCK_BYTES), malloc(BLOCK_BYTES)];
    // The older block is freed first, so that a free list changes: freeing in reverse could only move a top back.
    if (first) free(first);
    if (second) free(second);
    return !!first && !!second;
  } catch {
    return false; // the module refuses, which proves nothing
  }
}

function differs({ buffer }: WebAssemblyMemory, before: Uint8Array): boolean {
  if (buffer.byteLength !== before.byteLength) return true;
  const now = new Int32Array(buffer);
  const then = new Int32Array(before.buffer);
  for (let i = 0; i < now.length; i++) if (now[i] !== then[i]) return true;
  return false;
}
