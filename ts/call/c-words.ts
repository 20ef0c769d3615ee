// SPDX-License-Identifier: MIT
// The words of C types, and the operands of `aligned` and `sizeof`.
import type { CNode, TagWord } from './c-ast.ts';
import type { Token } from './c-lexer.ts';

/** Matches the words of built-in types, whose order is free. */
export const BASIC: RegExp =
  /^(void|char|short|int|long|signed|__signed__|unsigned|float|double|_Bool|_Float16|__int128|_Complex)$/;
/** Matches names of the standard library that are known without its headers. */
export const STANDARD: RegExp =
  /^(bool|u?int(8|16|32|64|ptr|max)_t|s?size_t|ptrdiff_t|wchar_t|off_t|time_t)$/;
/** Matches words that do not change a type here. */
export const IGNORED: RegExp = /^(extern|static|inline|__inline|__inline__|register|volatile|restrict|__restrict|__restrict__|__cdecl|__stdcall|_Noreturn|_Thread_local|__extension__|__volatile__)$/; // prettier-ignore
export const TAG: RegExp = /^(struct|union|enum)$/;
export const IS_CONST: RegExp = /^(const|__const)$/;

/** The words of an integer type in alphabetical order. */
const INTEGER =
  /^(char( (un)?signed)?|__int128( (un)?signed)?|int|(int )?(long |long long |short )?(un)?signed|(int )?(long|long long|short))$/;
const OTHER = /^(void|_Bool|_Float16|float|double)$/;
const COMPLEX = /^_Complex( double| double long| float)$/;

/** Returns the name of the type for words in any order; undefined for invalid ones, such as `unsigned float`. */
export function basicName(words: readonly string[]): string | undefined {
  const sorted = [...words].sort().join(' ');
  if (sorted === 'double long') return 'long double';
  if (COMPLEX.test(sorted)) return `${words.filter((word) => word !== '_Complex').join(' ')} _Complex`;
  return INTEGER.test(sorted) || OTHER.test(sorted) ? words.join(' ') : undefined;
}

/** Returns the tokens in `aligned(...)`. */
export function alignedIn(tokens: readonly Token[]): readonly Token[] | undefined {
  const at = tokens.findIndex(({ text }) => /^(__)?aligned(__)?$/.test(text));
  if (at < 0) return undefined;
  const end = tokens.findIndex(({ text }, index) => index > at && text === ')');
  return end < 0 ? [{ kind: 'number', text: '16', line: 0, column: 0 }] : tokens.slice(at + 2, end);
}

/** Returns the type in `sizeof(...)`; undefined if it is not a type. */
export function sizedType(tokens: readonly Token[], isType: (word: string) => boolean): CNode | undefined {
  const words = tokens.filter(({ text }) => !IS_CONST.test(text));
  const [at] = words;
  if (!at) return undefined;
  const stars = words.filter(({ text }) => text === '*').length;
  const names = words.slice(0, words.length - stars).map(({ text }) => text);
  const [first = '', second = ''] = names;
  let node: CNode;
  if (TAG.test(first) && names.length === 2)
    node = { kind: 'tag', word: first as TagWord, name: second, isConst: false, at };
  else {
    const name = names.length === 1 && isType(first) ? first : basicName(names);
    if (name === undefined) return undefined;
    node = { kind: 'basic', name, isConst: false, at };
  }
  return stars > 0 ? { kind: 'pointer', to: node, at } : node;
}

/** Returns an unsupported type. Its name is not a C identifier. */
export const vectorAt = (at: Token): CNode => ({ kind: 'basic', name: 'a vector', isConst: false, at });
