// SPDX-License-Identifier: MIT
// The allocator of a module: its functions, and the validation of what they return.
import { ArgumentTypeError, isRevoked, LinmemError, ModuleError, OutOfMemoryError, show } from '../errors.ts';
import { isUint32, toPointer } from '../memory/address.ts';
import { clearBytes } from '../memory/bytes.ts';
import type { LinearMemory } from '../memory/linear-memory.ts';
import { assertStack } from '../memory/stack.ts';
import type { RawBlock } from './allocation-entry.ts';

/** A pointer as a module returns it: an address, or 0 (NULL). */
export type Pointer = number | bigint;

/** Returns the address of a new block, or 0 if there is no memory. */
type AllocateFunction = (bytes: number, align: number) => Pointer;

/** The functions of an allocator. Sizes are in bytes. */
export interface Allocator {
  /** An allocator that ignores `align` aligns to {@link MALLOC_ALIGN}. */
  malloc: AllocateFunction;
  /** Receives the size and alignment that `malloc` received. If it throws, the block counts as not freed. */
  free(address: number, bytes: number, align: number): unknown;
  /** True if blocks from `malloc` must be set to 0. */
  isToClear: boolean;
  /** As `malloc`, for alignments above {@link MALLOC_ALIGN}. */
  mallocAligned?: AllocateFunction | undefined;
  realloc?: ((address: number, bytes: number) => Pointer) | undefined;
  /** True if `free` throws for every address that is not a live block. */
  checksFrees: boolean;
  /** True if freeing the address of a freed block throws, though the module may have allocated a block there since. */
  strictFrees: boolean;
  /** Returns true if a block started at the address and was freed. */
  isFreed?: ((address: number) => boolean) | undefined;
  /** The largest size of a block in bytes. */
  maxBytes: number;
  /** Steps that are still to be undone: the stack was full when they failed. See {@link repair}. */
  repairs: Repair | undefined;
}

/** The options of an allocator that {@link allocatorOf} completes. */
type AllocatorOptions = Pick<Allocator, 'realloc' | 'checksFrees' | 'strictFrees' | 'isFreed'> & {
  readonly addressBits: 32 | 64;
  readonly clearAllocatedRegions: boolean;
  readonly calloc?: (count: number, bytes: number) => Pointer;
  readonly alignedAlloc?: (align: number, bytes: number) => Pointer;
};

/**
 * Returns the allocator of a heap. Functions that declare one parameter receive one argument: an Emscripten build with
 * assertions refuses arguments that a function does not declare.
 */
export function allocatorOf(
  options: AllocatorOptions,
  allocate: AllocateFunction,
  deallocate: Allocator['free'],
): Allocator {
  const malloc = allocate as (bytes: number) => Pointer;
  const free = deallocate as (address: number) => unknown;
  const { clearAllocatedRegions, alignedAlloc, realloc, checksFrees, strictFrees, isFreed } = options;
  const calloc = clearAllocatedRegions ? options.calloc : undefined;
  return {
    malloc: calloc ? (bytes) => calloc(1, bytes) : allocate.length > 1 ? allocate : (bytes) => malloc(bytes),
    free: deallocate.length > 1 ? deallocate : (address) => free(address),
    isToClear: clearAllocatedRegions && !calloc,
    realloc,
    checksFrees,
    strictFrees,
    isFreed,
    mallocAligned: alignedAlloc && ((bytes, align) => alignedAlloc(align, bytes)),
    repairs: undefined,
    maxBytes: 2 ** Math.min(options.addressBits, 53) - 1, // a larger size would wrap as an i32
  };
}

/** A memory with an allocator. */
export interface BlockMemory extends LinearMemory {
  readonly allocator: Allocator;
  /** True if new blocks are set to 0. */
  readonly clears: boolean;
  /** True if a new block lies inside. */
  contains(address: number, size: number): boolean;
}
/**
 * A step to undo. A catch clause creates it without a call, as the stack may be full, and without a closure, which
 * would cost time even if nothing throws.
 */
export interface Repair {
  readonly undo: (step: never) => void;
  /** The argument of `undo`. */
  readonly step: object;
  readonly next: Repair | undefined;
}

/** Undoes these steps. Called before every operation that allocates or frees. */
export function repair(allocator: Allocator): void {
  for (let first = allocator.repairs; first; first = first.next) {
    try {
      first.undo(first.step as never); // they belong together
    } catch (error) {
      if (error instanceof RangeError) throw error; // the stack is still full: try again later
    }
    allocator.repairs = first.next;
  }
}

const freeRaw = ({ allocator, base, size, align }: RawBlock & { readonly allocator: Allocator }): void =>
  void allocator.free(base, size, align);

/** The alignment of malloc in every C library. */
export const MALLOC_ALIGN = 8;

