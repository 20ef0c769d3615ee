// SPDX-License-Identifier: MIT
// Addresses in the type that a module's functions take.
import type { Heap } from '../heap/heap.ts';
import type { Ref } from '../scalar/ref.ts';
import { assertMethod } from './properties.ts';

/**
 * Returns the address of a ref for the functions of its module: a bigint if the module is 64-bit, else a number.
 * @throws {FreedError} if the ref was freed
 * @throws {ArgumentTypeError} if it is not a ref
 */
export function pointerOf(ref: Ref): number | bigint {
  assertMethod(ref, 'assertLive', 'a ref');
  ref.assertLive();
  return (ref.heap as Partial<Heap>).addressBits === 64 ? BigInt(ref.address) : ref.address;
}
