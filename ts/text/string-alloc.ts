// SPDX-License-Identifier: MIT
// Creates refs to strings: allocates a block for a string, or borrows an existing string.
import { assertHas } from '../errors.ts';
import { toCount, type Address } from '../memory/address.ts';
import type { Allocation } from '../memory/allocation.ts';
import type { RefHeap } from '../scalar/ref.ts';
import type { ScalarAllocator } from '../scalar/scalar.ts';
import type { Encoding } from './encoding.ts';
import { headerBytesOf, locateString, type Framing } from './framing.ts';
import { toPolicy, type TextOptions } from './policy.ts';
import { stringKindOf, type DistantText, type StringRef } from './ref.ts';
import { countTerminated } from './terminator.ts';
import { toElementCount, type WordBytes } from './word.ts';

/** The heap operations that allocating a string needs. Arenas and scopes have them too. */
export interface TextAllocator extends ScalarAllocator {
  /**
   * @internal Allocates cleared bytes, calls `make` with them and returns its result; frees them if it throws. `owned` is
   * false in an arena, which frees them as a whole.
   */
  allocateWith<R>(
    bytes: number,
    align: number,
    make: (allocation: Allocation, address: number, heap: RefHeap, owned: boolean) => R,
  ): R;
}

/** The heap operations that wrapping a string needs. */
export interface TextHeap extends RefHeap {
  /** @internal As `locate`; also throws if the address is NULL or is known to be freed. */
  locateBorrowed(address: Address, size: number): number;
  /** @internal Returns the live allocation that `address` is in, or `untracked`. */
  allocationAt(address: number): Allocation;
  /** @internal The token of memory whose owner is unknown. */
  readonly untracked: Allocation;
}

/** Allocates a block for a string, or for a number of elements, and returns the ref that owns it. */
export function allocString(
  encoding: Encoding,
  framing: Framing,
  heap: TextAllocator,
  textOrCount: string | number,
  options: TextOptions | undefined,
  wordBytes: WordBytes = 4,
): StringRef {
  const policy = toPolicy(options);
  const size = encoding.bytesPerElement;
  const isText = typeof textOrCount === 'string';
  const count = isText ? encoding.countElements(textOrCount, policy) : toElementCount(textOrCount);
  const header = headerBytesOf(framing, wordBytes);
  const capacity = framing === 'Terminated' ? count + 1 : count;
  const bytes = toCount(header + capacity * size, 'a size in bytes');
  assertHas(heap, 'allocateWith', 'a heap, an arena or a scope');
  return heap.allocateWith(bytes, Math.max(size, header && wordBytes), (allocation, at, owner, owned) => {
    const kind = stringKindOf(encoding, framing, wordBytes);
    const ref = new kind.StringRef(owner, at, allocation, owned, kind, capacity, undefined);
    if (isText || framing === 'Paired') ref.write(isText ? textOrCount : '', options && policy);
    return ref;
  });
}

/** Returns a ref that borrows the string at `address`. */
export function wrapString(
  encoding: Encoding,
  framing: Framing,
  heap: TextHeap,
  address: Address,
  given: number | undefined,
  wordBytes: WordBytes = 4,
): StringRef {
  const size = encoding.bytesPerElement;
  const header = headerBytesOf(framing, wordBytes);
  assertHas(heap, 'locateBorrowed', 'a heap');
  const at = heap.locateBorrowed(address, header);
  const allocation = heap.allocationAt(at);
  let textAddress = at + header;
  let capacity = given;
  let distant: DistantText | undefined;
  if (given !== undefined || !(header || framing === 'Terminated')) toElementCount(given as number); // refuses undefined
  if (framing === 'Terminated')
    capacity ??=
      allocation === heap.untracked
        ? countTerminated(heap, at, size) + 1
        : Math.floor((allocation.address + allocation.byteLength - at) / size);
  else if (framing === 'Paired' || capacity === undefined) {
    const found = locateString(framing, heap, at, size, capacity, wordBytes);
    textAddress = found[0];
    capacity ??= found[1];
    if (framing === 'Paired') distant = { address: textAddress, allocation: heap.allocationAt(textAddress) };
  }
  // (NULL, 0) is an empty string in C.
  if (textAddress === 0) heap.locate(textAddress, capacity * size);
  else heap.locateBorrowed(textAddress, capacity * size);
  const kind = stringKindOf(encoding, framing, wordBytes);
  return new kind.StringRef(heap, at, allocation, false, kind, capacity, distant);
}
