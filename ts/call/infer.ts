// SPDX-License-Identifier: MIT
// Types inferred from a signature: the arguments and the result of the bound function.
import type { Address } from '../memory/address.ts';
import type { Ref } from '../scalar/ref.ts';
import type { Values } from '../scalar/descriptor.ts';
import type { Scalar } from '../scalar/scalar.ts';
import type { ElementsRef, Init, Instance, InitFields, Live, Plain } from '../struct/infer.ts';
import type { AnySlice } from '../struct/origin.ts';
import type { PointerType } from '../struct/pointer.ts';
import type { StructType } from '../struct/struct-type.ts';
import type { CType } from '../struct/type.ts';
import type { CallbackHandle } from './handle.ts';
import type {
  CallbackType, CheckedType, CountType, InoutType, ListType, NoneType, OutCountType, OutListType, OutType, OwnedType,
} from './types.ts'; // prettier-ignore

/** The function that C calls. */
export type CallbackFunction<C> =
  C extends CallbackType<infer R, infer P>
    ? (...args: { -readonly [K in keyof P]: Live<P[K]> }) => R extends NoneType ? unknown : Init<R>
    : never;

/** The type of the argument of a parameter. */
export type Argument<P> =
  P extends InoutType<infer T> ? Init<T>
  : P extends ListType<infer E> ? Values<Init<E>> | ElementsRef<E> | AnySlice | Address | null
  : P extends CallbackType ? CallbackFunction<P> | CallbackHandle<P> | Address | null
  : P extends PointerType<infer T> ? (T extends StructType<infer F> ? InitFields<F> | Instance<F> : never) | Ref | AnySlice | Address | null
  : P extends CType ? Init<P>
  : never; // prettier-ignore

/** The arguments of a function: one for each parameter that is not hidden. */
export type Arguments<P extends readonly unknown[]> = P extends readonly [infer Head, ...infer Rest]
  ? Head extends OutType | OutListType | OutCountType | CountType
    ? Arguments<Rest>
    : [Argument<Head>, ...Arguments<Rest>]
  : [];

/** The type of a list as a result: a typed array, or an array of plain values. */
export type ListValue<E> = E extends Scalar<infer _, infer A> ? A : Plain<E>[];
/** The type of a result, or of the value of an out-parameter. */
export type Value<T> =
  T extends OwnedType<infer O> ? (O extends PointerType<infer P> ? Plain<P> | null : O extends ListType<infer E> ? ListValue<E> | null : Live<O>)
  : T extends ListType<infer E> ? ListValue<E> | null
  : T extends StructType<infer _> ? Plain<T>
  : Live<T>; // prettier-ignore

/** The values that a call returns for its parameters. */
export type Outs<P extends readonly unknown[]> = P extends readonly [infer Head, ...infer Rest]
  ? Head extends OutType<infer T> ? [Value<T>, ...Outs<Rest>]
  : Head extends InoutType<infer T> ? [Plain<T>, ...Outs<Rest>]
  : Head extends OutListType<infer E> ? [ListValue<E>, ...Outs<Rest>]
  : Head extends ListType<infer E> & { readonly isInout: true } ? [ListValue<E>, ...Outs<Rest>]
  : Outs<Rest>
  : []; // prettier-ignore

export type IsUnion<T, U = T> = T extends unknown ? ([U] extends [T] ? false : true) : never;
/** The result of the C function, as a tuple of none or one. */
export type Returned<R> =
  R extends NoneType ? []
  : R extends CheckedType<infer _, infer S> ? (number extends S ? [number] : IsUnion<S> extends true ? [S] : [])
  : [Value<R>]; // prettier-ignore

/** No value, one value, or a tuple of several. */
// biome-ignore lint/suspicious/noConfusingVoidType: the result of a function
export type Packed<V extends readonly unknown[]> = V extends [] ? void : V extends [infer One] ? One : V;

/** A bound function. */
export type Bound<S> = S extends readonly [infer R, infer P extends readonly unknown[]]
  ? (...args: Arguments<P>) => Packed<[...Returned<R>, ...Outs<P>]>
  : never;
/** Bound functions by name. */
export type Library<S> = { readonly [K in keyof S]: Bound<S[K]> };
