// SPDX-License-Identifier: MIT
// Types of parameters and results besides values: out-parameters, lists, counts, ownership, error codes, callbacks.
import { ArgumentTypeError } from '../errors.ts';
import { toCount } from '../memory/address.ts';
import { isScalar, toType, type CType } from '../struct/type.ts';

/** A function without a result. */
export class NoneType {
  readonly name = 'void';
}
/** The result of a function that returns nothing. */
export const none: NoneType = /* @__PURE__ */ new NoneType();

/** A pointer result that the caller frees. */
export class OwnedType<T extends CType = CType> {
  readonly name: string;
  readonly type: T;
  /** The function that frees it. */
  readonly free: string;
  constructor(type: T, free: string) {
    this.name = `${type.name} (owned)`;
    this.type = type;
    this.free = free;
  }
}
/**
 * The result of a function whose memory belongs to the caller: it is converted and then freed. `owned(cstr)` gives a
 * string, `owned(pointer(Point))` a plain object.
 * @param free the function of the module that frees it; `free` by default
 * @throws {ArgumentTypeError} for a type that is no pointer
 */
export function owned<T extends CType>(type: T, free = 'free'): OwnedType<T> {
  if (typeof free !== 'string') throw new ArgumentTypeError('the name of a function that frees', free);
  if (isScalar(toType(type, 'owned()')))
    throw new ArgumentTypeError('a pointer for owned(), such as cstr or pointer(Point)', type.name);
  return new OwnedType(type, free);
}

/** Says what an error of a checked function means. */
export type ErrorMessage = (
  status: number,
  args: readonly unknown[],
  outs: readonly unknown[],
) => string | null;

/** A result that is an error code. */
export class CheckedType<T extends CType = CType, S extends number = number> {
  readonly name: string;
  readonly type: T;
  readonly success: readonly S[];
  readonly message: ErrorMessage | undefined;
  constructor(type: T, success: readonly S[], message: ErrorMessage | undefined) {
    this.name = `${type.name} (checked)`;
    this.type = type;
    this.success = success;
    this.message = message;
  }
}
/**
 * A result that is an error code: the call throws a {@link CallError} unless it is 0, and returns nothing. With several
 * success codes the call returns the code.
 * @param options `success`: the codes that are no errors; `message`: says what a code means, as `sqlite3_errmsg` does
 */
export function checked<T extends CType>(
  type: T,
  options?: { readonly success?: undefined; readonly message?: ErrorMessage },
): CheckedType<T, 0>;
export function checked<T extends CType, const S extends number>(
  type: T,
  options: { readonly success: readonly S[]; readonly message?: ErrorMessage },
): CheckedType<T, S>;
export function checked<T extends CType>(
  type: T,
  options: { readonly success?: readonly number[] | undefined; readonly message?: ErrorMessage } = {},
): CheckedType<T> {
  const { success = [0], message } = options;
  if (!Array.isArray(success) || success.length === 0)
    throw new ArgumentTypeError('an array with the codes of success', success);
  if (message !== undefined && typeof message !== 'function')
    throw new ArgumentTypeError('a function for message', message);
  return new CheckedType(toType(type, 'checked()') as T, success, message);
}

/** A parameter that C writes a value to. */
export class OutType<T extends CType | OwnedType = CType | OwnedType> {
  readonly direction = 'out';
  readonly name: string;
  readonly type: T;
  constructor(type: T) {
    this.name = `out ${type.name}`;
    this.type = type;
  }
}
/** A hidden parameter: the address of a zeroed `T` that C writes to. Its value is part of the result. */
export function out<T extends CType | OwnedType>(type: T): OutType<T> {
  return new OutType(type instanceof OwnedType ? type : (toType(type, 'out()') as T));
}

/** A parameter that C reads and writes. */
export class InoutType<T extends CType = CType> {
  readonly direction = 'inout';
  readonly name: string;
  readonly type: T;
  constructor(type: T) {
    this.name = `inout ${type.name}`;
    this.type = type;
  }
}
/** A pointer to a copy of the argument, which C may change: the new value is part of the result. */
export function inout<T extends CType>(type: T): InoutType<T> {
  return new InoutType(toType(type, 'inout()') as T);
}

