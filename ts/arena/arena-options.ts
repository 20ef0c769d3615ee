// SPDX-License-Identifier: MIT
// Options of arenas.
/** Options of {@link createHeapArena}. */
export interface ArenaOptions {
  /** True if a full arena allocates a further block; else it throws {@link OutOfMemoryError}. @defaultValue `false` */
  readonly grow?: boolean;
}

/** Functions of the module that owns an attached arena. */
export interface AttachOptions {
  /** `lm_arena_alloc`, called when the arena is full. Without it a full arena throws. */
  readonly alloc?: (arena: number, size: number, align: number) => number;
  /** `lm_arena_reset`, called to reset an arena that has chunks. Without it the reset throws. */
  readonly reset?: (arena: number) => unknown;
}

/** The size and alignment of a new arena, or the address of an existing one. */
export type ArenaPlacement = { readonly capBytes: number; readonly align: number } | number;

/** Settings of the constructor of an arena. */
export interface ArenaSetup {
  readonly grow?: boolean;
  readonly attached?: AttachOptions;
  readonly kind?: 'frame' | 'arena';
  /** True if its memory is freed when it is collected as garbage. */
  readonly collected?: boolean;
}
