// SPDX-License-Identifier: MIT
// biome-ignore-all lint/complexity/noArguments: a rest parameter would make a list for each call
// One bound function: made of the steps of its parameters and of what its result is.
//
//   F1  Whatever happens after a call began, also an error in it, in a callback or in what it returned: temporaries,
//       callbacks and the module's stack are as they were.
import { ArgumentTypeError, CallError } from '../errors.ts';
import type { Ref } from '../scalar/ref.ts';
import { StructType } from '../struct/struct-type.ts';
import { layoutOf, type CType } from '../struct/type.ts';
import { singleOf, wasmTypeOf } from './abi.ts';
import type { Context } from './context.ts';
import { fastFunction, type BoundFunction } from './fast.ts';
import { inoutFunction } from './fast-inout.ts';
import { outFunction } from './fast-outs.ts';
import { wrongArity, type Plan } from './plan.ts';
import { combineI64, countParameters, splitI64 } from './i64.ts';
import type { WasmFunction } from './exports.ts';
import { liftOwned } from './results.ts';
import type { Frame, Step } from './step.ts';
import { stepOf } from './steps.ts';
import { CheckedType, NoneType, OwnedType, type Signature } from './types.ts';
import { liftOf, type Lift, type WasmValue } from './values.ts';

/** @throws {ArgumentTypeError} for a signature that is none, or does not fit the function */
export function makeFunction(
  name: string,
  signature: Signature,
  found: WasmFunction,
  context: Context,
): unknown {
  const [result, parameters] = Array.isArray(signature) ? (signature as Signature) : [];
  if (!result || !Array.isArray(parameters))
    throw new ArgumentTypeError(`a signature [result, [parameters]] for ${name}`, signature);
  const steps = (parameters as Signature[1]).map((type, index) =>
    stepOf(type, context, `parameter ${index} of ${name}`),
  );
  const returned = returnedStruct(result, context);
  const wasm = [...(returned ? [steps.length] : []), ...steps].length;
  const act = matchParameters(name, found, steps, wasm, context, result);
  const plan: Plan = {
    name,
    act,
    context,
    steps,
    lift: liftResult(result, context),
    isPlainResult: result instanceof NoneType || ['i32', 'f32', 'f64', 'i64'].includes(result.name),
    arity: steps.filter(({ hidden }) => !hidden).length,
  };
  const any = general(plan, result instanceof CheckedType ? result : undefined, returned);
  const isBare = !returned && !(result instanceof CheckedType) && steps.every(({ lower }) => lower);
  const bound = (isBare ? fastFunction(plan, parameters, any) : fastOuts(plan, result, any)) ?? any;
  Object.defineProperty(bound, 'name', { value: name, configurable: true });
  return bound;
}

/** A fast function for one that returns nothing, or 0 unless it fails. */
function fastOuts(plan: Plan, result: Signature[0], any: BoundFunction): BoundFunction | undefined {
  if (result instanceof NoneType) return outFunction(plan, any) ?? inoutFunction(plan, any);
  const isCode = result instanceof CheckedType && result.success.length === 1 && result.success[0] === 0;
  return isCode ? outFunction(plan, any, (raw, frame) => checkResult(plan, result, raw, frame)) : undefined;
}

/** The struct that a function returns through an address, which is its first parameter. */
function returnedStruct(result: unknown, { pointerSize }: Context): StructType | undefined {
  return result instanceof StructType && !singleOf(result, pointerSize) ? result : undefined;
}

function liftResult(result: Signature[0], context: Context): Lift | undefined {
  if (result instanceof NoneType) return undefined;
  if (result instanceof OwnedType) return liftOwned(result, context);
  if (result instanceof CheckedType) return liftOf(result.type, context.heap);
  if (!(result instanceof StructType)) return liftOf(result, context.heap);
  const single = singleOf(result, context.pointerSize);
  if (!single) return undefined;
  const lift = liftOf(single.type, context.heap);
  return (raw) => nest(result, lift(raw), context);
}

/** A struct of one scalar, by its name or names. */
function nest(type: CType, value: unknown, context: Context): unknown {
  if (!(type instanceof StructType)) return value;
  const [field] = type.compiled(context.pointerSize).fields;
  return field && { [field.name]: nest(field.type, value, context) };
}

/** The function with i64 parameters as the module takes them. @throws {ArgumentTypeError} if it takes another number */
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
  throw new ArgumentTypeError(`a signature with ${count} parameters for ${name}`, expected);
}

function resultWasm(result: Signature[0], { pointerSize }: Context): string {
  const type = result instanceof CheckedType || result instanceof OwnedType ? result.type : result;
  return wasmTypeOf(type as CType, pointerSize);
}

