// SPDX-License-Identifier: MIT
// Checks the parts of plain objects that a program passes in: frames, leaks, recordings, snapshots.
import { isRevoked, wrongType } from '../errors.ts';
import { toCount } from '../memory/address.ts';

type Kind = 'count' | 'string' | 'boolean' | 'number' | 'function';

/**
 * The shape of a value: a kind; a list with one shape, for an array whose elements all have it; or the shapes of
 * fields, where a name that ends with `?` is that of a field that may be undefined. A count is a safe integer from 0 on.
 */
export type Shape = Kind | readonly [Shape] | { readonly [field: string]: Shape };

/**
 * @param name names the value in the error
 * @throws {ArgumentTypeError} if a part of `value` is of another type
 * @throws {ArgumentRangeError} if a number is not a count
 */
export function assertShape(value: unknown, shape: Shape, name: string): void {
  if (shape === 'count') return void toCount(value as number, name);
  const kind = typeof shape === 'string' ? shape : typeOf(shape);
  if (typeOf(value) !== kind) throw wrongType(`${name} of type ${kind}`, value);
  if (kind === 'array')
    for (let i = 0; i < (value as unknown[]).length; i++)
      assertShape((value as unknown[])[i], (shape as [Shape])[0], name);
  else if (kind === 'object')
    for (const field of Object.keys(shape)) {
      const own = field.replace('?', '');
      const part = (value as Record<string, unknown>)[own];
      if (part !== undefined || own === field)
        assertShape(part, (shape as Record<string, Shape>)[field] as Shape, `${own} of ${name}`);
    }
}

/** As the operator `typeof`, with arrays, and without null and revoked proxies. */
const typeOf = (value: unknown): string =>
  value === null || isRevoked(value) ? '' : Array.isArray(value) ? 'array' : typeof value;

/** The shape of a {@link StackFrame}. */
export const FRAME: Shape = { name: 'string', file: 'string', line: 'count', column: 'count' };
/** The shape of a call stack. */
export const STACK: Shape = [FRAME];
const LINE = { bytes: 'count', count: 'count', 'type?': 'string', 'site?': FRAME } as const;
/** The shape of the parts of a {@link Leak} that a line of text shows. */
export const LEAK_LINE: Shape = LINE;
/** The shape of leaks, without what a {@link LeakSource} may leave out. */
export const LEAKS: Shape = [{ ...LINE, stack: STACK, 'addresses?': ['count'] }];
