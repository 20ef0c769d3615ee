// SPDX-License-Identifier: MIT
// Infers the types of C declarations with template literal types: the same results in TypeScript as c-parser.ts,
// c-types.ts and c-functions.ts have at run time.
//
//   I1  The first pass only cuts the text into declarations and finds their names. A declaration is parsed when its
//       property is used, so that declarations may refer to each other, and a long text costs little.
//   I2  A declaration that these types cannot parse has the type `never`, which every use refuses. `npx linmem
//       bindings` writes types for all declarations.
import type { AnyScalar } from '../scalar/scalar.ts';
import type { bool, f16, f32, f64, i16, i32, i64, i8, u16, u32, u64, u8 } from '../scalar/types.gen.ts';
import type { ArrayType } from '../struct/array.ts';
import type { EnumType } from '../struct/enumeration.ts';
import type { FlexibleArray } from '../struct/flexible.ts';
import type { AddressType, OpaqueType, PointerType } from '../struct/pointer.ts';
import type { StructType } from '../struct/struct-type.ts';
import type { CharsType, CStringType } from '../struct/text.ts';
import type { CType } from '../struct/type.ts';
import type {
  Braced,
  Declarator,
  Joined,
  NoAttribute,
  NoBlockComments,
  Squeeze,
  Trim,
  TrimStart,
  Unqualified,
  Words,
} from './cdef-text.ts';
import type {
  CallbackType, CheckedType, CountType, InoutType, ListType, NoneType, OutCountType, OutListType, OutType, OwnedType,
} from './types.ts'; // prettier-ignore

// ---- First pass: I1 ----
/** The declarations of a text by name: types, and functions. */
interface Found {
  types: unknown;
  functions: unknown;
}
type Cut<S extends string, T = unknown, F = unknown> =
  TrimStart<S> extends `${infer D};${infer R}`
    ? D extends `${infer H}{${infer _}`
      ? TrimStart<S> extends `${H}{${infer B}`
        ? Braced<B> extends [infer Body extends string, `${infer Tail};${infer Rest}`]
          ? Cut<Rest, T & NestedTags<Body> & Body1<Trim<H>, Body, Trim<Tail>>, F>
          : { types: T; functions: F }
        : { types: T; functions: F }
      : D extends `typedef ${infer A}`
        ? Cut<R, T & Typedef<Squeeze<A>>, F>
        : Cut<R, T, F & FunctionOf<Bare<Trim<Squeeze<D>>>>>
    : { types: T; functions: F };

/** The tagged structs that a body defines. */
type NestedTags<B extends string> = B extends `${infer H}{${infer R}`
  ? Braced<R> extends [infer I extends string, infer Rest extends string]
    ? TagOf<AfterSemicolon<H>, I> & NestedTags<I> & NestedTags<Rest>
    : unknown
  : unknown;
type AfterSemicolon<H extends string> = H extends `${string};${infer R}` ? AfterSemicolon<R> : Trim<H>;
type TagOf<H extends string, I extends string> = H extends `${'struct' | 'union'} ${infer N}`
  ? { [K in NoAttribute<Trim<N>>]: ['record', I] }
  : H extends `enum ${infer N}` ? { [K in Trim<N>]: ['enum', I] } : unknown; // prettier-ignore

/** `typedef struct tag`, body, name; or `struct tag`, body. */
type Body1<H extends string, Body extends string, Tail extends string> = H extends `typedef ${infer A}`
  ? Body1<Trim<A>, Body, Tail>
  : H extends `enum${infer Tag}` ? { [N in Exclude<Trim<Tag> | NoAttribute<Tail>, ''>]: ['enum', Body] }
  : H extends `${'struct' | 'union'}${infer Tag}` ? { [N in Exclude<NoAttribute<Trim<Tag>> | NoAttribute<Tail>, ''>]: ['record', Body] }
  : unknown; // prettier-ignore

