// SPDX-License-Identifier: MIT
// Lists as parameters: in, in and out, out; and their counts.
import { ArgumentRangeError, ArgumentTypeError } from '../errors.ts';
import type { Heap } from '../heap/heap.ts';
import { toCount } from '../memory/address.ts';
import { Ref } from '../scalar/ref.ts';
import type { Scalar } from '../scalar/scalar.ts';
import { hasOwnElements } from '../scalar/descriptor.ts';
import { i32 } from '../scalar/types.gen.ts';
import { loadElements, storeElements, toValues, type Elementwise } from '../struct/array.ts';
import { isScalar, layoutOf, type CType } from '../struct/type.ts';
import { wasmTypeOf, type WasmType } from './abi.ts';
import type { Context } from './context.ts';
import type { Frame, Step } from './step.ts';
import type { CountType, ListType, OutListType } from './types.ts';
import { addressOf } from './values.ts';

/** Refs and slices, which lie in a heap already. */
interface InHeap {
  readonly length: number;
  readonly type: unknown;
}

/** The step of a list that C reads, and maybe changes. */
export function listStep(list: ListType, context: Context, wasm: WasmType, where: string): Step {
  const { element, isInout, sameAs } = list;
  const { asPointer } = context;
  const place = placer(list, context, where);
  const step: Step = {
    wasm,
    hidden: false,
    order: 0,
    prepare(frame, index) {
      const at = place(frame.args[index], frame, index);
      const { lengths } = frame;
      if (sameAs !== undefined && lengths[sameAs] !== lengths[index])
        throw new ArgumentRangeError(
          `as many elements for ${where} as for parameter ${sameAs}: ${lengths[sameAs] ?? 'unknown'}`,
          lengths[index] ?? -1,
        );
      return asPointer(at);
    },
  };
  if (!isInout) return step;
  return {
    ...step,
    collect: (frame, index) => listAt(element, context, Number(frame.raw[index]), frame.lengths[index] ?? 0),
  };
}

/** Returns what gives the address of a list: its own, if it is in the heap, or that of a copy. Notes its length. */
function placer(
  { element }: ListType,
  { heap, scratch, pointerSize }: Context,
  where: string,
): (value: unknown, frame: Frame, index: number) => number {
  const { size, align } = layoutOf(element, pointerSize);
  return (value, { lengths }, index) => {
    if (value === null || typeof value !== 'object') {
      lengths[index] = value === null ? 0 : undefined;
      return addressOf(value, heap, where);
    }
    if (value instanceof Ref || 'assertAlive' in value) {
      const { length, type } = value as unknown as InHeap;
      const isList = typeof length === 'number';
      if (isList && type !== element)
        throw new ArgumentTypeError(
          `elements of ${element.name} for ${where}`,
          (type as { name?: string } | undefined)?.name,
        );
      lengths[index] = isList ? length : undefined;
      return addressOf(value, heap, where);
    }
    const given = toValues(value, where);
    const bytes = given.length * size;
    lengths[index] = given.length;
    if (isScalar(element)) return numbersIn(element as Scalar, given, heap, scratch.reserve(bytes, align));
    const at = scratch.reserveZeros(bytes, align);
    storeElements(element, heap, at, given, scratch);
    return at;
  };
}

/** As many elements as are copied one by one: to make a view of the memory takes longer. */
const FEW = 16;

/** Copies scalars to `at`, in scratch memory that no other code uses. */
function numbersIn(type: Scalar, given: Elementwise, heap: Heap, at: number): number {
  const { values, length } = given;
  if (length > FEW) {
    storeElements(type as unknown as CType, heap, at, given);
    return at;
  }
  const { write, size } = type;
  for (let i = 0; i < length; i++) write(heap, at + i * size, values[i] as number); // or refuses it
  return at;
}

/** A copy of elements: a typed array, or an array of plain values. */
export function listAt(element: CType, { heap }: Context, at: number, length: number): unknown {
  if (!isScalar(element)) return loadElements(element, heap, at, length);
  const type = element as Scalar<number, Uint8Array>;
  if (length > FEW || !hasOwnElements(type)) return type.view(heap, at, length).slice();
  const { Elements, size, read } = type;
  const copy = new (Elements as unknown as new (length: number) => Uint8Array)(length);
  for (let i = 0; i < length; i++) copy[i] = read(heap, at + i * size);
  return copy;
}

/** The length that a count or an out list takes from parameter `index`. */
function lengthFrom(frame: Frame, index: number, where: string): number {
  const length = frame.lengths[index] ?? frame.args[index];
  if (
    typeof length === 'number' &&
    frame.lengths[index] === undefined &&
    typeof frame.args[index] !== 'number'
  )
    throw new ArgumentTypeError(`a list of known length for ${where}`, frame.args[index]);
  if (typeof length === 'number' || typeof length === 'bigint')
    return toCount(Number(length), `a count for ${where}`);
  throw new ArgumentTypeError(`a list of known length for ${where}, not an address`, frame.args[index]);
}

export function outListStep(
  { element, count }: OutListType,
  context: Context,
  wasm: WasmType,
  where: string,
): Step {
  const { scratch, asPointer, pointerSize } = context;
  const { size, align } = layoutOf(element, pointerSize);
  return {
    wasm,
    hidden: true,
    order: 2,
    prepare(frame, index) {
      const length = lengthFrom(frame, count, where);
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
      const length = frame.lengths[list];
      if (length === undefined)
        throw new ArgumentTypeError(`a list of known length for ${where}, not an address`, frame.args[list]);
      if (length >= end)
        throw new ArgumentRangeError(`less than ${end} elements for ${where}, which is ${type.name}`, length);
      return wasm === 'i64' ? BigInt(length) : length;
    },
  };
}
