// SPDX-License-Identifier: MIT
// The lexer of C declarations, with a part of the preprocessor: `#define` and conditions on names.
import { ArgumentTypeError, DeclarationError } from '../errors.ts';

/** One token. */
export interface Token {
  readonly kind: (typeof KINDS)[number] | 'end';
  readonly text: string;
  readonly line: number;
  readonly column: number;
}

/** A macro: its replacement, unless it has parameters or cannot be part of declarations, such as `1.5`. */
export interface Macro {
  readonly name: Token;
  readonly value: readonly Token[] | undefined;
}
export type Macros = ReadonlyMap<string, Macro>;

/** Tokens, and the macros that are defined at their end. */
export interface Tokens {
  readonly tokens: readonly Token[];
  readonly macros: Macros;
  /** `#pragma pack(n)`: `pack` holds for the tokens from `from` on. */
  readonly packs: readonly { readonly from: number; readonly pack: number | undefined }[];
}

/** Matches annotations, whose form no other word has. */
export const ANNOTATION: RegExp = /^_[A-Z][A-Za-z]*(_[a-z]+)*_$/;

const PATTERN =
  /\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\/|([A-Za-z_]\w*)|((?:0[xX][\da-fA-F]+|0[bB][01]+|\d+)(?:[uU](?:ll?|LL?)?|(?:ll?|LL?)[uU]?)?(?![\w.]))|(\.?\d(?:[eEpP][+-]|[\w.])*)|("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])+')|(\.\.\.|<<|>>|==|!=|<=|>=|&&|\|\||[{}()[\];,*=:+\-/%&|^~!<>?.])/y;

/** The kinds of tokens, one for each group of the pattern. `other number` is not an integer: `1.5f`, `089`. */
const KINDS = ['word', 'number', 'other number', 'text', 'mark'] as const;

/** Returns an error at the position of a token. */
export const errorAt = ({ line, column }: Token, message: string): DeclarationError =>
  new DeclarationError(message, line, column);

/** Splits `source` into tokens. @throws {DeclarationError} if a character or a directive is not supported */
export function lex(source: string): Tokens {
  if (typeof source !== 'string') throw new ArgumentTypeError('C declarations (a string)', source);
  const tokens: Token[] = [];
  const macros = new Map<string, Macro>();
  const conditions = new Conditions(macros);
  const packs = new Packs();
  for (const { text, line } of directives(joinLines(source))) {
    if (!text.startsWith('#')) {
      if (conditions.areMet) for (const token of expand(tokensOf(text, line), macros)) tokens.push(token);
      continue;
    }
    const [name, ...rest] = directiveTokens(text, line);
    if (!name || conditions.take(name, rest) || !conditions.areMet) continue;
    const [first] = rest;
    if (/^(define|undef)$/.test(name.text)) {
      if (first?.kind !== 'word')
        throw errorAt(first ?? name, `expected the name of a macro after #${name.text}`);
      if (name.text === 'define') define(macros, rest, text);
      else macros.delete(first.text);
    }
    if (name.text === 'error') throw errorAt(name, text);
    else if (first?.text === 'pack' && name.text === 'pragma') packs.take(rest, tokens.length);
  }
  conditions.assertClosed();
  assertDepth(tokens);
  const last = source.trimEnd().split('\n');
  tokens.push({ kind: 'end', text: '', line: last.length, column: (last.at(-1)?.length ?? 0) + 1 });
  return { tokens, macros, packs: packs.all };
}

/** The maximum depth of nested brackets, pointers and operators, as in clang. */
const MAX_DEPTH = 256;

/** @throws {DeclarationError} if tokens are nested so deeply that the stack could overflow */
function assertDepth(tokens: readonly Token[]): void {
  let depth = 0;
  let run = 0;
  for (const token of tokens) {
    if (token.kind !== 'mark') continue;
    const { text } = token;
    if (/^[({[]$/.test(text)) depth++;
    else if (/^[)}\]]$/.test(text)) depth--;
    // `****`, `[1][1]`, `- - -`, `?:?:`
    run = /^[*[\]\-+~!?:]$/.test(text) ? run + 1 : 0;
    if (depth > MAX_DEPTH || run > MAX_DEPTH * 2)
      throw errorAt(token, `more than ${MAX_DEPTH} nested levels`);
  }
}

/** Returns the tokens of a directive; only the first words if the rest cannot be part of declarations. */
function directiveTokens(text: string, line: number): Token[] {
  try {
    return tokensOf(text.slice(1).padStart(text.length), line);
  } catch (error) {
    const [words] = /^#\s*(define\s+\w+|undef|error|pragma|warning|include|import)\b/.exec(text) ?? [];
    if (words === undefined) throw error;
    return tokensOf(words.slice(1).padStart(words.length), line);
  }
}

/** Returns the tokens with macros replaced as by the preprocessor. Annotations are not replaced. */
export function expand(
  tokens: readonly Token[],
  macros: Macros,
  within: ReadonlySet<string> = new Set(),
): readonly Token[] {
  const expansionOf = ({ kind, text }: Token): Macro['value'] =>
    kind === 'word' && !within.has(text) && !ANNOTATION.test(text) ? macros.get(text)?.value : undefined;
  if (!tokens.some(expansionOf)) return tokens;
  return tokens.flatMap((token) => {
    const value = expansionOf(token);
    if (!value) return token;
    const { line, column } = token;
    const inside = expand(value, macros, new Set(within).add(token.text));
    return inside.map(({ kind, text }) => ({ kind, text, line, column }));
  });
}

/** `#pragma pack`: (n), (), (push), (push, n), (pop). */
class Packs {
  readonly all: { from: number; pack: number | undefined }[] = [];
  readonly #outer: (number | undefined)[] = [];
  take(rest: readonly Token[], from: number): void {
    const [at] = rest as [Token]; // the caller has checked
    const text = rest.map((token) => token.text).join('');
    const [, mark, bytes] = /^pack\((push|pop)?,?(1|2|4|8|16)?\)$/.exec(text) ?? [];
    if (mark === undefined && bytes === undefined && text !== 'pack()')
      throw errorAt(at, `#pragma ${text} is not supported; use pack(n), pack(push, n) or pack(pop)`);
    const before = this.all.at(-1)?.pack;
    if (mark === 'push') this.#outer.push(before);
    const outer = mark === 'pop' ? this.#outer.pop() : mark === 'push' ? before : undefined;
    this.all.push({ from, pack: bytes === undefined ? outer : Number(bytes) });
  }
}

/** Joins a line that ends with a backslash with the next one. Line numbers do not change. */
const joinLines = (source: string): string =>
  source.replace(/\r\n?/g, '\n').replace(/^(?:[^\n]*\\\n)+[^\n]*/gm, (all) => {
    const count = all.split('\n').length - 1;
    return all.replace(/\\\n/g, '  ') + '\n'.repeat(count);
  });

/** Splits a text into directives and the text between them. A comment is text, whatever it contains. */
function directives(source: string): { text: string; line: number }[] {
  const parts: { text: string; line: number }[] = [];
  let line = 1;
  let text = '';
  let textLine = 1;
  let isComment = false;
  for (const one of source.split('\n')) {
    const isDirective = !isComment && /^\s*#/.test(one);
    if (isDirective) {
      parts.push({ text, line: textLine }, { text: one.trim(), line });
      text = '';
      textLine = line + 1;
    } else text += `${one}\n`;
    for (const [mark] of one.matchAll(/\/\*|\*\//g)) isComment = mark === '/*';
    line++;
  }
  return [...parts, { text, line: textLine }];
}

function tokensOf(text: string, firstLine: number): Token[] {
  const tokens: Token[] = [];
  let line = firstLine;
  let lineStart = 0;
  PATTERN.lastIndex = 0;
  while (PATTERN.lastIndex < text.length) {
    const start = PATTERN.lastIndex;
    const column = start - lineStart + 1;
    const found = PATTERN.exec(text);
    if (!found) throw new DeclarationError(`unexpected ${JSON.stringify(text.charAt(start))}`, line, column);
    const kind = KINDS.find((_, index) => found[index + 1] !== undefined);
    const [all] = found;
    if (all === '/' && text.charAt(PATTERN.lastIndex) === '*')
      throw new DeclarationError('a comment without its end, */', line, column);
    if (kind) tokens.push({ kind, text: all, line, column });
    for (let at = all.indexOf('\n'); at >= 0; at = all.indexOf('\n', at + 1)) {
      line++;
      lineStart = start + at + 1;
    }
  }
  return tokens;
}

/** Handles `#define NAME value`. */
function define(macros: Map<string, Macro>, rest: readonly Token[], text: string): void {
  const [name, ...value] = rest as [Token, ...Token[]]; // the caller has checked
  const [, end = ''] = /^#\s*define\s+\w+(\s*[^\s/]?)/.exec(text) ?? [];
  // Parameters follow the name without a space. A text without tokens cannot be part of declarations.
  const isKnown = end !== '(' && (value.length > 0 || end.trim() === '');
  macros.delete(name.text); // so that its position in the list is that of this definition
  macros.set(name.text, { name, value: isKnown ? value : undefined });
}

/** The state of `#if`, `#ifdef`, `#ifndef`, `#else` and `#endif`, on defined names and on 0 and 1. */
class Conditions {
  readonly #open: { isMet: boolean; wasMet: boolean; hasElse: boolean; at: Token }[] = [];
  readonly #macros: Macros;
  constructor(macros: Macros) {
    this.#macros = macros;
  }
  get areMet(): boolean {
    return this.#open.every(({ isMet }) => isMet);
  }
  /** Handles a directive. Returns false if it is another one. */
  take(name: Token, rest: readonly Token[]): boolean {
    const top = this.#open.at(-1);
    switch (name.text) {
      case 'if':
      case 'ifdef':
      case 'ifndef': {
        // In skipped text, conditions are skipped too.
        const isRead = this.areMet;
        const isMet = isRead && this.#evaluate(name, rest);
        this.#open.push({ isMet, wasMet: isMet || !isRead, hasElse: false, at: name });
        return true;
      }
      case 'elif':
      case 'else': {
        if (!top) throw errorAt(name, `#${name.text} without #if`);
        if (top.hasElse) throw errorAt(name, `#${name.text} after #else`);
        top.hasElse = name.text === 'else';
        top.isMet = !top.wasMet && (name.text === 'else' || this.#evaluate(name, rest));
        top.wasMet ||= top.isMet;
        return true;
      }
      case 'endif':
        if (!this.#open.pop()) throw errorAt(name, '#endif without #if');
        return true;
      default:
        return false;
    }
  }
  assertClosed(): void {
    const open = this.#open.at(-1);
    if (open) throw errorAt(open.at, `#${open.at.text} without #endif`);
  }
  #evaluate(name: Token, rest: readonly Token[]): boolean {
    const words = rest.map(({ text }) => text).join(' ');
    const isDefined = (word: string | undefined): boolean => this.#macros.has(word ?? '');
    const [first] = rest;
    if (name.text !== 'if' && name.text !== 'elif' && first)
      return isDefined(first.text) === (name.text === 'ifdef');
    if (/^[01]$/.test(words)) return words === '1';
    const [, not, word] = /^(! )?defined (?:\( )?(\w+)(?: \))?$/.exec(words) ?? [];
    if (word) return isDefined(word) !== (not !== undefined);
    throw errorAt(
      name,
      `a condition that is not supported: #${name.text} ${words}; use npx linmem bindings for whole headers`,
    );
  }
}
