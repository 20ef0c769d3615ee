// SPDX-License-Identifier: MIT
// The types of blocks, from the ref or arena that owns each block.
import { WasmHeapArena } from '../arena/arena.ts';
import type { Allocation } from '../memory/allocation.ts';
import { ScalarArrayRef } from '../scalar/array.ts';
import { ScalarRef } from '../scalar/ref.ts';
import { Elements } from '../struct/array.ts';
import { StructRef, typeOf } from '../struct/instance.ts';
import { StringRef } from '../text/ref.ts';

/** Returns the type of the block of `allocation`: `i32`, `i32[]`, `utf8`, `point_t`, `arena`; '' if it has none. */
export function typeNameOf(allocation: Allocation | undefined): string {
  const owner: unknown = allocation?.currentOwner;
  if (owner instanceof StructRef) return typeOf(owner).name; // first: a field may be called `type`
  if (owner instanceof ScalarRef) return owner.type.name;
  if (owner instanceof ScalarArrayRef || owner instanceof Elements) return `${owner.type.name}[]`;
  if (owner instanceof StringRef) return owner.codec.label.toLowerCase();
  if (owner instanceof WasmHeapArena) return owner.kind === 'frame' ? 'frame arena' : 'arena';
  return '';
}
