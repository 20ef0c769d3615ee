// SPDX-License-Identifier: MIT
// Converts single values: arguments to WebAssembly values, results to JavaScript values.
import { ArgumentRangeError, ArgumentTypeError, isInstance, WrongHeapError } from '../errors.ts';
import { locatedError } from '../struct/located-error.ts';
import type { Heap } from '../heap/heap.ts';
import { Ref } from '../scalar/ref.ts';
import { clamp, pointer32, pointer53, pointer64 } from '../scalar/limits.ts';
import type { Scalar } from '../scalar/scalar.ts';
import { EnumType } from '../struct/enumeration.ts';
import { StructRef } from '../struct/instance.ts';
import { AddressType, assertPointsTo, loadPointer, PointerType, toTarget } from '../struct/pointer.ts';
import { StructType } from '../struct/struct-type.ts';
import { CStringType } from '../struct/text.ts';
import { isScalar, layoutOf, pointerSizeOf, storerOf, type CType } from '../struct/type.ts';
import { utf8 } from '../text/codecs.ts';
import { i8 } from '../scalar/types.gen.ts';
import { ADDRESS_SPACE_32, isUint32, toPointer } from '../memory/address.ts';
import { PASSED, singleOf, wasmTypeOf } from './abi.ts';
import type { Scratch } from './scratch.ts';

/** An argument or a result of a WebAssembly function. */
export type WasmValue = number | bigint;
/** Converts an argument to a WebAssembly value. Temporaries are in the scratch memory of the heap. */
export type Lower = (value: unknown) => WasmValue;
/** Converts the result of a function to a JavaScript value. */
export type Lift = (raw: WasmValue) => unknown;

/** The conversions of scalars. As writes to memory, they wrap, clamp, or refuse what is out of range. */
const conversions: Readonly<Record<string, (x: never) => WasmValue>> = {
  i8: (x: number) => (x << 24) >> 24,
  u8: (x: number) => x & 0xff,
  u8c: clamp,
  i16: (x: number) => (x << 16) >> 16,
  u16: (x: number) => x & 0xffff,
  i32: (x: number) => x | 0,
  u32: (x: number) => x >>> 0,
  ptr32: pointer32,
  f32: Math.fround,
  f64: (x: number) => x,
  ptr53: pointer53,
  ptr64: pointer64,
  bool: Number,
};

/** Returns the conversion of a scalar argument. */
function lowerScalar(type: Scalar, where: string): Lower {
  const convert = PASSED.includes(type.name) ? undefined : conversions[type.name];
  return (value) => {
    if (typeof value !== type.kind)
      throw new ArgumentTypeError(`a ${type.kind} for ${where} (${type.name})`, value);
    return convert ? convert(value as never) : (value as WasmValue); // its kind was checked
  };
}

/** Returns the conversion of an address for a module with pointers of that size. */
export const pointerFor = (pointerSize: number): ((at: number) => WasmValue) =>
  pointerSize === 8 ? BigInt : (at) => at;

/** Returns the conversion of an argument of `type`. @param where the name of the parameter in errors */
export function lowerOf(type: CType, heap: Heap, scratch: Scratch, where: string): Lower {
  const pointerSize = pointerSizeOf(heap);
  const asPointer = pointerFor(pointerSize);
  wasmTypeOf(type, pointerSize); // throws if it cannot be passed
  if (isScalar(type)) return lowerScalar(type as Scalar, where);
  if (type instanceof EnumType) {
    const lower = lowerScalar(type.base as unknown as Scalar, where);
    return (value) => lower(type.numberOf(value));
  }
  if (type instanceof CStringType) {
    const lower = (value: unknown): number => {
      if (typeof value === 'string') return scratch.text(value, where);
      return isUint32(value) ? value : addressOf(value, heap, where, i8);
    };
    return pointerSize === 4 ? lower : (value) => BigInt(lower(value));
  }
  if (type instanceof StructType) return lowerStruct(type, heap, scratch, where);
  if (type instanceof PointerType && type.target instanceof StructType) {
    const copy = copier(type.target, heap, scratch, where);
    const target = type.target as CType;
    return (value) => asPointer(isPlain(value) ? copy(value) : addressOf(value, heap, where, target));
  }
  if (type instanceof PointerType || type instanceof AddressType) {
    const target = type instanceof PointerType ? (type.target as CType) : undefined;
    const slow: Lower = (value) => asPointer(addressOf(value, heap, where, target));
    if (pointerSize === 8) return slow;
    return (value) => {
      if (typeof value === 'number' && (value >>> 0 === value || (value | 0) === value)) return value;
      return value === null ? 0 : slow(value);
    };
  }
  throw new ArgumentTypeError(`a type that can be passed for ${where}`, type.name);
}

