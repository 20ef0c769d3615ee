// SPDX-License-Identifier: MIT
// Types derived from others: big-endian, or with a greater alignment.
import { assertType, type ScalarValue } from '../scalar/descriptor.ts';
import { toAlign } from '../memory/address.ts';
import type { LinearMemory } from '../memory/linear-memory.ts';
import { readBigEndian, writeBigEndian } from '../scalar/endian.ts';
import type { Scalar } from '../scalar/scalar.ts';
import type { Live, Simple } from './infer.ts';
import type { Layout, PointerSize } from './layout.ts';
import type { Origin } from './origin.ts';
import type { TextStore } from './texts.ts';
import {
  layoutOf,
  liveOf,
  load,
  pointerSizeOf,
  store,
  toValueType,
  type CompositeType,
  type CType,
} from './type.ts';

/** A big-endian scalar: its highest byte comes first. */
export class BigEndianType<T extends ScalarValue> implements CompositeType {
  readonly name: string;
  readonly #base: Scalar<T>;
  constructor(base: Scalar<T>) {
    this.name = `${base.name} (big-endian)`;
    this.#base = base;
  }
  layout(): Layout {
    return layoutOf(this.#base as unknown as CType, 4);
  }
  /** @internal */
  load(memory: LinearMemory, address: number): T {
    return readBigEndian(this.#base, memory, address);
  }
  /** @internal */
  store(memory: LinearMemory, address: number, value: unknown): void {
    writeBigEndian(this.#base, memory, address, value as T); // refuses other types
  }
  /** @internal */
  live(origin: Origin, address: number): T {
    return this.load(origin.allocation.memory, address);
  }
}
export interface BigEndianType<T extends ScalarValue> extends Simple<T> {}

/** A scalar whose highest byte comes first in memory, as in network data and file formats. */
export function bigEndian<T extends ScalarValue, A extends ArrayBufferView>(
  base: Scalar<T, A>,
): BigEndianType<T> {
  assertType(base);
  return new BigEndianType(base as Scalar<T>);
}

/** A type with a greater alignment. */
export class AlignedType<T extends CType> implements CompositeType {
  readonly name: string;
  /** The alignment in bytes. */
  readonly align: number;
  /** The type without the alignment. */
  readonly base: T;
  constructor(align: number, base: T) {
    this.name = base.name;
    this.align = align;
    this.base = base;
  }
  /** As of {@link CompositeType}, with the alignment as `asked` of `Member`. */
  layout(pointerSize: PointerSize): Layout & { readonly asked: number } {
    const { size, align } = layoutOf(this.base, pointerSize);
    return { size, align: Math.max(align, this.align), asked: this.align };
  }
  /** @internal */
  load(memory: LinearMemory, address: number): unknown {
    return load(this.base, memory, address);
  }
  /** @internal */
  store(memory: LinearMemory, address: number, value: unknown, texts?: TextStore): void {
    store(this.base, memory, address, value, texts);
  }
  /** @internal */
  live(origin: Origin, address: number): unknown {
    return liveOf(this.base, pointerSizeOf(origin.heap))(origin, address);
  }
}

/** Returns the type of a field with `_Alignas(align)`. */
export function aligned<T extends CType>(align: number, base: T): AlignedType<T> & Simple<Live<T>> {
  return new AlignedType(toAlign(align), toValueType(base, 'aligned()') as T) as AlignedType<T> &
    Simple<Live<T>>; // for TypeScript
}
