// SPDX-License-Identifier: MIT
// Runs a call: converts the arguments, calls the function, collects its results.
import { CallError } from '../errors.ts';
import type { Ref } from '../scalar/ref.ts';
import type { StructType } from '../struct/struct-type.ts';
import { layoutOf } from '../struct/type.ts';
import type { WasmFunction } from './exports.ts';
import { lengthAfter } from './indexes.ts';
import type { Plan } from './plan.ts';
import { isList, listReader } from './results.ts';
import type { Frame, Step } from './step.ts';
import { CheckedType, OwnedType, type ListType, type Signature } from './types.ts';
import type { WasmValue } from './values.ts';

/** Returns the steps in the order of conversion: P1 of step.ts. */
const orderOf = (steps: readonly Step[]): { step: Step; index: number }[] =>
  steps.map((step, index) => ({ step, index })).sort((a, b) => a.step.order - b.step.order);

/** The result of a function, and the parameters that it may refer to. */
export interface Returned {
  readonly result: Signature[0];
  readonly parameters: Signature[1];
  /** The struct that it returns through an address, if it does. */
  readonly struct: StructType | undefined;
}

/** Returns the function that runs a call. */
export function runner(plan: Plan, returned: Returned): (frame: Frame) => unknown {
  const { steps, lift } = plan;
  const { result, struct } = returned;
  const prepare = preparer(steps);
  const outs = steps.flatMap((step, index) =>
    step.collect ? [{ step: step as Required<Step>, index }] : [],
  );
  const collect = (frame: Frame, values: unknown[] = []): unknown[] => {
    for (const { step, index } of outs) values.push(step.collect(frame, index));
    return values;
  };
  if (isList(result)) return listRunner(plan, result, returned.parameters, prepare, collect);
  const check = result instanceof CheckedType ? result : undefined;
  const hasValue = struct !== undefined || (check ? check.success.length > 1 : lift !== undefined);
  const own = struct ? structCaller(plan, struct) : valueCaller(plan, check);
  const [first] = outs;
  return (frame) => {
    prepare(frame);
    const value = own(frame);
    if (!first) return value;
    if (hasValue) return collect(frame, [value]);
    return outs.length > 1 ? collect(frame) : first.step.collect(frame, first.index);
  };
}

/** Returns a function that converts the arguments in the order of P1. */
function preparer(steps: readonly Step[]): (frame: Frame) => void {
  const order = orderOf(steps);
  const prepares = order.map(({ step }) => step.prepare);
  const places = order.map(({ index }) => index);
  // If several arguments have getters, one may have freed a block that another refers to.
  const hooked = order.filter(({ step }) => step.order === 0).map(({ index }) => index);
  const recheck = hooked.length > 1 ? hooked : [];
  return (frame) => {
    const { raw } = frame;
    for (let i = 0; i < prepares.length; i++) {
      const index = places[i] as number; // i is in range
      raw[index] = (prepares[i] as Step['prepare'])(frame, index);
    }
    for (const index of recheck) (frame.args[index] as Partial<Ref> | null)?.assertLive?.();
  };
}

/** Returns the call of a function whose result is a WebAssembly value. */
function valueCaller(plan: Plan, check: CheckedType | undefined): (frame: Frame) => unknown {
  const { act, steps, lift } = plan;
  const call = callerOf(act, steps.length);
  return (frame) => {
    const raw = call(frame.raw) as WasmValue;
    return check ? checkResult(plan, check, raw, frame) : lift?.(raw);
  };
}

/** Returns the call of a function that returns a struct. */
function structCaller({ act, context }: Plan, struct: StructType): (frame: Frame) => unknown {
  const { scratch, heap, asPointer, pointerSize } = context;
  const { size, align } = layoutOf(struct, pointerSize);
  return ({ raw }) => {
    const at = scratch.reserveZeros(size, align);
    act(asPointer(at), ...raw);
    return struct.load(heap, at);
  };
}

/** Returns the call of a function that returns a list, whose length an out-parameter may have. */
function listRunner(
  { act, steps, context, name }: Plan,
  result: ListType | OwnedType<ListType>,
  parameters: Signature[1],
  prepare: (frame: Frame) => void,
  collect: (frame: Frame) => unknown[],
): (frame: Frame) => unknown {
  const call = callerOf(act, steps.length);
  const list = result instanceof OwnedType ? result.type : result;
  const lengthOf = lengthAfter(list, parameters, steps, context, `the result of ${name}`);
  const read = listReader(result, context, lengthOf);
  const isAlone = !steps.some((step) => step.collect);
  return (frame) => {
    prepare(frame);
    let outs: unknown[] | undefined;
    const once = (): unknown[] => (outs ??= collect(frame));
    const value = read(call(frame.raw) as WasmValue, frame, once);
    return isAlone ? value : [value, ...once()];
  };
}

/** Returns a function that calls `act` with the elements of an array. Spreading takes several times as long. */
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

/** Returns the success code. @throws {CallError} if the code is an error */
export function checkResult(
  plan: Plan,
  { success, message }: CheckedType,
  raw: WasmValue,
  frame: Frame,
): unknown {
  const { name, steps } = plan;
  const status = Number(plan.lift?.(raw));
  if (success.includes(status)) return status;
  const outs = failedOuts(steps, frame);
  const args = frame.args.filter((_, index) => !(steps[index] as Step).hidden);
  throw new CallError(name, status, message?.(status, args, outs) ?? `returned ${status}`);
}

/**
 * Reads the out-parameters of a call that failed, so that owned ones are freed. One that cannot be read is undefined.
 */
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
