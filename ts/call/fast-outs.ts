// SPDX-License-Identifier: MIT
// Fast calls of functions whose last one or two parameters are out-parameters, as of C functions that return an error
// code.
import { none, withTemporaries, type Body, type BoundFunction } from './fast.ts';
import type { Plan } from './plan.ts';
import type { Frame, OutPlace } from './step.ts';
import type { Lower, WasmValue } from './values.ts';

/** Throws if the result is an error code. */
export type CheckStatus = (raw: WasmValue, frame: Frame) => unknown;

/** The out-parameters of a call: their size, and the function that reads their values. */
interface Outs {
  readonly size: number;
  readonly align: number;
  /** The distance from the first to the second in bytes; 0 if there is one. */
  readonly offset: number;
  read(at: number): unknown;
  /** Throws if `status` is an error. */
  check(status: unknown, at: number, ...args: unknown[]): void;
}

/**
 * Returns a fast function for such parameters, or undefined.
 * @param check undefined for a function that returns nothing
 */
export function outFunction(plan: Plan, any: BoundFunction, check?: CheckStatus): BoundFunction | undefined {
  const { steps, arity, context } = plan;
  const lowers = steps.slice(0, arity).flatMap(({ lower, order }) => (lower && order === 1 ? [lower] : []));
  const places = steps.slice(arity).flatMap(({ out }) => (out ? [out] : []));
  const isFit = lowers.length === arity && places.length === steps.length - arity && places.length <= 2;
  const [first, second] = places;
  if (!isFit || !first || context.pointerSize === 8) return undefined;
  const body = bodyOf(plan, lowers, outsOf(plan, first, second, check));
  return body && withTemporaries(plan, any, body);
}

function outsOf(
  { steps, arity }: Plan,
  first: OutPlace,
  second: OutPlace | undefined,
  check?: CheckStatus,
): Outs {
  const offset = second ? Math.ceil(first.size / second.align) * second.align : 0;
  return {
    size: second ? offset + second.size : first.size,
    align: Math.max(first.align, second?.align ?? 1),
    offset,
    read: second ? (at) => [first.read(at), second.read(at + offset)] : (at) => first.read(at),
    check(status, at, ...args) {
      const raw = steps.map((_, index) => (index < arity ? 0 : index === arity ? at : at + offset));
      check?.(status as WasmValue, { args, raw, lengths: [] });
    },
  };
}

function bodyOf(
  { act, context, arity }: Plan,
  [first = none, second = none]: readonly Lower[],
  outs: Outs,
): Body | undefined {
  const { scratch } = context;
  const { size, align, offset } = outs;
  const bodies: readonly (Body | undefined)[] = [
    undefined,
    (a) => {
      const x = first(a);
      const at = scratch.reserveZeros(size, align);
      const status = offset === 0 ? act(x, at) : act(x, at, at + offset);
      if (status !== undefined && status !== 0) outs.check(status, at, a);
      return outs.read(at);
    },
    (a, b) => {
      const x = first(a);
      const y = second(b);
      const at = scratch.reserveZeros(size, align);
      const status = offset === 0 ? act(x, y, at) : act(x, y, at, at + offset);
      if (status !== undefined && status !== 0) outs.check(status, at, a, b);
      return outs.read(at);
    },
  ];
  return bodies[arity];
}