/** Returns the first multiple of `align`, a power of two, at or above `base`. */
export const alignUp = (base: number, align: number): number =>
  (base & (align - 1)) === 0 ? base : Math.ceil(base / align) * align;

/** The arguments for the allocator's free of the last block, if they differ from the request. */
let oddBlock: RawBlock | undefined;

/** Returns the arguments for the allocator's free of the last {@link allocateRaw}, if they differ from the request. */
export const takeRawBlock = (): RawBlock | undefined => oddBlock;

/**
 * Allocates `bytes` bytes (1 for 0, so that every block has a distinct address) and returns the address. If the
 * allocator does not align as asked, a larger block is allocated; {@link takeRawBlock} returns its arguments for free.
 * @throws {OutOfMemoryError} if the allocator has no memory, or throws; nothing has changed then
 * @throws {ModuleError} if the allocator returns a pointer that cannot be a block
 */
export function allocateRaw(memory: BlockMemory, bytes: number, align: number): number {
  const { allocator } = memory;
  const size = bytes || 1;
  if (size > allocator.maxBytes - align) throw new OutOfMemoryError(bytes, align);
  assertStack();
  if (allocator.repairs) repair(allocator);
  if (align > MALLOC_ALIGN) return allocateOverAligned(memory, size, align);
  const base = callAllocator(memory, allocator.malloc, size, align, allocator.isToClear);
  if (base !== 0 && (base & (align - 1)) === 0) {
    oddBlock = undefined; // not before the call: the allocator may use another heap
    return base;
  }
  if (base === 0) throw new OutOfMemoryError(bytes, align);
  allocator.free(base, size, align);
  return allocateLarger(memory, size, align);
}

/** Allocates a block whose alignment malloc does not promise. */
function allocateOverAligned(memory: BlockMemory, size: number, align: number): number {
  const { allocator } = memory;
  if (!allocator.mallocAligned) return allocateLarger(memory, size, align);
  const taken = alignUp(size, align); // aligned_alloc of C11 takes a multiple of the alignment
  const base = callAllocator(memory, allocator.mallocAligned, taken, align, memory.clears);
  if (base === 0) throw new OutOfMemoryError(size, align);
  if (alignUp(base, align) !== base) {
    allocator.free(base, taken, align);
    return allocateLarger(memory, size, align);
  }
  oddBlock = taken === size ? undefined : { base, size: taken, align };
  return base;
}

/** Allocates a block large enough to contain an aligned one. */
function allocateLarger(memory: BlockMemory, size: number, align: number): number {
  const { malloc, isToClear } = memory.allocator;
  const taken = size + align - 1;
  const takenAlign = Math.min(align, MALLOC_ALIGN);
  const base = callAllocator(memory, malloc, taken, takenAlign, isToClear);
  if (base === 0) throw new OutOfMemoryError(size, align);
  oddBlock = { base, size: taken, align: takenAlign };
  return alignUp(base, align);
}

/** Calls `allocate`, validates the pointer and clears the block if asked to. Frees it if that throws. */
function callAllocator(
  memory: BlockMemory,
  allocate: AllocateFunction,
  size: number,
  align: number,
  isToClear: boolean,
): number {
  const { allocator } = memory;
  let pointer: Pointer;
  try {
    pointer = allocate(size, align);
  } catch (cause) {
    throw allocatorError(cause, size, align);
  }
  const base = isUint32(pointer) ? pointer : toPointer(pointer);
  if (base === 0) return 0;
  try {
    if (memory.contains(base, size)) {
      if (isToClear) clearBytes(memory, base, size);
      return base;
    }
  } catch (error) {
    const step = { allocator, base, size, align };
    allocator.repairs = { undo: freeRaw, step, next: allocator.repairs };
    repair(allocator);
    throw error;
  }
  throw pointerError(memory, pointer, size);
}

const allocatorError = (cause: unknown, size: number, align: number): unknown =>
  cause instanceof LinmemError ? cause : new OutOfMemoryError(size, align, { cause });

/**
 * Returns the allocator's pointer as the address of `size` bytes in the memory, or 0.
 * @throws {ModuleError} if it is neither
 */
export function validatePointer(memory: BlockMemory, pointer: unknown, size: number): number {
  const address = toPointer(pointer);
  if (address === 0 || memory.contains(address, size)) return address;
  throw pointerError(memory, pointer, size);
}

const pointerError = (memory: BlockMemory, pointer: unknown, size: number): ModuleError =>
  new ModuleError(
    `the allocator returned ${show(pointer)} for ${size} bytes of a memory of ${memory.byteLength} bytes`,
    { found: [show(pointer)] },
  );

/** @throws {ArgumentTypeError} if `value` is not a function */
export function assertFunction(value: unknown, what: string): void {
  if (typeof value !== 'function' || isRevoked(value))
    throw new ArgumentTypeError(`${what} (a function)`, value);
}
