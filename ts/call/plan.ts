// SPDX-License-Identifier: MIT
// The parts of a bound function.
import { ArgumentTypeError } from '../errors.ts';
import type { Context } from './context.ts';
import type { WasmFunction } from './exports.ts';
import type { Step } from './step.ts';
import type { Lift } from './values.ts';

/** The parts of a bound function. */
export interface Plan {
  readonly name: string;
  readonly act: WasmFunction;
  readonly context: Context;
  readonly steps: readonly Step[];
  /** Converts the result; undefined if there is none. */
  readonly lift: Lift | undefined;
  /** True if the result needs no conversion. */
  readonly isPlainResult: boolean;
  /** The number of its arguments. */
  readonly arity: number;
}

/** Returns the error for a call with too few or too many arguments. */
export function wrongArity({ name, arity }: Plan, given: number): Error {
  return new ArgumentTypeError(`${arity} ${arity === 1 ? 'argument' : 'arguments'} for ${name}`, given);
}
