// SPDX-License-Identifier: MIT
// Installs the string methods (`readNullTerminatedUtf8String` and the like) on prototypes. Their names are in
// methods.gen.ts.
import type { Address } from '../memory/address.ts';
import type { LinearMemory } from '../memory/linear-memory.ts';
import { fixed, paired, prefixed, sized, terminated } from './framings.ts';
import { byteLengthNames, nullableNames, stringMethodNames } from './methods.gen.ts';
import type { TextOptions } from './policy.ts';
import { countTerminated } from './terminator.ts';

const framings = { terminated, sized, fixed, prefixed, paired };
/** The operations in the order of the names in methods.gen.ts. */
const OPERATIONS = ['alloc', 'read', 'write', 'wrap'] as const;

type Operation = (codec: object, heap: object, ...given: unknown[]) => unknown;

/** Puts the first `count` operations of every codec and framing on `prototype`: 1 for `alloc` alone, 4 for all. */
function install(prototype: object, count: number): void {
  for (const [codec, framing, names] of stringMethodNames)
    for (const [i, name] of names.split(' ').slice(0, count).entries()) {
      const operation = framings[framing][OPERATIONS[i] as 'read'] as Operation; // with its own arguments
      Object.assign(prototype, {
        [name](this: object, a: unknown, b: unknown, c: unknown, d: unknown, e: unknown, f: unknown) {
          return operation(codec, this, a, b, c, d, e, f);
        },
      });
    }
}

/** Puts the `alloc...String` methods on the prototype of a {@link TextAllocator}. */
export function installStringAllocators(prototype: object): void {
  install(prototype, 1);
}

/** Puts all string methods on the prototype of a heap. */
export function installStringMethods(prototype: object): void {
  install(prototype, OPERATIONS.length);
  for (const [codec, name] of nullableNames)
    Object.assign(prototype, {
      [name](this: LinearMemory, address: Address, limit?: number, options?: TextOptions) {
        return codec.readNullable(this, address, limit, options);
      },
    });
  for (const [codec, name] of byteLengthNames)
    Object.assign(prototype, {
      [name]: (text: string, options?: TextOptions) => codec.byteLength(text, options),
    });
  Object.assign(prototype, {
    getElementCountOfNullTerminatedString(
      this: LinearMemory,
      address: Address,
      bytesPerElement: number,
      limit?: number,
    ) {
      return countTerminated(this, address, bytesPerElement, limit);
    },
  });
}
