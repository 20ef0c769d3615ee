// SPDX-License-Identifier: MIT
// A bound function before it is put together.
import { ArgumentTypeError } from '../errors.ts';
import type { Context } from './context.ts';
import type { WasmFunction } from './exports.ts';
import type { Step } from './step.ts';
import type { Lift } from './values.ts';

/** The parts that a bound function is made of. */
export interface Plan {
  readonly name: string;
  readonly act: WasmFunction;
  readonly context: Context;
  readonly steps: readonly Step[];
  /** Converts its result; undefined if it has none. */
  readonly lift: Lift | undefined;
  /** Whether what WebAssembly returns is the result. */
  readonly isPlainResult: boolean;
  /** Arguments it takes. */
  readonly arity: number;
}

/** The error of a call with too few or too many arguments. */
export function wrongArity({ name, arity }: Plan, given: number): Error {
  return new ArgumentTypeError(`${arity} ${arity === 1 ? 'argument' : 'arguments'} for ${name}`, given);
}
