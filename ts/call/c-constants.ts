// SPDX-License-Identifier: MIT
// Named integers: the values of an enum, and macros.
import type { Declarations } from './c-ast.ts';
import type { Cursor } from './c-cursor.ts';
import { declareConstant } from './c-declare.ts';
import { evaluate, toInt, type Integer, type Names } from './c-expression.ts';
import { errorAt, expand, type Macros, type Token } from './c-lexer.ts';

/** Parses the values of an enum, after its opening brace up to the closing one. */
export function takeEnumValues(
  c: Cursor,
  declared: Declarations,
  constant: (tokens: readonly Token[], at: Token) => Integer,
): Readonly<Record<string, number>> {
  const values = new Map<string, number>();
  let next = 0n;
  do {
    const name = c.word();
    if (c.take('=')) next = constant(c.until(',', '}'), name).value;
    values.set(name.text, Number(next));
    const min = Math.min(...values.values());
    if (min < -(2 ** 31) || Math.max(...values.values()) >= (min < 0 ? 2 ** 31 : 2 ** 32))
      throw errorAt(name, `expected values of an enum that fit into 32 bits, got ${name.text} = ${next}`);
    declareConstant(declared, name, toInteger(next++));
    if (!c.is('}')) c.expect(',');
  } while (!c.take('}'));
  return Object.fromEntries(values);
}

/** Returns a 32-bit integer of the first type that it fits into. */
const toInteger = (value: bigint): Integer =>
  BigInt.asIntN(32, value) === value ? toInt(value) : { value, bits: 32, isUnsigned: true };

/** Adds the macros that are integers to the constants. */
export function defineMacros(declared: Declarations, macros: Macros, names: Names): void {
  const { constants, otherMacros } = declared;
  for (const { name, value } of macros.values()) {
    const integer = value && evaluate(expand(value, macros), names);
    if (integer) constants.set(name.text, integer);
    else if (value?.length !== 0) otherMacros.set(name.text, name);
  }
}
