// SPDX-License-Identifier: MIT
// Checks of parameters that refer to others by their index, in bind().
import { ArgumentTypeError } from '../errors.ts';
import { loadPointer } from '../struct/pointer.ts';
import { isScalar, load, type CType } from '../struct/type.ts';
import { isPointer } from './abi.ts';
import type { Context } from './context.ts';
import { knownLength, toLength, type ListLength } from './lists.ts';
import type { Step } from './step.ts';
import {
  CountType, InoutType, isInteger, ListType, OutCountType, OutListType, OutType,
  type ParameterType,
} from './types.ts'; // prettier-ignore

/** @throws {ArgumentTypeError} if an index is that of a parameter of the wrong kind */
export function assertIndexes(parameters: readonly ParameterType[], name: string): void {
  parameters.forEach((type, index) => {
    const where = `parameter ${index} of ${name}`;
    if (type instanceof CountType) assertList(parameters, type.list, `countOf(${type.list}) as ${where}`);
    else if (type instanceof OutListType)
      assertList(parameters, type.count, `outList(${type.element.name}, ${type.count}) as ${where}`, true);
    else if (type instanceof ListType && type.count !== undefined) {
      if (typeof type.count === 'function' || type.count >= index)
        throw new ArgumentTypeError(`the index of an earlier list for list() as ${where}`, type.count);
      assertList(parameters, type.count, `list(${type.element.name}, ${type.count}) as ${where}`);
    }
  });
}

/** @throws {ArgumentTypeError} if the parameter is neither a list nor, if that will do, an integer argument */
function assertList(
  parameters: readonly ParameterType[],
  index: number,
  where: string,
  orInteger?: boolean,
): void {
  const found = parameters[index];
  if (!(found instanceof ListType || (orInteger && found && isIntegerType(found))))
    throw new ArgumentTypeError(
      `the index of a list${orInteger ? ' or an integer' : ''} for ${where}`,
      found?.name ?? 'no parameter',
    );
}
const isIntegerType = (type: ParameterType): boolean => isScalar(type as CType) && isInteger(type as CType);

/**
 * Returns the function that gives the number of elements of a list that C returned.
 * @throws {ArgumentTypeError} if nothing gives it
 */
export function lengthAfter(
  { element, count }: ListType,
  parameters: readonly ParameterType[],
  steps: readonly Step[],
  { heap, pointerSize }: Context,
  where: string,
): ListLength {
  if (typeof count === 'function')
    return ({ args }, _at, outs) => {
      const visible = args.filter((_, i) => !steps[i]?.hidden);
      return toLength(count(visible, outs()), where);
    };
  if (count === undefined) {
    if (!isPointer(element))
      throw new ArgumentTypeError(
        `list(${element.name}, count) for ${where}: only pointers end at NULL`,
        count,
      );
    return (_frame, at) => {
      let length = 0;
      while (loadPointer(heap, at + length * pointerSize) !== 0) length++;
      return length;
    };
  }
  const counter = parameters[count];
  const isOut = counter instanceof OutCountType || counter instanceof OutType || counter instanceof InoutType;
  if (isOut && isInteger(counter.type as CType))
    return ({ raw }) => toLength(load(counter.type as CType, heap, Number(raw[count])), where);
  assertList(parameters, count, where, true);
  return (frame) => toLength(knownLength(frame, count, where), where);
}
