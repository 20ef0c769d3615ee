// SPDX-License-Identifier: MIT
// Somebody's malloc and free, and what may be believed of their answers.
import { ArgumentTypeError, ModuleError, OutOfMemoryError, show } from '../errors.ts';
import { isSmall, toPointer } from '../memory/address.ts';
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
  checksFrees: boolean;
  /** Whether it knows that a block began there and was freed. */
  isFreed?: ((address: number) => boolean) | undefined;
  /** The most bytes a block can have. */
  limit: number;
}

/** A memory that knows whether a block which was just lent lies in it. */
interface Reached extends LinearMemory {
  reaches(address: number, size: number): boolean;
}

/** What malloc aligns to in every C library. */
export const MALLOC_ALIGN = 8;

/**
 * Takes a block of `bytes` bytes (one byte when 0 are asked for, so that its address is its own). Returns what the
 * allocator must get back. The block begins there or, when the allocator did not align as asked, at the first
 * multiple of `align` above: then more was taken. {@link aligned} says where.
 * @param clear whether all bytes are set to 0
 * @throws {OutOfMemoryError} when the allocator has none. Nothing is lost then.
 * @throws {ModuleError} when the allocator answers with something that cannot be a block
 */
export function take(
  memory: Reached,
  allocator: Allocator,
  bytes: number,
  align: number,
  clear: boolean,
): number {
  const { calloc, alignedAlloc, limit } = allocator;
  const size = bytes || 1;
  if (size > limit - align) throw new OutOfMemoryError(bytes, align);
  const high = align > MALLOC_ALIGN;
  let base = 0;
  if (clear && calloc && !high) {
    base = checked(memory, calloc(1, size), size);
    if (base !== 0 && aligned(base, align) === base) return base;
  } else if (!high) base = checked(memory, allocator.malloc(size), size);
  else if (alignedAlloc) {
    // aligned_alloc of C11 wants a size that is a multiple of the alignment.
    const rounded = aligned(size, align);
    base = checked(memory, alignedAlloc(align, rounded), rounded);
  }
  const odd = aligned(base, align) !== base;
  if (odd || (high && !alignedAlloc)) {
    if (odd) allocator.free(base);
    const more = size + align - 1;
    base = checked(memory, allocator.malloc(more), more);
  }
  if (base === 0) throw new OutOfMemoryError(bytes, align);
  if (clear) clearBytes(memory, aligned(base, align), size);
  return base;
}

/** Sets bytes that are in the memory to 0: few of them one by one, as to make a typed array takes longer. */
function clearBytes(memory: Reached, address: number, size: number): void {
  if (size <= 64)
    try {
      const { data } = memory;
      let at = address;
      for (const last = address + size - 8; at <= last; at += 8) data.setFloat64(at, 0);
      while (at < address + size) data.setUint8(at++, 0);
      return;
    } catch {} // the view is one of before a growth
  fillBytes(memory, address, size);
}

/** The first multiple of `align`, a power of two, from `base` on. */
export const aligned = (base: number, align: number): number =>
  (base & (align - 1)) === 0 ? base : Math.ceil(base / align) * align;
/**
 * Returns the allocator's answer as an address whose `size` bytes are in the memory, or 0.
 * @throws {ModuleError} when it is neither
 */
export function checked(memory: Reached, answer: unknown, size: number): number {
  const address = isSmall(answer) ? answer : toPointer(answer);
  if (address === 0 || memory.reaches(address, size)) return address;
  throw new ModuleError(
    `the allocator returned ${show(answer)} for ${size} bytes of a memory of ${memory.byteLength} bytes`,
    { found: [show(answer)] },
  );
}

/** As {@link checked}, but 0 is an error too. @throws {OutOfMemoryError} then */
export function taken(memory: Reached, answer: unknown, size: number): number {
  const address = checked(memory, answer, size);
  if (address === 0) throw new OutOfMemoryError(size);
  return address;
}

/** @throws {ArgumentTypeError} when `value` is not a function */
export function assertFunction(value: unknown, what: string): void {
  if (typeof value !== 'function') throw new ArgumentTypeError(`${what} (a function)`, value);
}
