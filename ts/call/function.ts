// SPDX-License-Identifier: MIT
// biome-ignore-all lint/complexity/noArguments: a rest parameter would make a list for each call Creates a bound
// function from the steps of its parameters and its result.
//
//   F1  After every call, also after an error in it, in a callback or in the conversion of its result, temporaries are
//       freed, callbacks released, and the module's stack restored.
import { ArgumentTypeError, define, isArray, isRevoked } from '../errors.ts';
import { locatedError } from '../struct/located-error.ts';
import { EnumType } from '../struct/enumeration.ts';
import { StructType } from '../struct/struct-type.ts';
import type { CType } from '../struct/type.ts';
import { singleOf, wasmTypeOf } from './abi.ts';
import type { Context } from './context.ts';
import { fastFunction, type BoundFunction } from './fast.ts';
import { inoutFunction } from './fast-inout.ts';
import { outFunction } from './fast-outs.ts';
import { wrongArity, type Plan } from './plan.ts';
import { combineI64, countParameters, splitI64 } from './i64.ts';
import type { WasmFunction } from './exports.ts';
import { assertIndexes } from './indexes.ts';
import { isList, liftOwned } from './results.ts';
import { checkResult, runner, type Returned } from './runner.ts';
import type { Frame, Step } from './step.ts';
import { stepOf } from './steps.ts';
import { CheckedType, NoneType, OwnedType, type Signature } from './types.ts';
import { liftOf, type Lift, type WasmValue } from './values.ts';

/** @throws {ArgumentTypeError} if the signature is invalid or does not fit the function */
export function makeFunction(
  name: string,
  signature: Signature,
  found: WasmFunction,
  context: Context,
): unknown {
  const [result, parameters] = isArray(signature) ? (signature as Signature) : [];
  if (!result || !isArray(parameters) || signature.length !== 2)
    throw new ArgumentTypeError(`a signature [result, [parameters]] for ${name}`, signature);
  assertNamed(result, `the result of ${name}`);
  parameters.forEach((type, index) => {
    assertNamed(type, `parameter ${index} of ${name}`);
  });
  assertIndexes(parameters, name);
  const steps = (parameters as Signature[1]).map((type, index) => {
    const where = `parameter ${index} of ${name}`;
    return located(where, () => stepOf(type, context, parameters, where));
  });
  const returned = returnedStruct(result, context);
  const wasm = [...(returned ? [steps.length] : []), ...steps].length;
  const lift = located(`the result of ${name}`, () => liftResult(result, context));
  const act = matchParameters(name, found, steps, wasm, context, result);
  const plan: Plan = {
    name,
    act,
    context,
    steps,
    lift,
    isPlainResult: result instanceof NoneType || ['i32', 'f32', 'f64', 'i64'].includes(result.name),
    arity: steps.filter(({ hidden }) => !hidden).length,
  };
  const any = general(plan, { result, parameters, struct: returned });
  const isOther = result instanceof CheckedType || isList(result);
  const isBare = !returned && !isOther && steps.every(({ lower }) => lower);
  const bound = (isBare ? fastFunction(plan, parameters, any) : fastOuts(plan, result, any)) ?? any;
  define(bound, 'name', name);
  return bound;
}

/** Calls `make`. Adds `where` to its errors. */
function located<R>(where: string, make: () => R): R {
  try {
    return make();
  } catch (error) {
    throw locatedError(error, where);
  }
}

/** @throws {ArgumentTypeError} if `type` is not a type */
function assertNamed(type: unknown, where: string): void {
  if (
    typeof type !== 'object' ||
    isRevoked(type) ||
    typeof (type as { name?: unknown } | null)?.name !== 'string'
  )
    throw new ArgumentTypeError(`a type such as i32, cstr or list(f32) for ${where}`, type);
}

/** Returns a fast function for a C function that returns nothing or an error code, or undefined. */
function fastOuts(plan: Plan, result: Signature[0], any: BoundFunction): BoundFunction | undefined {
  if (result instanceof NoneType) return outFunction(plan, any) ?? inoutFunction(plan, any);
  const isCode = result instanceof CheckedType && result.success.length === 1 && result.success[0] === 0;
  return isCode ? outFunction(plan, any, (raw, frame) => checkResult(plan, result, raw, frame)) : undefined;
}

