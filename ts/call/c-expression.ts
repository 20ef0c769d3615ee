// SPDX-License-Identifier: MIT
// Integer constants of C: literals, names, and operators on them.
import type { Token } from './c-lexer.ts';

const truth = (is: boolean): bigint => (is ? 1n : 0n);
/** Binary operators by how tightly they bind. */
const LEVELS: readonly Readonly<Record<string, (a: bigint, b: bigint) => bigint>>[] = [
  { '||': (a, b) => truth(a !== 0n || b !== 0n) },
  { '&&': (a, b) => truth(a !== 0n && b !== 0n) },
  { '|': (a, b) => a | b },
  { '&': (a, b) => a & b },
  { '==': (a, b) => truth(a === b), '!=': (a, b) => truth(a !== b) },
  {
    '<': (a, b) => truth(a < b),
    '>': (a, b) => truth(a > b),
    '<=': (a, b) => truth(a <= b),
    '>=': (a, b) => truth(a >= b),
  },
  { '<<': (a, b) => a << b, '>>': (a, b) => a >> b },
  { '+': (a, b) => a + b, '-': (a, b) => a - b },
  { '*': (a, b) => a * b, '/': (a, b) => a / b, '%': (a, b) => a % b },
];
const ESCAPES: Readonly<Record<string, number>> = { n: 10, t: 9, r: 13, '0': 0, a: 7, b: 8, f: 12, v: 11 };

class NotConstant extends Error {}

/** Bytes of a type, given as tokens; undefined if it is none. */
type SizeOf = (tokens: readonly Token[]) => number | undefined;

/** Evaluates one expression: recursive descent, one method for each rule. */
class Evaluator {
  readonly #tokens: readonly Token[];
  readonly #names: ReadonlyMap<string, number>;
  readonly #sizeOf: SizeOf;
  #at = 0;
  constructor(tokens: readonly Token[], names: ReadonlyMap<string, number>, sizeOf: SizeOf) {
    this.#tokens = tokens;
    this.#names = names;
    this.#sizeOf = sizeOf;
  }
  /** Returns the value of all tokens; undefined if some are left. @throws {NotConstant} {RangeError} */
  value(): number | undefined {
    const value = this.#binary(0);
    return this.#at === this.#tokens.length ? Number(value) : undefined;
  }
  get #next(): string | undefined {
    return this.#tokens[this.#at]?.text;
  }
  #binary(level: number): bigint {
    const operators = LEVELS[level];
    if (!operators) return this.#unary();
    let value = this.#binary(level + 1);
    for (let act = operators[this.#next ?? '']; act; act = operators[this.#next ?? '']) {
      this.#at++;
      value = act(value, this.#binary(level + 1));
    }
    return value;
  }
  #unary(): bigint {
    const token = this.#tokens[this.#at++];
    if (!token) throw new NotConstant();
    const { kind, text } = token;
    if (text === '-') return -this.#unary();
    if (text === '+') return this.#unary();
    if (text === '~') return ~this.#unary();
    if (text === '!') return truth(this.#unary() === 0n);
    if (text === 'sizeof') return this.#size();
    if (text === '(') {
      const value = this.#binary(0);
      if (this.#tokens[this.#at++]?.text !== ')') throw new NotConstant();
      return value;
    }
    if (kind === 'number') return integer(text);
    if (kind === 'text' && text.startsWith("'")) return character(text);
    const known = this.#names.get(text);
    if (known === undefined) throw new NotConstant();
    return BigInt(known);
  }
  #size(): bigint {
    const start = this.#at;
    const end = this.#tokens.findIndex((token, index) => index > start && token.text === ')');
    const bytes =
      this.#next === '(' && end > 0 ? this.#sizeOf(this.#tokens.slice(start + 1, end)) : undefined;
    if (bytes === undefined) throw new NotConstant();
    this.#at = end + 1;
    return BigInt(bytes);
  }
}

/** The value of an expression; undefined if it is no integer constant. @param sizeOf gives that of a type */
export function evaluate(
  tokens: readonly Token[],
  names: ReadonlyMap<string, number>,
  sizeOf: SizeOf = () => undefined,
): number | undefined {
  try {
    return new Evaluator(tokens, names, sizeOf).value();
  } catch {
    return undefined; // no constant, or a division by zero
  }
}

function integer(text: string): bigint {
  const digits = text.replace(/[uUlL]+$/, '');
  return BigInt(/^0\d/.test(digits) ? `0o${digits.slice(1)}` : digits);
}

function character(text: string): bigint {
  const inside = text.slice(1, -1);
  if (!inside.startsWith('\\')) return BigInt(inside.codePointAt(0) ?? 0);
  const mark = inside.charAt(1);
  if (mark === 'x') return BigInt(`0x${inside.slice(2)}`);
  if (/[0-7]/.test(mark)) return BigInt(`0o${inside.slice(1)}`);
  return BigInt(ESCAPES[mark] ?? mark.charCodeAt(0));
}
