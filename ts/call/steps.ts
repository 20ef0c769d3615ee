// SPDX-License-Identifier: MIT
// The parameters of a function as steps of a call: each converts an argument, and may add a value to the result.
import type { Heap } from '../heap/heap.ts';
import type { Scalar } from '../scalar/scalar.ts';
import { Ref } from '../scalar/ref.ts';
import { loadPointer, PointerType } from '../struct/pointer.ts';
import { StructType } from '../struct/struct-type.ts';
import { isScalar, layoutOf, loaderOf, type CType } from '../struct/type.ts';
import { ArgumentTypeError, isInstance } from '../errors.ts';
import { PASSED, wasmTypeOf, type WasmType } from './abi.ts';
import { assertCallable, Callback, callbackMaker } from './callback.ts';
import type { Context } from './context.ts';
import { countStep, listStep, outListStep } from './lists.ts';
import { lengthAfter } from './indexes.ts';
import { isList, listReader, valueAt } from './results.ts';
import { stale, type Slot, type SlotFunction } from './slots.ts';
import type { Step } from './step.ts';
import {
  CallbackType,
  CountType,
  InoutType,
  ListType,
  OutCountType,
  OutListType,
  OutType,
  OwnedType,
  type ParameterType,
} from './types.ts';
import { addressOf, copier, lowerOf, type Lower, type WasmValue } from './values.ts';

/** Returns the step of one parameter. @throws {ArgumentTypeError} if it cannot have the type */
export function stepOf(
  type: ParameterType,
  context: Context,
  parameters: readonly ParameterType[],
  where: string,
): Step {
  const pointer: WasmType = context.pointerSize === 8 ? 'i64' : 'i32';
  if (type instanceof OutType) {
    if (isList(type.type)) return outPointerStep(type.type, context, pointer, parameters, where);
    return outStep(type.type, context, pointer);
  }
  if (type instanceof InoutType) return inoutStep(type, context, pointer, where);
  if (type instanceof ListType) return listStep(type, context, pointer, where);
  if (type instanceof OutCountType) return outCountStep(type, context, pointer);
  if (type instanceof OutListType) return outListStep(type, context, pointer, where);
  if (type instanceof CountType) return countStep(type, context, where);
  if (type instanceof CallbackType) return callbackStep(type, context, pointer, where);
  const lower = lowerOf(type, context.heap, context.scratch, where);
  if (PASSED.includes(type.name) && isScalar(type)) return numberStep(type, lower);
  const hooks =
    type instanceof StructType || (type instanceof PointerType && type.target instanceof StructType);
  return {
    wasm: wasmTypeOf(type, context.pointerSize),
    hidden: false,
    order: hooks ? 0 : 1,
    lower,
    // An instance is a ref: P1.
    prepare: (frame, index) => lower(frame.args[index]),
  };
}

/** Returns the step of a number that the engine converts as C does. */
function numberStep({ name }: CType, lower: Lower): Step {
  return {
    wasm: name === 'f32' || name === 'f64' ? name : 'i32',
    hidden: false,
    order: 1,
    lower,
    prepare({ args }, index) {
      const value = args[index];
      return typeof value === 'number' ? value : lower(value); // lower refuses it
    },
  };
}

function outCountStep(
  { type }: OutCountType,
  { scratch, asPointer, pointerSize }: Context,
  wasm: WasmType,
): Step {
  const { size, align } = layoutOf(type, pointerSize);
  const prepare = (): WasmValue => asPointer(scratch.reserveZeros(size, align));
  return { wasm, hidden: true, order: 2, prepare };
}

