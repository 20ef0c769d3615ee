// SPDX-License-Identifier: MIT
// Fast calls of functions whose first parameter is an inout parameter, and whose others need no memory: methods of C
// structs.
import { none, withTemporaries, type Body, type BoundFunction } from './fast.ts';
import type { Plan } from './plan.ts';
import type { Lower } from './values.ts';

/** Returns a fast function for such parameters and no result, or undefined. */
export function inoutFunction(plan: Plan, any: BoundFunction): BoundFunction | undefined {
  const { steps, arity, act, context } = plan;
  const [self, ...rest] = steps;
  const { inout } = self ?? {};
  const lowers: Lower[] = rest.flatMap(({ lower, order }) => (lower && order === 1 ? [lower] : []));
  if (!inout || lowers.length !== rest.length || context.pointerSize === 8) return undefined;
  const [second = none, third = none] = lowers;
  const { place, read } = inout;
  const bodies: readonly (Body | undefined)[] = [
    undefined,
    (a) => {
      const at = place(a);
      act(at);
      return read(at);
    },
    (a, b) => {
      const at = place(a);
      act(at, second(b));
      return read(at);
    },
    (a, b, c) => {
      const at = place(a);
      act(at, second(b), third(c));
      return read(at);
    },
  ];
  const body = bodies[arity];
  return body && withTemporaries(plan, any, body);
}
