// SPDX-License-Identifier: MIT
// Installs the string methods (`readNullTerminatedUtf8String` and the like) on prototypes. methods.gen.ts declares them.
import type { Address } from '../memory/address.ts';
import type { LinearMemory } from '../memory/linear-memory.ts';
import { codecs } from './codecs.ts';
import { fixed, paired, prefixed, sized, terminated } from './framings.ts';
import { countTerminated } from './terminator.ts';
import type { TextOptions } from './policy.ts';

/** Each framing, by its word in the names of methods. */
const framings = { NullTerminated: terminated, '': sized, Fixed: fixed, Prefixed: prefixed, Paired: paired };

type Operation = (codec: object, heap: object, ...given: unknown[]) => unknown;

/** Puts `operations` of every codec and framing on `prototype`. */
function install(prototype: object, operations: readonly ('alloc' | 'read' | 'write' | 'wrap')[]): void {
  for (const codec of codecs)
    for (const [word, framing] of Object.entries(framings))
      for (const name of operations) {
        const operation = framing[name] as Operation; // its arguments depend on the framing
        Object.assign(prototype, {
          [`${name}${word}${codec.label}String`](
            this: object,
            a: unknown,
            b: unknown,
            c: unknown,
            d: unknown,
            e: unknown,
            f: unknown,
          ) {
            return operation(codec, this, a, b, c, d, e, f);
          },
        });
      }
}

/** Puts the `alloc...String` methods on the prototype of a {@link TextAllocator}. */
export function installStringAllocators(prototype: object): void {
  install(prototype, ['alloc']);
}

/** Puts all string methods on the prototype of a heap. */
export function installStringMethods(prototype: object): void {
  install(prototype, ['alloc', 'read', 'write', 'wrap']);
  for (const codec of codecs)
    Object.assign(prototype, {
      [`readNullable${codec.label}String`](
        this: LinearMemory,
        address: Address,
        limit?: number,
        options?: TextOptions,
      ) {
        return codec.readNullable(this, address, limit, options);
      },
      [`byteLengthOf${codec.label}String`]: (text: string, options?: TextOptions) =>
        codec.byteLength(text, options),
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
