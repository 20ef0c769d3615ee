// SPDX-License-Identifier: MIT
// Results of calls that are more than one value: owned ones, which are freed, and those that lie in memory.
import { OutOfBoundsError } from '../errors.ts';
import { loadPointer, PointerType } from '../struct/pointer.ts';
import { StructType } from '../struct/struct-type.ts';
import { liveOf, load, type CType } from '../struct/type.ts';
import { Origin } from '../struct/origin.ts';
import type { Context } from './context.ts';
import { listAt, type ListLength } from './lists.ts';
import type { Frame } from './step.ts';
import { ListType, OwnedType } from './types.ts';
import { liftOf, toAddress, type Lift, type WasmValue } from './values.ts';

/** How an owned result is converted and freed. @throws {ModuleError} if the module does not export what frees it */
export function liftOwned({ type, free }: OwnedType, context: Context): Lift {
  const { heap } = context;
  const lift: Lift =
    type instanceof PointerType
      ? (raw) => load(type.target as CType, heap, toAddress(raw))
      : liftOf(type as CType, heap); // a list has listReader
  return freeing(lift, free, context);
}

/** Whether the value is a list, which is read once the whole call is known. */
export const isList = (type: unknown): type is ListType | OwnedType<ListType> =>
  type instanceof ListType || (type instanceof OwnedType && type.type instanceof ListType);

/** Reads a value at an address that a function returned; null at 0. */
type PointedReader<A extends unknown[]> = (raw: WasmValue, ...more: A) => unknown;

/** The same, and frees what is at the address. */
function freeing<A extends unknown[]>(
  read: PointedReader<A>,
  free: string,
  context: Context,
): PointedReader<A> {
  const { exports, heap, asPointer } = context;
  const exported = exports.find(free);
  if (!exported && free !== 'free') exports.get([free]); // throws
  const release = exported ?? ((at: number | bigint) => heap.allocator.free(Number(at), 0, 8) as undefined);
  return (raw, ...more) => {
    const at = toAddress(raw);
    if (at === 0) return null;
    let value: unknown;
    try {
      value = read(raw, ...more);
    } catch (error) {
      // An address outside the memory is no block; what cannot be read as text is one all the same.
      if (!(error instanceof OutOfBoundsError)) release(asPointer(at));
      throw error;
    }
    release(asPointer(at));
    return value;
  };
}

/** Returns what reads a list that C returned, and frees it if it is owned. */
export function listReader(
  type: ListType | OwnedType<ListType>,
  context: Context,
  lengthOf: ListLength,
): PointedReader<[frame: Frame, outs: () => readonly unknown[]]> {
  const { element } = type instanceof OwnedType ? type.type : type;
  const read: PointedReader<[Frame, () => readonly unknown[]]> = (raw, frame, outs) => {
    const at = toAddress(raw);
    return at === 0 ? null : listAt(element, context, at, lengthOf(frame, at, outs));
  };
  return type instanceof OwnedType ? freeing(read, type.free, context) : read;
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