type Typedef<S extends string> = S extends `${infer R}(*${infer N})(${infer P})`
  ? { [K in Trim<N>]: ['function', Trim<R>, P] }
  : Declarator<Trim<S>> extends [infer B extends string, infer Stars extends string, infer N extends string]
    ? N extends B ? unknown : { [K in N]: ['alias', B, Stars] }
    : unknown; // prettier-ignore

/** Rewrites `int (f)(int)` to `int f(int)`. */
type Bare<S extends string> = S extends `${infer H}(${infer N})${infer R}`
  ? TrimStart<R> extends `(${string}` ? (N extends `${string}${'*' | ' ' | ',' | '('}${string}` ? S : `${Trim<H>} ${N}${R}`) : S
  : S; // prettier-ignore
/** Removes the words before the result of a function. */
type NoPrefix<S extends string> = S extends `_Success_(${string})${infer R}` ? NoPrefix<TrimStart<R>>
  : S extends `${'_Owned_' | '_Owned_by_' | '_Ret_writes_'}(${string})${infer R}` ? NoPrefix<TrimStart<R>>
  : S extends `${'_Owned_' | 'extern' | 'static' | 'inline'} ${infer R}` ? NoPrefix<TrimStart<R>>
  : S; // prettier-ignore
type FunctionOf<S extends string> = NoPrefix<S> extends `${infer H}(${infer P}`
  ? H extends `${string}=${string}` ? unknown
    : Trim<WithoutLast<P>> extends `${string}...` ? unknown
    : Declarator<Trim<H>> extends [string, string, infer N extends string] ? { [K in N]: S } : unknown
  : unknown; // prettier-ignore

// ---- Types ----
interface Basic {
  char: typeof i8; 'signed char': typeof i8; 'unsigned char': typeof u8; int8_t: typeof i8; uint8_t: typeof u8;
  short: typeof i16; 'short int': typeof i16; 'unsigned short': typeof u16; 'unsigned short int': typeof u16;
  int16_t: typeof i16; uint16_t: typeof u16; int: typeof i32; signed: typeof i32; 'signed int': typeof i32;
  unsigned: typeof u32; 'unsigned int': typeof u32; int32_t: typeof i32; uint32_t: typeof u32; wchar_t: typeof i32;
  'long long': typeof i64; 'long long int': typeof i64; 'unsigned long long': typeof u64;
  'unsigned long long int': typeof u64; int64_t: typeof i64; uint64_t: typeof u64; intmax_t: typeof i64;
  uintmax_t: typeof u64; off_t: typeof i64; time_t: typeof i64; float: typeof f32; double: typeof f64; _Float16: typeof f16;
  bool: typeof bool; _Bool: typeof bool; void: NoneType;
} // prettier-ignore
type Signed = 'long' | 'long int' | 'signed long' | 'ssize_t' | 'ptrdiff_t' | 'intptr_t';
type Unsigned = 'unsigned long' | 'unsigned long int' | 'size_t' | 'uintptr_t';
interface Incomplete<N extends string> {
  readonly incomplete: N;
}

/** The scope of names: declarations, the option `types`, the pointer size. */
interface Scope {
  types: unknown;
  known: unknown;
  pointerSize: 4 | 8;
}
type Resolve<N, S extends Scope> = N extends Body ? Defined<N, S>
  : N extends keyof Basic ? Basic[N]
  : N extends Signed ? (S['pointerSize'] extends 8 ? typeof i64 : typeof i32)
  : N extends Unsigned ? (S['pointerSize'] extends 8 ? typeof u64 : typeof u32)
  : N extends keyof S['known'] ? S['known'][N]
  : N extends keyof S['types'] ? Defined<S['types'][N], S>
  : N extends string ? Incomplete<N> : never; // prettier-ignore
type Defined<E, S extends Scope> = E extends ['record', infer B extends string] ? StructType<FieldsOf<B, S>>
  : E extends ['enum', infer B extends string] ? EnumType<EnumNames<B>>
  : E extends ['function', infer R extends string, infer P extends string] ? Callback<R, P, S>
  : E extends ['alias', infer B, infer Stars] ? Pointed<B, Stars, S>
  : never; // prettier-ignore
