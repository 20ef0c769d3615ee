// SPDX-License-Identifier: MIT
// Evaluates C integer constant expressions: literals, names and operators, with C's types.
import type { PointerSize } from '../struct/layout.ts';
import { isScalar, layoutOf, type CType } from '../struct/type.ts';
import type { Token } from './c-lexer.ts';

/** An integer and its type: `int` or `long long`, signed or unsigned. */
export interface Integer {
  readonly value: bigint;
  readonly bits: 32 | 64;
  readonly isUnsigned: boolean;
}

/** The names and types in an expression. */
export interface Names {
  readonly constants: ReadonlyMap<string, Integer>;
  readonly pointerSize: PointerSize;
  /** Returns the type that tokens name; undefined if they name none. */
  typeOf(tokens: readonly Token[]): CType | undefined;
}

type Kind = Pick<Integer, 'bits' | 'isUnsigned'>;
const INT: Kind = { bits: 32, isUnsigned: false };
const wrap = (value: bigint, { bits, isUnsigned }: Kind): Integer => ({
  value: isUnsigned ? BigInt.asUintN(bits, value) : BigInt.asIntN(bits, value),
  bits,
  isUnsigned,
});
/** Returns an `int`. */
export const toInt = (value: bigint): Integer => wrap(value, INT);
/** Returns the type of the result of an operator. */
function common(a: Integer, b: Integer): Kind {
  if (a.bits === b.bits) return { bits: a.bits, isUnsigned: a.isUnsigned || b.isUnsigned };
  return a.bits > b.bits ? a : b;
}

type Operator = (a: Integer, b: Integer) => Integer;
const arithmetic =
  (act: (a: bigint, b: bigint) => bigint): Operator =>
  (a, b) => {
    const kind = common(a, b);
    return wrap(act(wrap(a.value, kind).value, wrap(b.value, kind).value), kind);
  };
const truth =
  (act: (a: bigint, b: bigint) => boolean): Operator =>
  (a, b) => {
    const kind = common(a, b);
    return toInt(act(wrap(a.value, kind).value, wrap(b.value, kind).value) ? 1n : 0n);
  };
const shift =
  (act: (a: bigint, b: bigint) => bigint): Operator =>
  (a, b) => {
    if (b.value < 0n || b.value >= BigInt(a.bits)) throw new NotConstant(); // C leaves it undefined
    return wrap(act(a.value, b.value), a);
  };
/** Binary operators by precedence, lowest first. */
const LEVELS: readonly Readonly<Record<string, Operator>>[] = [
  { '||': truth((a, b) => a !== 0n || b !== 0n) },
  { '&&': truth((a, b) => a !== 0n && b !== 0n) },
  { '|': arithmetic((a, b) => a | b) },
  { '^': arithmetic((a, b) => a ^ b) },
  { '&': arithmetic((a, b) => a & b) },
  { '==': truth((a, b) => a === b), '!=': truth((a, b) => a !== b) },
  {
    '<': truth((a, b) => a < b),
    '>': truth((a, b) => a > b),
    '<=': truth((a, b) => a <= b),
    '>=': truth((a, b) => a >= b),
  },
  { '<<': shift((a, b) => a << b), '>>': shift((a, b) => a >> b) },
  { '+': arithmetic((a, b) => a + b), '-': arithmetic((a, b) => a - b) },
  { '*': arithmetic((a, b) => a * b), '/': arithmetic((a, b) => a / b), '%': arithmetic((a, b) => a % b) },
];
const UNARY: Readonly<Record<string, (a: Integer) => Integer>> = {
  '-': (a) => wrap(-a.value, a),
  '+': (a) => a,
  '~': (a) => wrap(~a.value, a),
  '!': (a) => toInt(a.value === 0n ? 1n : 0n),
};
const ESCAPES: Readonly<Record<string, number>> = {
  n: 10, t: 9, r: 13, a: 7, b: 8, f: 12, v: 11, '\\': 92, "'": 39, '"': 34, '?': 63,
}; // prettier-ignore

class NotConstant extends Error {}

/** Returns the value of an expression; undefined if it is not an integer constant. */
export function evaluate(tokens: readonly Token[], names: Names): Integer | undefined {
  try {
    return new Evaluation(tokens, names).whole();
  } catch {
    return undefined; // not a constant, or a division by zero
  }
}

