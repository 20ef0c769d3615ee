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

/** The value of an expression; undefined if it is no integer constant. @param sizeOf gives that of a type */
export function evaluate(
  tokens: readonly Token[],
  names: ReadonlyMap<string, number>,
  sizeOf: (tokens: readonly Token[]) => number | undefined = () => undefined,
): number | undefined {
  let at = 0;
  const peek = (): string | undefined => tokens[at]?.text;
  const binary = (level: number): bigint => {
    const operators = LEVELS[level];
    if (!operators) return unary();
    let value = binary(level + 1);
    for (let act = operators[peek() ?? '']; act; act = operators[peek() ?? '']) {
      at++;
      value = act(value, binary(level + 1));
    }
    return value;
  };
  const unary = (): bigint => {
    const token = tokens[at++];
    if (!token) throw new NotConstant();
    const { kind, text } = token;
    if (text === '-') return -unary();
    if (text === '+') return unary();
    if (text === '~') return ~unary();
    if (text === '!') return truth(unary() === 0n);
    if (text === 'sizeof') return size();
    if (text === '(') {
      const value = binary(0);
      if (tokens[at++]?.text !== ')') throw new NotConstant();
      return value;
    }
    if (kind === 'number') return integer(text);
    if (kind === 'text' && text.startsWith("'")) return character(text);
    const known = names.get(text);
    if (known === undefined) throw new NotConstant();
    return BigInt(known);
  };
  const size = (): bigint => {
    const end = tokens.findIndex((token, index) => index > at && token.text === ')');
    const bytes = peek() === '(' && end > 0 ? sizeOf(tokens.slice(at + 1, end)) : undefined;
    if (bytes === undefined) throw new NotConstant();
    at = end + 1;
    return BigInt(bytes);
  };
  try {
    const value = binary(0);
    return at === tokens.length ? Number(value) : undefined;
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
