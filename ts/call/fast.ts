// SPDX-License-Identifier: MIT
// biome-ignore-all lint/complexity/noArguments: a rest parameter would make a list for each call
// Calls whose arguments are converted one by one, without a list of them: a function for each number of arguments.
// Unusual calls (a wrong number of arguments, a value of another type, callbacks that may run) go to the
// general function, which checks all and says what is wrong.
import { EnumType } from '../struct/enumeration.ts';
import { AddressType } from '../struct/pointer.ts';
import { isScalar, type CType } from '../struct/type.ts';
import { PASSED } from './abi.ts';
import type { Plan } from './plan.ts';
import { CallbackType, type Signature } from './types.ts';
import type { Lift, Lower, WasmValue } from './values.ts';

/** A function of any number of arguments. */
export type BoundFunction = (...args: unknown[]) => unknown;

/** A fast function, if there is one for such parameters; else undefined. */
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
  const lowers = plan.steps.map(({ lower }) => lower as Lower); // the caller has looked
  const isDirect = kinds.every(
    (type) =>
      isScalar(type) ||
      (type instanceof AddressType && !(type instanceof CallbackType)) ||
      type instanceof EnumType,
  );
  return isDirect ? convertEach(plan, any, lowers, lift) : withTemporaries(plan, any, lowers, lift);
}

const same: Lift = (raw) => raw;

/** Numbers in, a number or nothing out. */
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

/** Values that take no memory. */
function convertEach(
  { act, context, arity }: Plan,
  any: BoundFunction,
  [first, second, third, fourth, fifth]: readonly Lower[],
  lift: Lift,
): BoundFunction | undefined {
  if (arity === 0)
    return function () {
      return arguments.length === 0 && context.kept === 0 ? lift(act() as WasmValue) : any(...arguments);
    };
  if (arity === 1 && first)
    return function (a) {
      if (arguments.length === 1 && context.kept === 0) return lift(act(first(a)) as WasmValue);
      return any(...arguments);
    };
  if (arity === 2 && first && second)
    return function (a, b) {
      if (arguments.length === 2 && context.kept === 0) return lift(act(first(a), second(b)) as WasmValue);
      return any(...arguments);
    };
  if (arity === 3 && first && second && third)
    return function (a, b, c) {
      if (arguments.length === 3 && context.kept === 0)
        return lift(act(first(a), second(b), third(c)) as WasmValue);
      return any(...arguments);
    };
  if (arity === 4 && first && second && third && fourth)
    return function (a, b, c, d) {
      if (arguments.length === 4 && context.kept === 0)
        return lift(act(first(a), second(b), third(c), fourth(d)) as WasmValue);
      return any(...arguments);
    };
  if (arity === 5 && first && second && third && fourth && fifth)
    return function (a, b, c, d, e) {
      if (arguments.length === 5 && context.kept === 0)
        return lift(act(first(a), second(b), third(c), fourth(d), fifth(e)) as WasmValue);
      return any(...arguments);
    };
  return undefined;
}

/** Values some of which are copied to the scratch memory. */
function withTemporaries(
  plan: Plan,
  any: BoundFunction,
  lowers: readonly Lower[],
  lift: Lift,
): BoundFunction | undefined {
  const { act, context, arity } = plan;
  const [first, second, third] = lowers;
  const { scratch } = context;
  if (arity === 1 && first)
    return function (a) {
      if (arguments.length !== 1 || context.kept !== 0) return any(...arguments);
      const mark = scratch.enter();
      const undone = scratch.undo.length;
      try {
        return lift(act(first(a)) as WasmValue);
      } finally {
        scratch.leave(mark, undone);
      }
    };
  if (arity === 2 && first && second)
    return function (a, b) {
      if (arguments.length !== 2 || context.kept !== 0) return any(...arguments);
      const mark = scratch.enter();
      const undone = scratch.undo.length;
      try {
        return lift(act(first(a), second(b)) as WasmValue);
      } finally {
        scratch.leave(mark, undone);
      }
    };
  if (arity === 3 && first && second && third)
    return function (a, b, c) {
      if (arguments.length !== 3 || context.kept !== 0) return any(...arguments);
      const mark = scratch.enter();
      const undone = scratch.undo.length;
      try {
        return lift(act(first(a), second(b), third(c)) as WasmValue);
      } finally {
        scratch.leave(mark, undone);
      }
    };
  return withMoreTemporaries(plan, any, lowers, lift);
}

/** The same for more arguments. */
function withMoreTemporaries(
  { act, context, arity }: Plan,
  any: BoundFunction,
  [first, second, third, fourth, fifth]: readonly Lower[],
  lift: Lift,
): BoundFunction | undefined {
  const { scratch } = context;
  if (arity === 4 && first && second && third && fourth)
    return function (a, b, c, d) {
      if (arguments.length !== 4 || context.kept !== 0) return any(...arguments);
      const mark = scratch.enter();
      const undone = scratch.undo.length;
      try {
        return lift(act(first(a), second(b), third(c), fourth(d)) as WasmValue);
      } finally {
        scratch.leave(mark, undone);
      }
    };
  if (arity === 5 && first && second && third && fourth && fifth)
    return function (a, b, c, d, e) {
      if (arguments.length !== 5 || context.kept !== 0) return any(...arguments);
      const mark = scratch.enter();
      const undone = scratch.undo.length;
      try {
        return lift(act(first(a), second(b), third(c), fourth(d), fifth(e)) as WasmValue);
      } finally {
        scratch.leave(mark, undone);
      }
    };
  return undefined;
}
