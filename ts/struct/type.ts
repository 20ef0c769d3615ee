// SPDX-License-Identifier: MIT
// The types of fields, elements and pointer targets: scalars, and the types of this folder.
import { ArgumentTypeError, isRevoked } from '../errors.ts';
import type { LinearMemory } from '../memory/linear-memory.ts';
import type { AnyScalar, Scalar } from '../scalar/scalar.ts';
import type { Layout, PointerSize } from './layout.ts';
import type { Origin } from './origin.ts';
import type { TextStore } from './texts.ts';

/** A type that is not a scalar. The pointer size is that of the module that `memory` belongs to. */
export interface CompositeType {
  readonly name: string;
  /** Returns the size and alignment, with pointers of `pointerSize` bytes. */
  layout(pointerSize: PointerSize): Layout;
  /** @internal Returns a plain JavaScript value: a copy. */
  load(memory: LinearMemory, address: number): unknown;
  /**
   * @internal Converts `value` and writes it.
   * @param texts allocates the strings of `char *` members; without it they can only be set to addresses
   */
  store(memory: LinearMemory, address: number, value: unknown, texts?: TextStore): void;
  /**
   * @internal Returns the live value, which the accessor of a field and `at()` return. The same as `load` for simple
   * types.
   */
  live(origin: Origin, address: number): unknown;
  /** @internal Returns `live` for one pointer size: a separate function for each type, which engines inline. */
  liveFor?(pointerSize: PointerSize): (origin: Origin, address: number) => unknown;
  /** @internal Returns `load` and `store` for one pointer size: separate functions for each type, as `liveFor`. */
  copier?(pointerSize: PointerSize): {
    readonly load: (memory: LinearMemory, address: number) => unknown;
    readonly store: (memory: LinearMemory, address: number, value: unknown, texts?: TextStore) => void;
  };
}

/** Any type: a scalar or a composite. */
export type CType = AnyScalar | CompositeType;

/** The operations of a bit-field, in bits.ts. An interface, so that bundles without bit-fields do not contain them. */
export interface UnplacedBits extends CompositeType {
  /** Its declared type. */
  readonly base: AnyScalar;
  readonly width: number;
  readonly unnamed: boolean;
  /** @internal Returns the bit-field at an offset: a type that reads and writes at the address of its first byte. */
  placed(offset: number, bit: number, structBytes: number): CompositeType;
}
export const isBitField = (type: CType): type is UnplacedBits => 'placed' in type;

/** The operations of a flexible array member, in flexible.ts. */
export interface UnsizedElements extends CompositeType {
  readonly element: CType;
  /** @internal Returns the size of `count` elements in bytes. */
  bytesFor(count: number, pointerSize: PointerSize): number;
  /** @internal The accessor of the field. */
  accessor(offset: number): PropertyDescriptor;
  /** @internal */
  loadElements(memory: LinearMemory, address: number, bytes: number): unknown[];
  /** @internal */
  storeAll(memory: LinearMemory, address: number, value: unknown, bytes: number, texts: TextStore): void;
}
export const isFlexible = (type: CType): type is UnsizedElements => 'storeAll' in type;

/** A field with its offset. */
export interface Field {
  readonly name: string;
  readonly type: CType;
  readonly offset: number;
  /** Those of its type. */
  readonly load: ReturnType<typeof loaderOf>;
  readonly store: ReturnType<typeof storerOf>;
  /** True for a member of a union: it shares its bytes with others. */
  readonly isShared: boolean;
  readonly isBits: boolean;
}

/** A struct or union. */
export interface Fieldwise extends CompositeType {
  /** @internal */
  compiled(pointerSize: PointerSize): {
    readonly fields: readonly Field[];
    readonly flexible: Field | undefined;
  };
}

/** A struct or union as an anonymous member: anonymous.ts. */
export interface AnonymousMember extends CompositeType {
  readonly embedded: Fieldwise;
}
export const isAnonymous = (type: CType): type is AnonymousMember => 'embedded' in type;

