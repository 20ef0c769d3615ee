// SPDX-License-Identifier: MIT
// Types that only parameters and results can have: out-parameters, lists, counts, ownership, error codes, callbacks.
import { ArgumentTypeError, isArray, isInstance } from '../errors.ts';
import { readOptions } from '../heap/options.ts';
import { toCount, type Address } from '../memory/address.ts';
import { i32 } from '../scalar/types.gen.ts';
import { EnumType } from '../struct/enumeration.ts';
import { AddressType, PointerType } from '../struct/pointer.ts';
import { CStringType } from '../struct/text.ts';
import { isScalar, toType, toValueType, type CType } from '../struct/type.ts';
import type { CallbackHandle } from './handle.ts';

/** True for an integer of up to 64 bits. */
export const isInteger = (type: CType): boolean =>
  isScalar(type) && /^([iu](8|16|32|64)|ptr\d\d)$/.test(type.name);

/** The type of a missing result. */
export class NoneType {
  readonly name = 'void';
}
/** The result of a function that returns nothing. */
export const none: NoneType = /* @__PURE__ */ new NoneType();

/** A pointer result that the caller frees. */
export class OwnedType<T extends CType | ListType = CType | ListType> {
  readonly name: string;
  readonly type: T;
  /** The name of the C function that frees it. */
  readonly free: string;
  constructor(type: T, free: string) {
    this.name = `${type.name} (owned)`;
    this.type = type;
    this.free = free;
  }
}
/**
 * A pointer result that the caller owns: it is converted and then freed. `owned(cstr)` returns a string,
 * `owned(pointer(Point))` a plain object, `owned(list(f32, 0))` a typed array.
 * @param free the C function that frees it. Default: `free`
 * @throws {ArgumentTypeError} if the type is not a pointer, or its value is an address (`voidp`, a handle), which would
 *   be that of a freed block
 */
export function owned<T extends CType | ListType>(type: T, free = 'free'): OwnedType<T> {
  if (typeof free !== 'string') throw new ArgumentTypeError('the name of a function that frees', free);
  if (!isInstance(type, ListType) && !isOwnable(toType(type, 'owned()')))
    throw new ArgumentTypeError(
      'a pointer to a value that owned() can copy, such as cstr, pointer(Point) or list(f32, 0)',
      type.name,
    );
  return new OwnedType(type, free);
}
const isOwnable = (type: CType): boolean => type instanceof PointerType || type instanceof CStringType;

/** Returns the message for an error code of a checked function. */
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
 * A result that is an error code: the call throws a {@link CallError} if it is not 0, and returns nothing. With several
 * success codes, the call returns the code.
 * @param options `success`: the codes that are not errors; `message`: returns the message for a code, as
 * `sqlite3_errmsg`
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
  const { success = [0], message } = readOptions(options, { success: 'object', message: 'function' });
  if (!isArray(success) || success.length === 0 || !success.every(Number.isInteger))
    throw new ArgumentTypeError('an array of integers as success codes', success);
  const code = toType(type, 'checked()');
  if (!isInteger(code) && !(code instanceof EnumType) && code.name !== 'bool')
    throw new ArgumentTypeError('an integer type for checked()', code.name);
  return new CheckedType(code as T, success, message);
}

/** A parameter that C writes a value to. */
export class OutType<T extends CType | OwnedType | ListType = CType | OwnedType | ListType> {
  readonly direction = 'out';
  readonly name: string;
  readonly type: T;
  constructor(type: T) {
    this.name = `out ${type.name}`;
    this.type = type;
  }
}
/** A hidden parameter: the address of a zeroed `T` that C writes to. Its value is part of the result. */
export function out<T extends CType | OwnedType | ListType>(type: T): OutType<T> {
  const isPointer = isInstance(type, OwnedType) || isInstance(type, ListType);
  return new OutType(isPointer ? type : (toValueType(type, 'out()') as T));
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
  return new InoutType(toValueType(type, 'inout()') as T);
}

/** Returns the number of elements of a result from the arguments and the values of the out-parameters. */
export type ElementCount = (args: readonly unknown[], outs: readonly unknown[]) => number;

