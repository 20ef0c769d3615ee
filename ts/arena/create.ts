// SPDX-License-Identifier: MIT
// Making arenas, and finding those that others made.
import type { Address } from '../memory/address.ts';
import { WasmHeapArena } from './arena.ts';
import type { WasmHeapManager } from './manager.ts';

/** Options of {@link createHeapArena}. */
export interface ArenaOptions {
  /** Whether a full arena goes on in a further block of the heap. Else, and unless given, it is out of memory then. */
  readonly grow?: boolean;
}

/** What {@link attachArena} may use of the module that owns the arena. */
export interface AttachOptions {
  /** `lm_arena_alloc`: called when the arena is full. Without it a full arena is out of memory. */
  readonly alloc?: (arena: number, size: number, align: number) => number;
  /** `lm_arena_reset`: called to reset an arena that has chunks. Without it that is refused. */
  readonly reset?: (arena: number) => unknown;
}

/**
 * Returns a new arena of `capBytes` bytes in `heap`, for which it takes one block. It goes back with `destroy()`,
 * or when the arena is collected as garbage.
 * @param align what its first byte is a multiple of, a power of two up to 65,536; 16 unless given
 * @throws {OutOfMemoryError} when the heap has no such block; nothing has changed then
 * @throws {ArgumentTypeError} {@link ArgumentRangeError} when the capacity or the alignment is no such number, and for
 *   an arena in shared memory that is to grow
 */
export function createHeapArena(
  heap: WasmHeapManager,
  capBytes: number,
  align = 16,
  options: ArenaOptions = {},
): WasmHeapArena {
  return new WasmHeapArena(heap, { capBytes, align }, options);
}

/**
 * Returns an arena that somebody else made: C code with `lm_arena_init`, or another thread in shared memory. Its
 * maker destroys it.
 * @param address where its struct lies: `arena.address` there, a `lm_arena *` in C
 * @throws {ArgumentTypeError} when there is no arena, or a destroyed one
 * @throws {OutOfBoundsError} when the address is no place in the memory
 */
export function attachArena(
  heap: WasmHeapManager,
  address: Address,
  options: AttachOptions = {},
): WasmHeapArena {
  return new WasmHeapArena(heap, { attach: address }, {}, options);
}