type Callback<R extends string, P extends string, S extends Scope> = P extends `${string}...${string}`
  ? AddressType
  : CallbackType<
      Cast<Declared<`${R} _`, S>, CType | NoneType>,
      Cast<Addresses<Parameters1<P, S>>, readonly CType[]>
    >;
/** A function pointer among the parameters of a callback is an address. */
type Addresses<L> = { [K in keyof L]: L[K] extends CallbackType ? AddressType : L[K] };
type Cast<T, U> = T extends U ? T : never;

/** The type of a base with stars. */
type Pointed<B, Stars, S extends Scope> = Stars extends '**' ? AddressType
  : Stars extends '*'
    ? B extends 'char' ? CStringType
      : B extends 'void' ? AddressType
      : Resolve<B, S> extends Incomplete<infer N> ? OpaqueType<N>
      : Resolve<B, S> extends NoneType | AnyScalar | CStringType | AddressType | PointerType ? AddressType
      : PointerType<Resolve<B, S>>
    : Resolve<B, S>; // prettier-ignore
/** The type that `int *name` declares. */
type Declared<D extends string, S extends Scope> =
  Declarator<D> extends [infer B, infer Stars, string] ? Pointed<B, Stars, S> : never;

type EnumNames<B extends string, Done extends string = never> = B extends `${infer A},${infer R}`
  ? EnumNames<R, Done | EnumName<A>>
  : Done | Exclude<EnumName<B>, ''>;
type EnumName<A extends string> = A extends `${infer N}=${string}` ? Trim<N> : Trim<A>;

/** The fields of a body. */
type FieldsOf<B extends string, S extends Scope> = {
  [E in Entries<B> as E[0]]: Field<E, S>;
};
type Body = ['record' | 'enum', string] | ['function', string, string];
type Entry = [name: string, base: string | Body, stars: string, isArray: '' | '[]' | '[?]'];
type Entries<B extends string, Done extends Entry = never> = B extends `${infer D};${infer R}`
  ? D extends `${infer H}{${infer I}`
    ? Braced<`${I};${R}`> extends [infer Inner extends string, `${infer Tail};${infer Rest}`]
      ? Entries<Rest, Done | Nested<Trim<Squeeze<H>>, Inner, Trim<Squeeze<NoAttribute<Tail>>>>>
      : Done
    : Entries<R, Done | EntriesOf<Trim<Squeeze<D>>>>
  : Done;
/** The fields that come from a nested struct: one per name or, if it is anonymous, its fields. */
type Nested<H extends string, Inner extends string, Names extends string> = Names extends ''
  ? H extends 'struct' | 'union' ? Entries<Inner> : never
  : Based<EntriesOf<`x ${Names}`>, [H extends `enum${string}` ? 'enum' : 'record', Inner]>; // prettier-ignore
type Based<E extends Entry, B extends Body> = E extends Entry ? [E[0], B, E[2], E[3]] : never;
type EntriesOf<D extends string> = D extends `${infer R}(*${infer N})(${infer P})` ? [Trim<N>, ['function', Trim<R>, P], '', '']
  : D extends `${string}(*${infer N})${string}` ? [Trim<N>, 'void', '*', '']
  : D extends `${infer H},${infer R}` ? OneEntry<Trim<H>> extends infer E extends [string, string, string, Entry[3]] ? E | MoreEntries<R, E[1]> : never
  : OneEntry<D>; // prettier-ignore
type MoreEntries<
  R extends string,
  B extends string,
  Done extends Entry = never,
> = R extends `${infer H},${infer T}`
  ? MoreEntries<T, B, Done | OneEntry<`${B} ${Trim<H>}`>>
  : Done | OneEntry<`${B} ${Trim<R>}`>;
type OneEntry<D extends string> = D extends `${infer A}:${string}` ? (Trim<A> extends keyof Basic ? never : OneEntry<Trim<A>>)
  : D extends `${infer A}[]` | `${infer A}[0]` ? Marked<A, '[?]'>
  : D extends `${infer A}[${string}` ? Marked<A, '[]'>
  : Marked<D, ''>; // prettier-ignore