/** Consecutive elements. */
export class ListType<T extends CType = CType> {
  readonly name: string;
  readonly element: T;
  /** True if C changes the elements, which are then part of the result. */
  readonly isInout: boolean;
  /** For a parameter, the index of the list that has the same length; for a result, the source of its length. */
  readonly count: number | ElementCount | undefined;
  constructor(element: T, isInout: boolean, count: number | ElementCount | undefined) {
    this.name = `${element.name}[]`;
    this.element = element;
    this.isInout = isInout;
    this.count = count;
  }
}
/**
 * A pointer to the first of several elements.
 *
 * As a parameter, C gets the address of an array ref or a slice of the heap, or of a copy of other values. As a result
 * or in {@link out}, it is a copy of the elements: a typed array or an array of plain values; null for NULL.
 * @param count for a parameter: the index of a list that must have the same length, if C gets one count for several.
 *   For a result: the index of the parameter with its length (a list, an integer, {@link outCount}), or a function of
 *   the arguments and the values of the out-parameters. A list of pointers without a count ends at NULL
 */
export function list<T extends CType>(element: T, count?: number | ElementCount): ListType<T> {
  const known = typeof count === 'function' ? count : toIndex(count);
  return new ListType(toValueType(element, 'list()') as T, false, known);
}
const toIndex = (index: number | undefined): number | undefined =>
  index === undefined ? index : toCount(index, 'the index of a parameter');
/** As {@link list}; C may change the elements, and they are part of the result. */
export function inoutList<T extends CType>(
  element: T,
  sameAs?: number,
): ListType<T> & { readonly isInout: true } {
  const type = toValueType(element, 'inoutList()') as T;
  return new ListType(type, true, toIndex(sameAs)) as ListType<T> & { readonly isInout: true };
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
 * @param parameter the index of the parameter with the number: a list of the same length, or an integer
 */
export function outList<T extends CType>(element: T, parameter: number): OutListType<T> {
  const type = toValueType(element, 'outList()') as T;
  return new OutListType(type, toCount(parameter, 'the index of a parameter'));
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
 * A hidden parameter: the number of elements of a list.
 * @param parameter the index of the list among the parameters
 * @param type its integer type; `size_t` is `u32` or `u64`. Default: `i32`
 */
export function countOf(parameter: number, type?: CType): CountType {
  if (type !== undefined && !isInteger(toType(type, 'countOf()')))
    throw new ArgumentTypeError('an integer type for countOf()', type.name);
  return new CountType(toCount(parameter, 'the index of a parameter'), type);
}

/** A number of elements that C writes. */
export class OutCountType {
  readonly name = 'out count';
  readonly type: CType;
  constructor(type: CType) {
    this.type = type;
  }
}
/**
 * A hidden parameter: the address of an integer that C sets to the number of elements of a list that it returns. A
 * `list(type, index)` refers to it; it is not part of the result.
 * @param type its integer type; `size_t` is `u32` or `u64`. Default: `i32`
 */
export function outCount(type: CType = i32 as CType): OutCountType {
  if (isInteger(toType(type, 'outCount()'))) return new OutCountType(type);
  throw new ArgumentTypeError('an integer type for outCount()', type.name);
}

/** A function pointer. As a field it is an address, or null. */
export class CallbackType<
  R extends CType | NoneType = CType | NoneType,
  P extends readonly CType[] = readonly CType[],
> extends AddressType<number, CallbackHandle<CallbackType<R, P>> | Address | null> {
  override readonly name: string;
  readonly result: R;
  readonly parameters: P;
  constructor(result: R, parameters: P) {
    super('void');
    this.name = `${result.name} (*)(${parameters.map(({ name }) => name).join(', ')})`;
    this.result = result;
    this.parameters = parameters;
  }
}
/**
 * A function pointer. The argument is a JavaScript function, whose pointer is valid until the call returns; a {@link
 * Callback}, which C may keep; or null.
 */
export function callback<R extends CType | NoneType, const P extends readonly CType[]>(
  result: R,
  parameters: P,
): CallbackType<R, P> {
  if (!isArray(parameters)) throw new ArgumentTypeError('an array of types', parameters);
  parameters.forEach((type: unknown, index) => {
    toValueType(type, `parameter ${index} of a callback`);
  });
  if (!isInstance(result, NoneType)) toValueType(result, 'the result of a callback');
  return new CallbackType(result, parameters);
}

/** The types that a parameter can have. */
export type ParameterType =
  CType | OutType | InoutType | ListType | OutListType | OutCountType | CountType | CallbackType;
/** The types that a result can have. */
export type ResultType = CType | NoneType | OwnedType | CheckedType | ListType;
/** The signature of a function: its result and its parameters. */
export type Signature = readonly [result: ResultType, parameters: readonly ParameterType[]];
