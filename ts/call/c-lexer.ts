// SPDX-License-Identifier: MIT
// The tokens of C declarations, and what the preprocessor says about them: `#define` and conditions on names.
import { ArgumentTypeError, DeclarationError } from '../errors.ts';

/** One token. */
export interface Token {
  readonly kind: 'word' | 'number' | 'text' | 'mark' | 'end';
  readonly text: string;
  readonly line: number;
  readonly column: number;
}

/** Tokens, and the macros that were defined as something. */
export interface Tokens {
  readonly tokens: readonly Token[];
  readonly macros: readonly { readonly name: Token; readonly value: readonly Token[] }[];
}

const PATTERN =
  /\s+|\/\/[^\n]*|\/\*[\s\S]*?\*\/|([A-Za-z_]\w*)|(0[xX][\da-fA-F]+[uUlL]*|\d+[uUlL]*(?![\w.]))|("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])+')|(\.\.\.|<<|>>|==|!=|<=|>=|&&|\|\||[{}()[\];,*=:+\-/%&|~!<>?.])/y;

/** An error at a token. */
export const errorAt = ({ line, column }: Token, message: string): DeclarationError =>
  new DeclarationError(message, line, column);

/** Reads `source`. @throws {DeclarationError} for a character that C has not, or a directive that is not supported */
export function lex(source: string): Tokens {
  if (typeof source !== 'string') throw new ArgumentTypeError('C declarations (a string)', source);
  const tokens: Token[] = [];
  const macros: { name: Token; value: Token[] }[] = [];
  const conditions = new Conditions(macros);
  const lines = joinLines(source);
  for (const { text, line } of directives(lines)) {
    if (!text.startsWith('#')) {
      if (conditions.areMet) tokens.push(...tokensOf(text, line));
      continue;
    }
    const [name, ...rest] = directiveTokens(text, line);
    if (!name) continue;
    if (conditions.take(name, rest) || !conditions.areMet) continue;
    if (name.text === 'define' && rest[0]) define(macros, rest, text);
  }
  conditions.assertClosed();
  const last = source.trimEnd().split('\n');
  tokens.push({ kind: 'end', text: '', line: last.length, column: (last.at(-1)?.length ?? 0) + 1 });
  return { tokens, macros };
}

/** The tokens of a directive; none for a macro of something that declarations do not have, as a floating-point number. */
function directiveTokens(text: string, line: number): Token[] {
  try {
    return tokensOf(text.slice(1).padStart(text.length), line);
  } catch (error) {
    if (/^#\s*(define|undef|error|pragma|warning)\b/.test(text)) return [];
    throw error;
  }
}

/** A backslash at the end of a line joins it with the next; the numbers of lines stay. */
const joinLines = (source: string): string =>
  source.replace(/\r\n?/g, '\n').replace(/(?:[^\n]*\\\n)+[^\n]*/g, (all) => {
    const count = all.split('\n').length - 1;
    return all.replace(/\\\n/g, '  ') + '\n'.repeat(count);
  });

/** Text between directives, and directives. A comment is text, whatever is in it. */
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
    const [all, word, number, quoted, mark] = found;
    const kind = word ? 'word' : number ? 'number' : quoted ? 'text' : mark ? 'mark' : undefined;
    if (kind) tokens.push({ kind, text: all, line, column });
    for (let at = all.indexOf('\n'); at >= 0; at = all.indexOf('\n', at + 1)) {
      line++;
      lineStart = start + at + 1;
    }
  }
  return tokens;
}

/** `#define NAME value`; one with parameters, or without a value, is no constant. */
function define(macros: { name: Token; value: Token[] }[], rest: readonly Token[], text: string): void {
  const [name, ...value] = rest as [Token, ...Token[]]; // the caller has looked
  const hasParameters = new RegExp(`\\b${name.text}\\(`).test(text);
  if (name.kind === 'word' && !hasParameters) macros.push({ name, value });
}

/** `#if`, `#ifdef`, `#ifndef`, `#else`, `#endif` on names that were defined or not, and on 0 and 1. */
class Conditions {
  readonly #open: { isMet: boolean; wasMet: boolean; at: Token }[] = [];
  readonly #macros: readonly { name: Token }[];
  constructor(macros: readonly { name: Token }[]) {
    this.#macros = macros;
  }
  get areMet(): boolean {
    return this.#open.every(({ isMet }) => isMet);
  }
  /** Takes a directive, if it is one of these. */
  take(name: Token, rest: readonly Token[]): boolean {
    const top = this.#open.at(-1);
    switch (name.text) {
      case 'if':
      case 'ifdef':
      case 'ifndef': {
        const isMet = this.#evaluate(name, rest);
        this.#open.push({ isMet, wasMet: isMet, at: name });
        return true;
      }
      case 'elif':
      case 'else': {
        if (!top) throw errorAt(name, `#${name.text} without #if`);
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
    const isDefined = (word: string | undefined): boolean =>
      this.#macros.some((macro) => macro.name.text === word);
    if (name.text === 'ifdef') return isDefined(rest[0]?.text);
    if (name.text === 'ifndef') return !isDefined(rest[0]?.text);
    if (/^[01]$/.test(words)) return words === '1';
    const [, not, word] = /^(! )?defined (?:\( )?(\w+)(?: \))?$/.exec(words) ?? [];
    if (word) return isDefined(word) !== (not !== undefined);
    throw errorAt(
      name,
      `a condition that is not supported here: #${name.text} ${words}; use the CLI for whole headers`,
    );
  }
}
