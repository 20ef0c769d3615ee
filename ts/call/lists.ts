// SPDX-License-Identifier: MIT
// Lists as parameters (in, inout, out), and their counts.
import { ArgumentRangeError, ArgumentTypeError } from '../errors.ts';
import { locatedError } from '../struct/located-error.ts';
import type { Heap } from '../heap/heap.ts';
import { toCount } from '../memory/address.ts';
import type { Scalar } from '../scalar/scalar.ts';
import { hasOwnElements } from '../scalar/descriptor.ts';
import { i32 } from '../scalar/types.gen.ts';
import { loadElements, storeElements, toValues, type Elementwise } from '../struct/array.ts';
import { StructRef } from '../struct/instance.ts';
import { elementLayout, isScalar, layoutOf, type CType } from '../struct/type.ts';
import { wasmTypeOf, type WasmType } from './abi.ts';
import type { Context } from './context.ts';
import type { Frame, Step } from './step.ts';
import type { CountType, ListType, OutListType } from './types.ts';
import { addressOf, isPlaced } from './values.ts';

/** Returns the number of elements of a list that C returned. */
export type ListLength = (frame: Frame, at: number, outs: () => readonly unknown[]) => number;

/** The length of a list that is given as an address. */
const UNKNOWN = -1;
const shown = (length: number | undefined): unknown => (length === UNKNOWN ? 'an address' : length);
const unknownLength = (where: string, value: unknown): Error =>
  new ArgumentTypeError(`a list of known length for ${where}, not an address`, value);

/** Returns the step of a list that C reads and may change. */
export function listStep(list: ListType, context: Context, wasm: WasmType, where: string): Step {
  const { element, isInout } = list;
  const sameAs = list.count as number | undefined; // checked by indexes.ts
  const { asPointer } = context;
  const place = placer(list, context, where);
  const step: Step = {
    wasm,
    hidden: false,
    order: 0,
    prepare(frame, index) {
      const at = place(frame.args[index], frame, index);
      const { lengths } = frame;
      const length = lengths[index] as number; // set by the placer
      if (sameAs !== undefined && lengths[sameAs] !== length)
        throw new ArgumentRangeError(
          `as many elements for ${where} as for parameter ${sameAs}: ${shown(lengths[sameAs])}`,
          shown(length) as number,
        );
      if (isInout && length === UNKNOWN) throw unknownLength(where, frame.args[index]);
      return asPointer(at);
    },
  };
  if (!isInout) return step;
  return {
    ...step,
    collect: (frame, index) => listAt(element, context, Number(frame.raw[index]), frame.lengths[index] ?? 0),
  };
}

/** Returns a function that records the length of a list and returns its address in the heap, or that of a copy. */
function placer(
  { element }: ListType,
  { heap, scratch, pointerSize }: Context,
  where: string,
): (value: unknown, frame: Frame, index: number) => number {
  const { size, align } = elementLayout(element, pointerSize);
  return (value, { lengths }, index) => {
    if (value === null || typeof value === 'number' || typeof value === 'bigint') {
      lengths[index] = value === null ? 0 : UNKNOWN;
      return addressOf(value, heap, where);
    }
    if (typeof value === 'object' && isPlaced(value)) {
      const at = addressOf(value, heap, where, element);
      lengths[index] = lengthOf(value, size, where);
      return at;
    }
    const given = toValues(value, where, element);
    const bytes = given.length * size;
    lengths[index] = given.length;
    try {
      if (isScalar(element)) return numbersIn(element as Scalar, given, heap, scratch.reserve(bytes, align));
      const at = scratch.reserveZeros(bytes, align);
      storeElements(element, heap, at, given, scratch);
      return at;
    } catch (error) {
      throw locatedError(error, where);
    }
  };
}

/** Returns the number of elements of `size` bytes in a ref or a slice, whose elements may be bytes. */
function lengthOf(
  value: { readonly length: unknown; readonly byteLength: number },
  size: number,
  where: string,
): number {
  if (value instanceof StructRef || typeof value.length !== 'number') return UNKNOWN;
  const length = value.byteLength / size;
  if (Number.isInteger(length)) return length;
  throw new ArgumentRangeError(`a multiple of ${size} bytes for ${where}`, value.byteLength);
}

/** Up to this many elements are copied one by one, which takes less time than creating a view. */
const FEW = 16;

/** Copies scalars to `at` in the scratch memory. */
function numbersIn(type: Scalar, given: Elementwise, heap: Heap, at: number): number {
  const { values, length } = given;
  if (length > FEW) {
    storeElements(type as unknown as CType, heap, at, given);
    return at;
  }
  const { write, size } = type;
  let i = 0;
  try {
    for (; i < length; i++) write(heap, at + i * size, values[i] as number); // refuses other types
  } catch (error) {
    throw locatedError(error, `element ${i}`);
  }
  return at;
}

/** Returns a copy of elements: a typed array, or an array of plain values. */
export function listAt(element: CType, { heap, pointerSize }: Context, at: number, length: number): unknown {
  if (!isScalar(element)) {
    heap.locate(at, length * layoutOf(element, pointerSize).size); // before anything is created
    return loadElements(element, heap, at, length);
  }
  const type = element as Scalar<number, Uint8Array>;
  if (length > FEW || !hasOwnElements(type)) return type.view(heap, at, length).slice();
  const { Elements, size, read } = type;
  const copy = new (Elements as unknown as new (length: number) => Uint8Array)(length);
  for (let i = 0; i < length; i++) copy[i] = read(heap, at + i * size);
  return copy;
}

/** Returns the length of the list at parameter `index`, or the integer there. */
export function knownLength({ lengths, args }: Frame, index: number, where: string): unknown {
  if (lengths[index] === UNKNOWN) throw unknownLength(where, args[index]);
  return lengths[index] ?? args[index];
}
export const toLength = (length: unknown, where: string): number =>
  toCount(typeof length === 'bigint' ? Number(length) : (length as number), `a count for ${where}`); // refuses other types

export function outListStep(
  { element, count }: OutListType,
  context: Context,
  wasm: WasmType,
  where: string,
): Step {
  const { scratch, asPointer, pointerSize } = context;
  const { size, align } = elementLayout(element, pointerSize);
  return {
    wasm,
    hidden: true,
    order: 2,
    prepare(frame, index) {
      const length = toLength(knownLength(frame, count, where), where);
      frame.lengths[index] = length;
      return asPointer(
        scratch.reserveZeros(toCount(length * size, 'a size in bytes'), Math.max(align, size > 8 ? 1 : size)),
      );
    },
    collect: (frame, index) => listAt(element, context, Number(frame.raw[index]), frame.lengths[index] ?? 0),
  };
}

export function countStep({ list, type = i32 as CType }: CountType, context: Context, where: string): Step {
  const wasm = wasmTypeOf(type, context.pointerSize);
  const { size } = layoutOf(type, context.pointerSize);
  const end = 2 ** (size * 8 - (type.name.startsWith('i') ? 1 : 0));
  return {
    wasm,
    hidden: true,
    order: 2,
    prepare(frame) {
      const length = toLength(knownLength(frame, list, where), where);
      if (length >= end)
        throw new ArgumentRangeError(
          `fewer than ${end} elements for ${where}, which is ${type.name}`,
          length,
        );
      return wasm === 'i64' ? BigInt(length) : length;
    },
  };
}
