// SPDX-License-Identifier: MIT
// Parses C text with template literal types: comments, lines, words, braces.

type Space = ' ' | '\t' | '\r' | '\n';
export type TrimStart<S extends string> = S extends `${Space}${infer R}` ? TrimStart<R> : S;
type TrimEnd<S extends string> = S extends `${infer R}${Space}` ? TrimEnd<R> : S;
export type Trim<S extends string> = TrimEnd<TrimStart<S>>;
/** Removes block comments. */
export type NoBlockComments<S extends string, Done extends string = ''> = S extends `${infer A}/*${infer R}`
  ? R extends `${string}*/${infer B}`
    ? NoBlockComments<B, `${Done}${A} `>
    : `${Done}${A}`
  : `${Done}${S}`;
type NoLineComment<S extends string> = S extends `${infer A}//${string}` ? A : S;
/** Joins the lines. Returns the text and the names of the macros. */
export type Joined<
  S extends string,
  Done extends string = '',
  Macros extends string = never,
> = S extends `${infer L}\n${infer R}`
  ? Line<Trim<NoLineComment<L>>, R, Done, Macros>
  : [`${Done} ${Trim<NoLineComment<S>>}`, Macros];
type Line<L extends string, R extends string, Done extends string, Macros extends string> = L extends `#${infer D}`
  ? Joined<R, Done, Macros | (Trim<D> extends `define ${infer N} ${string}` ? (N extends `${string}(${string}` ? never : N) : never)>
  : Joined<R, L extends '' ? Done : `${Done} ${L}`, Macros>; // prettier-ignore
/** Reduces white space between words to one space. */
export type Squeeze<S extends string> = S extends `${infer A}  ${infer B}` ? Squeeze<`${A} ${B}`> : S extends `${infer A}\t${infer B}` ? Squeeze<`${A} ${B}`> : S; // prettier-ignore
/** Splits a text into all words but the last, and the last. */
export type Words<S extends string, Done extends string = ''> = S extends `${infer A} ${infer R}`
  ? Words<R, Done extends '' ? A : `${Done} ${A}`>
  : [Done, S];
export type Unqualified<S extends string> = S extends `${'const' | 'volatile' | 'struct' | 'union' | 'enum' | 'extern' | 'static' | 'inline' | 'restrict'} ${infer R}`
  ? Unqualified<Trim<R>>
  : S extends `${infer R} const` ? Unqualified<Trim<R>> : S; // prettier-ignore
/** Splits `const char *name` into base, stars and name. */
export type Declarator<S extends string> = S extends `${infer B}*${infer R}`
  ? Trim<R> extends `*${infer N}`
    ? [Unqualified<Trim<B>>, '**', Unqualified<Trim<N>>]
    : [Unqualified<Trim<B>>, '*', Unqualified<Trim<R>>]
  : Words<S> extends [infer B extends string, infer N extends string]
    ? [Unqualified<B>, '', N]
    : never;

/** Splits a text into the part up to the closing brace and the rest. `D` has an element for each open inner brace. */
export type Braced<
  S extends string,
  Done extends string = '',
  D extends 0[] = [],
> = S extends `${infer A}}${infer R}`
  ? [...D, ...Opened<A>] extends [0, ...infer E extends 0[]]
    ? Braced<R, `${Done}${A}}`, E>
    : [`${Done}${A}`, R]
  : never;
type Opened<S extends string> = S extends `${string}{${infer R}` ? [0, ...Opened<R>] : [];
export type NoAttribute<S extends string> = S extends `${infer A}__attribute__${string}` ? Trim<A> : S;
