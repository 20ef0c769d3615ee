// SPDX-License-Identifier: MIT
// Types inferred from a C type: the live value of a field, the plain value of a copy, the values that it can be set to.
import type { Address } from '../memory/address.ts';
import type { ScalarArrayRef } from '../scalar/array.ts';
import type { Ref } from '../scalar/ref.ts';
import type { ScalarValue, Values } from '../scalar/descriptor.ts';
import type { Scalar } from '../scalar/scalar.ts';
import type { ArrayType } from './array.ts';
import type { BitField } from './bits.ts';
import type { FlexibleArray } from './flexible.ts';
import type { StructRef } from './instance.ts';

/** The key under which a type has the types of its values, for TypeScript only. @public Declarations need its name. */
export declare const SHAPE: unique symbol;
/** A type whose live and plain values have the same type `V`. It can be set to an `I`. */
export interface Simple<V, I = V> {
  readonly [SHAPE]?: ['simple', V, I];
}
/** A struct or union with fields `F`. */
export interface Fielded<F> {
  readonly [SHAPE]?: ['fields', F];
}
/** A pointer to a `T`. */
export interface Pointing<T> {
  readonly [SHAPE]?: ['pointer', T];
}

// biome-ignore lint/suspicious/noExplicitAny: matches whatever typed array a scalar has
export type AnyView = any;
export type ShapeOf<T> = T extends { readonly [SHAPE]?: infer S } ? NonNullable<S> : never;

/** The live value of a type, which the accessor of a field returns. */
export type Live<T> =
  T extends Scalar<infer V, AnyView> ? V
  : T extends BitField<infer B> ? Live<B>
  : T extends ArrayType<infer E> ? ElementsRef<E>
  : T extends FlexibleArray<infer E> ? ElementsRef<E>
  : ShapeOf<T> extends ['simple', infer V, unknown] ? V
  : ShapeOf<T> extends ['pointer', infer P] ? Live<P> | null
  : ShapeOf<T> extends ['fields', infer F] ? Instance<F>
  : never; // prettier-ignore

/** The plain value of a type: a copy. A pointer is its address. */
export type Plain<T> =
  T extends Scalar<infer V, AnyView> ? V
  : T extends BitField<infer B> ? Plain<B>
  : T extends ArrayType<infer E> ? Plain<E>[]
  : T extends FlexibleArray<infer E> ? Plain<E>[]
  : ShapeOf<T> extends ['simple', infer V, unknown] ? V
  : ShapeOf<T> extends ['pointer', unknown] ? number | null
  : ShapeOf<T> extends ['fields', infer F] ? PlainFields<F>
  : never; // prettier-ignore
export type PlainFields<F> = { -readonly [K in keyof F]: Plain<F[K]> };

/** The values that a type can be set to. */
export type Init<T> =
  T extends Scalar<infer V, AnyView> ? V
  : T extends BitField<infer B> ? Init<B>
  : T extends ArrayType<infer E> ? Values<Init<E>> | ElementsRef<E>
  : T extends FlexibleArray<infer E> ? Values<Init<E>> | ElementsRef<E>
  : ShapeOf<T> extends ['simple', unknown, infer I] ? I
  : ShapeOf<T> extends ['pointer', infer P] ? Live<P> | Ref | Address | null
  : ShapeOf<T> extends ['fields', infer F] ? InitFields<F> | Instance<F>
  : never; // prettier-ignore
export type InitFields<F> = { readonly [K in keyof F]?: Init<F[K]> };

/** The members of every instance, besides its fields. */
export interface InstanceMembers<F> extends Ref {
  /** Writes the fields of `values`, all of them or none; the others stay. Returns the instance. */
  set(values: InitFields<F>): this;
  /** Returns the fields as a plain object: a copy. */
  toObject(): PlainFields<F>;
  /** Returns the fields for JSON: as {@link toObject}, with bigints as decimal strings. */
  toJSON(): unknown;
}
/** A live struct: its fields, and the members of {@link Ref} that no field hides. */
export type Instance<F> = ([keyof F & keyof StructRef] extends [never]
  ? InstanceMembers<F>
  : Omit<InstanceMembers<F>, keyof F>) & { -readonly [K in keyof F]: Live<F[K]> };

/** Consecutive elements: a {@link ScalarArrayRef}, or {@link LiveElements} for other types. */
export type ElementsRef<E> =
  E extends Scalar<infer V, infer A> ? ScalarArrayRef<V & ScalarValue, A> : LiveElements<E>;
/** A ref to elements that are not scalars. Every index is checked. */
export interface LiveElements<E> extends Ref {
  /** The number of elements. */
  readonly length: number;
  /** Returns element `index`, live; a negative index counts from the end. @throws {ArgumentRangeError} if there is none */
  at(index: number): Live<E>;
  /** Writes element `index`. */
  setAt(index: number, value: Init<E>): this;
  /** Writes `values` from element `offset` on: all of them or none. */
  set(values: Values<Init<E>>, offset?: number): this;
  /** Returns a ref to some of the elements. It borrows. */
  subarray(start?: number, end?: number): LiveElements<E>;
  /** Returns the live elements as an ordinary array. */
  toArray(): Live<E>[];
  /** Returns copies of the elements. */
  toObject(): Plain<E>[];
  toJSON(): unknown[];
  [Symbol.iterator](): IterableIterator<Live<E>>;
}
