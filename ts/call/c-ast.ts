// SPDX-License-Identifier: MIT
// The syntax tree of C declarations, which c-parser.ts creates.
import type { Integer } from './c-expression.ts';
import type { Token } from './c-lexer.ts';

/** A C type. */
export type CNode =
  | { readonly kind: 'basic'; readonly name: string; readonly isConst: boolean; readonly at: Token }
  | { readonly kind: 'tag'; readonly word: TagWord; readonly name: string; readonly isConst: boolean; readonly at: Token }
  | { readonly kind: 'pointer'; readonly to: CNode; readonly at: Token }
  | { readonly kind: 'array'; readonly of: CNode; readonly length: number | undefined; readonly at: Token }
  | { readonly kind: 'function'; readonly result: CNode; readonly parameters: readonly Parameter[]; readonly isVariadic: boolean; readonly at: Token }; // prettier-ignore

export type TagWord = 'struct' | 'union' | 'enum';

/** An annotation such as `_In_reads_(n)`. */
export interface Annotation {
  readonly name: string;
  /** The tokens in its parentheses. */
  readonly argument: readonly Token[];
  readonly at: Token;
}

/** A parameter of a function. */
export interface Parameter {
  readonly name: string | undefined;
  readonly type: CNode;
  readonly annotations: readonly Annotation[];
}

/** A member of a struct or union. */
export interface Member {
  readonly name: string | undefined;
  readonly type: CNode;
  /** The width of a bit-field. */
  readonly bits: number | undefined;
  /** The alignment that `_Alignas` or `aligned` gives. */
  readonly align: number | undefined;
  readonly at: Token;
}

/** The body of a struct, union or enum. */
export interface TagBody {
  readonly word: TagWord;
  readonly members: readonly Member[];
  /** The names and values of an enum. */
  readonly values: Readonly<Record<string, number>>;
  readonly packed: boolean;
  /** The `n` of `#pragma pack(n)`. */
  readonly pack: number | undefined;
  readonly align: number | undefined;
}

/** A function. */
export interface FunctionDeclaration {
  readonly type: Extract<CNode, { kind: 'function' }>;
  readonly annotations: readonly Annotation[];
  readonly at: Token;
}

/** All declarations of a text. */
export interface Declarations {
  /** Structs, unions and enums, by keyword and tag. An unnamed one has a tag that is not a C identifier. */
  readonly tags: Map<string, TagBody>;
  readonly typedefs: Map<string, CNode>;
  /** The alignment of typedefs that have one: `typedef int wide __attribute__((aligned(8)))`. */
  readonly alignments: Map<string, number>;
  readonly functions: Map<string, FunctionDeclaration>;
  /** Enum values and macros. */
  readonly constants: Map<string, Integer>;
  /** Macros that are not integers, and the tokens that define them. */
  readonly otherMacros: Map<string, Token>;
}
