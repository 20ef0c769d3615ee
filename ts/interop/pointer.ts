// SPDX-License-Identifier: MIT
// Addresses as a module's functions take them.
import type { Heap } from '../heap/heap.ts';
import { wrongType } from '../heap/options.ts';
import type { Ref } from '../scalar/ref.ts';
import { isFunction, peek } from './properties.ts';

/**
 * Returns the address of a ref as the functions of its module take it: a bigint if the module is 64-bit, else a number.
 * @throws {FreedError} if the ref was freed
 * @throws {ArgumentTypeError} if it is no ref
 */
export function pointerOf(ref: Ref): number | bigint {
  if (!isFunction(peek(ref, 'assertLive'))) throw wrongType('a ref', ref);
  ref.assertLive();
  return (ref.heap as Partial<Heap>).addressBits === 64 ? BigInt(ref.address) : ref.address;
}
