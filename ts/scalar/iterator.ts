// SPDX-License-Identifier: MIT
// Iteration over elements. Each element is read and checked when it is reached.
//
//   I1  `view` shows the elements as they were found through `data`, the view of the whole memory. An element is read from
//       it only while the allocation's memory still has `data`: another one means a free or a growth.
//   I2  A growth after which the memory was not refreshed detaches `view`, whose elements are then undefined.
import type { Allocation } from '../memory/allocation.ts';

/** The members of an array ref, a slice or an array of structs that an iterator uses. */
export interface Iterated {
  readonly length: number;
  at(index: number): unknown;
}
/** Elements that a typed array can show. */
export interface Viewable extends Iterated {
  readonly allocation: Allocation;
  typedArray(): ArrayBufferView;
}

/** Iterates over elements. A class: engines compile a `for` loop over it faster than one over a generator. */
export class ElementIterator<T = unknown, S extends Iterated = Iterated> implements IterableIterator<T> {
  i = 0;
  readonly source: S;
  readonly end: number;
  constructor(source: S) {
    this.source = source;
    this.end = source.length;
  }
  next(): IteratorResult<T> {
    const { i } = this;
    const done = i >= this.end;
    if (!done) this.i = i + 1;
    // One result for both cases: with two V8 allocates the results of a loop.
    return { done, value: done ? undefined : this.source.at(i) } as IteratorResult<T>; // of the source's type
  }
  [Symbol.iterator](): this {
    return this;
  }
}

/**
 * Iterates over elements that a typed array can show. iterators.gen.ts has `next` for each kind of typed array: engines
 * keep one profile for each function in the source.
 */
export class ViewIterator<A> extends ElementIterator<unknown, Viewable> {
  readonly allocation: Allocation;
  data: DataView;
  view: A;
  constructor(source: Viewable) {
    super(source);
    this.allocation = source.allocation;
    this.view = source.typedArray() as A; // first: it refreshes the memory
    this.data = this.allocation.memory.data;
  }
  /** Returns element `i` by the general path, which throws if the elements are invalid, and renews the view. */
  protected renew(i: number): unknown {
    const { source, allocation } = this;
    const value = source.at(i);
    // With an epoch in memory (ts/arena/epochs.ts) every element takes the general path, which compares it.
    if (allocation.epoch === undefined) {
      this.view = source.typedArray() as A;
      this.data = allocation.memory.data;
    }
    return value;
  }
}

/** The constructor of a {@link ViewIterator}. */
export type ViewIteratorClass = new (source: Viewable) => IterableIterator<unknown>;