/** Returns the step of an out-parameter that C sets to a list, whose length another parameter gives. */
function outPointerStep(
  type: ListType | OwnedType<ListType>,
  context: Context,
  wasm: WasmType,
  parameters: readonly ParameterType[],
  where: string,
): Step {
  const { heap, scratch, asPointer, pointerSize } = context;
  const list = type instanceof OwnedType ? type.type : type;
  if (typeof list.count === 'function')
    throw new ArgumentTypeError(`the index of a parameter for list() in out() as ${where}`, list.count);
  const read = listReader(type, context, lengthAfter(list, parameters, [], context, where));
  return {
    wasm,
    hidden: true,
    order: 2,
    prepare: () => asPointer(scratch.reserveZeros(pointerSize, pointerSize)),
    collect: (frame, index) => read(loadPointer(heap, Number(frame.raw[index])), frame, () => []),
  };
}

function outStep(type: CType | OwnedType, context: Context, wasm: WasmType): Step {
  const { heap, scratch, asPointer } = context;
  const { size, align } = layoutOf('free' in type ? (type.type as CType) : type, context.pointerSize);
  const read = 'Elements' in type ? scalarReader(type as Scalar, heap) : valueAt(type, context);
  return {
    wasm,
    hidden: true,
    order: 2,
    out: { size, align, read },
    prepare: () => asPointer(scratch.reserveZeros(size, align)),
    collect: ({ raw }, index) => read(Number(raw[index])),
  };
}
const scalarReader = ({ read }: Scalar, heap: Heap): ((at: number) => unknown) => {
  return (at) => read(heap, at);
};

function inoutStep({ type }: InoutType, context: Context, wasm: WasmType, where: string): Step {
  const { heap, scratch, asPointer } = context;
  const copy = copier(type, heap, scratch, where);
  const load = loaderOf(type, context.pointerSize);
  const place = (value: unknown): number =>
    isInstance(value, Ref) ? addressOf(value, heap, where, type) : copy(value);
  return {
    wasm,
    hidden: false,
    order: 0,
    inout: { place, read: (at) => load(heap, at) },
    prepare: ({ args }, index) => asPointer(place(args[index])),
    collect: ({ raw }, index) => load(heap, Number(raw[index])),
  };
}

function callbackStep(type: CallbackType, context: Context, wasm: WasmType, where: string): Step {
  const maker = callbackMaker(type, context);
  const { asPointer, scratch, stack } = context;
  // The parameter keeps the slot between calls, as the next call needs one again.
  let parked: Slot | undefined;
  let lastAct: unknown;
  let lastEntry: SlotFunction = stale;
  const taken: { slot: Slot; stackPointer: number | bigint | undefined }[] = [];
  const release = (): void => {
    const { slot, stackPointer } = taken.pop() as (typeof taken)[0]; // one per release
    slot.act = stale;
    if (parked) maker.slots().release(slot);
    else parked = slot;
    // An exception of the function passes through C, which then does not restore its stack.
    if (stackPointer !== undefined) stack?.restore(stackPointer);
  };
  const lower: Lower = (act) => {
    if (typeof act !== 'function') {
      const pointer = asPointer(pointerOf(act, context, where));
      // A call of NULL traps, and C does not restore its stack.
      const stackPointer = stack?.save();
      if (stackPointer !== undefined) scratch.undo.push(() => stack?.restore(stackPointer));
      return pointer;
    }
    const slot = parked ?? maker.slots().take(stale);
    parked = undefined;
    if (act !== lastAct) {
      lastEntry = maker.wrap(act as (...args: unknown[]) => unknown);
      lastAct = act;
    }
    slot.act = lastEntry;
    taken.push({ slot, stackPointer: stack?.save() });
    scratch.undo.push(release);
    return asPointer(slot.index);
  };
  return { wasm, hidden: false, order: 1, lower, prepare: ({ args }, index) => lower(args[index]) };
}

/** Returns the address of a Callback, or 0 for null. */
function pointerOf(value: unknown, context: Context, where: string): number {
  if (value === null) return 0;
  if (typeof value === 'number' || typeof value === 'bigint') return addressOf(value, context.heap, where);
  if (!isInstance(value, Callback)) assertCallable(value, where);
  const kept = value as unknown as Callback;
  if (kept.table !== context.table)
    throw new ArgumentTypeError(`a Callback of this module for ${where}`, kept);
  return kept.address;
}
