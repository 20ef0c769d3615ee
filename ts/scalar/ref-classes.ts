// SPDX-License-Identifier: MIT
// The classes of refs by type. Those of refs.gen.ts, whose code is written out per type, are registered by programs that
// have them all (WasmHeapManager); for any other type a general class is created when first needed.
import { define } from '../errors.ts';
import { toCount, type Address } from '../memory/address.ts';
import { Allocation } from '../memory/allocation.ts';
import { LinearMemory } from '../memory/linear-memory.ts';
import { PointerArrayRef, ScalarArrayRef, type ArrayRefHeap, type ScalarArrayRefClass } from './array.ts';
import { assertType, type ScalarDescriptor, type ScalarValue } from './descriptor.ts';
import type { ViewIteratorClass } from './iterator.ts';
import { checkedClassOf, ScalarRef, type NewRef, type RefHeap, type ScalarRefClass } from './ref.ts';

/** The constructors of the refs of one type. */
export interface RefClasses<T extends ScalarValue, A extends ArrayBufferView> {
  /** Owning refs, and borrowing ones of memory whose owner is unknown. */
  readonly ScalarRef: ScalarRefClass<T, A>;
  /** Refs that borrow from a live allocation of the heap. */
  readonly CheckedRef: ScalarRefClass<T, A>;
  readonly ArrayRef: ScalarArrayRefClass<T, A>;
}

const classes: Map<object, unknown> = /* @__PURE__ */ new Map();

/** A type with its class of refs and of array refs. */
export type RefClassEntry = readonly [
  type: object,
  Ref: { readonly prototype: object },
  ArrayRef: { readonly prototype: object },
  ViewIterator: ViewIteratorClass | undefined,
  /** Becomes a subclass of `Ref`. */
  CheckedRef?: { readonly prototype: object },
];

/** Makes the heap's methods return refs of these classes. */
export function registerRefClasses(entries: readonly RefClassEntry[]): void {
  for (const [type, Ref, ArrayRef, ViewIterator, Checked] of entries) {
    if (Checked) Object.setPrototypeOf(Checked.prototype, Ref.prototype);
    const CheckedRef = Checked ?? checkedClassOf(Ref as never); // each of its type
    // Instead of the getter: engines treat a property that never changes as a constant.
    for (const { prototype } of [Ref, ArrayRef]) define(prototype, 'type', type);
    define(ArrayRef.prototype, 'ViewIterator', ViewIterator);
    classes.set(type, { ScalarRef: Ref, ArrayRef, CheckedRef }); // of its type
  }
}

/** Returns the constructors of the refs of `type`. */
export function refClassesOf<T extends ScalarValue, A extends ArrayBufferView>(
  type: ScalarDescriptor<T, A>,
): RefClasses<T, A> {
  let found = classes.get(type) as RefClasses<T, A> | undefined; // stored under its type
  if (!found) assertType(type);
  if (!found) classes.set(type, (found = generalClasses(type)));
  return found;
}

/** Returns general classes, whose accesses go through the descriptor. */
function generalClasses<T extends ScalarValue, A extends ArrayBufferView>(
  type: ScalarDescriptor<T, A>,
): RefClasses<T, A> {
  class GeneralRef extends ScalarRef<T, A> {
    declare readonly type: ScalarDescriptor<T, A>;
    constructor(heap: RefHeap, address: number, allocation: Allocation, owned: boolean) {
      super();
      initialize(this as NewRef, heap, address, allocation);
      if (owned) heap.registerOwner(this);
    }
  }
  const Base = (type.label.startsWith('Pointer') ? PointerArrayRef : ScalarArrayRef) as abstract new () => ScalarArrayRef<T, A>; // prettier-ignore
  class GeneralArrayRef extends Base {
    declare readonly type: ScalarDescriptor<T, A>;
    constructor(heap: ArrayRefHeap, address: number, length: number, allocation: Allocation, owned: boolean) {
      super();
      (this as { length: number }).length = length;
      initialize(this as NewRef, heap, address, allocation);
      if (owned) heap.registerOwner(this);
    }
  }
  for (const { prototype } of [GeneralRef, GeneralArrayRef]) define(prototype, 'type', type);
  return { ScalarRef: GeneralRef, CheckedRef: checkedClassOf(GeneralRef), ArrayRef: GeneralArrayRef };
}

function initialize(ref: NewRef, heap: RefHeap, address: number, allocation: Allocation): void {
  ref.heap = heap;
  ref.address = address;
  ref.allocation = allocation;
  ref.views = allocation.memory.views;
}

/** The tokens of memories that are not heaps: always live. */
const tokens: WeakMap<LinearMemory, Allocation> = /* @__PURE__ */ new WeakMap();
function tokenOf(memory: LinearMemory): Allocation {
  let token = tokens.get(memory);
  if (!token) tokens.set(memory, (token = new Allocation(memory, 0, 0)));
  return token;
}

// For `i32.wrap(memory, address)` on a memory that is not a heap. Heaps override these methods.
Object.assign(LinearMemory.prototype, {
  wrapScalar(this: LinearMemory, type: ScalarDescriptor, address: Address) {
    const at = this.locate(address, type.size);
    return new (refClassesOf(type).ScalarRef)(this as RefHeap, at, tokenOf(this), false); // it calls no heap method
  },
  wrapScalarArray(this: LinearMemory, type: ScalarDescriptor, address: Address, count: number) {
    const at = this.locate(address, toCount(count, 'a count of elements') * type.size);
    return new (refClassesOf(type).ArrayRef)(this as ArrayRefHeap, at, count, tokenOf(this), false); // as above
  },
});
