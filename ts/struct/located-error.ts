// SPDX-License-Identifier: MIT
// Where in a value an error is: the field, the element, the parameter.
import { ArgumentRangeError, ArgumentTypeError, EncodingError } from '../errors.ts';

/** Returns an error about a value with the place in it that the value is for; any other error, or one that names it, unchanged. */
export function locatedError(error: unknown, place: string): unknown {
  const { message, expected, value, index, capacity } = error as ArgumentTypeError & EncodingError;
  if (message.includes(place)) return error;
  if (error instanceof EncodingError) return new EncodingError(`${message}, in ${place}`, index, capacity);
  const Class = [ArgumentTypeError, ArgumentRangeError].find((one) => error instanceof one);
  return Class ? new Class(`${expected}, in ${place}`, value as number) : error; // as the first has it
}
