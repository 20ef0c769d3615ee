// SPDX-License-Identifier: MIT
// biome-ignore-all lint/complexity/noArguments: a rest parameter would make a list for each call Fast calls, which
// convert arguments without an array: one function for each number of arguments. Unusual calls (a wrong number of
// arguments, a value of another type, callbacks that may run) go to the general function, which makes all checks and
// throws the errors.
import { EnumType } from '../struct/enumeration.ts';
import { AddressType } from '../struct/pointer.ts';
import { isScalar, type CType } from '../struct/type.ts';
import { PASSED } from './abi.ts';
import type { Plan } from './plan.ts';
import { CallbackType, type Signature } from './types.ts';
import type { Lift, Lower, WasmValue } from './values.ts';

/** A function of any number of arguments. */
export type BoundFunction = (...args: unknown[]) => unknown;

/** Returns a fast function for the parameters of a plan, or undefined. */
export function fastFunction(
  plan: Plan,
  parameters: Signature[1],
  any: BoundFunction,
): BoundFunction | undefined {
  const hooks = plan.steps.some(({ order }) => order === 0);
  if (hooks && plan.steps.length > 1) return undefined; // P1 of step.ts
  const { lift = same } = plan;
  const kinds = parameters as readonly CType[];
  if (plan.isPlainResult && kinds.every((type) => PASSED.includes(type.name) && isScalar(type)))
    return passNumbers(plan, any);
  const lowers = plan.steps.map(({ lower }) => lower as Lower); // the caller has checked
  const isDirect = kinds.every(
    (type) =>
      isScalar(type) ||
      (type instanceof AddressType && !(type instanceof CallbackType)) ||
      type instanceof EnumType,
  );
  const body = bodyOf(plan, lowers, lift);
  return body && (isDirect ? direct : withTemporaries)(plan, any, body);
}

const same: Lift = (raw) => raw;

/** Returns a fast function for parameters that are numbers, and a result that is a number or nothing. */
function passNumbers({ act, context, arity }: Plan, any: BoundFunction): BoundFunction | undefined {
  if (arity === 0)
    return function () {
      return arguments.length === 0 && context.kept === 0 ? act() : any(...arguments);
    };
  if (arity === 1)
    return function (a) {
      if (arguments.length === 1 && typeof a === 'number' && context.kept === 0) return act(a);
      return any(...arguments);
    };
  if (arity === 2)
    return function (a, b) {
      if (arguments.length === 2 && typeof a === 'number' && typeof b === 'number' && context.kept === 0)
        return act(a, b);
      return any(...arguments);
    };
  if (arity === 3)
    return function (a, b, c) {
      const isNumeric = typeof a === 'number' && typeof b === 'number' && typeof c === 'number';
      if (arguments.length === 3 && isNumeric && context.kept === 0) return act(a, b, c);
      return any(...arguments);
    };
  return undefined;
}

/** A call with up to five converted arguments. */
export type Body = (a?: unknown, b?: unknown, c?: unknown, d?: unknown, e?: unknown) => unknown;
/** The conversion of a missing argument. */
export const none: Lower = () => 0;

function bodyOf(
  { act, arity }: Plan,
  [first = none, second = none, third = none, fourth = none, fifth = none]: readonly Lower[],
  lift: Lift,
): Body | undefined {
  const bodies: readonly Body[] = [
    () => lift(act() as WasmValue),
    (a) => lift(act(first(a)) as WasmValue),
    (a, b) => lift(act(first(a), second(b)) as WasmValue),
    (a, b, c) => lift(act(first(a), second(b), third(c)) as WasmValue),
    (a, b, c, d) => lift(act(first(a), second(b), third(c), fourth(d)) as WasmValue),
    (a, b, c, d, e) => lift(act(first(a), second(b), third(c), fourth(d), fifth(e)) as WasmValue),
  ];
  return bodies[arity];
}

/** Returns a function for values that need no memory. */
function direct({ context, arity }: Plan, any: BoundFunction, body: Body): BoundFunction {
  return function (a, b, c, d, e) {
    return arguments.length === arity && context.kept === 0 ? body(a, b, c, d, e) : any(...arguments);
  };
}

/** Returns a function that may copy values to the scratch memory. */
export function withTemporaries({ context, arity }: Plan, any: BoundFunction, body: Body): BoundFunction {
  const { scratch } = context;
  return function (a, b, c, d, e) {
    if (arguments.length !== arity || context.kept !== 0) return any(...arguments);
    const mark = scratch.enter();
    const undone = scratch.undo.length;
    try {
      return body(a, b, c, d, e);
    } finally {
      scratch.leave(mark, undone);
    }
  };
}
