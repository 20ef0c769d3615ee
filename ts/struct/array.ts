// SPDX-License-Identifier: MIT
// Fixed arrays, as a type (`array(Point, 3)`) and as refs to elements that are not scalars.
import { argumentError, ArgumentRangeError, ArgumentTypeError, define } from '../errors.ts';
import { locatedError } from './located-error.ts';
import { refClassesOf } from '../scalar/ref-classes.ts';
import { toCount } from '../memory/address.ts';
import type { LinearMemory } from '../memory/linear-memory.ts';
import { toIndex } from '../scalar/elements.ts';
import { ElementIterator } from '../scalar/iterator.ts';
import { installPrinting, printValues } from '../scalar/print.ts';
import { Ref } from '../scalar/ref.ts';
import type { ScalarValue, Values } from '../scalar/descriptor.ts';
import type { Scalar } from '../scalar/scalar.ts';
import { encodeValues, fromElements, storeValues } from '../scalar/values.ts';
import type { Layout, PointerSize } from './layout.ts';
import { derive, withoutBigints } from './instance.ts';
import { memoryOf, type Origin } from './origin.ts';
import { assignStaged } from './stage.ts';
import type { TextStore } from './texts.ts';
import {
  elementLayout,
  isScalar,
  layoutOf,
  liveOf,
  load,
  pointerSizeOf,
  store,
  toValueType,
  type CompositeType,
  type CType,
} from './type.ts';

/** `length` consecutive elements. */
export class ArrayType<T extends CType = CType> implements CompositeType {
  readonly name: string;
  readonly element: T;
  readonly length: number;
  constructor(element: T, length: number) {
    this.name = `${element.name}[${length}]`;
    this.element = element;
    this.length = length;
  }
  layout(pointerSize: PointerSize): Layout {
    const { size, align } = elementLayout(this.element, pointerSize);
    return { size: size * this.length, align };
  }
  /** @internal */
  load(memory: LinearMemory, address: number): unknown[] {
    return loadElements(this.element, memory, address, this.length);
  }
  /** @internal */
  store(memory: LinearMemory, address: number, value: unknown, texts?: TextStore): void {
    const values = toValues(value, this.name, this.element);
    if (values.length > this.length)
      throw new ArgumentRangeError(`at most ${this.length} elements for ${this.name}`, values.length);
    storeElements(this.element, memory, address, values, texts);
  }
  /** @internal */
  live(origin: Origin, address: number): unknown {
    return elementsOf(this.element, origin, address, this.length);
  }
}

/**
 * The type of `length` consecutive elements, as a field: `array(Point, 3)` is `point_t name[3]`.
 * @throws {ArgumentRangeError} if the length is not an integer above 0
 */
export function array<T extends CType>(element: T, length: number): ArrayType<T> {
  if (toCount(length, 'a number of elements', 0, 2 ** 31) === 0)
    throw new ArgumentRangeError('a number of elements above 0', length);
  return new ArrayType(toValueType(element, 'array()') as T, length);
}

/** Values with indices, and their number. The length is read once, as it may change or be wrong. */
export interface Elementwise {
  readonly values: ArrayLike<unknown>;
  readonly length: number;
}

/** Returns the elements, of `type`, of an array, an array ref, a slice, or anything else with a length or an iterator. */
export function toValues(value: unknown, name: string, type: CType): Elementwise {
  try {
    return measured(isScalar(type) ? fromElements(type as Scalar, value as Values<never>) : value, name);
  } catch (error) {
    throw argumentError(error, `an array for ${name}`, value);
  }
}

function measured(value: unknown, name: string): Elementwise {
  if (typeof value === 'object' && value !== null) {
    let values = value as ArrayLike<unknown> & { elementValues?: () => ArrayLike<unknown> };
    const isPlain = Array.isArray(value) || ArrayBuffer.isView(value);
    if (value instanceof Elements) values = value.toArray();
    else if (!isPlain && typeof values.elementValues === 'function') values = values.elementValues();
    else if (!isPlain && !('length' in value) && Symbol.iterator in value)
      values = [...(value as Iterable<unknown>)];
    const { length }: { length: unknown } = values;
    if (typeof length === 'number') return { values, length: toCount(length, `a length of ${name}`) };
  }
  throw new ArgumentTypeError(`an array for ${name}`, value);
}

/** Returns the elements as plain values. */
export function loadElements(type: CType, memory: LinearMemory, address: number, count: number): unknown[] {
  const { size } = layoutOf(type, pointerSizeOf(memory));
  return Array.from({ length: count }, (_, i) => load(type, memory, address + i * size));
}

/** Writes all of `values`. The caller has checked their number. */
export function storeElements(
  type: CType,
  memory: LinearMemory,
  address: number,
  { values, length }: Elementwise,
  texts?: TextStore,
): void {
  if (isScalar(type)) {
    storeValues(memory, address, encodeValues(type as Scalar, values as ArrayLike<ScalarValue>, length));
    return;
  }
  const { size } = layoutOf(type, pointerSizeOf(memory));
  let i = 0;
  try {
    for (; i < length; i++) store(type, memory, address + i * size, values[i], texts);
  } catch (error) {
    throw locatedError(error, `element ${i}`);
  }
}

