// SPDX-License-Identifier: MIT

// Finds the memory that a module's malloc works on by the changes that a call makes. For modules that have only
// JavaScript functions around those of their instance.
import type { ModuleInstance } from './instances.ts';
import { functionIn, type ModuleFunction } from './properties.ts';
import type { WebAssemblyMemory } from '../memory/platform-types.ts';

/** Memories are compared whole, so only if all of them together have no more bytes than this. */
const MAX_BYTES = 2 ** 28;
const BLOCK_BYTES = 64;

/**
 * Returns the instances whose memory changes when the module allocates a block and frees it; undefined if the module
 * carries no malloc and free, none changed, or there is too much to compare.
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

/** Whether the two functions allocate and free, so that their effect can be seen. */
function allocates(malloc: ModuleFunction, free: ModuleFunction): boolean {
  try {
    const [first, second] = [malloc(BLOCK_BYTES), malloc(BLOCK_BYTES)];
    // In the other order, so that a free list changes, and not only a top that moves up and down again.
    if (first) free(first);
    if (second) free(second);
    return !!first && !!second;
  } catch {
    return false; // the module refuses: it proves nothing then
  }
}

function differs({ buffer }: WebAssemblyMemory, before: Uint8Array): boolean {
  if (buffer.byteLength !== before.byteLength) return true;
  const now = new Int32Array(buffer);
  const then = new Int32Array(before.buffer);
  for (let i = 0; i < now.length; i++) if (now[i] !== then[i]) return true;
  return false;
}