/** Returns the struct that a function returns through an address, its first parameter; undefined for other results. */
function returnedStruct(result: unknown, { pointerSize }: Context): StructType | undefined {
  return result instanceof StructType && !singleOf(result, pointerSize) ? result : undefined;
}

function liftResult(result: Signature[0], context: Context): Lift | undefined {
  if (result instanceof NoneType || isList(result)) return undefined;
  if (result instanceof OwnedType) return liftOwned(result, context);
  if (result instanceof CheckedType) {
    const { type } = result; // the codes are numbers
    return liftOf(type instanceof EnumType ? (type.base as unknown as CType) : type, context.heap);
  }
  if (!(result instanceof StructType)) return liftOf(result as CType, context.heap);
  const single = singleOf(result, context.pointerSize);
  if (!single) return undefined;
  const lift = liftOf(single.type, context.heap);
  return (raw) => nest(result, lift(raw), context);
}

/** Returns a plain object for a struct that contains one scalar. */
function nest(type: CType, value: unknown, context: Context): unknown {
  if (!(type instanceof StructType)) return value;
  const [field] = type.compiled(context.pointerSize).fields;
  return field && { [field.name]: nest(field.type, value, context) };
}

/**
 * Returns the function with i64 parameters in the form that the module has.
 * @throws {ArgumentTypeError} if it has another number of parameters
 */
function matchParameters(
  name: string,
  found: WasmFunction,
  steps: readonly Step[],
  expected: number,
  context: Context,
  result: Signature[0],
): WasmFunction {
  const count = countParameters(found);
  const wide = steps.filter(({ wasm }) => wasm === 'i64').length;
  const returnsI64 = !(result instanceof NoneType) && resultWasm(result, context) === 'i64';
  const settled = context.exports.settled(name, found, expected);
  const act = returnsI64 ? combineI64(name, settled, context.exports) : settled;
  if (count === undefined || count === expected) return act;
  if (wide > 0 && count === expected + wide) return splitI64(act);
  throw new ArgumentTypeError(
    `a signature with ${count} ${count === 1 ? 'parameter' : 'parameters'} for ${name}`,
    expected,
  );
}

function resultWasm(result: Signature[0], { pointerSize }: Context): string {
  if (isList(result)) return pointerSize === 8 ? 'i64' : 'i32';
  const type = result instanceof CheckedType || result instanceof OwnedType ? result.type : result;
  return wasmTypeOf(type as CType, pointerSize);
}

/** Returns the general function, for all parameters and results. */
function general(plan: Plan, returned: Returned): BoundFunction {
  const { context, steps } = plan;
  const { scratch, stack } = context;
  const run = runner(plan, returned);
  // Calls nest: an inner call of the same function gets another frame.
  let spare: Frame | undefined = newFrame(steps.length);
  const call = (frame: Frame): unknown => {
    spare = undefined;
    const mark = scratch.enter();
    const undone = scratch.undo.length;
    const saved = context.kept > 0 ? stack?.save() : undefined;
    try {
      return run(frame);
    } catch (error) {
      if (saved !== undefined) stack?.restore(saved);
      throw error;
    } finally {
      frame.args.fill(undefined);
      scratch.leave(mark, undone);
      spare = frame;
    }
  };
  return byArity(plan, () => spare ?? newFrame(steps.length), call);
}

/** Returns the function for a number of arguments. It stores them in a frame. */
function byArity(plan: Plan, frameFor: () => Frame, call: (frame: Frame) => unknown): BoundFunction {
  const { arity, steps } = plan;
  const visible = steps.flatMap(({ hidden }, index) => (hidden ? [] : [index]));
  const [first = 0, second = 0, third = 0] = visible;
  return function (a, b, c) {
    const { length } = arguments;
    if (length !== arity) throw wrongArity(plan, length);
    const frame = frameFor();
    const { args } = frame;
    if (arity > 0) args[first] = a;
    if (arity > 1) args[second] = b;
    if (arity > 2) args[third] = c;
    for (let i = 3; i < arity; i++) args[visible[i] as number] = arguments[i];
    return call(frame);
  };
}

const newFrame = (count: number): Frame => ({
  args: new Array<unknown>(count).fill(undefined),
  raw: new Array<WasmValue>(count).fill(0),
  lengths: new Array<number | undefined>(count).fill(undefined),
});