/** Returns live elements: an array ref of scalars, or {@link Elements}. */
export function elementsOf(type: CType, origin: Origin, address: number, count: number): unknown {
  if (!isScalar(type)) return new (elementsClass(type, pointerSizeOf(origin.heap)))(origin, address, count);
  const ref = new (refClassesOf(type as Scalar).ArrayRef)(
    origin.heap,
    address,
    count,
    origin.allocation,
    false,
  );
  ref.retains = origin;
  return ref;
}

/** A ref to elements that are not scalars: structs, arrays, pointers, strings. Every index is checked. */
export class Elements extends Ref {
  /** The number of elements. */
  declare readonly length: number;
  /** @internal */
  declare readonly origin: Origin;
  /** The type of an element. */
  declare readonly type: CompositeType;
  /** The distance between two elements in bytes. */
  declare readonly stride: number;

  get byteLength(): number {
    return this.length * this.stride;
  }
  /**
   * Returns element `index`, live; a negative index counts from the end.
   * @throws {ArgumentRangeError} if it is not an integer in [-length, length)
   */
  at(_index: number): unknown {
    return undefined; // each class overrides it
  }

  /** Writes element `index`. Returns the ref. */
  setAt(index: number, value: unknown): this {
    const address = this.address + toIndex(index, this.length) * this.stride;
    assignStaged(this.origin, address, this.stride, (memory, at, texts) =>
      store(this.type, memory, at, value, texts),
    );
    return this;
  }
  /** Writes `values` to the elements from `offset` on: all of them or, if one is refused or they do not fit, none. */
  set(values: Values<unknown>, offset = 0): this {
    const start = toCount(offset, 'an offset in elements', 0, this.length + 1);
    const given = toValues(values, this.type.name, this.type);
    const { length } = given;
    if (length > this.length - start)
      throw new ArgumentRangeError(`at most ${this.length - start} values`, length);
    const { stride } = this;
    assignStaged(this.origin, this.address + start * stride, length * stride, (memory, at, texts) =>
      storeElements(this.type, memory, at, given, texts),
    );
    return this;
  }
  /** Returns a ref to the elements from `start` up to, not including, `end`. It borrows. */
  subarray(start = 0, end: number = this.length): Elements {
    this.assertLive();
    const from = toIndex(start, this.length, this.length + 1);
    const length = Math.max(0, toIndex(end, this.length, this.length + 1) - from);
    const Same = this.constructor as ElementsClass;
    return new Same(this.origin, this.address + from * this.stride, length);
  }
  /** Returns the elements as an ordinary array of live values. */
  toArray(): unknown[] {
    return Array.from({ length: this.length }, (_, i) => this.at(i));
  }
  /** Returns copies of the elements as plain values. */
  toObject(): unknown[] {
    return loadElements(this.type, memoryOf(this.origin), this.address, this.length);
  }
  /** Returns the elements for `JSON.stringify`. */
  toJSON(): unknown[] {
    return this.toArray().map((one) => (one as { toJSON?(): unknown } | null)?.toJSON?.() ?? one);
  }
  /** Iterates over the live elements. */
  [Symbol.iterator](): IterableIterator<unknown> {
    return new ElementIterator(this);
  }
  /** @internal */
  get printedName(): string {
    return `${this.type.name}[${this.length}]`;
  }
}
installPrinting(Elements.prototype, (all: Elements) => {
  all.assertLive();
  const { type, origin, address, length, stride } = all;
  const one = (i: number): unknown => withoutBigints(load(type, memoryOf(origin), address + i * stride));
  return printValues({
    length,
    *[Symbol.iterator]() {
      for (let i = 0; i < length; i++) yield one(i);
    },
  });
});

export type ElementsClass = new (origin: Origin, address: number, length: number) => Elements;
const classes: WeakMap<CompositeType, Map<PointerSize, ElementsClass>> = /* @__PURE__ */ new WeakMap();

/** Returns the class of refs to elements of a type, the same one each time. */
export function elementsClass(type: CompositeType, pointerSize: PointerSize): ElementsClass {
  let known = classes.get(type);
  if (!known) classes.set(type, (known = new Map()));
  let Class = known.get(pointerSize);
  if (!Class) known.set(pointerSize, (Class = makeClass(type, pointerSize)));
  return Class;
}
type Mutable<T> = { -readonly [K in keyof T]: T[K] };

function makeClass(type: CompositeType, pointerSize: PointerSize): ElementsClass {
  const stride = elementLayout(type, pointerSize).size;
  const live = liveOf(type, pointerSize);
  const Class = class {
    declare readonly origin: Origin;
    declare readonly address: number;
    declare readonly length: number;
    constructor(origin: Origin, address: number, length: number) {
      const state = this as unknown as Mutable<Elements>; // see the prototypes below
      state.origin = origin;
      state.address = address;
      state.length = length;
      state.heap = origin.heap;
      state.allocation = origin.allocation;
      state.views = memoryOf(origin).views;
    }
    at(index: number): unknown {
      const i = typeof index === 'number' ? index >>> 0 : -1;
      if (i === index && i < this.length) return live(this.origin, this.address + i * stride);
      return live(this.origin, this.address + toIndex(index, this.length) * stride);
    }
  };
  define(Class.prototype, 'type', type);
  define(Class.prototype, 'stride', stride);
  return derive(Class, Elements);
}
