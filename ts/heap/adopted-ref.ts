// SPDX-License-Identifier: MIT
// AdoptedRef: the owner of a block that the module allocated, and whose size is not known.
import type { Allocation } from '../memory/allocation.ts';
import { installPrinting } from '../scalar/print.ts';
import { Ref, type NewRef, type RefHeap } from '../scalar/ref.ts';

/** A ref that owns a block of the module. It has no size and no type: wrap the address to read and write. */
export class AdoptedRef extends Ref {
  /** 0: the size is not known. */
  get byteLength(): number {
    return 0;
  }
  /** @internal Made by `heap.adopt(address)`. */
  constructor(heap: RefHeap, allocation: Allocation) {
    super();
    // biome-ignore lint/complexity/noUselessThisAlias: the read-only fields are written through this type
    const ref: NewRef = this;
    ref.heap = heap;
    ref.address = allocation.address;
    ref.allocation = allocation;
    ref.views = allocation.memory.views;
    heap.registerOwner(this);
  }
  /** @internal */
  get printedName(): string {
    return 'AdoptedRef';
  }
  /** Returns the address for JSON. */
  toJSON(): number {
    return this.address;
  }
}
installPrinting(AdoptedRef.prototype, (ref: AdoptedRef) => {
  ref.assertLive();
  return 'a block of the module';
});