/** Consecutive elements, to be read by C. */
export class ListType<T extends CType = CType> {
  readonly name: string;
  readonly element: T;
  /** Whether C changes them: they are part of the result. */
  readonly isInout: boolean;
  /** The parameter that it must be as long as. */
  readonly sameAs: number | undefined;
  constructor(element: T, isInout: boolean, sameAs: number | undefined) {
    this.name = `${element.name}[]`;
    this.element = element;
    this.isInout = isInout;
    this.sameAs = sameAs;
  }
}
/**
 * A pointer to the first of several elements: of a copy, or of an array ref or a slice in the heap itself.
 * @param sameAs the index of the list that it must be as long as, where C is told one count for several
 */
export function list<T extends CType>(element: T, sameAs?: number): ListType<T> {
  return new ListType(toType(element, 'list()') as T, false, toIndex(sameAs));
}
const toIndex = (index: number | undefined): number | undefined =>
  index === undefined ? index : toCount(index, 'the index of a parameter');
/** As {@link list}; C may change the elements, and they are part of the result. */
export function inoutList<T extends CType>(
  element: T,
  sameAs?: number,
): ListType<T> & { readonly isInout: true } {
  return new ListType(toType(element, 'inoutList()') as T, true, toIndex(sameAs)) as ListType<T> & {
    readonly isInout: true;
  };
}

/** Elements that C writes. */
export class OutListType<T extends CType = CType> {
  readonly name: string;
  readonly element: T;
  readonly count: number;
  constructor(element: T, count: number) {
    this.name = `out ${element.name}[]`;
    this.element = element;
    this.count = count;
  }
}
/**
 * A hidden parameter: the address of zeroed elements that C writes. They are part of the result.
 * @param parameter the index of the parameter that says how many: a list as long, or an integer
 */
export function outList<T extends CType>(element: T, parameter: number): OutListType<T> {
  return new OutListType(toType(element, 'outList()') as T, toCount(parameter, 'the index of a parameter'));
}

/** The number of elements of a list. */
export class CountType {
  readonly name = 'count';
  readonly list: number;
  readonly type: CType | undefined;
  constructor(index: number, type: CType | undefined) {
    this.list = index;
    this.type = type;
  }
}
/**
 * A hidden parameter: how many elements a list has.
 * @param parameter the index of the list among the parameters
 * @param type its integer type: `i32` by default, `size_t` is `u32` or `u64`
 */
export function countOf(parameter: number, type?: CType): CountType {
  if (type !== undefined && !isScalar(toType(type, 'countOf()')))
    throw new ArgumentTypeError('an integer type', type);
  return new CountType(toCount(parameter, 'the index of a parameter'), type);
}

/** A function pointer that C calls. */
export class CallbackType<
  R extends CType | NoneType = CType | NoneType,
  P extends readonly CType[] = readonly CType[],
> {
  readonly name: string;
  readonly result: R;
  readonly parameters: P;
  constructor(result: R, parameters: P) {
    this.name = `${result.name} (*)(${parameters.map(({ name }) => name).join(', ')})`;
    this.result = result;
    this.parameters = parameters;
  }
}
/**
 * A function pointer: its argument is a JavaScript function, valid until the call returns; or a {@link Callback},
 * which is kept; or null.
 */
export function callback<R extends CType | NoneType, const P extends readonly CType[]>(
  result: R,
  parameters: P,
): CallbackType<R, P> {
  if (!Array.isArray(parameters)) throw new ArgumentTypeError('an array of types', parameters);
  parameters.forEach((type: unknown, index) => {
    toType(type, `parameter ${index} of a callback`);
  });
  if (!(result instanceof NoneType)) toType(result, 'the result of a callback');
  return new CallbackType(result, parameters);
}

/** Anything that a parameter can be. */
export type ParameterType = CType | OutType | InoutType | ListType | OutListType | CountType | CallbackType;
/** Anything that a result can be. */
export type ResultType = CType | NoneType | OwnedType | CheckedType;
/** A function: its result and its parameters. */
export type Signature = readonly [result: ResultType, parameters: readonly ParameterType[]];
