// SPDX-License-Identifier: MIT
// A place in a list of tokens.
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
  /** The current token as errors name it. */
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
  /** Passes over a token that says that something is so. */
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
  /** @throws {DeclarationError} if there is another token */
  expect(text: string): void {
    if (!this.take(text)) throw errorAt(this.peek, `expected ${text}, found ${this.found}`);
  }
  /** @throws {DeclarationError} if there is no word */
  word(): Token {
    if (this.peek.kind !== 'word') throw errorAt(this.peek, `expected a name, found ${this.found}`);
    return this.advance();
  }
  /** The tokens inside parentheses, which are passed over. */
  parenthesized(): Token[] {
    this.expect('(');
    const inside = this.until(')');
    this.expect(')');
    return inside;
  }
  /** Passes over what is in braces. */
  braced(): void {
    this.expect('{');
    this.until('}');
    this.expect('}');
  }
  /** The tokens before one of `ends`; what is in parentheses counts as one. */
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
