// SPDX-License-Identifier: MIT
// Results in memory: owned blocks, which are freed, and lists.
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

/** Reads the value at an address other than 0. */
type PointedReader = (at: number, frame?: Frame, outs?: () => readonly unknown[]) => unknown;
/** Reads the value at the address that a function returned; null for 0. */
type PointerReader = (raw: WasmValue, frame?: Frame, outs?: () => readonly unknown[]) => unknown;

/**
 * Returns the conversion of an owned result, which frees it.
 * @throws {ModuleError} if the module does not export the function that frees it
 */
export function liftOwned({ type, free }: OwnedType, context: Context): Lift {
  const { heap } = context;
  if (!(type instanceof PointerType)) return freeing((at) => utf8.readTerminated(heap, at), free, context);
  const target = type.target as CType;
  return freeing((at) => load(target, heap, at), free, context);
}

/** True for a list, which is read after the call, when its length is known. */
export const isList = (type: unknown): type is ListType | OwnedType<ListType> =>
  type instanceof ListType || (type instanceof OwnedType && type.type instanceof ListType);

/** Returns a reader that also frees the block. */
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
      // An address outside the memory is not a block. A block that cannot be decoded as a string is freed all the same.
      if (!(error instanceof OutOfBoundsError)) release(asPointer(at));
      throw error;
    }
    release(asPointer(at));
    return value;
  };
}

/** Returns the reader of a list that C returned. It frees the list if it is owned. */
export function listReader(
  type: ListType | OwnedType<ListType>,
  context: Context,
  lengthOf: ListLength,
): (raw: WasmValue, frame: Frame, outs: () => readonly unknown[]) => unknown {
  const { element } = type instanceof OwnedType ? type.type : type;
  elementLayout(element, context.pointerSize); // throws if it has no layout
  const read = (at: number, frame: Frame, outs: () => readonly unknown[]): unknown =>
    listAt(element, context, at, lengthOf(frame, at, outs));
  if (type instanceof OwnedType) return freeing(read as PointedReader, type.free, context); // gets all arguments
  return (raw, frame, outs) => {
    const at = toAddress(raw);
    return at === 0 ? null : read(at, frame, outs);
  };
}

/** Returns the reader of a result or an out-parameter at an address. */
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
