// SPDX-License-Identifier: MIT
// C code that checks at compile time that the C compiler lays out structs as linmem does.
import { ArgumentTypeError, assertHas, isArray } from '../errors.ts';
import { ownOptions } from '../heap/options.ts';
import type { PointerSize } from './layout.ts';
import type { Compiled } from './compile.ts';

/** A struct or union of any fields. */
export interface AnyStruct {
  readonly fields: unknown;
  /** @internal */
  compiled(pointerSize: PointerSize): Compiled;
}

/**
 * Returns a C file with a `_Static_assert` for the size, the alignment and each offset of `types`: it compiles if the C
 * compiler lays them out the same. Bit-fields have no offset in C.
 * @param types the types by their names in C: `point_t`, `struct node`
 * @param headers the headers that declare them: `'point.h'`, or `'<time.h>'`
 */
export function layoutChecks(
  types: Readonly<Record<string, AnyStruct>>,
  headers: readonly string[],
  pointerSize: PointerSize = 4,
): string {
  if (!isArray(headers) || headers.some((header) => typeof header !== 'string'))
    throw new ArgumentTypeError('an array of headers', headers);
  const lines = (headers as readonly string[]).map(
    (header) => `#include ${header.startsWith('<') ? header : `"${header}"`}`,
  );
  lines.push('#include <stddef.h>');
  const assert = (condition: string, text: string): void => {
    lines.push(`_Static_assert(${condition}, "${text}");`);
  };
  for (const [name, type] of Object.entries(ownOptions(types, 'an object of structs by name'))) {
    assertHas(type, 'compiled', `a struct or union for ${name}`);
    const { size, align, fields } = type.compiled(pointerSize);
    assert(`sizeof(${name}) == ${size}`, `size of ${name}`);
    assert(`_Alignof(${name}) == ${align}`, `alignment of ${name}`);
    for (const field of fields)
      if (!field.isBits)
        assert(`offsetof(${name}, ${field.name}) == ${field.offset}`, `offset of ${name}.${field.name}`);
  }
  return `${lines.join('\n')}\n`;
}
