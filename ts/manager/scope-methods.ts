// SPDX-License-Identifier: MIT
// Installs a manager's methods that read and write on the prototype of scopes. They call the methods of the scope's heap.
import { define } from '../errors.ts';

const FORWARDED =
  /^(read|write|view|wrap|exchange|compareExchange|byteLengthOf|getElementCount|fill$|copy$|wait|notify$|(add|sub|and|or|xor)\w+Atomic$)/;

type Methods = Readonly<Record<string, (...args: unknown[]) => unknown>>;

/** Puts the methods of `from`, the prototype of a heap, on `prototype`, whose objects have a `heap`. */
export function installForwarding(prototype: object, from: object): void {
  for (const name of Object.getOwnPropertyNames(from))
    if (FORWARDED.test(name))
      define(
        prototype,
        name,
        function (
          this: { readonly heap: Methods },
          a: unknown,
          b: unknown,
          c: unknown,
          d: unknown,
          e: unknown,
          f: unknown,
        ) {
          return this.heap[name]?.(a, b, c, d, e, f);
        },
      );
}
