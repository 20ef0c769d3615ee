// SPDX-License-Identifier: MIT
// Creates arenas, and attaches to those that other code made.
import type { Heap } from '../heap/heap.ts';
import { readOptions } from '../heap/options.ts';
import type { Address } from '../memory/address.ts';
import type { ArenaOptions, AttachOptions } from './arena-options.ts';
import { WasmHeapArena } from './arena.ts';
import { assertHeap } from './registry.ts';

/**
 * Returns a new arena of `capBytes` bytes in one block of `heap`. The block is freed by `destroy()`, or when the arena is
 * collected as garbage.
 * @param align the alignment of its first byte, a power of two up to 65,536. Default: 16
 * @throws {OutOfMemoryError} if the heap has no such block; nothing has changed then
 * @throws {ArgumentTypeError} {@link ArgumentRangeError} if the capacity or the alignment is invalid, or `grow` is
 *   set in shared memory
 */
export function createHeapArena(
  heap: Heap,
  capBytes: number,
  align = 16,
  options: ArenaOptions = {},
): WasmHeapArena {
  assertHeap(heap);
  const { grow = false } = readOptions(options, { grow: 'boolean' });
  return new WasmHeapArena(heap, { capBytes, align }, { grow });
}

/**
 * Returns an arena that other code made: C with `lm_arena_init`, or another thread in shared memory. That code must destroy
 * it.
 * @param address the address of its struct: `arena.address` in the other thread, a `lm_arena *` in C
 * @throws {ArgumentTypeError} if there is no arena, or a destroyed one
 * @throws {OutOfBoundsError} if the address lies outside the memory
 */
export function attachArena(heap: Heap, address: Address, options: AttachOptions = {}): WasmHeapArena {
  assertHeap(heap);
  const attached = readOptions(options, { alloc: 'function', reset: 'function' });
  return new WasmHeapArena(heap, heap.locate(address, 8), { attached });
}
