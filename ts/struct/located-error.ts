// SPDX-License-Identifier: MIT
// Adds the position in a value to an error: the field, the element, the parameter.
import { ArgumentRangeError, ArgumentTypeError, EncodingError } from '../errors.ts';

/**
 * Returns an error about a value with `place`, the name of the part that has the value, in its message. Other errors,
 * and errors that already have it, are unchanged.
 */
export function locatedError(error: unknown, place: string): unknown {
  const { message, expected, value, index, capacity } = error as ArgumentTypeError & EncodingError;
  if (message.includes(place)) return error;
  if (error instanceof EncodingError) return new EncodingError(`${message}, in ${place}`, index, capacity);
  const Class = [ArgumentTypeError, ArgumentRangeError].find((one) => error instanceof one);
  return Class ? new Class(`${expected}, in ${place}`, value as number) : error; // as the first has it
}
