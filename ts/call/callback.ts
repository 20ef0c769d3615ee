// SPDX-License-Identifier: MIT
// JavaScript functions that C calls: valid during one call, or until they are disposed.
import { ArgumentTypeError, FreedError, isInstance } from '../errors.ts';
import { installDispose } from '../memory/dispose.ts';
import { AnyPointer, FunctionPointer } from '../struct/pointer.ts';
import { StructType } from '../struct/struct-type.ts';
import type { CType } from '../struct/type.ts';
import { singleOf, wasmTypeOf } from './abi.ts';
import { contextOf, type Context } from './context.ts';
import type { CallbackHandle } from './handle.ts';
import type { CallbackFunction } from './infer.ts';
import { slotsOf, type Slot, type SlotFunction, type SlotList } from './slots.ts';
import type { FunctionType } from './trampoline.ts';
import { CallbackType, NoneType } from './types.ts';
import { addressOf, liftOf, lowerOf, type Lift, type Lower } from './values.ts';

/** Creates the table entries for functions of one type. */
export interface CallbackMaker {
  /** Returns the slots of its signature. @throws {ModuleError} if the module has no function table */
  slots(): SlotList;
  /** Returns the function that a slot calls for `act`. */
  wrap(act: (...args: unknown[]) => unknown): SlotFunction;
}

/** @throws {ArgumentTypeError} if a callback cannot have the type of a parameter or of the result */
export function callbackMaker({ result, parameters }: CallbackType, context: Context): CallbackMaker {
  const { heap, pointerSize } = context;
  const type: FunctionType = {
    parameters: parameters.map((one) => wasmTypeOf(one, pointerSize)),
    results: result instanceof NoneType ? [] : [wasmTypeOf(result, pointerSize)],
  };
  const lifts = parameters.map((one) => liftArgument(one, context));
  const lower = result instanceof NoneType ? undefined : lowerResult(result, context);
  const [first, second, third] = lifts;
  const finish = lower ?? (() => undefined);
  let slots: SlotList | undefined;
  return {
    slots: () => (slots ??= slotsOf(context.table, type)),
    wrap(act) {
      if (!first) return () => finish(act());
      if (!second) return (a) => finish(act(first(a as number)));
      if (!third) return (a, b) => finish(act(first(a as number), second(b as number)));
      return (...args) => finish(act(...args.map((raw, i) => (lifts[i] as Lift)(raw)))); // one for each
    },
  };

  function liftArgument(one: CType, { heap: own }: Context): Lift {
    if (one instanceof StructType && singleOf(one, pointerSize))
      throw new ArgumentTypeError('a struct of several members as the parameter of a callback', one.name);
    return liftOf(one, own);
  }
  function lowerResult(one: CType, { scratch, asPointer }: Context): Lower {
    const where = 'the result of a callback';
    if (one instanceof AnyPointer) return (value) => asPointer(addressOf(value, heap, where)); // no string: it would have no owner
    if (one instanceof StructType) throw new ArgumentTypeError(`a scalar or a pointer as ${where}`, one.name);
    return lowerOf(one, heap, scratch, where);
  }
}

/** @throws {ArgumentTypeError} if it is not a function */
export function assertCallable(
  value: unknown,
  where: string,
): asserts value is (...args: unknown[]) => unknown {
  if (typeof value !== 'function')
    throw new ArgumentTypeError(`a function, a Callback or null for ${where}`, value);
}

/** The state that is released with a callback. It does not refer to the callback, so that the registry can hold it. */
interface Kept {
  readonly context: Context;
  readonly slots: SlotList;
  readonly slot: Slot;
}

/** Releases the slots of collected callbacks, with a warning, as C may still have the address. */
const registry: FinalizationRegistry<Kept> | undefined = /* @__PURE__ */ (() =>
  typeof FinalizationRegistry === 'function'
    ? new FinalizationRegistry((kept) => {
        console.warn(
          `linmem: a Callback (function pointer ${kept.slot.index}) was collected without dispose()`,
        );
        release(kept);
      })
    : undefined)();

function release({ context, slots, slot }: Kept): void {
  context.kept--;
  slots.release(slot);
}

/** A function pointer that is valid until it is disposed. Made by {@link createCallback}. */
export class Callback<C = unknown> extends FunctionPointer implements CallbackHandle<C> {
  #kept: Kept | undefined;
  readonly #index: number;
  /** Its function table: it can be passed to any library of this table. */
  readonly table: object;
  /** @internal */
  readonly heap: object;
  /** @internal Use {@link createCallback}. */
  constructor(kept: Kept) {
    super();
    this.#kept = kept;
    this.#index = kept.slot.index;
    this.table = kept.slots.table;
    this.heap = kept.context.heap;
    registry?.register(this, kept, this);
  }
  /** The function pointer. @throws {FreedError} if it was disposed */
  get address(): number {
    if (!this.#kept) throw new FreedError(this.#index, 'callback');
    return this.#index;
  }
  /** True if it was disposed. */
  get isDisposed(): boolean {
    return this.#kept === undefined;
  }
  /** Releases the function pointer. If C calls it later, the call throws. A second `dispose` does nothing. */
  dispose(): void {
    const kept = this.#kept;
    if (!kept) return;
    this.#kept = undefined;
    registry?.unregister(this);
    release(kept);
  }
}
/** For `using`, where the engine has `Symbol.dispose`. */
// biome-ignore lint/correctness/noUnusedVariables: the class has it
export interface Callback<C = unknown> {
  [Symbol.dispose](): void;
}
installDispose(Callback.prototype);

/**
 * Returns a function pointer for `act` that C may keep, until it is disposed. Keep the result: if it is collected, its
 * slot is released, with a warning.
 * @param library the result of {@link bind} for the module that will call it
 * @throws {ModuleError} if the module has no function table, or one that cannot grow
 */
export function createCallback<C extends CallbackType>(
  library: object,
  type: C,
  act: CallbackFunction<C>,
): Callback<C> {
  const context = contextOf(library);
  if (!isInstance(type, CallbackType)) throw new ArgumentTypeError('a type that callback() returned', type);
  if (typeof act !== 'function') throw new ArgumentTypeError('a function for C to call', act);
  const maker = callbackMaker(type, context);
  const slots = maker.slots();
  const slot = slots.take(maker.wrap(act as (...args: unknown[]) => unknown));
  context.kept++;
  return new Callback<C>({ context, slots, slot });
}
