// SPDX-License-Identifier: MIT
// Somebody's malloc and free, and what may be believed of their answers.
import { ArgumentTypeError, ModuleError, OutOfMemoryError, show } from '../errors.ts';
import { toPointer } from '../memory/address.ts';
import { Block } from '../memory/block.ts';
import { fillBytes } from '../memory/bytes.ts';
import type { LinearMemory } from '../memory/memory.ts';

/** What an allocator's functions may return: an address as wasm returns it, 0 for none. */
export type Pointer = number | bigint;

/** The functions of an allocator. Sizes are bytes; addresses come and go as the module has them. */
export interface Allocator {
  malloc(bytes: number): Pointer;
  /** May throw: then the block counts as not freed. */
  free(address: number): unknown;
  calloc?: ((count: number, bytes: number) => Pointer) | undefined;
  realloc?: ((address: number, bytes: number) => Pointer) | undefined;
  alignedAlloc?: ((align: number, bytes: number) => Pointer) | undefined;
  /** True when `free` itself refuses, by throwing, every address that is not a live block. */
  checksFrees?: boolean;
  /** Whether it knows that a block began there and was freed. */
  isFreed?: ((address: number) => boolean) | undefined;
  /** The most bytes a block can have. */
  limit: number;
}

/** What malloc aligns to in every C library. */
export const MALLOC_ALIGN = 8;
/** The most a 32-bit module can be asked for: a larger size would wrap where it becomes an i32. */
export const MOST32 = 0xffffffff;

/**
 * Returns a block of `bytes` bytes (one byte when 0 are asked for, so that its address is its own).
 * When the allocator does not align as asked, a larger block is taken and its aligned part is used.
 * @param clear whether all bytes are set to 0
 * @throws {OutOfMemoryError} when the allocator has none. Nothing is lost then.
 * @throws {ModuleError} when the allocator answers with something that cannot be a block
 */
export function take(
  memory: LinearMemory,
  allocator: Allocator,
  bytes: number,
  align: number,
  clear: boolean,
): Block {
  const size = bytes || 1;
  if (size > allocator.limit - align) throw new OutOfMemoryError(bytes, align);
  const block = takeAligned(memory, allocator, bytes, size, align, clear);
  if (clear && !(allocator.calloc && align <= MALLOC_ALIGN && block.base === block.address))
    fillBytes(memory, block.address, size);
  return block;
}

function takeAligned(
  memory: LinearMemory,
  allocator: Allocator,
  bytes: number,
  size: number,
  align: number,
  clear: boolean,
): Block {
  const none = (): never => {
    throw new OutOfMemoryError(bytes, align);
  };
  if (align > MALLOC_ALIGN && allocator.alignedAlloc) {
    // aligned_alloc of C11 wants a size that is a multiple of the alignment.
    const rounded = Math.ceil(size / align) * align;
    const address = checked(memory, allocator.alignedAlloc(align, rounded), rounded) || none();
    if (address % align === 0) return new Block(memory, address, bytes);
    allocator.free(address);
  } else if (align <= MALLOC_ALIGN) {
    const answer = clear && allocator.calloc ? allocator.calloc(1, size) : allocator.malloc(size);
    const address = checked(memory, answer, size) || none();
    if (address % align === 0) return new Block(memory, address, bytes);
    allocator.free(address);
  }
  const more = size + align - 1;
  const base = checked(memory, allocator.malloc(more), more) || none();
  return new Block(memory, Math.ceil(base / align) * align, bytes, base);
}

/**
 * Returns the allocator's answer as an address whose `size` bytes are in the memory, or 0.
 * @throws {ModuleError} when it is neither
 */
export function checked(memory: LinearMemory, answer: unknown, size: number): number {
  const address = toPointer(answer);
  if (address === 0 || address <= memory.byteLength - size) return address;
  throw new ModuleError(
    `the allocator returned ${show(answer)} for ${size} bytes in a memory of ${memory.byteLength} bytes`,
    { found: [show(answer)] },
  );
}

/** As {@link checked}, but 0 is an error too. @throws {OutOfMemoryError} then */
export function taken(memory: LinearMemory, answer: unknown, size: number): number {
  const address = checked(memory, answer, size);
  if (address === 0) throw new OutOfMemoryError(size);
  return address;
}

/** @throws {ArgumentTypeError} when `value` is not a function */
export function assertFunction(value: unknown, what: string): void {
  if (typeof value !== 'function') throw new ArgumentTypeError(`${what} (a function)`, value);
}
