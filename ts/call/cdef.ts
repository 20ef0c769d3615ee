// SPDX-License-Identifier: MIT
// cdef: reads C declarations as types and signatures.
import { ArgumentTypeError } from '../errors.ts';
import { readOptions } from '../heap/options.ts';
import type { PointerSize } from '../struct/layout.ts';
import { voidp } from '../struct/pointer.ts';
import { toType, type CType } from '../struct/type.ts';
import type { Declarations } from './c-ast.ts';
import { errorAt } from './c-lexer.ts';
import { parse } from './c-parser.ts';
import { callbackOf, signatureOf } from './c-functions.ts';
import { TypeTable } from './c-types.ts';
import type { Cdef } from './cdef-infer.ts';
import type { Signature } from './types.ts';

/** Options of {@link cdef}. */
export interface CdefOptions<K, P extends PointerSize> {
  /** The types that the declarations use and do not define, by name. */
  readonly types?: K;
  /** The size of a pointer, of `long` and of `size_t` in bytes. Default: 4 (wasm32). */
  readonly pointerSize?: P;
}

/**
 * Reads C declarations: `typedef`, `struct`, `union`, `enum`, bit-fields, arrays, function pointers, `const`,
 * attributes, `#define` of integer constants, and annotations for facts that C has no syntax for (see docs/cdef.md).
 * TypeScript infers the types from the text. Variadic functions are left out.
 * @returns `types`, by tag and typedef; `functions`, the signatures for {@link bind}; `constants`, of enums and macros:
 *   numbers, bigints from 2^53 on
 * @throws {DeclarationError} with the line and column of the error
 */
export function cdef<const T extends string, K = unknown, P extends PointerSize = 4>(
  declarations: T,
  options: CdefOptions<K, P> = {},
): Cdef<T, K, P> {
  const { types, functions, constants } = readDeclarations(declarations, options);
  return { types, functions, constants } as unknown as Cdef<T, K, P>; // as cdef-infer.ts has them
}

/** The types, functions and constants of C declarations. @internal */
export interface Declared {
  readonly types: Record<string, CType>;
  readonly functions: Record<string, Signature>;
  readonly constants: Record<string, number | bigint>;
  /** The tags, as in `struct node`, and the names of the typedefs. */
  readonly tags: readonly string[];
  readonly typedefs: ReadonlySet<string>;
}

/**
 * Reads C declarations as {@link cdef}, without inference of TypeScript types.
 * @internal
 * @throws {DeclarationError} with the line and column of the error
 */
export function readDeclarations(declarations: string, options: CdefOptions<unknown, PointerSize>): Declared {
  const { types, pointerSize = 4 } = readOptions(options, { types: 'object', pointerSize: 'number' });
  const known: Readonly<Record<string, CType>> = { va_list: voidp, ...(types as object) };
  for (const [name, type] of Object.entries(known)) toType(type, name);
  if (pointerSize !== 4 && pointerSize !== 8)
    throw new ArgumentTypeError('a pointerSize of 4 or 8', pointerSize);
  const tableOf = (found: Declarations): TypeTable => new TypeTable(found, known, pointerSize, callbackOf);
  const declared = parse(declarations, {
    known: new Set(Object.keys(known)),
    pointerSize,
    typeOf: (found, node) => tableOf(found).typeOf(node),
  });
  const table = tableOf(declared);
  const functions: [string, Signature][] = [];
  for (const [name, one] of declared.functions) {
    const signature = signatureOf(one, table);
    if (signature) functions.push([name, signature]);
  }
  return {
    types: table.all(),
    functions: Object.fromEntries(functions),
    constants: constantsOf(declared),
    tags: [...declared.tags.keys()],
    typedefs: new Set(declared.typedefs.keys()),
  };
}

/** Returns integers by name. A macro that is not an integer throws when it is read. */
function constantsOf({ constants, otherMacros }: Declarations): Record<string, number | bigint> {
  const all: Record<string, number | bigint> = Object.fromEntries(
    [...constants].map(([name, { value }]) => [name, isSafe(value) ? Number(value) : value]),
  );
  for (const [name, at] of otherMacros)
    if (!constants.has(name))
      Object.defineProperty(all, name, {
        get() {
          throw errorAt(at, `${name} is not an integer constant`);
        },
      });
  return all;
}
const isSafe = (value: bigint): boolean => Number.isSafeInteger(Number(value));