/** True if `value` is a plain object, which is copied, and not a ref or a slice. */
const isPlain = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !isPlaced(value);
const isSlice = (value: unknown): value is { ptr: number; heap: unknown; assertAlive(): void } => {
  try {
    return typeof (value as { assertAlive?: unknown } | null)?.assertAlive === 'function';
  } catch {
    return false; // a revoked proxy
  }
};
/** True for a ref or a slice, which lies in a heap. */
export const isPlaced = (value: object): value is { readonly length: unknown; readonly byteLength: number } =>
  isInstance(value, Ref) || isSlice(value);

/**
 * Returns the address of a ref, a slice, a callback, a number or null.
 * @param target the type that a ref must refer to. Default: any
 */
export function addressOf(value: unknown, heap: Heap, where: string, target?: CType): number {
  if (target && typeof value === 'object' && (value === null || isPlaced(value)))
    assertPointsTo(target, value, where);
  if (typeof value === 'number' || typeof value === 'bigint') return numberAddress(value, heap, where);
  if (isInstance(value, Ref) || !isSlice(value)) return toTarget(value, where, heap, target !== undefined);
  value.assertAlive();
  if (value.heap !== heap) throw new WrongHeapError(value.ptr);
  return value.ptr;
}

/** Returns an address of the module. In a 32-bit module, a negative number is an address above 2 GiB. */
function numberAddress(value: number | bigint, heap: Heap, where: string): number {
  const isWide = pointerSizeOf(heap) === 8;
  const at = toTarget(value, where, heap);
  if (isWide ? value >= 0 : at < ADDRESS_SPACE_32) return at;
  throw new ArgumentRangeError(
    isWide ? `an address for ${where}` : `an address below 2^32 for ${where}`,
    value,
  );
}

/** Returns a function that copies a value to the scratch memory and returns its address. */
export function copier(type: CType, heap: Heap, scratch: Scratch, where: string): (value: unknown) => number {
  const pointerSize = pointerSizeOf(heap);
  const { size, align } = layoutOf(type, pointerSize);
  const store = storerOf(type, pointerSize);
  return (value) => {
    const at = scratch.reserveZeros(size, align);
    try {
      store(heap, at, value, scratch);
    } catch (error) {
      throw locatedError(error, where);
    }
    return at;
  };
}

function lowerStruct(type: StructType, heap: Heap, scratch: Scratch, where: string): Lower {
  const pointerSize = pointerSizeOf(heap);
  const single = singleOf(type, pointerSize);
  const asPointer = pointerFor(pointerSize);
  const put = copier(type, heap, scratch, where);
  const copy = (value: unknown): number => {
    if (isInstance(value, StructRef)) addressOf(value, heap, where); // of this heap, and live
    return put(value);
  };
  if (!single) return (value) => asPointer(copy(value));
  const { type: read, offset } = single;
  const lower = lowerOf(read, heap, scratch, where);
  return (value) => lower(loadRaw(read, heap, copy(value) + offset));
}

/** Returns the value of a single member; for a pointer the address. */
function loadRaw(type: CType, heap: Heap, at: number): unknown {
  if (type instanceof EnumType) return type.base.read(heap, at);
  if (isScalar(type)) return type.read(heap, at);
  return loadPointer(heap, at);
}

/** Returns the conversion of a result of `type`. The result is the address for a struct. */
export function liftOf(type: CType, heap: Heap): Lift {
  const pointerSize = pointerSizeOf(heap);
  wasmTypeOf(type, pointerSize); // throws if it cannot be passed
  if (isScalar(type)) return liftScalar(type as Scalar);
  if (type instanceof EnumType) {
    const lift = liftScalar(type.base as unknown as Scalar);
    return (raw) => type.nameOf(lift(raw) as number);
  }
  if (type instanceof CStringType)
    return (raw) => {
      const at = toAddress(raw);
      return at === 0 ? null : utf8.readTerminated(heap, at);
    };
  if (type instanceof PointerType) return (raw) => type.follow({ heap }, toAddress(raw));
  if (type instanceof AddressType) return (raw) => toAddress(raw) || null;
  if (type instanceof StructType) return (raw) => type.read(heap, toAddress(raw));
  throw new ArgumentTypeError('a type that can be returned', type.name);
}

/** Returns the address of a pointer that the module returned. */
export const toAddress = (raw: WasmValue): number =>
  typeof raw === 'number' ? (raw >= 0 ? raw : raw >>> 0) : toPointer(raw);

function liftScalar(type: Scalar): Lift {
  if (type.kind === 'boolean') return (raw) => raw !== 0;
  if (type.name === 'u64' || type.name === 'ptr64') return (raw) => BigInt.asUintN(64, BigInt(raw));
  if (type.name === 'ptr53' || type.name === 'ptr32') return toAddress;
  if (type.kind === 'bigint') return (raw) => raw;
  const convert = conversions[type.name] as (x: WasmValue) => number; // every scalar of up to 32 bits has one
  return (raw) => convert(raw);
}
