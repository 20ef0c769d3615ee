// SPDX-License-Identifier: MIT
// A position in a list of tokens.
import { errorAt, type Token } from './c-lexer.ts';

export class Cursor {
  position = 0;
  readonly #tokens: readonly Token[];
  readonly #end: Token;
  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
    this.#end = tokens.at(-1) as Token; // there is one of the kind `end`
  }
  get peek(): Token {
    return this.#tokens[this.position] ?? this.#end;
  }
  get next(): Token {
    return this.#tokens[this.position + 1] ?? this.#end;
  }
  /** The name of the current token in errors. */
  get found(): string {
    return this.peek.kind === 'end' ? 'the end' : this.peek.text;
  }
  is(text: string): boolean {
    return this.peek.text === text && this.peek.kind !== 'text';
  }
  advance(): Token {
    const { peek } = this;
    this.position++;
    return peek;
  }
  /** Skips a token. Returns true. */
  drop(): true {
    this.position++;
    return true;
  }
  skip(count: number): void {
    this.position += count;
  }
  take(text: string): boolean {
    return this.is(text) && this.drop();
  }
  /** Skips the token `text`. @throws {DeclarationError} if there is another token */
  expect(text: string): void {
    if (!this.take(text)) throw errorAt(this.peek, `expected ${text}, found ${this.found}`);
  }
  /** Skips a word and returns it. @throws {DeclarationError} if there is no word */
  word(): Token {
    if (this.peek.kind !== 'word') throw errorAt(this.peek, `expected a name, found ${this.found}`);
    return this.advance();
  }
  /** Skips a pair of parentheses. Returns the tokens between them. */
  parenthesized(): Token[] {
    this.expect('(');
    const inside = this.until(')');
    this.expect(')');
    return inside;
  }
  /** Skips a pair of braces and the tokens between them. */
  braced(): void {
    this.expect('{');
    this.until('}');
    this.expect('}');
  }
  /** Returns the tokens up to one of `ends` that is not in parentheses. */
  until(...ends: string[]): Token[] {
    const tokens: Token[] = [];
    for (let depth = 0; depth > 0 || !ends.some((end) => this.is(end));) {
      if (this.peek.kind === 'end') throw errorAt(this.peek, `expected ${ends.join(' or ')}, found the end`);
      if (this.is('(') || this.is('{')) depth++;
      if (this.is(')') || this.is('}')) depth--;
      tokens.push(this.advance());
    }
    return tokens;
  }
  skipTo(...ends: string[]): void {
    this.until(...ends);
  }
}