class Evaluation {
  readonly #tokens: readonly Token[];
  readonly #names: Names;
  #at = 0;
  constructor(tokens: readonly Token[], names: Names) {
    this.#tokens = tokens;
    this.#names = names;
  }
  get #peek(): string {
    return this.#tokens[this.#at]?.text ?? '';
  }
  #take(text: string): boolean {
    if (this.#peek !== text) return false;
    this.#at++;
    return true;
  }
  #expect(text: string): void {
    if (!this.#take(text)) throw new NotConstant();
  }

  whole(): Integer {
    const value = this.#choice();
    if (this.#at < this.#tokens.length) throw new NotConstant();
    return value;
  }
  #choice(): Integer {
    const condition = this.#binary(0);
    if (!this.#take('?')) return condition;
    const yes = this.#choice();
    this.#expect(':');
    const no = this.#choice();
    return wrap((condition.value === 0n ? no : yes).value, common(yes, no));
  }
  #binary(level: number): Integer {
    const operators = LEVELS[level];
    if (!operators) return this.#unary();
    let value = this.#binary(level + 1);
    for (let act = operators[this.#peek]; act; act = operators[this.#peek]) {
      this.#at++;
      value = act(value, this.#binary(level + 1));
    }
    return value;
  }
  #unary(): Integer {
    const token = this.#tokens[this.#at++];
    if (!token) throw new NotConstant();
    const { kind, text } = token;
    const act = kind === 'mark' ? UNARY[text] : undefined;
    if (act) return act(this.#unary());
    if (text === 'sizeof') return this.#size();
    if (text === '(') return this.#parenthesized();
    if (kind === 'number') return integer(text, this.#names.pointerSize);
    if (kind === 'text' && text.startsWith("'")) return toInt(BigInt.asIntN(8, character(text)));
    const known = this.#names.constants.get(text);
    if (!known) throw new NotConstant();
    return known;
  }
  /** Parses a type after an opening parenthesis; undefined if there is no type. */
  #type(): CType | undefined {
    const end = this.#tokens.findIndex(({ text }, index) => index >= this.#at && text === ')');
    const type = end < 0 ? undefined : this.#names.typeOf(this.#tokens.slice(this.#at, end));
    if (type) this.#at = end + 1;
    return type;
  }
  #size(): Integer {
    this.#expect('(');
    const type = this.#type();
    if (!type) throw new NotConstant();
    const { pointerSize } = this.#names;
    return wrap(BigInt(layoutOf(type, pointerSize).size), {
      bits: pointerSize === 8 ? 64 : 32,
      isUnsigned: true,
    });
  }
  /** Parses an expression in parentheses, or a cast. */
  #parenthesized(): Integer {
    const type = this.#type();
    if (!type) {
      const value = this.#choice();
      this.#expect(')');
      return value;
    }
    const [, sign, bits = ''] = /^([iu])(8|16|32|64)$/.exec(isScalar(type) ? type.name : '') ?? [];
    if (!sign) throw new NotConstant();
    const isUnsigned = sign === 'u';
    const { value } = this.#unary();
    const cut = isUnsigned ? BigInt.asUintN(Number(bits), value) : BigInt.asIntN(Number(bits), value);
    if (Number(bits) < 32) return toInt(cut); // promoted
    return { value: cut, bits: bits === '64' ? 64 : 32, isUnsigned };
  }
}

/** Parses a literal: its type is the first one that it fits into. */
function integer(text: string, pointerSize: PointerSize): Integer {
  const [, digits = '', suffix = ''] = /^(.*?)([uUlL]*)$/.exec(text) ?? [];
  const value = BigInt(/^0\d/.test(digits) ? `0o${digits.slice(1)}` : digits);
  const isUnsigned = /u/i.test(suffix);
  const isDecimal = /^[1-9]/.test(digits);
  const longs = suffix.replace(/u/i, '').length;
  const from = longs === 2 || (longs === 1 && pointerSize === 8) ? 64 : 32;
  for (const bits of [32, 64] as const)
    for (const unsigned of isUnsigned ? [true] : isDecimal ? [false] : [false, true])
      if (bits >= from && value < 1n << BigInt(unsigned ? bits : bits - 1))
        return { value, bits, isUnsigned: unsigned };
  throw new NotConstant();
}

function character(text: string): bigint {
  const inside = text.slice(1, -1);
  const [, hex, octal, mark = '', plain = ''] =
    /^(?:\\x([\da-f]+)|\\([0-7]{1,3})|\\(.)|([ -~]))$/i.exec(inside) ?? [];
  if (hex) return BigInt(`0x${hex}`);
  if (octal) return BigInt(`0o${octal}`);
  const code = mark ? ESCAPES[mark] : plain.charCodeAt(0);
  if (!code) throw new NotConstant(); // several characters, or one that is not ASCII
  return BigInt(code);
}