type Marked<D extends string, M extends Entry[3]> =
  Declarator<Trim<NoAttribute<D>>> extends [
    infer B extends string,
    infer T extends string,
    infer N extends string,
  ]
    ? [N, B, T, M]
    : never;
type Field<E extends Entry, S extends Scope> = E[3] extends ''
  ? Pointed<E[1], E[2], S>
  : [E[1], E[2], E[3]] extends ['char', '', '[]'] ? CharsType
  : E[3] extends '[]' ? ArrayType<Cast<Pointed<E[1], E[2], S>, CType>>
  : FlexibleArray<Cast<Pointed<E[1], E[2], S>, CType>>; // prettier-ignore

// ---- Functions ----
/** Splits parameters at the commas that are not in parentheses. */
type Split<
  P extends string,
  Open extends string = '',
  Done extends string[] = [],
> = P extends `${infer A},${infer R}`
  ? IsBalanced<`${Open}${A}`> extends true
    ? Split<R, '', [...Done, Trim<`${Open}${A}`>]>
    : Split<R, `${Open}${A},`, Done>
  : [...Done, Trim<`${Open}${P}`>];
type IsBalanced<S extends string> = S extends `${infer A}(${infer R}`
  ? A extends `${string})${string}` ? false : R extends `${infer B})${infer T}` ? IsBalanced<`${A}${B extends `${string}(${string}` ? `(${AfterOpen<B>})` : ''}${T}`> : false
  : true; // prettier-ignore
type AfterOpen<B extends string> = B extends `${string}(${infer R}` ? R : '';
/** The names of the parameters that count a list with an argument. */
type Counted<
  P extends string,
  Done extends string = never,
> = P extends `${string}${'_In_reads_' | '_Inout_updates_'}(${infer N})${infer R}`
  ? Counted<R, Done | Trim<N>>
  : Done;
type Parameters1<P extends string, S extends Scope, N = never> = ParametersOf<
  Split<Trim<P>>,
  Counted<P>,
  S,
  N
>;
type ParametersOf<L extends string[], C, S extends Scope, N = never, Done extends unknown[] = []> = L extends [
  infer A extends string,
  ...infer R extends string[],
]
  ? A extends '' | 'void' ? ParametersOf<R, C, S, N, Done> : ParametersOf<R, C, S, N, [...Done, Parameter1<Squeeze<A>, C, S, N>]>
  : Done; // prettier-ignore
type Parameter1<A extends string, C, S extends Scope, N> =
  A extends `_In_reads_(${string})${infer D}` ? ListType<Element1<Trim<D>, S>>
  : A extends `_Inout_updates_(${string})${infer D}` ? ListType<Element1<Trim<D>, S>> & { readonly isInout: true }
  : A extends `_Out_writes_(${string})${infer D}` ? OutListType<Element1<Trim<D>, S>>
  : A extends `_Inout_ ${infer D}` ? InoutType<Cast<Target<Trim<D>, S>, CType>>
  : A extends `_Out_ ${'_Owned_' | '_Owned_by_'}(${string})${infer D}` ? OutType<OwnedType<Cast<Target<Trim<D>, S>, CType>>>
  : A extends `_Out_ _Owned_ ${infer D}` ? OutType<OwnedType<Cast<Target<Trim<D>, S>, CType>>>
  : A extends `_Out_ ${infer D}` ? Declarator<Trim<D>>[2] extends N ? OutCountType : OutType<Cast<Target<Trim<D>, S>, CType>>
  : A extends `${infer R}(*${string})(${infer P})` ? Callback<Trim<R>, P, S>
  : A extends `${infer B}[${string}` ? (Words<Unqualified<Trim<B>>> extends [infer T, string] ? Pointed<T, '*', S> : never)
  : Unqualified<A> extends infer N extends keyof Basic ? Resolve<N, S>
  : A extends `${string} ${string}` ? (Declarator<A> extends [infer B, infer T, infer N] ? (N extends C ? CountType : Pointed<B, T, S>) : never)
  : A extends `${string}*` ? Declared<A, S>
  : Resolve<A, S>; // prettier-ignore
/** The type of an element; bytes for `void *`. */
type Element1<D extends string, S extends Scope> =
  Target<D, S> extends infer T ? (T extends NoneType ? typeof u8 : Cast<T, CType>) : never;
/** The type that a pointer parameter refers to. */
type Target<D extends string, S extends Scope> = D extends `${infer A}[${string}` ? (Declarator<Trim<A>> extends [infer B, infer T, string] ? Pointed<B, T, S> : never)
  : Declarator<D> extends [infer B, infer T, string] ? Pointed<B, T extends '**' ? '*' : '', S> : never; // prettier-ignore

type SignatureOf<D extends string, S extends Scope> =
  NoPrefix<D> extends `${infer H}(${infer P}`
    ? readonly [Result<D, Trim<H>, S>, Parameters1<WithoutLast<P>, S, CountOfResult<D>>]
    : never;
type CountOfResult<D extends string> = D extends `${string}_Ret_writes_(${infer N})${string}`
  ? Trim<N>
  : never;
/** Removes the last parenthesis and the text after it. */
type WithoutLast<P extends string, Done extends string = ''> = P extends `${infer A})${infer R}`
  ? R extends `${string})${string}` ? WithoutLast<R, `${Done}${A})`> : `${Done}${A}`
  : `${Done}${P}`; // prettier-ignore
type Result<D extends string, H extends string, S extends Scope> =
  D extends `_Success_(${infer E})${string}` ? CheckedType<Cast<Declared<H, S>, CType>, Codes<E>>
  : D extends `${infer B}_Ret_writes_(${string})${infer R}`
    ? `${B}${TrimStart<R>}` extends `_Owned_${string}` ? OwnedType<ListType<Element1<H, S>>> : ListType<Element1<H, S>>
  : D extends `_Owned_${string}` ? OwnedType<Cast<Declared<H, S>, CType>>
  : Declared<H, S>; // prettier-ignore
type Codes<E extends string, Done extends number = never> = E extends `${infer A}||${infer R}`
  ? Codes<R, Done | Code<A>>
  : Done | Code<E>;
type Code<A extends string> = Trim<A> extends `return${infer R}` ? (Trim<R> extends `==${infer N}` ? (Trim<N> extends `${infer V extends number}` ? V : never) : never) : never; // prettier-ignore

/** The names of all enum values. */
type EnumValues<T> = {
  [N in keyof T]: T[N] extends ['enum', infer B extends string] ? EnumNames<B> : never;
}[keyof T];

type Flat<T> = { [K in keyof T]: T[K] };
type ScopeOf<T, K, P extends 4 | 8> = { types: T; known: K; pointerSize: P };
type Built<T, F, M extends string, S extends Scope> = {
  /** Structs, unions, enums and typedefs by name. */
  readonly types: { readonly [N in keyof T]: Defined<T[N], S> };
  /** Signatures for `bind`. */
  readonly functions: { readonly [N in keyof F]: SignatureOf<Cast<F[N], string>, S> };
  /** The values of enums, and macros that are integers. */
  readonly constants: { readonly [N in M | (EnumValues<T> & string)]: number };
};
type BuiltFrom<J extends [string, string], C extends Found, K, P extends 4 | 8> =
  Flat<C['types']> extends infer T ? Built<T, Flat<C['functions']>, J[1], ScopeOf<T, K, P>> : never;
/** The result of `cdef`. */
export type Cdef<T extends string, K, P extends 4 | 8> = string extends T
  ? { readonly types: Record<string, never>; readonly functions: Record<string, never>; readonly constants: Record<string, number> }
  : Joined<NoBlockComments<T>> extends infer J extends [string, string] ? BuiltFrom<J, Cut<J[0]>, K, P> : never; // prettier-ignore
