// SPDX-License-Identifier: MIT
// The operations of each framing: read, write, alloc and wrap of a string in any encoding.
import type { Address } from '../memory/address.ts';
import type { LinearMemory } from '../memory/linear-memory.ts';
import type { Encoding } from './encoding.ts';
import { tryRead, tryWrite } from './fast-path.ts';
import { readString, writeString } from './framing.ts';
import { toPolicy, type TextOptions } from './policy.ts';
import type { StringRef } from './ref.ts';
import { allocString, wrapString, type TextAllocator, type TextHeap } from './string-alloc.ts';
import type { WordBytes } from './word.ts';

/** Strings that end at their first NUL. */
export const terminated = {
  /** @param limit the NUL must be among the first `limit` elements. Default: those to the end of the memory */
  read(
    encoding: Encoding,
    memory: LinearMemory,
    address: Address,
    limit?: number,
    options?: TextOptions,
  ): string {
    const policy = toPolicy(options);
    const text = tryRead(encoding, memory, address, limit, false, policy);
    return text ?? readString(encoding, 'Terminated', memory, address, policy, limit);
  },
  /** @param capacity in elements, with the NUL. Default: to the end of the heap's block, if the address is in one */
  write(
    encoding: Encoding,
    memory: LinearMemory,
    address: Address,
    text: string,
    capacity?: number,
    options?: TextOptions,
  ): number {
    const policy = toPolicy(options);
    const count = tryWrite(encoding, memory, address, text, capacity, policy, 1);
    if (count >= 0) return count;
    return writeString(encoding, 'Terminated', memory, address, text, policy, capacity);
  },
  alloc(
    encoding: Encoding,
    heap: TextAllocator,
    textOrCount: string | number,
    options?: TextOptions,
  ): StringRef {
    return allocString(encoding, 'Terminated', heap, textOrCount, options);
  },
  wrap(encoding: Encoding, heap: TextHeap, address: Address, capacity?: number): StringRef {
    return wrapString(encoding, 'Terminated', heap, address, capacity);
  },
};

/** Strings whose length only the caller knows. NULs are characters. */
export const sized = {
  read(
    encoding: Encoding,
    memory: LinearMemory,
    address: Address,
    count: number,
    options?: TextOptions,
  ): string {
    const policy = toPolicy(options);
    const text = tryRead(encoding, memory, address, count, true, policy);
    return text ?? readString(encoding, 'Sized', memory, address, policy, count);
  },
  write(
    encoding: Encoding,
    memory: LinearMemory,
    address: Address,
    text: string,
    capacity?: number,
    options?: TextOptions,
  ): number {
    const policy = toPolicy(options);
    const count = tryWrite(encoding, memory, address, text, capacity, policy, 0);
    if (count >= 0) return count;
    return writeString(encoding, 'Sized', memory, address, text, policy, capacity);
  },
  alloc(
    encoding: Encoding,
    heap: TextAllocator,
    textOrCount: string | number,
    options?: TextOptions,
  ): StringRef {
    return allocString(encoding, 'Sized', heap, textOrCount, options);
  },
  wrap(encoding: Encoding, heap: TextHeap, address: Address, count: number): StringRef {
    return wrapString(encoding, 'Sized', heap, address, count);
  },
};

/** Fixed-length fields such as `char[16]`: the string ends at its first NUL or at the end of the field. */
export const fixed = {
  read(
    encoding: Encoding,
    memory: LinearMemory,
    address: Address,
    count: number,
    options?: TextOptions,
  ): string {
    return readString(encoding, 'Fixed', memory, address, toPolicy(options), count);
  },
  write(
    encoding: Encoding,
    memory: LinearMemory,
    address: Address,
    text: string,
    count: number,
    options?: TextOptions,
  ): number {
    return writeString(encoding, 'Fixed', memory, address, text, toPolicy(options), count);
  },
  alloc(
    encoding: Encoding,
    heap: TextAllocator,
    textOrCount: string | number,
    options?: TextOptions,
  ): StringRef {
    return allocString(encoding, 'Fixed', heap, textOrCount, options);
  },
  wrap(encoding: Encoding, heap: TextHeap, address: Address, count: number): StringRef {
    return wrapString(encoding, 'Fixed', heap, address, count);
  },
};

/** Length-prefixed strings: an unsigned integer that counts the elements, then the text. */
export const prefixed = {
  read(
    encoding: Encoding,
    memory: LinearMemory,
    address: Address,
    prefixBytes: WordBytes = 4,
    options?: TextOptions,
  ): string {
    return readString(encoding, 'Prefixed', memory, address, toPolicy(options), prefixBytes);
  },
  /** @param capacity in elements, without the prefix */
  write(
    encoding: Encoding,
    memory: LinearMemory,
    address: Address,
    text: string,
    prefixBytes: WordBytes = 4,
    capacity?: number,
    options?: TextOptions,
  ): number {
    return writeString(encoding, 'Prefixed', memory, address, text, toPolicy(options), capacity, prefixBytes);
  },
  alloc(
    encoding: Encoding,
    heap: TextAllocator,
    textOrCount: string | number,
    prefixBytes: WordBytes = 4,
    options?: TextOptions,
  ): StringRef {
    return allocString(encoding, 'Prefixed', heap, textOrCount, options, prefixBytes);
  },
  wrap(
    encoding: Encoding,
    heap: TextHeap,
    address: Address,
    prefixBytes: WordBytes = 4,
    capacity?: number,
  ): StringRef {
    return wrapString(encoding, 'Prefixed', heap, address, capacity, prefixBytes);
  },
};

/** Strings given as a pointer and a length in elements, side by side in memory. */
export const paired = {
  read(
    encoding: Encoding,
    memory: LinearMemory,
    address: Address,
    wordBytes: WordBytes = 4,
    options?: TextOptions,
  ): string {
    return readString(encoding, 'Paired', memory, address, toPolicy(options), wordBytes);
  },
  /** @param textAddress where the text is written; the pointer at `address` then points there */
  write(
    encoding: Encoding,
    memory: LinearMemory,
    address: Address,
    text: string,
    textAddress: Address,
    wordBytes: WordBytes = 4,
    capacity?: number,
    options?: TextOptions,
  ): number {
    return writeString(
      encoding,
      'Paired',
      memory,
      address,
      text,
      toPolicy(options),
      capacity,
      wordBytes,
      textAddress,
    );
  },
  alloc(
    encoding: Encoding,
    heap: TextAllocator,
    textOrCount: string | number,
    wordBytes: WordBytes = 4,
    options?: TextOptions,
  ): StringRef {
    return allocString(encoding, 'Paired', heap, textOrCount, options, wordBytes);
  },
  wrap(
    encoding: Encoding,
    heap: TextHeap,
    address: Address,
    wordBytes: WordBytes = 4,
    capacity?: number,
  ): StringRef {
    return wrapString(encoding, 'Paired', heap, address, capacity, wordBytes);
  },
};
