// SPDX-License-Identifier: MIT
// Results of calls that are more than one value: owned ones, which are freed, and those that lie in memory.
import { OutOfBoundsError } from '../errors.ts';
import { loadPointer, PointerType } from '../struct/pointer.ts';
import { StructType } from '../struct/struct-type.ts';
import { elementLayout, liveOf, load, type CType } from '../struct/type.ts';
import { Origin } from '../struct/origin.ts';
import { utf8 } from '../text/codecs.ts';
import type { Context } from './context.ts';
import { listAt, type ListLength } from './lists.ts';
import type { Frame } from './step.ts';
import { ListType, OwnedType } from './types.ts';
import { toAddress, type Lift, type WasmValue } from './values.ts';

/** Reads what is at an address other than 0. */
type PointedReader = (at: number, frame?: Frame, outs?: () => readonly unknown[]) => unknown;
/** The same of what a function returned; null at 0. */
type PointerReader = (raw: WasmValue, frame?: Frame, outs?: () => readonly unknown[]) => unknown;

/** How an owned result is converted and freed. @throws {ModuleError} if the module does not export what frees it */
export function liftOwned({ type, free }: OwnedType, context: Context): Lift {
  const { heap } = context;
  if (!(type instanceof PointerType)) return freeing((at) => utf8.readTerminated(heap, at), free, context);
  const target = type.target as CType;
  return freeing((at) => load(target, heap, at), free, context);
}

/** Whether the value is a list, which is read once the whole call is known. */
export const isList = (type: unknown): type is ListType | OwnedType<ListType> =>
  type instanceof ListType || (type instanceof OwnedType && type.type instanceof ListType);

/** Reads what is at an address, and frees it. */
function freeing(read: PointedReader, free: string, context: Context): PointerReader {
  const { exports, heap, asPointer } = context;
  const exported = exports.find(free);
  if (!exported && free !== 'free') exports.get([free]); // throws
  const release = exported ?? ((at: number | bigint) => heap.allocator.free(Number(at), 0, 8) as undefined);
  return (raw, frame, outs) => {
    const at = toAddress(raw);
    if (at === 0) return null;
    let value: unknown;
    try {
      value = read(at, frame, outs);
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
): (raw: WasmValue, frame: Frame, outs: () => readonly unknown[]) => unknown {
  const { element } = type instanceof OwnedType ? type.type : type;
  elementLayout(element, context.pointerSize); // or throws
  const read = (at: number, frame: Frame, outs: () => readonly unknown[]): unknown =>
    listAt(element, context, at, lengthOf(frame, at, outs));
  if (type instanceof OwnedType) return freeing(read as PointedReader, type.free, context); // is given all
  return (raw, frame, outs) => {
    const at = toAddress(raw);
    return at === 0 ? null : read(at, frame, outs);
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
