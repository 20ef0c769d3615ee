// SPDX-License-Identifier: MIT
// Addresses as a module's functions take them.
import type { Heap } from '../heap/heap.ts';
import type { Ref } from '../scalar/ref.ts';
import { assertMethod } from './properties.ts';

/**
 * Returns the address of a ref as the functions of its module take it: a bigint if the module is 64-bit, else a number.
 * @throws {FreedError} if the ref was freed
 * @throws {ArgumentTypeError} if it is no ref
 */
export function pointerOf(ref: Ref): number | bigint {
  assertMethod(ref, 'assertLive', 'a ref');
  ref.assertLive();
  return (ref.heap as Partial<Heap>).addressBits === 64 ? BigInt(ref.address) : ref.address;
}
