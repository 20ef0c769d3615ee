// SPDX-License-Identifier: MIT
// Results of calls that are more than one value: owned ones, which are freed, and those that lie in memory.
import { OutOfBoundsError } from '../errors.ts';
import { loadPointer, PointerType } from '../struct/pointer.ts';
import { StructType } from '../struct/struct-type.ts';
import { liveOf, load, type CType } from '../struct/type.ts';
import { Origin } from '../struct/origin.ts';
import type { Context } from './context.ts';
import { OwnedType } from './types.ts';
import { liftOf, toAddress, type Lift } from './values.ts';

/** How an owned result is converted and freed. @throws {ModuleError} if the module does not export what frees it */
export function liftOwned({ type, free }: OwnedType, context: Context): Lift {
  const { exports, heap, asPointer } = context;
  const exported = exports.find(free);
  if (!exported && free !== 'free') exports.get([free]); // throws
  const release = exported ?? ((at: number | bigint) => heap.allocator.free(Number(at), 0, 8) as undefined);
  const lift: Lift =
    type instanceof PointerType
      ? (raw) => load(type.target as CType, heap, toAddress(raw))
      : liftOf(type, heap);
  return (raw) => {
    const at = toAddress(raw);
    if (at === 0) return null;
    let value: unknown;
    try {
      value = lift(raw);
    } catch (error) {
      // An address outside the memory is no block; what cannot be read as text is one all the same.
      if (!(error instanceof OutOfBoundsError)) release(asPointer(at));
      throw error;
    }
    release(asPointer(at));
    return value;
  };
}

/** Reads the value of a result or an out-parameter that lies at an address. */
export function valueAt(type: CType | OwnedType, context: Context): (at: number) => unknown {
  const { heap } = context;
  if (type instanceof OwnedType) {
    const lift = liftOwned(type, context);
    return (at) => lift(loadPointer(heap, at));
  }
  if (type instanceof StructType) return (at) => load(type, heap, at);
  const live = liveOf(type, context.pointerSize);
  const origin = new Origin(heap, heap.untracked);
  return (at) => live(origin, at);
}
