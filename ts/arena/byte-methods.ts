// SPDX-License-Identifier: MIT
// The methods of a manager, and of its scopes, that read and write ranges of bytes and wait for them.
import type { Address } from '../memory/address.ts';
import type { WaitResult } from '../scalar/atomic.ts';
import type { OwnBytes } from '../memory/platform-types.ts';

/** Methods on ranges of bytes. */
export interface ByteMethods {
  /** Returns a copy of `size` bytes at `address`. */
  readBytes(address: Address, size: number): OwnBytes;
  /** Copies all of `source` to `address`; the two may overlap. Writes all of it or, if it does not fit, nothing. */
  writeBytes(address: Address, source: ArrayBufferView | ArrayBufferLike): void;
  /** Sets `size` bytes at `address` to the lowest 8 bits of `value`. Default: 0. */
  fill(address: Address, size: number, value?: number): void;
  /** Copies `size` bytes from `source` to `target`, two addresses in this heap. They may overlap, as in memmove. */
  copy(target: Address, source: Address, size: number): void;
  /** Blocks the thread until `notify` is called for `address`. @see {@link atomicWait} */
  wait(address: Address, value: number | bigint, timeout?: number): WaitResult;
  /** Resolves when `notify` is called for `address`. @see {@link atomicWaitAsync} */
  waitAsync(address: Address, value: number | bigint, timeout?: number): Promise<WaitResult>;
  /** Wakes up to `count` threads that wait at `address`; returns how many. @see {@link atomicNotify} */
  notify(address: Address, count?: number): number;
}
