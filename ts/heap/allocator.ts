// SPDX-License-Identifier: MIT
// The allocator of a module: its functions, and the validation of what they return.
import { ArgumentTypeError, LinmemError, ModuleError, OutOfMemoryError, show } from '../errors.ts';
import { isUint32, toPointer } from '../memory/address.ts';
import { fillBytes } from '../memory/bytes.ts';
import type { LinearMemory } from '../memory/linear-memory.ts';
import type { RawBlock } from './allocation-entry.ts';

/** A pointer as a module returns it: an address, or 0 (NULL). */
export type Pointer = number | bigint;

/** The functions of an allocator. Sizes are in bytes. */
export interface Allocator {
  /** Returns 0 if there is no memory. An allocator that ignores `align` aligns to {@link MALLOC_ALIGN}. */
  malloc(bytes: number, align: number): Pointer;
  /** Receives the size and alignment that `malloc` received. If it throws, the block counts as not freed. */
  free(address: number, bytes: number, align: number): unknown;
  calloc?: ((count: number, bytes: number) => Pointer) | undefined;
  realloc?: ((address: number, bytes: number) => Pointer) | undefined;
  alignedAlloc?: ((align: number, bytes: number) => Pointer) | undefined;
  /** True if `free` throws for every address that is not a live block. */
  checksFrees: boolean;
  /** True if freeing the address of a freed block throws, though the module may have allocated a block there since. */
  strictFrees: boolean;
  /** Returns true if a block started at the address and was freed. */
  isFreed?: ((address: number) => boolean) | undefined;
  /** The largest size of a block in bytes. */
  maxBytes: number;
}

/** The options of an allocator that {@link allocatorOf} completes. */
type AllocatorOptions = Omit<Allocator, 'malloc' | 'free' | 'maxBytes'> & { readonly addressBits: 32 | 64 };

/**
 * Returns the allocator of a heap. Functions that declare one parameter receive one argument: an Emscripten build with
 * assertions refuses arguments that a function does not declare.
 */
export function allocatorOf(
  options: AllocatorOptions,
  allocate: Allocator['malloc'],
  deallocate: Allocator['free'],
): Allocator {
  const malloc = allocate as (bytes: number) => Pointer;
  const free = deallocate as (address: number) => unknown;
  return {
    ...options,
    malloc: allocate.length > 1 ? allocate : (bytes) => malloc(bytes),
    free: deallocate.length > 1 ? deallocate : (address) => free(address),
    maxBytes: 2 ** Math.min(options.addressBits, 53) - 1, // a larger size would wrap as an i32
  };
}

/** A memory that can tell whether a new block lies in it. */
export interface BlockMemory extends LinearMemory {
  contains(address: number, size: number): boolean;
}

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
 * @param isCleared true if all bytes are set to 0
 * @throws {OutOfMemoryError} if the allocator has no memory, or throws; nothing has changed then
 * @throws {ModuleError} if the allocator returns a pointer that cannot be a block
 */
export function allocateRaw(
  memory: BlockMemory,
  allocator: Allocator,
  bytes: number,
  align: number,
  isCleared: boolean,
): number {
  const size = bytes || 1;
  if (size > allocator.maxBytes - align) throw new OutOfMemoryError(bytes, align);
  oddBlock = undefined;
  if (align > MALLOC_ALIGN) return allocateOverAligned(memory, allocator, size, align, isCleared);
  const isCalloced = isCleared && allocator.calloc !== undefined;
  const base = callAllocator(memory, allocator, isCalloced ? 'calloc' : 'malloc', size, align);
  if (base === 0) throw new OutOfMemoryError(bytes, align);
  if ((base & (align - 1)) !== 0) {
    allocator.free(base, size, align);
    return allocateLarger(memory, allocator, size, align, isCleared);
  }
  if (isCleared && !isCalloced) clearBytes(memory, base, size);
  return base;
}

/** Allocates a block whose alignment malloc does not promise. */
function allocateOverAligned(
  memory: BlockMemory,
  allocator: Allocator,
  size: number,
  align: number,
  isCleared: boolean,
): number {
  if (!allocator.alignedAlloc) return allocateLarger(memory, allocator, size, align, isCleared);
  const taken = alignUp(size, align); // aligned_alloc of C11 takes a multiple of the alignment
  const base = callAllocator(memory, allocator, 'alignedAlloc', taken, align);
  if (base === 0) throw new OutOfMemoryError(size, align);
  if (alignUp(base, align) !== base) {
    allocator.free(base, taken, align);
    return allocateLarger(memory, allocator, size, align, isCleared);
  }
  if (isCleared) clearBytes(memory, base, size);
  if (taken !== size) oddBlock = { base, size: taken, align };
  return base;
}

/** Allocates a block large enough to contain an aligned one. */
function allocateLarger(
  memory: BlockMemory,
  allocator: Allocator,
  size: number,
  align: number,
  isCleared: boolean,
): number {
  const taken = size + align - 1;
  const takenAlign = Math.min(align, MALLOC_ALIGN);
  const base = callAllocator(memory, allocator, 'malloc', taken, takenAlign);
  if (base === 0) throw new OutOfMemoryError(size, align);
  const address = alignUp(base, align);
  if (isCleared) clearBytes(memory, address, size);
  oddBlock = { base, size: taken, align: takenAlign };
  return address;
}

/** Calls a function that the allocator has, and validates the pointer. */
function callAllocator(
  memory: BlockMemory,
  allocator: Allocator,
  how: 'malloc' | 'calloc' | 'alignedAlloc',
  size: number,
  align: number,
): number {
  let pointer: Pointer | undefined;
  try {
    if (how === 'malloc') pointer = allocator.malloc(size, align);
    else pointer = how === 'calloc' ? allocator.calloc?.(1, size) : allocator.alignedAlloc?.(align, size);
  } catch (cause) {
    throw allocatorError(cause, size, align);
  }
  return validatePointer(memory, pointer, size);
}

const allocatorError = (cause: unknown, size: number, align: number): unknown =>
  cause instanceof LinmemError ? cause : new OutOfMemoryError(size, align, { cause });

/** Sets bytes that are in bounds to 0. A few are set one by one, which is faster than making a typed array. */
function clearBytes(memory: BlockMemory, address: number, size: number): void {
  if (size <= 64)
    try {
      const { data } = memory;
      let at = address;
      for (const last = address + size - 8; at <= last; at += 8) data.setFloat64(at, 0);
      while (at < address + size) data.setUint8(at++, 0);
      return;
    } catch {} // the view is stale
  fillBytes(memory, address, size);
}

/**
 * Returns the allocator's pointer as the address of `size` bytes in the memory, or 0.
 * @throws {ModuleError} if it is neither
 */
export function validatePointer(memory: BlockMemory, pointer: unknown, size: number): number {
  const address = isUint32(pointer) ? pointer : toPointer(pointer);
  if (address === 0 || memory.contains(address, size)) return address;
  throw new ModuleError(
    `the allocator returned ${show(pointer)} for ${size} bytes of a memory of ${memory.byteLength} bytes`,
    { found: [show(pointer)] },
  );
}

/** @throws {ArgumentTypeError} if `value` is not a function */
export function assertFunction(value: unknown, what: string): void {
  if (typeof value !== 'function') throw new ArgumentTypeError(`${what} (a function)`, value);
}
