// SPDX-License-Identifier: MIT
// Bulk operations that continue after an error and report all errors at the end.
import { LinmemAggregateError } from '../errors.ts';

/** Calls every one of `actions`. @throws {LinmemAggregateError} with every error, after all were called */
export function attemptAll(actions: Iterable<() => void>): void {
  const errors: unknown[] = [];
  for (const action of actions) {
    try {
      action();
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw new LinmemAggregateError(errors, `${errors.length} blocks could not be freed`);
}