/** A function of any kind. */
function general(
  plan: Plan,
  check: CheckedType | undefined,
  returned: StructType | undefined,
): BoundFunction {
  const { context, steps } = plan;
  const { scratch, stack } = context;
  const run = runner(plan, check, returned);
  // Calls nest: an inner one of the same function has a separate frame.
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

/** The function itself, with its arguments put into a frame. */
function byArity(plan: Plan, frameFor: () => Frame, call: (frame: Frame) => unknown): BoundFunction {
  const { arity, steps } = plan;
  const visible = steps.flatMap(({ hidden }, index) => (hidden ? [] : [index]));
  const [first = 0, second = 0, third = 0] = visible;
  if (arity === 1)
    return function (a) {
      if (arguments.length !== 1) throw wrongArity(plan, arguments.length);
      const frame = frameFor();
      frame.args[first] = a;
      return call(frame);
    };
  if (arity === 2)
    return function (a, b) {
      if (arguments.length !== 2) throw wrongArity(plan, arguments.length);
      const frame = frameFor();
      frame.args[first] = a;
      frame.args[second] = b;
      return call(frame);
    };
  if (arity === 3)
    return function (a, b, c) {
      if (arguments.length !== 3) throw wrongArity(plan, arguments.length);
      const frame = frameFor();
      frame.args[first] = a;
      frame.args[second] = b;
      frame.args[third] = c;
      return call(frame);
    };
  return (...given) => {
    if (given.length !== arity) throw wrongArity(plan, given.length);
    const frame = frameFor();
    for (let i = 0; i < arity; i++) frame.args[visible[i] as number] = given[i];
    return call(frame);
  };
}

const newFrame = (count: number): Frame => ({
  args: new Array<unknown>(count).fill(undefined),
  raw: new Array<WasmValue>(count).fill(0),
  lengths: new Array<number | undefined>(count).fill(undefined),
});

/** In which order parameters are converted: P1 of step.ts. */
const orderOf = (steps: readonly Step[]): { step: Step; index: number }[] =>
  steps.map((step, index) => ({ step, index })).sort((a, b) => a.step.order - b.step.order);

/** Converts, calls, and makes the result. */
function runner(
  plan: Plan,
  check: CheckedType | undefined,
  returned: StructType | undefined,
): (frame: Frame) => unknown {
  const { context, steps, lift } = plan;
  const { scratch, heap, asPointer } = context;
  const order = orderOf(steps);
  const prepares = order.map(({ step }) => step.prepare);
  const places = order.map(({ index }) => index);
  const outs = steps.flatMap((step, index) =>
    step.collect ? [{ step: step as Required<Step>, index }] : [],
  );
  const layout = returned && layoutOf(returned, context.pointerSize);
  const call = callerOf(plan.act, steps.length);
  const hasValue = returned !== undefined || (check ? check.success.length > 1 : lift !== undefined);

  const own = (frame: Frame): unknown => {
    if (!returned || !layout) {
      const raw = call(frame.raw) as WasmValue;
      return check ? checkResult(plan, check, raw, frame) : lift?.(raw);
    }
    const at = scratch.reserveZeros(layout.size, layout.align);
    plan.act(asPointer(at), ...frame.raw);
    return returned.load(heap, at);
  };
  const all = (value: unknown, frame: Frame): unknown => {
    const values = hasValue ? [value] : [];
    for (const { step, index } of outs) values.push(step.collect(frame, index));
    return values;
  };
  const [first] = outs;
  // P1 of step.ts: where several have getters, one may have freed what another refers to.
  const hooked = order.filter(({ step }) => step.order === 0).map(({ index }) => index);
  const recheck = hooked.length > 1 ? hooked : [];
  return (frame) => {
    const { raw } = frame;
    for (let i = 0; i < prepares.length; i++) {
      const index = places[i] as number; // i is inside
      raw[index] = (prepares[i] as Step['prepare'])(frame, index);
    }
    for (const index of recheck) (frame.args[index] as Partial<Ref> | null)?.assertLive?.();
    const value = own(frame);
    if (!first) return value;
    return hasValue || outs.length > 1 ? all(value, frame) : first.step.collect(frame, first.index);
  };
}

/** Calls with the elements of a list. To spread one takes several times as long. */
function callerOf(act: WasmFunction, count: number): (raw: readonly WasmValue[]) => unknown {
  const at = (raw: readonly WasmValue[], i: number): WasmValue => raw[i] as WasmValue; // there are as many as steps
  switch (count) {
    case 1:
      return (raw) => act(at(raw, 0));
    case 2:
      return (raw) => act(at(raw, 0), at(raw, 1));
    case 3:
      return (raw) => act(at(raw, 0), at(raw, 1), at(raw, 2));
    case 4:
      return (raw) => act(at(raw, 0), at(raw, 1), at(raw, 2), at(raw, 3));
    case 5:
      return (raw) => act(at(raw, 0), at(raw, 1), at(raw, 2), at(raw, 3), at(raw, 4));
    default:
      return (raw) => act(...raw);
  }
}

/** The code of success that came. @throws {CallError} for any other */
function checkResult(plan: Plan, { success, message }: CheckedType, raw: WasmValue, frame: Frame): unknown {
  const { name, steps } = plan;
  const status = Number(plan.lift?.(raw));
  if (success.includes(status)) return status;
  const outs = failedOuts(steps, frame);
  const args = frame.args.filter((_, index) => !(steps[index] as Step).hidden);
  throw new CallError(name, status, message?.(status, args, outs) ?? `returned ${status}`);
}

/** The out-parameters of a call that failed: owned ones must be freed; one that cannot be read is undefined. */
function failedOuts(steps: readonly Step[], frame: Frame): unknown[] {
  return steps.flatMap(({ collect, hidden }, index) => {
    if (!collect || !hidden) return [];
    try {
      return [collect(frame, index)];
    } catch {
      return [undefined];
    }
  });
}
