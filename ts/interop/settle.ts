// SPDX-License-Identifier: MIT
// Waits for the result of a start function, until an abort signal ends the wait.
import { isRevoked, wrongType } from '../errors.ts';
import { isObject } from './properties.ts';
import type { PlatformAbortSignal } from '../memory/platform-types.ts';

/** A value in a box: a promise would call the `then` of a bare value. */
export interface Settled {
  readonly value: unknown;
}

/**
 * Resolves to the value that `start` returns or resolves to. Old Emscripten modules resolve to themselves and keep
 * their `then`, which is called once.
 * @param failures promises that end the wait if they reject
 * @throws any error of `start`, or the reason of `signal` if it is aborted first
 */
export function settle(
  start: () => unknown,
  failures: readonly Promise<never>[],
  signal?: PlatformAbortSignal,
): Promise<Settled> {
  return new Promise<Settled>((resolve, reject) => {
    const abort = (): void => reject(signal?.reason);
    signal?.addEventListener('abort', abort, { once: true });
    const end = (): void => signal?.removeEventListener('abort', abort);
    const fail = (error: unknown): void => {
      end();
      reject(error);
    };
    const succeed = (value: unknown): void => {
      end();
      resolve({ value });
    };
    for (const failure of failures) failure.catch(fail);
    try {
      follow(start(), succeed, fail);
    } catch (error) {
      fail(error);
    }
  });
}

/** Follows a promise until a value that is not a promise, or that resolves to itself. */
function follow(value: unknown, succeed: (value: unknown) => void, fail: (error: unknown) => void): void {
  if (isRevoked(value)) throw wrongType('a started module, or a promise of it', value);
  const then = isObject(value) ? (value as { then?: unknown }).then : undefined;
  if (typeof then !== 'function') {
    succeed(value);
    return;
  }
  then.call(
    value,
    (next: unknown) => {
      try {
        if (next === value) succeed(next);
        else follow(next, succeed, fail);
      } catch (error) {
        fail(error);
      }
    },
    fail,
  );
}