/** True if `type` is a scalar. */
export const isScalar = (type: CType): type is AnyScalar => 'Elements' in type;

/** Returns `value` if it is a type. @throws {ArgumentTypeError} if it is not */
export function toType(value: unknown, where: string): CType {
  const type = value as Partial<CompositeType & Scalar> | null | undefined;
  if (
    typeof type === 'object' &&
    type !== null &&
    !isRevoked(type) &&
    (typeof type.layout === 'function' || 'Elements' in type)
  )
    return type as CType;
  throw new ArgumentTypeError(`a type such as i32, struct(...) or pointer(...) for ${where}`, value);
}

/**
 * As {@link toType}, for elements, targets and parameters: refuses bit-fields and other types that only members can
 * have.
 */
export function toValueType(value: unknown, where: string): CType {
  const type = toType(value, where);
  if (isBitField(type) || isFlexible(type) || isAnonymous(type))
    throw new ArgumentTypeError(`a type that is not only for members of structs, for ${where}`, type.name);
  return type;
}

/** True if a type ends with a flexible array, which nothing can follow. */
export function isOpenEnded(type: CType, pointerSize: PointerSize): boolean {
  const { base } = type as { base?: CType };
  if (typeof base === 'object') return isOpenEnded(base, pointerSize); // an aligned one
  if (!('compiled' in type)) return isFlexible(type);
  return (type as Fieldwise)
    .compiled(pointerSize)
    .fields.some((field) => isOpenEnded(field.type, pointerSize));
}

/** Returns the size and alignment of an element. @throws {ArgumentTypeError} if it ends with a flexible array */
export function elementLayout(type: CType, pointerSize: PointerSize): Layout {
  if (isOpenEnded(type, pointerSize))
    throw new ArgumentTypeError('elements without a flexible array at their end', type.name);
  return layoutOf(type, pointerSize);
}

/** Returns the size and alignment of any type. */
export function layoutOf(type: CType, pointerSize: PointerSize): Layout {
  if (!isScalar(type)) return type.layout(pointerSize);
  return { size: type.size, align: Math.min(type.size, 16) };
}

/** Returns the value at `address` as plain JavaScript. */
export function load(type: CType, memory: LinearMemory, address: number): unknown {
  return isScalar(type) ? type.read(memory, address) : type.load(memory, address);
}

/** Converts `value` and writes it at `address`. */
export function store(
  type: CType,
  memory: LinearMemory,
  address: number,
  value: unknown,
  texts?: TextStore,
): void {
  if (isScalar(type))
    (type as Scalar).write(memory, address, value as number); // refuses other types
  else type.store(memory, address, value, texts);
}

/** Returns the pointer size of the module that `memory` belongs to. */
export const pointerSizeOf = (memory: LinearMemory): PointerSize =>
  (Object(memory) as { addressBits?: number }).addressBits === 64 ? 8 : 4;

/** Returns the function that creates live values of a type. */
export function liveOf(type: CType, pointerSize: PointerSize): (origin: Origin, address: number) => unknown {
  if (isScalar(type)) return (origin, address) => type.read(origin.allocation.memory, address);
  return type.liveFor?.(pointerSize) ?? ((origin, address) => type.live(origin, address));
}

/** Returns the function that loads plain values of a type. */
export function loaderOf(
  type: CType,
  pointerSize: PointerSize,
): (memory: LinearMemory, address: number) => unknown {
  if (isScalar(type)) return type.read;
  return type.copier?.(pointerSize).load ?? ((memory, address) => type.load(memory, address));
}

/** Returns the function that stores values of a type. */
export function storerOf(
  type: CType,
  pointerSize: PointerSize,
): (memory: LinearMemory, address: number, value: unknown, texts?: TextStore) => void {
  if (isScalar(type))
    return (type as Scalar).write as (memory: LinearMemory, address: number, value: unknown) => void; // refuses other types
  return (
    type.copier?.(pointerSize).store ??
    ((memory, address, value, texts) => type.store(memory, address, value, texts))
  );
}
