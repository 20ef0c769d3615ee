// SPDX-License-Identifier: MIT
// biome-ignore-all lint/complexity/noArguments: a rest parameter would make a list for each call
// Calls whose first parameter is read and written by C, and whose other ones take no memory: methods of C structs.
import type { BoundFunction } from './fast.ts';
import type { Plan } from './plan.ts';
import type { Lower } from './values.ts';

/** A fast function for such parameters that returns nothing else, if there is one; else undefined. */
export function inoutFunction(
  { steps, arity, act, context }: Plan,
  any: BoundFunction,
): BoundFunction | undefined {
  const [self, ...rest] = steps;
  const { inout } = self ?? {};
  const lowers: Lower[] = rest.flatMap(({ lower, order }) => (lower && order === 1 ? [lower] : []));
  if (!inout || lowers.length !== rest.length || context.pointerSize === 8) return undefined;
  const { scratch } = context;
  const [second, third] = lowers;
  if (arity === 1)
    return function (a) {
      if (arguments.length !== 1 || context.kept !== 0) return any(...arguments);
      const mark = scratch.enter();
      const undone = scratch.undo.length;
      try {
        const at = inout.place(a);
        act(at);
        return inout.read(at);
      } finally {
        scratch.leave(mark, undone);
      }
    };
  if (arity === 2 && second)
    return function (a, b) {
      if (arguments.length !== 2 || context.kept !== 0) return any(...arguments);
      const mark = scratch.enter();
      const undone = scratch.undo.length;
      try {
        const at = inout.place(a);
        act(at, second(b));
        return inout.read(at);
      } finally {
        scratch.leave(mark, undone);
      }
    };
  if (arity === 3 && second && third)
    return function (a, b, c) {
      if (arguments.length !== 3 || context.kept !== 0) return any(...arguments);
      const mark = scratch.enter();
      const undone = scratch.undo.length;
      try {
        const at = inout.place(a);
        act(at, second(b), third(c));
        return inout.read(at);
      } finally {
        scratch.leave(mark, undone);
      }
    };
  return undefined;
}
