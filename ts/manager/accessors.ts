// SPDX-License-Identifier: MIT
// Installs `readInt32`, `writeInt32` and the like, whose code is in accessors.gen.ts.
import { hasModes } from '../memory/access-mode.ts';
import type { Address } from '../memory/address.ts';
import type { LinearMemory } from '../memory/linear-memory.ts';
import type { ScalarDescriptor, ScalarValue } from '../scalar/descriptor.ts';
import { accessors } from './accessors.gen.ts';

/** Puts the methods on the prototype of a heap; short ones in engines without access modes. */
export function installAccessors(prototype: object): void {
  for (const [type, methods] of accessors) {
    const [read, write] = Object.keys(methods) as [string, string]; // each type has two
    Object.assign(prototype, hasModes ? methods : shortAccessors(type as ScalarDescriptor, read, write)); // every type is one
  }
}

function shortAccessors(type: ScalarDescriptor, read: string, write: string): object {
  return {
    [read](this: LinearMemory, address: Address) {
      return type.read(this, address);
    },
    [write](this: LinearMemory, address: Address, value: ScalarValue) {
      type.write(this, address, value);
    },
  };
}
