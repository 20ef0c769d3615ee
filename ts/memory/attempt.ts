// SPDX-License-Identifier: MIT
// Doing several things that may each fail, all of them.

/** Does every one of `acts`. @throws {AggregateError} with every error, once all were tried */
export function attemptAll(acts: Iterable<() => void>): void {
  const errors: unknown[] = [];
  for (const act of acts) {
    try {
      act();
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw new AggregateError(errors, `${errors.length} blocks could not be freed`);
}
