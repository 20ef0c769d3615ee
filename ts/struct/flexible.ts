// SPDX-License-Identifier: MIT
// The flexible array member that a struct can end with: `int values[]`.
import { ArgumentRangeError } from '../errors.ts';
import { toCount } from '../memory/address.ts';
import type { LinearMemory } from '../memory/linear-memory.ts';
import { elementsOf, loadElements, storeElements, toValues } from './array.ts';
import type { Layout, PointerSize } from './layout.ts';
import type { Origin } from './origin.ts';
import type { StructRef } from './instance.ts';
import { assignStaged } from './stage.ts';
import type { TextStore } from './texts.ts';
import {
  elementLayout,
  layoutOf,
  pointerSizeOf,
  toValueType,
  type CompositeType,
  type CType,
} from './type.ts';

/** A flexible array member: its length follows from the size of the allocation. */
export class FlexibleArray<T extends CType = CType> implements CompositeType {
  readonly name: string;
  readonly element: T;
  constructor(element: T) {
    this.name = `${element.name}[]`;
    this.element = element;
  }
  layout(pointerSize: PointerSize): Layout {
    return { size: 0, align: elementLayout(this.element, pointerSize).align };
  }
  /** @internal Returns an empty array: only instances know its length. */
  load(): unknown {
    return [];
  }
  /** @internal */
  store(memory: LinearMemory, address: number, value: unknown, texts?: TextStore): void {
    storeElements(this.element, memory, address, toValues(value, this.name, this.element), texts);
  }
  /** @internal */
  live(origin: Origin, address: number): unknown {
    return this.elements(origin, address, 0);
  }
  /** @internal */
  bytesFor(count: number, pointerSize: PointerSize): number {
    return toCount(count, 'a count of elements') * layoutOf(this.element, pointerSize).size;
  }
  /** @internal */
  accessor(offset: number): PropertyDescriptor & ThisType<StructRef> {
    const type = this;
    return {
      get() {
        return type.elements(this['@origin'], this['@address'] + offset, this['@bytes'] - offset);
      },
      set(values: unknown) {
        const bytes = this['@bytes'] - offset;
        assignStaged(this['@origin'], this['@address'] + offset, bytes, (memory, at, texts) =>
          type.storeAll(memory, at, values, bytes, texts),
        );
      },
    };
  }
  /** @internal The live elements in `bytes` bytes. */
  elements(origin: Origin, address: number, bytes: number): unknown {
    return elementsOf(this.element, origin, address, this.#count(bytes, origin.heap));
  }
  /** @internal */
  loadElements(memory: LinearMemory, address: number, bytes: number): unknown[] {
    return loadElements(this.element, memory, address, this.#count(bytes, memory));
  }
  /** @internal Writes `value`. @throws {ArgumentRangeError} if it has more elements than `bytes` bytes hold */
  storeAll(memory: LinearMemory, address: number, value: unknown, bytes: number, texts: TextStore): void {
    const values = toValues(value, this.name, this.element);
    const count = this.#count(bytes, memory);
    if (values.length > count)
      throw new ArgumentRangeError(`at most ${count} elements for ${this.name}`, values.length);
    storeElements(this.element, memory, address, values, texts);
  }
  #count(bytes: number, memory: LinearMemory): number {
    return Math.max(0, Math.floor(bytes / layoutOf(this.element, pointerSizeOf(memory)).size));
  }
}

/** A flexible array member of elements of `type`. It must be the last field, after at least one other. */
export function flexible<T extends CType>(type: T): FlexibleArray<T> {
  return new FlexibleArray(toValueType(type, 'flexible()') as T);
}
