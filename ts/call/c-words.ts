// SPDX-License-Identifier: MIT
// Words of C types, and what `aligned` and `sizeof` say.
import type { CNode, TagWord } from './c-ast.ts';
import type { Token } from './c-lexer.ts';

/** Words of a type that is built in; `int` and `long` may come in any order. */
export const BASIC: RegExp =
  /^(void|char|short|int|long|signed|unsigned|float|double|_Bool|_Float16|__int128)$/;
/** Names of the standard library that are known without its headers. */
export const STANDARD: RegExp =
  /^(bool|u?int(8|16|32|64|ptr|max)_t|s?size_t|ptrdiff_t|wchar_t|off_t|time_t)$/;
export const IS_CONST: RegExp = /^(const|__const)$/;

/** The tokens in `aligned(...)`. */
export function alignedIn(tokens: readonly Token[]): readonly Token[] | undefined {
  const at = tokens.findIndex(({ text }) => /^(__)?aligned(__)?$/.test(text));
  if (at < 0) return undefined;
  const end = tokens.findIndex(({ text }, index) => index > at && text === ')');
  return end < 0 ? [{ kind: 'number', text: '16', line: 0, column: 0 }] : tokens.slice(at + 2, end);
}

/** The type in `sizeof(...)`; undefined if it is none. */
export function sizedType(tokens: readonly Token[], isType: (word: string) => boolean): CNode | undefined {
  const words = tokens.filter(({ text }) => !IS_CONST.test(text));
  const [at] = words;
  if (!at) return undefined;
  const stars = words.filter(({ text }) => text === '*').length;
  const names = words.slice(0, words.length - stars).map(({ text }) => text);
  const [first = '', second = ''] = names;
  let node: CNode;
  if (/^(struct|union|enum)$/.test(first) && names.length === 2)
    node = { kind: 'tag', word: first as TagWord, name: second, isConst: false, at };
  else if (names.every(isType)) node = { kind: 'basic', name: names.join(' '), isConst: false, at };
  else return undefined;
  return stars > 0 ? { kind: 'pointer', to: node, at } : node;
}
